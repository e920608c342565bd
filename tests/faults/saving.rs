//! Sessions that save a card, with or without paying.

use std::time::Duration;

use turnpike::domain::card::TokenStatus;
use turnpike::domain::ids::{SessionId, TokenId};
use turnpike::domain::order::{CaptureMode, Purpose, SessionMode};
use turnpike::domain::payment::{Payment, PaymentState};
use turnpike::engine::commands::{OpenSession, SessionView};
use turnpike::journal::seam::TokenFilter;
use turnpike::simulator::faults::Kind;

use crate::house::{CALLS_MAX, Ending, House, is_unanswered, stands};
use crate::rows::{Op, Row};
use crate::support::*;

impl House {
    /// The card that the simulator keeps is one token of ours, which can be charged; the payment ends
    /// where the simulator has it.
    pub async fn save(&self, teller: &Teller<'_>, purpose: Purpose, row: &Row, kind: Kind) -> Ending {
        let before = self.simulator(row).saved_cards();
        let customer = teller.prefix.to_ascii_lowercase();
        let mut wish = saving(teller.provider, purpose, &customer);
        if let Op::ConfirmCardSaving(_) = row.operation {
            wish.order.mode = SessionMode::Api;
        }
        let is_opening = matches!(row.operation, Op::OpenSaving(_));
        if is_opening {
            self.arrange(row, kind);
        }
        let mut heard = Vec::new();
        let opened = self.opened(teller, &wish, &mut heard).await;
        let session = opened.session.id;
        if !is_opening {
            self.arrange(row, kind);
        }
        if let Op::ConfirmCardSaving(_) = row.operation {
            self.confirm_with_card(teller, &opened, &mut heard).await;
        } else {
            pay(&self.simulators, teller.provider, &page(&opened.payment));
            let view = teller.confirm("confirm", session).await.expect("reads");
            heard.push(view.payment.state.word().to_owned());
        }
        let payment = self.with_its_card(session, &mut heard).await;
        let cards = self.simulator(row).saved_cards() - before;
        let tokens = self.tokens_of(&customer).await;
        let ours = format!("{}, {tokens} saved", stands(&payment));
        assert_eq!(payment.saved_tokens.len(), tokens, "{payment:?}");
        for token in &payment.saved_tokens {
            self.charge_saved(teller, *token).await;
        }
        let (theirs, charges) = match purpose {
            // Nothing was charged, and not every provider has a reference of it.
            Purpose::Save if cards == 0 => ("FAILED 0/0".to_owned(), 0),
            Purpose::Save => ("VERIFIED 0/0".to_owned(), 0),
            Purpose::PayAndSave | Purpose::Pay | Purpose::UseSaved => self.books(row, &payment),
        };
        Ending { ours, theirs: format!("{theirs}, {cards} saved"), charges, heard: heard.join(", ") }
    }

    /// Opens a session by as many calls as it takes: nothing was charged by one that failed.
    pub async fn opened(
        &self,
        teller: &Teller<'_>,
        wish: &OpenSession,
        heard: &mut Vec<String>,
    ) -> SessionView {
        let key = format!("{}-open", teller.prefix);
        for _ in 0..CALLS_MAX {
            match teller.gateway.open_session(&caller(), ask(&key, wish.clone()), None).await {
                Ok(answer) => return answer.value,
                Err(error) if is_unanswered(&error) => heard.push("UNAVAILABLE".to_owned()),
                Err(error) => panic!("{error:?}"),
            }
        }
        panic!("{CALLS_MAX} times: {heard:?}")
    }

    /// The payment of a session once it is settled and has the card that was saved with it. What was
    /// quarantined is asked about again by a person.
    pub async fn with_its_card(&self, session: SessionId, heard: &mut Vec<String>) -> Payment {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            let view = self.gateway().session(&caller(), session).await.expect("there");
            let payment = view.payment;
            match payment.state {
                PaymentState::Quarantined => {
                    heard.push("QUARANTINED, asked again".to_owned());
                    self.gateway().resolve(&caller(), payment.id).await.expect("asked again");
                }
                PaymentState::Captured | PaymentState::Verified if payment.saved_tokens.is_empty() => {}
                state if state.is_undecided() => {}
                _ => return *payment,
            }
            assert!(tokio::time::Instant::now() < deadline, "{heard:?}, and no card of {payment:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// How many tokens of ours a customer has.
    async fn tokens_of(&self, customer: &str) -> usize {
        let filter = TokenFilter {
            merchant: caller().merchant,
            account: None,
            customer: Some(customer.to_owned()),
            status: Some(TokenStatus::Active),
            before: None,
            limit: 10,
        };
        self.gateway().tokens(filter).await.expect("listed").len()
    }

    /// The token is one that the provider knows.
    async fn charge_saved(&self, teller: &Teller<'_>, token: TokenId) {
        let charged = teller.charge("charge", token, self.amount(), CaptureMode::Automatic).await;
        let charged = settled(&self.gateway(), charged.expect("charges").value.id).await;
        assert_eq!(charged.state, PaymentState::Captured, "{charged:?}");
    }
}
