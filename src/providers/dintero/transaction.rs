//! Reading a transaction: where the money stands, what is known of the card, what was saved.

use serde_json::Value;

use super::account::Account;
use super::decline;
use super::event::{Direction, Event};
use crate::domain::card::{Authentication, CardSummary, SavedCard, StoredToken, TokenUses};
use crate::domain::money::Money;
use crate::domain::order::Purpose;
use crate::domain::outcome::{Decline, DeclineReason, PaymentReport, Seen, SeenTotals, Standing, Trace};
use crate::domain::secret::Secret;
use crate::providers::contract::Fault;
use crate::providers::json::Reading;

/// Under which name a trace remembers the payment product type.
pub(super) const PRODUCT: &str = "payment_product_type";

/// The statuses that Dintero documents (dossier §9). The traps are AUTHORIZED, not "AUTHORISED",
/// and AUTHORIZATION_VOIDED, not "VOIDED".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Initiated,
    OnHold,
    Authorized,
    Captured,
    PartiallyCaptured,
    PartiallyCapturedRefunded,
    PartiallyRefunded,
    Refunded,
    AuthorizationVoided,
    Declined,
    Failed,
    Unknown,
}

impl Status {
    fn read(word: &str) -> Result<Self, Fault> {
        Ok(match word {
            "INITIATED" => Self::Initiated,
            "ON_HOLD" => Self::OnHold,
            "AUTHORIZED" => Self::Authorized,
            "CAPTURED" => Self::Captured,
            "PARTIALLY_CAPTURED" => Self::PartiallyCaptured,
            "PARTIALLY_CAPTURED_REFUNDED" => Self::PartiallyCapturedRefunded,
            "PARTIALLY_REFUNDED" => Self::PartiallyRefunded,
            "REFUNDED" => Self::Refunded,
            "AUTHORIZATION_VOIDED" => Self::AuthorizationVoided,
            "DECLINED" => Self::Declined,
            "FAILED" => Self::Failed,
            "UNKNOWN" => Self::Unknown,
            _ => return Err(Fault::unintelligible("a transaction status that is not documented")),
        })
    }

    /// Whether money was reserved or taken, whatever became of it later.
    pub(super) fn had_success(self) -> bool {
        match self {
            Self::Authorized
            | Self::Captured
            | Self::PartiallyCaptured
            | Self::PartiallyCapturedRefunded
            | Self::PartiallyRefunded
            | Self::Refunded
            | Self::AuthorizationVoided => true,
            Self::Initiated | Self::OnHold | Self::Declined | Self::Failed | Self::Unknown => false,
        }
    }

    /// Whether it is still open what will become of it.
    pub(super) fn is_pending(self) -> bool {
        matches!(self, Self::Initiated | Self::OnHold | Self::Unknown)
    }
}

/// What the asker knows beside the answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asking<'a> {
    /// Our reference.
    pub(super) reference: &'a str,
    /// What the session was for; `None` for a charge of a token.
    pub(super) purpose: Option<Purpose>,
    /// Whether the customer is there.
    pub(super) customer_present: bool,
    /// Whether the session has run out of time.
    pub(super) is_over: bool,
}

impl Asking<'_> {
    pub(super) fn customer_can_act(&self) -> bool {
        self.customer_present && !self.is_over
    }
}

/// One transaction, with its indispensable fields already read.
pub(super) struct Transaction<'a> {
    body: &'a Value,
    pub(super) id: String,
    session: Option<String>,
    pub(super) status: Status,
    /// The authorized total, which captures and refunds do not change (dossier §7).
    pub(super) money: Money,
    pub(super) reference: String,
    pub(super) product: Option<String>,
}

impl<'a> Transaction<'a> {
    /// Reads a transaction. Every answer has an id, a status, an amount, a currency and our
    /// reference; one that lacks any of them is not believed in anything else.
    pub(super) fn read(body: &'a Value, account: &Account, expected: Option<&str>) -> Result<Self, Fault> {
        let lacking = |what: &str| Fault::unintelligible(format!("a transaction without {what}"));
        let id = body.text(&["id"]).ok_or_else(|| lacking("an id"))?;
        account.owns(&id)?;
        if expected.is_some_and(|expected| expected != id) {
            return Err(Fault::unintelligible("another transaction than the one asked for"));
        }
        let session = body.text(&["session_id"]);
        session.as_deref().map_or(Ok(()), |session| account.owns(session))?;
        let status = Status::read(&body.text(&["status"]).ok_or_else(|| lacking("a status"))?)?;
        let currency = body.currency(&["currency"]).ok_or_else(|| lacking("a known currency"))?;
        Ok(Self {
            body,
            id,
            session,
            status,
            money: body.minor(&["amount"], currency).ok_or_else(|| lacking("a whole amount"))?,
            reference: body.text(&["merchant_reference"]).ok_or_else(|| lacking("our reference"))?,
            product: body.text(&["payment_product_type"]),
        })
    }

    /// The history, oldest first.
    pub(super) fn events(&self) -> impl DoubleEndedIterator<Item = Event<'a>> {
        self.body.list(&["events"]).iter().map(Event)
    }

    /// The ids by which it is found again.
    pub(super) fn trace(&self, reference: &str) -> Trace {
        let mut trace = Trace::by_reference(reference);
        trace.transaction = Some(self.id.clone());
        trace.session = self.session.clone();
        trace.more.extend(self.product.clone().map(|product| (PRODUCT.to_owned(), product)));
        trace
    }

    /// The sum of what moved in one direction. Failed events never count: when one was corrected
    /// later, the events of the correction are in the list themselves (dossier §7.1).
    pub(super) fn total(&self, direction: Direction) -> Result<i64, Fault> {
        let odd = || Fault::unintelligible("events whose amounts do not add up");
        self.events().filter(|event| event.completes(direction) && event.success() == Some(true)).try_fold(
            0i64,
            |sum, event| {
                let money = event.money(self.money.currency()).ok_or_else(odd)?;
                sum.checked_add(money.minor()).ok_or_else(odd)
            },
        )
    }

    /// Totals from the events. A status can be CAPTURED while less than the amount was captured
    /// (dossier §17.6), so only the sums are told; a sum that the status contradicts is not.
    pub(super) fn totals(&self) -> Result<SeenTotals, Fault> {
        if !self.status.had_success() {
            return Ok(SeenTotals::default());
        }
        let captured = self.total(Direction::Capture)?;
        let refunded = self.total(Direction::Refund)?;
        let must_have_captured = !matches!(self.status, Status::Authorized | Status::AuthorizationVoided);
        let must_have_refunded = matches!(
            self.status,
            Status::Refunded | Status::PartiallyRefunded | Status::PartiallyCapturedRefunded
        );
        Ok(SeenTotals {
            authorized: Some(self.money.minor()),
            captured: (captured > 0 || !must_have_captured).then_some(captured),
            refunded: (refunded > 0 || !must_have_refunded).then_some(refunded),
        })
    }

    /// The whole report.
    pub(super) fn report(&self, asking: Asking<'_>) -> Result<PaymentReport, Fault> {
        let totals = self.totals()?;
        let mut report = PaymentReport::new(self.standing(asking, totals)?);
        report.seen = Seen { money: Some(self.money), reference: Some(self.reference.clone()) };
        if report.standing == Standing::Verified || self.is_unfinished_save(asking) {
            // The amount of a card set-up is unpublished (dossier §18), and nothing is charged.
            report.seen.money = None;
        } else {
            report.totals = totals;
        }
        report.trace = self.trace(asking.reference);
        report.card = self.card();
        report.saved = self.saved(asking.purpose).into_iter().collect();
        report.movements = self.movements()?;
        Ok(report)
    }

    fn is_unfinished_save(&self, asking: Asking<'_>) -> bool {
        asking.purpose == Some(Purpose::Save) && !self.status.had_success()
    }

    /// Where it stands (dossier §9).
    fn standing(&self, asking: Asking<'_>, totals: SeenTotals) -> Result<Standing, Fault> {
        if asking.purpose == Some(Purpose::Save) {
            return self.standing_of_save(asking);
        }
        Ok(match self.status {
            Status::Initiated if asking.customer_can_act() => Standing::Open,
            // ON_HOLD is a manual review; UNKNOWN is undetermined at Dintero itself. Both are
            // read again, never charged again.
            Status::Initiated | Status::OnHold | Status::Unknown => Standing::Processing,
            Status::Authorized => Standing::Authorized,
            Status::Captured
            | Status::PartiallyCaptured
            | Status::PartiallyCapturedRefunded
            | Status::PartiallyRefunded
            | Status::Refunded => Standing::Captured,
            // The status after the rest of a part capture is voided is unpublished (dossier §18).
            // Money that was taken stays taken, whatever the word.
            Status::AuthorizationVoided if totals.captured.is_some_and(|captured| captured > 0) => {
                Standing::Captured
            }
            Status::AuthorizationVoided => Standing::Voided,
            Status::Declined => Standing::Declined(self.declined_by_customer()),
            Status::Failed => Standing::Declined(self.declined()),
        })
    }

    /// Where a card set-up stands. Its status is unpublished (dossier §18): a token in the
    /// read-back, and no failed event, is what counts. Taken money is reported as such, so that
    /// the comparison with the zero that was asked raises the alarm.
    fn standing_of_save(&self, asking: Asking<'_>) -> Result<Standing, Fault> {
        match self.status {
            Status::Failed => Ok(Standing::Declined(self.declined())),
            Status::Declined => Ok(Standing::Declined(self.declined_by_customer())),
            Status::Captured
            | Status::PartiallyCaptured
            | Status::PartiallyCapturedRefunded
            | Status::PartiallyRefunded
            | Status::Refunded => Ok(Standing::Captured),
            Status::Initiated | Status::OnHold | Status::Unknown if self.stored_token().is_none() => {
                let waits = self.status == Status::Initiated && asking.customer_can_act();
                Ok(if waits { Standing::Open } else { Standing::Processing })
            }
            Status::Initiated
            | Status::OnHold
            | Status::Unknown
            | Status::Authorized
            | Status::AuthorizationVoided => {
                if self.events().any(|event| event.success() == Some(false)) {
                    return Err(Fault::unintelligible("a card set-up that failed and succeeded"));
                }
                let token = self.stored_token().map(|_| Standing::Verified);
                token.ok_or_else(|| Fault::unintelligible("a card set-up without a token"))
            }
        }
    }

    /// The reason of a FAILED: the newest event that failed says it (dossier §10).
    fn declined(&self) -> Decline {
        let failed = self.events().rev().find(|event| event.success() == Some(false));
        failed.and_then(|event| event.error()).map_or_else(decline::unexplained, decline::read)
    }

    /// The reason of a DECLINED, which is the payer saying no (dossier §9), unless the event
    /// knows better.
    fn declined_by_customer(&self) -> Decline {
        let mut decline = self.declined();
        if matches!(decline.reason, DeclineReason::GenericDecline | DeclineReason::ProcessingError) {
            decline.reason = DeclineReason::CustomerCancelled;
            decline.advice = crate::domain::outcome::RetryAdvice::WithCustomer;
        }
        decline
    }

    fn card(&self) -> Option<CardSummary> {
        let card = self.body.at(&["card"])?;
        let mask = card.text(&["masked_pan"]).unwrap_or_default();
        let (month, year) = expiry(&card.text(&["expiry_date"]).unwrap_or_default());
        let authentication = Authentication {
            status: card.text(&["authentication_status"]),
            eci: card.text(&["eci"]),
            version: card.text(&["three_ds_version"]),
        };
        Some(CardSummary {
            brand: card.text(&["brand"]).map(|brand| brand_word(&brand)),
            last_four: last_four(&mask),
            bin: bin(&mask),
            expiry_month: month,
            expiry_year: year,
            funding: card.text(&["type"]).map(|kind| kind.to_ascii_lowercase()),
            issuer_country: card.text(&["country"]),
            fingerprint: None,
            authentication: (authentication != Authentication::default()).then_some(authentication),
        })
    }

    /// The token of the card, where the answer has its secret values: they come only to those
    /// who ask with `includes`, and only when the session generated them (dossier §5).
    fn stored_token(&self) -> Option<StoredToken> {
        let card = self.body.at(&["card"])?;
        let values: std::collections::BTreeMap<String, Secret<String>> =
            ["payment_token", "recurrence_token"]
                .into_iter()
                .filter_map(|kind| Some((kind.to_owned(), Secret::new(card.text(&[kind])?))))
                .collect();
        let handle = card.text(&["payment_token_id"]).or_else(|| card.text(&["recurrence_token_id"]));
        (!values.is_empty()).then(|| StoredToken {
            product: self.product.clone(),
            values,
            handle,
            ..StoredToken::default()
        })
    }

    /// A card saved by a session that was to save one, once it is certain that it worked.
    fn saved(&self, purpose: Option<Purpose>) -> Option<SavedCard> {
        let settled = match purpose? {
            Purpose::PayAndSave => self.status.had_success(),
            Purpose::Save => self.status.had_success() || self.status.is_pending(),
            Purpose::Pay | Purpose::UseSaved => false,
        };
        let token = self.stored_token().filter(|_| settled)?;
        let uses = uses(&token);
        Some(SavedCard { token, card: self.card().unwrap_or_default(), uses })
    }
}

/// What a token may be used for. At Swedbank Pay a `payment_token` is for payers present and
/// unscheduled charges, a `recurrence_token` for recurring ones; elsewhere one token does all
/// (dossier §5).
fn uses(token: &StoredToken) -> TokenUses {
    let payment = token.value("payment_token").is_some();
    let is_payex = token.product.as_deref().is_some_and(|product| product.starts_with("payex."));
    TokenUses {
        customer_present: payment,
        recurring: if is_payex { token.value("recurrence_token").is_some() } else { payment },
        unscheduled: payment,
    }
}

fn brand_word(brand: &str) -> String {
    match brand.to_ascii_lowercase().replace(['-', '_'], " ").as_str() {
        "master card" | "master" | "mc" => "mastercard".to_owned(),
        "american express" => "amex".to_owned(),
        other => other.replace(' ', "_"),
    }
}

/// `12/2029`.
fn expiry(text: &str) -> (Option<u8>, Option<u16>) {
    let Some((month, year)) = text.split_once('/') else { return (None, None) };
    match (month.parse::<u8>(), year.parse::<u16>()) {
        (Ok(month @ 1..=12), Ok(year @ 2000..=2999)) => (Some(month), Some(year)),
        _ => (None, None),
    }
}

/// The last four digits of a mask such as `476173******0416`.
fn last_four(mask: &str) -> Option<String> {
    let tail = mask.get(mask.len().checked_sub(4)?..)?;
    (is_masked(mask) && tail.bytes().all(|byte| byte.is_ascii_digit())).then(|| tail.to_owned())
}

/// The leading digits of a mask, six or eight of them.
fn bin(mask: &str) -> Option<String> {
    let digits: String = mask.chars().take_while(char::is_ascii_digit).collect();
    (is_masked(mask) && matches!(digits.len(), 6..=8)).then_some(digits)
}

/// Whether the middle is really hidden: a whole number is nothing to show.
fn is_masked(mask: &str) -> bool {
    mask.bytes().filter(|byte| !byte.is_ascii_digit()).count() >= 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_give_both_ends_and_whole_numbers_none() {
        assert_eq!(last_four("476173******0416").as_deref(), Some("0416"));
        assert_eq!(bin("476173******0416").as_deref(), Some("476173"));
        assert_eq!(bin("47617312****0416").as_deref(), Some("47617312"));
        assert_eq!(last_four("4111111111111111"), None);
        assert_eq!(bin("4111111111111111"), None);
        assert_eq!(last_four("é*"), None);
    }

    #[test]
    fn expiry_dates_and_brands_are_read_leniently() {
        assert_eq!(expiry("12/2029"), (Some(12), Some(2029)));
        assert_eq!(expiry("13/2029"), (None, None));
        assert_eq!(expiry(""), (None, None));
        assert_eq!(brand_word("MasterCard"), "mastercard");
        assert_eq!(brand_word("Visa"), "visa");
        assert_eq!(brand_word("Diners-Club"), "diners_club");
    }
}
