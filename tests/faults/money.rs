//! Sessions that are paid, charges, and what is captured, voided and refunded of them.

use turnpike::domain::ids::PaymentId;
use turnpike::domain::order::CaptureMode;
use turnpike::domain::payment::{MovementStatus, Payment, PaymentState};
use turnpike::engine::commands::{MoveKind, SessionView};
use turnpike::simulator::faults::Kind;

use crate::house::{CALLS_MAX, Ending, House, is_unanswered, stands};
use crate::rows::{Op, Row};
use crate::support::*;

impl House {
    /// Ends where the simulator has it, with one charge at the most.
    pub async fn move_money(&self, teller: &Teller<'_>, row: &Row, kind: Kind) -> Ending {
        let mut heard = Vec::new();
        let id = match row.operation {
            Op::Open => self.open_and_pay(teller, row, kind, &mut heard).await,
            Op::Confirm => {
                let opened = teller.open("open", 700, CaptureMode::Automatic).await.expect("opens");
                self.arrange(row, kind);
                pay(&self.simulators, teller.provider, &page(&opened.payment));
                let view = teller.confirm("confirm", opened.session.id).await.expect("reads");
                heard.push(view.payment.state.word().to_owned());
                opened.payment.id
            }
            Op::ConfirmCard => {
                let opened = teller.open_own_page("open", 700).await.expect("opens");
                self.arrange(row, kind);
                self.confirm_with_card(teller, &opened, &mut heard).await;
                opened.payment.id
            }
            Op::Charge | Op::Reserve => {
                let capture = match row.operation {
                    Op::Reserve => CaptureMode::Manual,
                    _ => CaptureMode::Automatic,
                };
                self.arrange(row, kind);
                self.charged(teller, capture, &mut heard).await.id
            }
            Op::Capture => {
                let reserved = self.taken(teller, CaptureMode::Manual, PaymentState::Authorized).await;
                self.arrange(row, kind);
                self.moved(teller, reserved, CAPTURE, &mut heard).await
            }
            Op::Void => {
                // A reservation where there are such, otherwise what was taken at once.
                let taken = match teller.provider.voids_reserved {
                    true => self.taken(teller, CaptureMode::Manual, PaymentState::Authorized).await,
                    false => self.taken(teller, CaptureMode::Automatic, PaymentState::Captured).await,
                };
                self.arrange(row, kind);
                self.moved(teller, taken, MoveKind::Void, &mut heard).await
            }
            Op::Refund => {
                let taken = self.taken(teller, CaptureMode::Automatic, PaymentState::Captured).await;
                self.arrange(row, kind);
                self.moved(teller, taken, REFUND, &mut heard).await
            }
            other => panic!("{other:?} moves no money"),
        };
        let payment = self.finished(id, &mut heard).await;
        let lost = payment.movements.iter().any(|m| m.status == MovementStatus::Unresolved);
        assert!(!lost, "{payment:?}");
        let (theirs, charges) = self.books(row, &payment);
        Ending { ours: stands(&payment), theirs, charges, heard: heard.join(", ") }
    }

    async fn open_and_pay(
        &self,
        teller: &Teller<'_>,
        row: &Row,
        kind: Kind,
        heard: &mut Vec<String>,
    ) -> PaymentId {
        self.arrange(row, kind);
        let mut opened = teller.open("open", 700, CaptureMode::Automatic).await;
        // Nothing was charged when a session could not be opened: the same call is made again.
        while opened.as_ref().is_err_and(is_unanswered) && heard.len() < CALLS_MAX {
            heard.push("UNAVAILABLE".to_owned());
            opened = teller.open("open", 700, CaptureMode::Automatic).await;
        }
        let opened = opened.expect("opens");
        heard.push("OK".to_owned());
        pay(&self.simulators, teller.provider, &page(&opened.payment));
        teller.confirm("confirm", opened.session.id).await.expect("confirms");
        opened.payment.id
    }

    /// Confirms with a card as a careful caller does: the same request id until there is an answer,
    /// and another one once the payment waits for a card again. The ciphertext stays the same.
    pub async fn confirm_with_card(
        &self,
        teller: &Teller<'_>,
        opened: &SessionView,
        heard: &mut Vec<String>,
    ) {
        let means = collected(teller.provider, &opened.payment);
        for attempt in 0..CALLS_MAX {
            let name = format!("confirm-{attempt}");
            let answer = loop {
                match teller.confirm_with(&name, opened.session.id, means.clone()).await {
                    Err(error) if is_unanswered(&error) => heard.push("UNAVAILABLE".to_owned()),
                    answer => break answer.expect("an answer"),
                }
            };
            heard.push(answer.payment.state.word().to_owned());
            if self.decided(opened.session.id).await != PaymentState::RequiresAction {
                return;
            }
        }
        panic!("{CALLS_MAX} times: {heard:?}")
    }

    /// Charges the house's card, by as many calls as it takes.
    pub async fn charged(
        &self,
        teller: &Teller<'_>,
        capture: CaptureMode,
        heard: &mut Vec<String>,
    ) -> Box<Payment> {
        let amount = self.amount();
        for _ in 0..CALLS_MAX {
            match teller.charge("charge", self.token, amount, capture).await {
                Ok(answer) => {
                    heard.push(answer.value.state.word().to_owned());
                    return answer.value;
                }
                Err(error) if is_unanswered(&error) => heard.push(error.to_string()),
                Err(error) => panic!("{error:?}"),
            }
        }
        panic!("{CALLS_MAX} times: {heard:?}")
    }

    /// A charge before anything goes wrong.
    async fn taken(&self, teller: &Teller<'_>, capture: CaptureMode, wanted: PaymentState) -> PaymentId {
        let id = self.charged(teller, capture, &mut Vec::new()).await.id;
        assert_eq!(settled(&self.gateway(), id).await.state, wanted);
        id
    }

    async fn moved(
        &self,
        teller: &Teller<'_>,
        payment: PaymentId,
        what: MoveKind,
        heard: &mut Vec<String>,
    ) -> PaymentId {
        for _ in 0..CALLS_MAX {
            match teller.move_money("move", payment, what, None).await {
                Ok(view) => {
                    heard.push(view.payment.state.word().to_owned());
                    return payment;
                }
                Err(error) if is_unanswered(&error) => heard.push("UNAVAILABLE".to_owned()),
                Err(error) => panic!("{error:?}"),
            }
        }
        panic!("{CALLS_MAX} times: {heard:?}")
    }
}
