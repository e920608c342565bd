//! Charges of tokens: what is asked for.

use crate::domain::card::{FirstPayment, Initiator, MerchantReason, Unscheduled};
use crate::domain::ids::{AccountName, PaymentId};
use crate::domain::order::{Purchase, ReturnUrls, Series};
use crate::engine::commands::{ChargeToken, ChargedToken};
use crate::rpc::door::Terms;
use crate::rpc::problems::Problems;
use crate::rpc::proto::charge_token_request::{Initiator as By, Token};
use crate::rpc::proto::{self as pb};

use super::values::{Zero, date, enumeration, money, text};
use super::{cards, options, orders, payments, sessions, tokens};

/// Reads a request to charge a token.
pub fn charge(request: pb::ChargeTokenRequest, terms: Terms, problems: &mut Problems) -> Option<ChargeToken> {
    let amount = money("money", request.money.as_ref(), Zero::Refused, problems);
    let encoded = request.provider_options.as_ref().map(|options| {
        let mut encoded = Vec::new();
        options.encode(&mut encoded);
        encoded
    });
    let options = options::options::<pb::ChargeTokenRequest>(encoded);
    let any_sum = options.flag("partial_payment").unwrap_or_default();
    let content = orders::content(request.order, amount, any_sum, terms, problems);
    let token = charged(request.token, &request.account, problems);
    let present = matches!(request.initiator, Some(By::CustomerInitiated(_)));
    let end = sessions::expiry(request.expires_at, terms, problems).map(|(end, _)| end);
    let customer = orders::customer(request.customer, problems);
    let who = who(request.initiator, terms, problems);
    let Who { initiator, first_payment, return_urls, browser, series, three_d_secure, locale } = who?;
    Some(ChargeToken {
        token: token?,
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
            billing: request.billing_address.map(orders::address),
            shipping: content.shipping,
            delivery: content.delivery,
            tax_minor: content.tax_minor,
            locale,
            three_d_secure,
            metadata: request.metadata,
            notify_url: None,
            options,
        },
        initiator,
        first_payment,
        return_urls,
        browser,
        // A merchant's charge waits for nobody.
        expires_at: end.filter(|_| present),
        series,
    })
}

fn charged(token: Option<Token>, account: &str, problems: &mut Problems) -> Option<ChargedToken> {
    match token? {
        Token::TokenId(id) => tokens::id(&id, problems).map(ChargedToken::Saved),
        Token::ProviderToken(token) => {
            if account.is_empty() {
                problems.add("account", "is required with a provider's own token");
            }
            let stored = cards::stored_token(&token, problems);
            let account = AccountName(account.to_owned());
            Some(ChargedToken::Inline { account, stored })
        }
    }
}

/// Who causes the charge, and what only that one brings.
struct Who {
    initiator: Initiator,
    first_payment: Option<PaymentId>,
    return_urls: Option<ReturnUrls>,
    browser: Option<crate::domain::card::BrowserFacts>,
    series: Option<Series>,
    three_d_secure: crate::domain::order::ThreeDSecure,
    locale: Option<String>,
}

fn who(by: Option<By>, terms: Terms, problems: &mut Problems) -> Option<Who> {
    match by? {
        By::CustomerInitiated(by) => {
            let field = "customer_initiated.return_urls";
            let return_urls = orders::return_urls(field, by.return_urls, terms, problems);
            Some(Who {
                initiator: Initiator::Customer { cvc: cards::cvc(by.cvc) },
                first_payment: None,
                return_urls: Some(return_urls?),
                browser: by.browser.map(cards::browser),
                series: None,
                three_d_secure: orders::three_d_secure(by.three_d_secure).unwrap_or_default(),
                locale: text(by.locale),
            })
        }
        By::MerchantInitiated(by) => {
            let first_payment = match by.first_payment_id.as_str() {
                "" => None,
                id => payments::id(id, problems),
            };
            let reason = merchant_reason(&by, problems);
            let first = FirstPayment {
                provider_reference: text(by.original_reference),
                network_transaction_id: text(by.network_transaction_id),
                currency: None,
            };
            Some(Who {
                initiator: Initiator::Merchant { reason: reason?, first },
                first_payment,
                return_urls: None,
                browser: None,
                series: by.series.map(|terms| series(terms, problems)),
                three_d_secure: crate::domain::order::ThreeDSecure::default(),
                locale: None,
            })
        }
    }
}

fn merchant_reason(by: &pb::MerchantInitiated, problems: &mut Problems) -> Option<MerchantReason> {
    let kind = enumeration(by.unscheduled_kind);
    let reason = match enumeration(by.reason) {
        pb::MerchantReason::Unspecified => return None,
        pb::MerchantReason::Recurring => MerchantReason::Recurring,
        pb::MerchantReason::Installment => MerchantReason::Installment,
        pb::MerchantReason::Unscheduled => {
            return Some(MerchantReason::Unscheduled(match kind {
                pb::UnscheduledKind::Unspecified => Unscheduled::Other,
                pb::UnscheduledKind::DelayedCharge => Unscheduled::DelayedCharge,
                pb::UnscheduledKind::Increment => Unscheduled::Increment,
                pb::UnscheduledKind::Resubmission => Unscheduled::Resubmission,
                pb::UnscheduledKind::Reauthorization => Unscheduled::Reauthorization,
                pb::UnscheduledKind::NoShow => Unscheduled::NoShow,
            }));
        }
    };
    match kind {
        pb::UnscheduledKind::Unspecified | pb::UnscheduledKind::Resubmission => {}
        _ => problems
            .add("merchant_initiated.unscheduled_kind", "can only be RESUBMISSION for a charge of a series"),
    }
    Some(reason)
}

fn series(terms: pb::SeriesTerms, problems: &mut Problems) -> Series {
    // The annotations bound all of them from below.
    let number = |number: i32| u32::try_from(number).unwrap_or_default();
    if terms.count > 0 && terms.sequence > terms.count {
        problems.add("merchant_initiated.series.sequence", "is more than the series has");
    }
    Series {
        interval_days_min: number(terms.minimum_interval_days),
        ends_on: date("merchant_initiated.series.ends_on", terms.ends_on, problems),
        number: number(terms.sequence),
        count: number(terms.count),
    }
}
