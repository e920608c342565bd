//! Plausible operations of every kind, for questions about adapters that nobody has to pay for:
//! `turnpike inspect reply` and the golden tests.
//!
//! What is made here is never sent anywhere. Names, addresses and ids are invented; the ids are
//! such that every adapter takes them: some look for their example account in front.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::contract::{
    Confirmation, Earlier, Inquiry, Movement, MovementInquiry, Operation, OperationKind, Siblings,
};
use crate::domain::card::{
    BrowserFacts, EncryptedCard, FirstPayment, Initiator, Means, MerchantReason, StoredToken, TokenUses,
};
use crate::domain::money::Money;
use crate::domain::order::{
    Address, CaptureMode, Charge, Customer, LinePart, Options, OrderLine, Purchase, Purpose, ReturnUrls,
    SessionMode, SessionOrder, ThreeDSecure,
};
use crate::domain::outcome::{Asked, SeenTotals, Trace};
use crate::domain::secret::Secret;

/// The provider's id of the session that samples are about.
pub const SESSION: &str = "T11223344.sample-session";
/// The provider's id of the transaction that samples are about.
pub const TRANSACTION: &str = "T11223344.sample-transaction";
/// The provider's id of the capture that samples of refunds go back to.
pub const CAPTURE: &str = "T11223344.sample-capture";
/// Our reference of the payment that samples of captures, voids and refunds are about.
pub const PAYMENT: &str = "samplepayment";

/// How long the sessions of samples are open.
const SESSION_OPEN: SignedDuration = SignedDuration::from_mins(30);
/// How long ago a movement that is asked about was sent.
const SENT_BEFORE: SignedDuration = SignedDuration::from_mins(5);

/// What a sample has instead of the usual. Whatever is unset is plausible.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// What the session is for. Inquiries about a payment are about a token's charge when unset.
    pub purpose: Option<Purpose>,
    /// Who collects the card; the provider's page when unset, ours for a confirmation.
    pub mode: Option<SessionMode>,
    /// When the money is taken; by a later capture for samples of captures and voids.
    pub capture: Option<CaptureMode>,
    /// Who starts a charge; the merchant, in a fixed rhythm, when unset.
    pub initiator: Option<Initiator>,
    /// The stored card.
    pub token: Option<StoredToken>,
    /// Ids of the provider. What is set here replaces [`SESSION`] and [`TRANSACTION`].
    pub trace: Trace,
    /// Ids that this provider or this story does not have yet.
    pub unknown: Vec<TraceId>,
    /// Whether the customer can still be asked; as the purpose suggests when unset.
    pub customer_present: Option<bool>,
    /// How the customer finishes a session; an encrypted card when unset.
    pub means: Option<Means>,
    /// What the payment asked for, where a capture, void or refund is about another amount.
    pub payment_money: Option<Money>,
    /// Totals before a movement.
    pub before: Option<SeenTotals>,
    /// Earlier captures of the payment.
    pub captures: Option<Vec<Earlier>>,
    /// Whether a capture is the last one.
    pub final_capture: bool,
    /// The lines that a movement names.
    pub movement_lines: Vec<LinePart>,
    /// Why money goes back.
    pub reason: Option<String>,
    /// Which movement is asked about; a refund when unset.
    pub movement: Option<OperationKind>,
    /// The provider's id of that movement.
    pub movement_provider_id: Option<String>,
    /// How long ago that movement was sent.
    pub sent_before: Option<SignedDuration>,
    /// What is bought.
    pub lines: Vec<OrderLine>,
    /// When the session ends, counted from now; in the past where negative.
    pub session_open: Option<SignedDuration>,
    /// Where the provider tells news.
    pub notify_url: Option<String>,
    /// What only one provider has.
    pub options: Options,
}

/// An id that a trace can lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceId {
    /// [`Trace::session`].
    Session,
    /// [`Trace::transaction`].
    Transaction,
}

/// A plausible operation of that kind.
///
/// `asked` is what the operation itself asks for, so that its outcome can be compared with it: for
/// captures, voids and refunds the movement's amount and reference, else the payment's.
#[must_use]
pub fn operation(kind: OperationKind, asked: &Asked, overrides: &Overrides, now: Timestamp) -> Operation {
    let sample = Sample { asked, overrides, now };
    match kind {
        OperationKind::OpenSession => Operation::OpenSession(Box::new(sample.session(SessionMode::Redirect))),
        OperationKind::ReadSession => Operation::ReadSession(sample.inquiry(Some(Purpose::Pay))),
        OperationKind::ConfirmSession => Operation::ConfirmSession(Box::new(sample.confirmation())),
        OperationKind::CancelSession => Operation::CancelSession(sample.inquiry(Some(Purpose::Pay))),
        OperationKind::Charge => Operation::Charge(Box::new(sample.charge())),
        OperationKind::Capture => Operation::Capture(Box::new(sample.movement(kind))),
        OperationKind::Void => Operation::Void(Box::new(sample.movement(kind))),
        OperationKind::Refund => Operation::Refund(Box::new(sample.movement(kind))),
        OperationKind::InquirePayment => Operation::InquirePayment(sample.inquiry(None)),
        OperationKind::InquireMovement => Operation::InquireMovement(Box::new(sample.movement_inquiry())),
        OperationKind::DeleteToken => Operation::DeleteToken(sample.token()),
    }
}

struct Sample<'a> {
    asked: &'a Asked,
    overrides: &'a Overrides,
    now: Timestamp,
}

impl Sample<'_> {
    fn session(&self, mode: SessionMode) -> SessionOrder {
        let purpose = self.overrides.purpose.unwrap_or(Purpose::Pay);
        SessionOrder {
            purchase: self.purchase(),
            purpose,
            mode: self.overrides.mode.unwrap_or(mode),
            return_urls: return_urls(),
            offered: if purpose == Purpose::UseSaved { vec![self.token()] } else { Vec::new() },
            saved_for: TokenUses { customer_present: true, recurring: true, unscheduled: false },
            ask_before_saving: false,
            attempts: 3,
            method_kinds: Vec::new(),
            methods: Vec::new(),
            expires_at: self.session_end(),
        }
    }

    fn confirmation(&self) -> Confirmation {
        Confirmation {
            order: self.session(SessionMode::Api),
            trace: self.trace(&self.asked.reference, &[TraceId::Transaction]),
            means: self.overrides.means.clone().unwrap_or_else(encrypted_card),
            save_card: None,
            browser: Some(browser()),
        }
    }

    fn charge(&self) -> Charge {
        let merchant =
            Initiator::Merchant { reason: MerchantReason::Recurring, first: FirstPayment::default() };
        let initiator = self.overrides.initiator.clone().unwrap_or(merchant);
        let is_present = matches!(initiator, Initiator::Customer { .. });
        Charge {
            purchase: self.purchase(),
            token: self.token(),
            initiator,
            return_urls: is_present.then(return_urls),
            browser: is_present.then(browser),
            expires_at: is_present.then(|| self.session_end()),
            series: None,
        }
    }

    fn inquiry(&self, usual_purpose: Option<Purpose>) -> Inquiry {
        let purpose = self.overrides.purpose.or(usual_purpose);
        Inquiry {
            trace: self.trace(&self.asked.reference, &[]),
            money: self.asked.money,
            capture: self.overrides.capture.unwrap_or_default(),
            purpose,
            customer_present: self.overrides.customer_present.unwrap_or(purpose.is_some()),
            expires_at: purpose.map(|_| self.session_end()),
        }
    }

    fn movement(&self, kind: OperationKind) -> Movement {
        let is_refund = kind == OperationKind::Refund;
        let usual_mode = if is_refund { CaptureMode::Automatic } else { CaptureMode::Manual };
        let capture_mode = self.overrides.capture.unwrap_or(usual_mode);
        let payment_money = self.overrides.payment_money.unwrap_or(self.asked.money);
        let whole_capture = Earlier {
            provider_id: Some(CAPTURE.to_owned()),
            amount: payment_money,
            refunded: Money::zero(payment_money.currency()),
        };
        let captured_by_us = is_refund && capture_mode == CaptureMode::Manual;
        Movement {
            reference: self.asked.reference.clone(),
            payment: self.trace(PAYMENT, &[]),
            product: self.token().product,
            asked: payment_money,
            capture_mode,
            amount: self.asked.money,
            final_capture: self.overrides.final_capture,
            lines: self.overrides.movement_lines.clone(),
            reason: self.overrides.reason.clone(),
            refund_reason: Default::default(),
            before: self.overrides.before.unwrap_or(SeenTotals {
                authorized: Some(payment_money.minor()),
                captured: Some(if is_refund { payment_money.minor() } else { 0 }),
                refunded: Some(0),
            }),
            captures: self
                .overrides
                .captures
                .clone()
                .unwrap_or_else(|| if captured_by_us { vec![whole_capture] } else { Vec::new() }),
            options: self.overrides.options.clone(),
        }
    }

    fn movement_inquiry(&self) -> MovementInquiry {
        let kind = self.overrides.movement.unwrap_or(OperationKind::Refund);
        let movement = self.movement(kind);
        let SeenTotals { authorized: _, captured, refunded } = movement.before;
        let settled = if kind == OperationKind::Capture { captured } else { refunded };
        MovementInquiry {
            siblings: Siblings { settled_minor: settled.unwrap_or(0), ..Siblings::default() },
            kind,
            movement,
            provider_id: self.overrides.movement_provider_id.clone(),
            sent_at: self.now - self.overrides.sent_before.unwrap_or(SENT_BEFORE),
        }
    }

    fn purchase(&self) -> Purchase {
        Purchase {
            reference: self.asked.reference.clone(),
            merchant_reference: "ORDER-1001".to_owned(),
            money: self.asked.money,
            capture: self.overrides.capture.unwrap_or_default(),
            description: Some("A sample purchase".to_owned()),
            descriptor: None,
            customer: customer(),
            lines: self.overrides.lines.clone(),
            billing: Some(address()),
            shipping: None,
            delivery: None,
            tax_minor: None,
            locale: Some("en".to_owned()),
            three_d_secure: ThreeDSecure::Automatic,
            metadata: BTreeMap::new(),
            notify_url: self.overrides.notify_url.clone(),
            options: self.overrides.options.clone(),
        }
    }

    /// One stored card with a value of every kind that some provider asks for.
    fn token(&self) -> StoredToken {
        let value = |kind: &str| (kind.to_owned(), Secret::new(format!("sample-{kind}")));
        self.overrides.token.clone().unwrap_or_else(|| StoredToken {
            product: Some("payex.creditcard".to_owned()),
            values: ["payment_token", "recurrence_token", "token"].map(value).into(),
            ..StoredToken::default()
        })
    }

    fn trace(&self, reference: &str, unknown: &[TraceId]) -> Trace {
        let has = |id: &TraceId| !unknown.contains(id) && !self.overrides.unknown.contains(id);
        let mut trace = Trace {
            session: has(&TraceId::Session).then(|| SESSION.to_owned()),
            transaction: has(&TraceId::Transaction).then(|| TRANSACTION.to_owned()),
            ..Trace::by_reference(reference)
        };
        trace.learn(self.overrides.trace.clone());
        trace
    }

    fn session_end(&self) -> Timestamp {
        self.now + self.overrides.session_open.unwrap_or(SESSION_OPEN)
    }
}

fn customer() -> Customer {
    Customer {
        id: Some("customer-1".to_owned()),
        email: Some("kari@example.com".to_owned()),
        phone: Some("+4799999999".to_owned()),
        given_name: Some("Kari".to_owned()),
        family_name: Some("Nordmann".to_owned()),
        ip: Some("203.0.113.24".to_owned()),
        ..Customer::default()
    }
}

fn address() -> Address {
    Address {
        given_name: Some("Kari".to_owned()),
        family_name: Some("Nordmann".to_owned()),
        lines: vec!["Storgata 1".to_owned()],
        city: Some("Oslo".to_owned()),
        postal_code: Some("0155".to_owned()),
        country: Some("NO".to_owned()),
        ..Address::default()
    }
}

fn return_urls() -> ReturnUrls {
    ReturnUrls { success: "https://shop.example/return".to_owned(), ..ReturnUrls::default() }
}

fn browser() -> BrowserFacts {
    BrowserFacts {
        accept_header: "text/html".to_owned(),
        user_agent: "Mozilla/5.0".to_owned(),
        language: "en".to_owned(),
        screen_width: 1920,
        screen_height: 1080,
        color_depth: 24,
        window_width: 1200,
        window_height: 800,
        time_zone_offset_minutes: -60,
        time_zone: Some("Europe/Oslo".to_owned()),
        java_enabled: false,
        javascript_enabled: true,
        ip: Some("203.0.113.24".to_owned()),
    }
}

/// A card as a merchant's page encrypts it: field by field, and as one envelope.
fn encrypted_card() -> Means {
    let field = |name: &str| (name.to_owned(), Secret::new(format!("sample-encrypted-{name}")));
    Means::Encrypted(EncryptedCard {
        fields: ["number", "cvc", "expiry_month", "expiry_year"].map(field).into(),
        key_id: None,
        holder: Some("Kari Nordmann".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Currency;

    #[test]
    fn every_kind_of_operation_has_a_sample() {
        let nok = Currency::parse("NOK").expect("NOK");
        let asked = Asked { money: Money::new(100, nok).expect("money"), reference: "sample1".to_owned() };
        for (kind, name) in OperationKind::NAMES {
            let made = operation(*kind, &asked, &Overrides::default(), Timestamp::UNIX_EPOCH);
            assert_eq!(made.kind(), *kind, "{name}");
        }
    }
}
