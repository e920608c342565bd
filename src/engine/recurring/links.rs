//! A session in which the customer pays an occurrence by hand.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::judging::{Judged, LOOK_AFTER_HELD};
use super::occurrences::{internal, later};
use crate::domain::card::TokenUses;
use crate::domain::event::EventKind;
use crate::domain::ids::{Fingerprint, IdempotencyKey, PaymentId, SessionId};
use crate::domain::occurrence::{Occurrence, Try};
use crate::domain::order::{Purpose, ReturnUrls, SessionMode, SessionOrder};
use crate::domain::outcome::NextAction;
use crate::domain::schedule::{Halt, Schedule};
use crate::engine::accounts::Account;
use crate::engine::commands::{Ask, OpenSession};
use crate::engine::error::Error;
use crate::engine::gateway::Gateway;

/// How often the customer may try to pay by hand.
const LINK_ATTEMPTS: u32 = 3;
/// How long the customer has to pay by hand.
const LINK_LASTS: SignedDuration = SignedDuration::from_hours(24);

impl Gateway {
    /// Makes a session in which the customer can pay by hand, and tells of it. Where none can be
    /// made, the event says why, and the occurrence is given up.
    pub(super) async fn send_link(
        &self,
        account: &Arc<Account>,
        mut occurrence: Occurrence,
        schedule: &Schedule,
    ) -> Result<(), Error> {
        let now = self.now_of(&occurrence.merchant);
        let opened = match (&schedule.return_url, occurrence.money) {
            (Some(return_url), Some(_)) => {
                self.open_link(account, schedule, &occurrence, return_url, now).await
            }
            _ => Err("the schedule has no customer_return_url".to_owned()),
        };
        match opened {
            Ok((payment, session, link)) => {
                occurrence.session = Some(session);
                occurrence.tries.push(Try { payment, at: now, end: None });
                occurrence.next_at = Some(later(now, LOOK_AFTER_HELD));
                occurrence.updated_at = now;
                let link = Some(link);
                let event =
                    self.event_with(&occurrence, EventKind::CustomerRequired, now, |fact| fact.link = link);
                self.write_judged(Judged::telling(occurrence, vec![event]), now).await
            }
            Err(why) => {
                let note = Some(why);
                let event =
                    self.event_with(&occurrence, EventKind::CustomerRequired, now, |fact| fact.note = note);
                let mut judged = self.given_up(occurrence, Halt::CustomerRequired, now);
                judged.events.insert(0, event);
                self.write_judged(judged, now).await
            }
        }
    }

    async fn open_link(
        &self,
        account: &Arc<Account>,
        schedule: &Schedule,
        occurrence: &Occurrence,
        return_url: &str,
        now: Timestamp,
    ) -> Result<(PaymentId, SessionId, String), String> {
        let caller = internal(schedule);
        let tried = occurrence.next_try();
        let mut purchase = (*schedule.purchase).clone();
        purchase.money = occurrence.money.unwrap_or(purchase.money);
        // Options of charges mean nothing to a session.
        purchase.options = Default::default();
        let order = SessionOrder {
            purchase,
            purpose: Purpose::Pay,
            mode: SessionMode::Redirect,
            return_urls: ReturnUrls { success: return_url.to_owned(), ..ReturnUrls::default() },
            offered: Vec::new(),
            saved_for: TokenUses::default(),
            ask_before_saving: false,
            attempts: LINK_ATTEMPTS,
            method_kinds: Vec::new(),
            methods: Vec::new(),
            expires_at: later(now, LINK_LASTS),
        };
        let wish = OpenSession {
            account: Some(account.name.clone()),
            country: None,
            order,
            expiry_given: true,
            tokens: Vec::new(),
            occurrence: Some(tried),
        };
        let key = IdempotencyKey {
            merchant: schedule.merchant.clone(),
            request_id: format!("{} link", tried.request_id()),
        };
        // The same occurrence and try always make the same request.
        let ask = Ask { key, fingerprint: Fingerprint([0; 32]), wish };
        let view = Box::pin(self.open_session(&caller, ask, None)).await;
        let view = view.map_err(|error| format!("no session could be made: {error}"))?.value;
        match &view.payment.next_action {
            Some(NextAction::Redirect { url }) => Ok((view.payment.id, view.session.id, url.clone())),
            _ => Err("the provider gave no page to send the customer to".to_owned()),
        }
    }
}
