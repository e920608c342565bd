//! Sessions: what is asked for, and how one is shown.

use jiff::{SignedDuration, Timestamp};

use crate::domain::card::{Means, TokenUses};
use crate::domain::ids::{AccountName, SessionId, TokenId};
use crate::domain::order::{MethodKind, Purchase, Purpose, SessionMode, SessionOrder};
use crate::domain::payment::Payment;
use crate::domain::session::SessionStatus;
use crate::engine::accounts::Accounts;
use crate::engine::commands::{ConfirmSession, ConfirmWith, OpenSession, SessionView};
use crate::engine::error::Thing;
use crate::rpc::door::Terms;
use crate::rpc::problems::Problems;
use crate::rpc::proto::{self as pb, confirm_session_request::Means as M};

use super::values::{Zero, enumeration, money, or_empty, text, time, to_money, to_time};
use super::{cards, options, orders, outcomes, payments, tokens};

/// How long a customer has when the caller does not say.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// The longest that a caller can give a customer.
const WINDOW_MAX: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Until when the customer can act, and whether the caller said so.
pub fn expiry(
    asked: Option<prost_types::Timestamp>,
    terms: Terms,
    problems: &mut Problems,
) -> Option<(Timestamp, bool)> {
    let Some(asked) = asked else { return Some((terms.now.checked_add(WINDOW).ok()?, false)) };
    let end = time("expires_at", Some(asked), problems)?;
    let window = end.duration_since(terms.now);
    if window <= SignedDuration::ZERO {
        problems.add("expires_at", "must be in the future");
    } else if window > WINDOW_MAX {
        problems.add("expires_at", "must be within 30 days");
    }
    Some((end, true))
}

/// Reads a request to open a session.
pub fn open(request: pb::CreateSessionRequest, terms: Terms, problems: &mut Problems) -> Option<OpenSession> {
    let purpose = match enumeration(request.purpose) {
        pb::SessionPurpose::Unspecified => None,
        pb::SessionPurpose::Pay => Some(Purpose::Pay),
        pb::SessionPurpose::PayAndSave => Some(Purpose::PayAndSave),
        pb::SessionPurpose::Save => Some(Purpose::Save),
        pb::SessionPurpose::UseSaved => Some(Purpose::UseSaved),
    };
    let zero = if purpose == Some(Purpose::Save) { Zero::Required } else { Zero::Refused };
    let amount = money("money", request.money.as_ref(), zero, problems);
    let encoded = request.provider_options.as_ref().map(|options| {
        let mut encoded = Vec::new();
        options.encode(&mut encoded);
        encoded
    });
    let options = options::options::<pb::CreateSessionRequest>(encoded);
    let any_sum = options.flag("partial_payment").unwrap_or_default();
    let content = orders::content(request.order, amount, any_sum, terms, problems);
    let tokens = offered(&request.token_ids, purpose, problems);
    if !request.payment_methods.is_empty() && !request.payment_method_names.is_empty() {
        problems.add("payment_methods", "and payment_method_names exclude each other");
    }
    let billing = request.billing_address.map(orders::address);
    let country =
        text(request.country_code).or_else(|| billing.as_ref().and_then(|address| address.country.clone()));
    let customer = orders::customer(request.customer, problems);
    let return_urls = orders::return_urls("return_urls", request.return_urls, terms, problems);
    let expiry = expiry(request.expires_at, terms, problems);
    let (expires_at, expiry_given) = expiry?;
    Some(OpenSession {
        occurrence: None,
        account: text(request.account).map(AccountName),
        country,
        order: SessionOrder {
            purchase: Purchase {
                // The engine fills in what only it knows.
                reference: String::new(),
                merchant_reference: request.merchant_reference,
                money: amount?,
                capture: orders::capture_mode(request.capture),
                description: text(request.description),
                descriptor: text(request.statement_descriptor),
                customer,
                lines: content.lines,
                billing,
                shipping: content.shipping,
                delivery: content.delivery,
                tax_minor: content.tax_minor,
                locale: text(request.locale),
                three_d_secure: orders::three_d_secure(request.three_d_secure).unwrap_or_default(),
                metadata: request.metadata,
                notify_url: None,
                options,
            },
            purpose: purpose?,
            mode: match enumeration(request.mode) {
                pb::SessionMode::Unspecified | pb::SessionMode::Redirect => SessionMode::Redirect,
                pb::SessionMode::Api => SessionMode::Api,
            },
            return_urls: return_urls?,
            offered: Vec::new(),
            saved_for: cards::token_uses(&request.future_uses)
                .unwrap_or(TokenUses { customer_present: true, ..TokenUses::default() }),
            ask_before_saving: match enumeration(request.save_card_display) {
                pb::SaveCardDisplay::Unspecified | pb::SaveCardDisplay::Ask => true,
                pb::SaveCardDisplay::Always => false,
            },
            attempts: u32::try_from(request.max_attempts).unwrap_or_default(),
            method_kinds: method_kinds(&request.payment_methods),
            methods: request.payment_method_names,
            expires_at,
        },
        expiry_given,
        tokens,
    })
}

/// Each kind once, in the order of the request.
fn method_kinds(wanted: &[i32]) -> Vec<MethodKind> {
    let mut kinds = Vec::new();
    for kind in wanted {
        let kind = match enumeration(*kind) {
            pb::PaymentMethodKind::Unspecified => continue,
            pb::PaymentMethodKind::Card => MethodKind::Card,
            pb::PaymentMethodKind::Wallet => MethodKind::Wallet,
            pb::PaymentMethodKind::BankTransfer => MethodKind::BankTransfer,
            pb::PaymentMethodKind::QrCode => MethodKind::QrCode,
            pb::PaymentMethodKind::PayLater => MethodKind::PayLater,
            pb::PaymentMethodKind::Cash => MethodKind::Cash,
        };
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds
}

fn offered(ids: &[String], purpose: Option<Purpose>, problems: &mut Problems) -> Vec<TokenId> {
    match purpose {
        Some(Purpose::UseSaved) if ids.is_empty() => {
            problems.add("token_ids", "is required when the purpose is USE_SAVED");
        }
        Some(Purpose::Pay | Purpose::PayAndSave | Purpose::Save) if !ids.is_empty() => {
            problems.add("token_ids", "is for the purpose USE_SAVED only");
        }
        _ => {}
    }
    ids.iter().filter_map(|id| tokens::id(id, problems)).collect()
}

/// Reads a request to finish a session.
pub fn confirm(request: pb::ConfirmSessionRequest, problems: &mut Problems) -> Option<ConfirmSession> {
    let session = id(&request.session_id, problems);
    let means = match request.means? {
        M::EncryptedCard(card) => ConfirmWith::Card(Means::Encrypted(cards::encrypted_card(card))),
        M::Card(card) => ConfirmWith::Card(Means::Plain(cards::plain_card(card))),
        M::Token(card) => {
            ConfirmWith::Saved { token: tokens::id(&card.token_id, problems)?, cvc: cards::cvc(card.cvc) }
        }
        // What the browser brought is a hint to look, which the call itself is too.
        M::Returned(_) => ConfirmWith::Returned,
    };
    Some(ConfirmSession {
        session: session?,
        means,
        save_card: request.save_card,
        browser: request.browser.map(cards::browser),
        billing: request.billing_address.map(orders::address),
        three_d_secure: orders::three_d_secure(request.three_d_secure),
    })
}

/// The id of a session, or `None` with its absence noted.
pub fn id(text: &str, problems: &mut Problems) -> Option<SessionId> {
    let id = SessionId::parse(text).ok();
    if id.is_none() {
        problems.absent(Thing::Session);
    }
    id
}

/// A session as it stands.
pub fn to_session(view: &SessionView, accounts: &Accounts) -> pb::Session {
    let SessionView { session, payment, tokens } = view;
    let order = &session.order;
    let account = accounts.get(&session.account);
    let status = status(payment);
    let purpose = match order.purpose {
        Purpose::Pay => pb::SessionPurpose::Pay,
        Purpose::PayAndSave => pb::SessionPurpose::PayAndSave,
        Purpose::Save => pb::SessionPurpose::Save,
        Purpose::UseSaved => pb::SessionPurpose::UseSaved,
    };
    let saves = matches!(order.purpose, Purpose::PayAndSave | Purpose::Save);
    let mode = match order.mode {
        SessionMode::Redirect => pb::SessionMode::Redirect,
        SessionMode::Api => pb::SessionMode::Api,
    };
    let accepts_plain = account.is_some_and(|account| account.rules.plain_cards);
    let next_action = payment.next_action.as_ref().filter(|_| status == pb::SessionStatus::Open);
    pb::Session {
        id: session.id.to_string(),
        status: status.into(),
        account: session.account.to_string(),
        provider: account.map_or("", |account| account.profile().name).to_owned(),
        purpose: purpose.into(),
        mode: mode.into(),
        capture: orders::to_capture_mode(order.purchase.capture).into(),
        money: Some(to_money(order.purchase.money)),
        merchant_reference: order.purchase.merchant_reference.clone(),
        next_action: next_action.map(|action| payments::to_next_action(action, accepts_plain)),
        payment_id: if payment.is_hidden() { String::new() } else { payment.id.to_string() },
        token_ids: tokens.iter().map(|token| token.id.to_string()).collect(),
        decline: payment.decline.as_ref().map(outcomes::to_decline),
        failure: payment.failure.as_ref().map(outcomes::to_failure),
        future_uses: if saves { cards::to_token_uses(order.saved_for) } else { Vec::new() },
        customer_id: or_empty(order.purchase.customer.id.clone()),
        metadata: order.purchase.metadata.clone(),
        test: account.is_some_and(|account| account.rules.test),
        provider_session_id: or_empty(payment.trace.session.clone()),
        expires_at: Some(to_time(payment.expires_at.unwrap_or(order.expires_at))),
        created_at: Some(to_time(session.created_at)),
        updated_at: Some(to_time(payment.updated_at)),
    }
}

/// The payment of a session, unless the session only saves a card.
pub fn to_payment_of(view: SessionView, accounts: &Accounts) -> Option<pb::Payment> {
    (!view.payment.is_hidden()).then(|| payments::to_payment(*view.payment, accounts))
}

/// Where a session stands.
fn status(payment: &Payment) -> pb::SessionStatus {
    match SessionStatus::of(payment) {
        SessionStatus::Open => pb::SessionStatus::Open,
        SessionStatus::Pending => pb::SessionStatus::Processing,
        SessionStatus::Unresolved => pb::SessionStatus::Unresolved,
        SessionStatus::Completed => pb::SessionStatus::Completed,
        SessionStatus::Cancelled => pb::SessionStatus::Cancelled,
        SessionStatus::Expired => pb::SessionStatus::Expired,
        SessionStatus::Failed => pb::SessionStatus::Failed,
        SessionStatus::Quarantined => pb::SessionStatus::Quarantined,
    }
}
