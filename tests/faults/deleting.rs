//! Stored cards that are deleted.

use std::collections::BTreeMap;

use turnpike::domain::card::{Token, TokenStatus};
use turnpike::domain::ids::TokenId;
use turnpike::domain::order::{CaptureMode, OptionValue, Options};
use turnpike::engine::error::{Error, Thing};
use turnpike::simulator::faults::Kind;

use crate::house::{Ending, House};
use crate::rows::Row;
use crate::support::*;

/// Dintero keeps only cards of its own acquiring so that they can be deleted.
const OWN_ACQUIRING: &str = "dintero_psp.creditcard";

impl House {
    /// A deleted token is not charged any more, whatever the provider answered. That it is gone there
    /// too is said only if it is, and calling again is safe.
    pub async fn delete(&self, teller: &Teller<'_>, row: &Row, kind: Kind) -> Ending {
        let token = self.card_of_its_own(teller, row).await;
        let before = self.simulator(row).saved_cards();
        if row.exchange == "query_token" {
            // The list is asked for where the card cannot be removed: it is gone already.
            self.arrange_on(row, "delete_token", Kind::DropAfter);
        }
        let teller = &Teller {
            gateway: &self.gateway_for(row).await,
            provider: teller.provider,
            prefix: teller.prefix.clone(),
        };
        self.arrange(row, kind);
        let deleted = call_delete(teller, "delete", token).await;
        let gone = before - self.simulator(row).saved_cards();
        assert_eq!(deleted.status, TokenStatus::Deleted);
        assert!(gone <= 1, "{gone} cards are gone");

        assert_eq!(call_delete(teller, "delete", token).await, deleted, "the same call");
        assert_eq!(self.simulator(row).saved_cards(), before - gone);
        let again = call_delete(teller, "delete-again", token).await;
        assert_eq!(again.status, TokenStatus::Deleted);
        let kept = before - self.simulator(row).saved_cards() == 0;
        assert!(!(again.deleted_at_provider && kept), "deleted there, and it is not");
        let charged = teller.charge("charge", token, self.amount(), CaptureMode::Automatic).await;
        assert!(matches!(charged, Err(Error::NotFound(Thing::Token))), "{charged:?}");

        // An answer that cannot be read is none, and nobody asks again.
        let is_unread = matches!(kind, Kind::Garbage | Kind::UnknownStatus) && self.has_struck(row);
        let ending = |is_told: bool| if is_told { "DELETED, there too" } else { "DELETED" }.to_owned();
        Ending {
            ours: ending(deleted.deleted_at_provider),
            theirs: ending(gone == 1 && !is_unread),
            charges: 0,
            heard: format!("{gone} gone there"),
        }
    }

    async fn card_of_its_own(&self, teller: &Teller<'_>, row: &Row) -> TokenId {
        let customer = teller.prefix.to_ascii_lowercase();
        let mut wish = saving(teller.provider, teller.provider.saves_in, &customer);
        if row.provider == "dintero" {
            let product = OptionValue::Text(OWN_ACQUIRING.to_owned());
            wish.order.purchase.options = Options {
                provider: "dintero".to_owned(),
                values: BTreeMap::from([("token_product_type".to_owned(), product)]),
            };
        }
        let opened = self.opened(teller, &wish, &mut Vec::new()).await;
        pay(&self.simulators, teller.provider, &page(&opened.payment));
        teller.confirm("confirm", opened.session.id).await.expect("reads");
        let payment = self.with_its_card(opened.session.id, &mut Vec::new()).await;
        payment.saved_tokens[0]
    }
}

async fn call_delete(teller: &Teller<'_>, name: &str, token: TokenId) -> Token {
    let key = format!("{}-{name}", teller.prefix);
    teller.gateway.delete_token(&caller(), ask(&key, token), None).await.expect("deleted here").value
}
