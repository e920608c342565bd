//! Sessions that are closed before anybody pays, or a moment after.

use turnpike::domain::ids::SessionId;
use turnpike::domain::order::CaptureMode;
use turnpike::domain::payment::{Payment, PaymentState};
use turnpike::domain::session::SessionStatus;
use turnpike::engine::commands::SessionView;
use turnpike::engine::error::Error;
use turnpike::engine::gateway::Gateway;
use turnpike::simulator::faults::Kind;
use turnpike::simulator::{self, CustomerAction};

use crate::house::{CALLS_MAX, Ending, House, is_unanswered, stands};
use crate::rows::{Op, Row};
use crate::support::*;

impl House {
    /// A session that we call closed is closed at the simulator; one that is not can still be paid,
    /// and the payment is seen, whether or not anybody calls again.
    pub async fn cancel(&self, teller: &Teller<'_>, row: &Row, kind: Kind) -> Ending {
        let opened = teller.open("open", 700, CaptureMode::Automatic).await.expect("opens");
        let (session, page) = (opened.session.id, page(&opened.payment));
        let gateway = self.gateway_for(row).await;
        self.arrange(row, kind);
        if row.operation == Op::CancelPaid {
            pay(&self.simulators, teller.provider, &page);
        }
        let calls = if row.operation == Op::CancelOnce { 1 } else { CALLS_MAX };
        let mut key = format!("{}-cancel", teller.prefix);
        let mut heard = Vec::new();
        let mut said_closed = false;
        for call in 1..=calls {
            match call_cancel(&gateway, &key, session).await {
                // The fault struck the resolver, which asked at the same time: a person asks again.
                Ok(view) if row.operation == Op::Cancel && is_quarantined(&view.payment) => {
                    heard.push("QUARANTINED, asked again".to_owned());
                    gateway.resolve(&caller(), opened.payment.id).await.expect("asked again");
                    key.push_str("-again");
                }
                Ok(view) => {
                    heard.push(view.payment.state.word().to_owned());
                    said_closed = is_closed(&view.payment);
                    break;
                }
                Err(error) if is_unanswered(&error) => heard.push("UNAVAILABLE".to_owned()),
                Err(error) => panic!("call {call}: {error:?}"),
            }
        }
        if row.operation == Op::Cancel {
            assert!(said_closed, "{heard:?}");
        }
        // Whoever has the page open tries to pay on it.
        let can_pay = self.try_to_pay(row, &page);
        assert!(!(said_closed && can_pay), "{heard:?}, and then it is paid");

        let payment = self.finished(opened.payment.id, &mut heard).await;
        let view = self.gateway().session(&caller(), session).await.expect("there");
        let (theirs, charges) = self.books(row, &payment);
        let ours = match is_closed(&view.payment) {
            true => "CANCELLED 0/0".to_owned(),
            false => stands(&payment),
        };
        Ending { ours, theirs, charges, heard: heard.join(", ") }
    }

    /// Whether a customer who pays on the page now gets through.
    fn try_to_pay(&self, row: &Row, page: &str) -> bool {
        let card = row.of().card.to_owned();
        let action = CustomerAction::Pay(simulator::Payment {
            card: Some(card),
            expiry: Some("12/2035".to_owned()),
            cvc: Some("123".to_owned()),
            ..simulator::Payment::default()
        });
        self.simulator(row).customer(page, &action).is_ok()
    }
}

async fn call_cancel(gateway: &Gateway, key: &str, session: SessionId) -> Result<SessionView, Error> {
    let answer = gateway.cancel_session(&caller(), ask(key, session), None).await?;
    Ok(answer.value)
}

fn is_quarantined(payment: &Payment) -> bool {
    payment.state == PaymentState::Quarantined
}

/// Closed by us, or told by the provider as left by the customer: who learns of our own cancellation
/// by asking cannot tell the two apart.
fn is_closed(payment: &Payment) -> bool {
    SessionStatus::of(payment) == SessionStatus::Cancelled
}
