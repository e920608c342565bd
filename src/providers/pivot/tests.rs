//! Rules with teeth: the decline table, wire money, request ids, card keys, methods of pages.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::account::{Account, request_id};
use super::confirming::saves_at_the_end;
use super::method::{Kind, Limits};
use super::opening::saves_from_the_start;
use super::*;
use crate::domain::card::TokenUses;
use crate::domain::money::{Currency, Money};
use crate::domain::order::{Purpose, SessionOrder};
use crate::domain::outcome::{Asked, DeclineReason as R, RetryAdvice as A};
use crate::domain::secret::Secret;
use crate::providers::sample::{self, Overrides};
use crate::providers::settings::Setting;

pub(super) fn idr(minor: i64) -> Money {
    Money::new(minor, Currency::parse("IDR").expect("IDR")).expect("money")
}

fn settings(changes: &[(&str, Setting)]) -> Settings {
    let mut values: BTreeMap<String, Setting> = EXAMPLE
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Setting::Text((*value).to_owned())))
        .collect();
    values.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Settings::new(values)
}

pub(super) fn pivot(changes: &[(&str, Setting)]) -> Pivot {
    let settings = settings(changes);
    let account = Account::read(&settings);
    settings.finish().expect("settings");
    Pivot { account }
}

fn list(names: &[&str]) -> Setting {
    Setting::List(names.iter().map(|name| (*name).to_owned()).collect())
}

pub(super) fn now() -> Timestamp {
    "2026-02-10T03:16:00Z".parse().expect("a time")
}

fn access() -> AccessToken {
    AccessToken { token: Secret::from("t"), renew_at: now(), expires_at: now() }
}

/// The order of a sample session, changed.
fn order(money: Money, change: impl FnOnce(&mut SessionOrder)) -> Operation {
    let asked = Asked { money, reference: "pay1".to_owned() };
    let sample = sample::operation(OperationKind::OpenSession, &asked, &Overrides::default(), now());
    let Operation::OpenSession(mut order) = sample else { panic!("another operation") };
    change(&mut order);
    Operation::OpenSession(order)
}

/// The body that an operation begins with, or the field or thing that is refused.
fn begun(pivot: &Pivot, operation: &Operation) -> Result<Value, String> {
    let access = access();
    let cx = Context { now: now(), entropy: [7; 32], access: Some(&access) };
    match pivot.begin(operation, &cx) {
        Ok(Step::Ask { request, .. }) => {
            let body = request.body.expect("a body");
            Ok(serde_json::from_slice(body.expose()).expect("JSON"))
        }
        Ok(Step::Done(outcome)) => panic!("{outcome:?}"),
        Err(Fault::Invalid { field, .. }) => Err(field),
        Err(Fault::AmountOutOfBounds { .. }) => Err("out of bounds".to_owned()),
        Err(Fault::Unsupported { what, .. }) => Err(what),
        Err(other) => Err(format!("{other:?}")),
    }
}

#[test]
fn every_row_of_the_decline_table() {
    let channel = "DECLINED_BY_CHANNEL";
    for (code, message, issuer, wanted) in [
        (channel, "", "05", (R::DoNotHonor, A::Later)),
        (channel, "", "57", (R::TransactionNotPermitted, A::Never)),
        (channel, "", "61", (R::LimitExceeded, A::Later)),
        (channel, "", "65", (R::LimitExceeded, A::Later)),
        (channel, "", "62", (R::RestrictedCard, A::Never)),
        (channel, "", "12", (R::GenericDecline, A::Never)),
        (channel, "", "13", (R::InvalidAmount, A::Never)),
        (channel, "", "6P", (R::AuthenticationFailed, A::WithCustomer)),
        (channel, "", "63", (R::GenericDecline, A::Later)),
        (channel, "The card is expired.", "54", (R::ExpiredCard, A::CorrectData)),
        (channel, "", "101", (R::ExpiredCard, A::CorrectData)),
        (channel, "The CVV is invalid.", "82", (R::IncorrectCvc, A::CorrectData)),
        (channel, "declined by the channel", "82", (R::GenericDecline, A::Later)),
        (channel, "", "N7", (R::IncorrectCvc, A::CorrectData)),
        ("INVALID_ACCOUNT", "", "14", (R::InvalidCard, A::CorrectData)),
        ("INVALID_ACCOUNT", "", "46", (R::ClosedAccount, A::Never)),
        ("INVALID_ACCOUNT", "", "53", (R::InvalidAccount, A::CorrectData)),
        ("AUTHENTICATION_FAILED", "", "", (R::AuthenticationFailed, A::WithCustomer)),
        ("SUSPECTED_FRAUD", "", "43", (R::LostOrStolen, A::Never)),
        ("SUSPECTED_FRAUD", "", "59", (R::SuspectedFraud, A::Never)),
        ("INSUFFICIENT_FUND", "", "51", (R::InsufficientFunds, A::Later)),
        ("CHANNEL_UNAVAILABLE", "", "91", (R::IssuerUnavailable, A::Later)),
        ("CANCELLED_BY_USER", "", "", (R::CustomerCancelled, A::WithCustomer)),
        ("CHARGE_EXPIRED", "", "", (R::ExpiredSession, A::WithCustomer)),
        ("BLOCKED_BY_FDS", "", "", (R::RiskDeclined, A::Never)),
        ("SOMETHING_NEW", "", "51", (R::InsufficientFunds, A::Later)),
        ("", "", "", (R::GenericDecline, A::Later)),
    ] {
        assert_eq!(decline::judge(code, message, Some(issuer)), wanted, "{code} {issuer}");
    }
}

#[test]
fn whole_rupiah_make_the_trip_and_others_do_not_leave() {
    for rupiah in [1, 10, 999, 1_000, 185_000, 9_999_999, 9_999_999_999] {
        let money = idr(rupiah * 100);
        let sent = amount::whole(money, "money.amount_minor").expect("whole");
        assert_eq!(sent, rupiah);
        for answer in [
            json!({ "a": { "value": sent, "currency": "IDR" } }),
            json!({ "a": { "value": sent.to_string(), "currency": "IDR" } }),
            json!({ "a": { "value": format!("{sent}.00"), "currency": "IDR" } }),
        ] {
            assert_eq!(amount::read(&answer, &["a"]), Ok(Some(money)));
        }
        for minor in 1..100 {
            assert!(amount::whole(idr(rupiah * 100 + minor), "money.amount_minor").is_err());
        }
    }
    let fraction = json!({ "a": { "value": "10000.50", "currency": "IDR" } });
    assert_eq!(amount::read(&fraction, &["a"]), Ok(Some(idr(1_000_050))));
    for value in ["1e5", "-1", "10000.005", "ten"] {
        let odd = json!({ "a": { "value": value, "currency": "IDR" } });
        assert!(amount::read(&odd, &["a"]).is_err(), "{value}");
    }
}

#[test]
fn each_kind_has_its_limits() {
    let limits = Limits::read(&settings(&[]));
    let check = |rupiah: i64, kind| limits.check(&PROFILE, idr(rupiah * 100), kind).is_ok();
    for (kind, min, max) in [
        (Some(Kind::Card), 10_000, 9_999_999_999),
        (Some(Kind::VirtualAccount), 10_000, 9_999_999_999),
        (Some(Kind::Ewallet), 10_000, 9_999_999),
        (Some(Kind::Qr), 1_000, 9_999_999),
        (None, 1_000, 9_999_999_999),
    ] {
        assert!(check(min, kind) && check(max, kind), "{kind:?}");
        assert!(!check(min - 1, kind) && !check(max + 1, kind), "{kind:?}");
    }
}

#[test]
fn request_ids_are_for_one_operation_on_one_thing() {
    let id = request_id("payments/create", "pay1");
    assert_eq!(id.len(), 32);
    assert!(id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
    assert_eq!(id, request_id("payments/create", "pay1"));
    assert_ne!(id, request_id("payments/confirm", "pay1"));
    assert_ne!(id, request_id("payments/create", "pay2"));
}

#[test]
fn the_same_order_makes_the_same_bytes_at_any_time() {
    let pivot = pivot(&[]);
    let operation = order(idr(18_500_000), |_| {});
    let bytes = |seconds: i64| {
        let access = access();
        let now = now() + jiff::SignedDuration::from_secs(seconds);
        let cx =
            Context { now, entropy: [u8::try_from(seconds % 250).unwrap_or(0); 32], access: Some(&access) };
        match pivot.begin(&operation, &cx) {
            Ok(Step::Ask { request, .. }) => request.body.expect("a body").expose().clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(bytes(0), bytes(61));
}

#[test]
fn only_rsa_keys_of_enough_bits_are_handed_out() {
    let keys = include_str!("../../../tests/simulator_samples/pivot/24_sandbox_double_key_pair.json");
    let keys: Value = serde_json::from_str(keys).expect("JSON");
    let key = keys["encryptionKey"].as_str().expect("a key");
    assert_eq!(key::checked(key, 2_048).as_deref(), Ok(key));
    assert!(key::checked(key, 3_072).is_err());
    for wrong in ["", "0123456789abcdef0123456789abcdef", "%%%", &key[4..], &key[..key.len() - 8]] {
        assert!(key::checked(wrong, 2_048).is_err(), "{wrong}");
    }
}

#[test]
fn a_page_offers_one_kind_or_all() {
    let pivot = pivot(&[
        ("wallet_methods", list(&["DANA", "OVO"])),
        ("bank_transfer_methods", list(&["BCA"])),
        ("qr_code_methods", list(&["QR"])),
    ]);
    let offered = |kinds: &[MethodKind], names: &[&str]| {
        let operation = order(idr(18_500_000), |order| {
            order.method_kinds = kinds.to_vec();
            order.methods = names.iter().map(|name| (*name).to_owned()).collect();
        });
        begun(&pivot, &operation).map(|body| {
            let options = body["paymentMethodOptions"]["ewallet"]["channel"].clone();
            (body["paymentMethod"]["type"].clone(), options, body["autoConfirm"].clone())
        })
    };
    use MethodKind::{BankTransfer, Card, Cash, QrCode, Wallet};
    assert_eq!(offered(&[], &[]), Ok((json!(null), json!(null), json!(false))));
    assert_eq!(offered(&[Card], &[]), Ok((json!("CARD"), json!(null), json!(true))));
    assert_eq!(offered(&[Wallet], &[]), Ok((json!("EWALLET"), json!(null), json!(true))));
    assert_eq!(offered(&[QrCode], &[]), Ok((json!("QR"), json!(null), json!(true))));
    let all = [Card, Wallet, BankTransfer, QrCode];
    assert_eq!(offered(&all, &[]), Ok((json!(null), json!(null), json!(false))));
    assert_eq!(
        offered(&[Card, QrCode], &[]),
        Err("payment_methods: CARD and QR_CODE and no others".to_owned())
    );
    assert_eq!(offered(&[Cash], &[]), Err("payment_methods: CASH".to_owned()));
    assert_eq!(offered(&[], &["DANA"]), Ok((json!("EWALLET"), json!("DANA"), json!(true))));
    assert_eq!(offered(&[], &["DANA", "OVO"]), Ok((json!("EWALLET"), json!(null), json!(true))));
    assert!(offered(&[], &["DANA", "BCA"]).is_err());
    assert!(offered(&[], &["GOPAY"]).is_err());
}

#[test]
fn what_is_refused_before_anything_is_sent() {
    let pivot = pivot(&[("wallet_methods", list(&["DANA"]))]);
    let refused = |change: &dyn Fn(&mut SessionOrder)| {
        begun(&pivot, &order(idr(18_500_000), |order| change(order))).expect_err("refused")
    };
    assert_eq!(refused(&|order| order.purchase.customer.email = None), "customer.email");
    assert_eq!(refused(&|order| order.purchase.descriptor = Some("x".repeat(21))), "statement_descriptor");
    assert_eq!(
        refused(&|order| order.return_urls.failure = Some(format!("https://x.example/{}", "y".repeat(255)))),
        "return_urls.failure"
    );
    assert_eq!(refused(&|order| order.purpose = Purpose::Save), "saving a card without paying");
    assert_eq!(
        refused(&|order| {
            order.method_kinds = vec![MethodKind::Wallet];
            order.expires_at = now() + jiff::SignedDuration::from_mins(31);
        }),
        "expires_at"
    );
    let far = |order: &mut SessionOrder| order.expires_at = now() + jiff::SignedDuration::from_hours(24 * 29);
    assert!(begun(&pivot, &order(idr(18_500_000), far)).is_ok());
}

#[test]
fn a_customer_is_named_once() {
    let pivot = pivot(&[]);
    let token = |customer: &str| StoredToken {
        values: [("token".to_owned(), Secret::from("t"))].into(),
        customer: Some(customer.to_owned()),
        ..StoredToken::default()
    };
    let offering = |tokens: Vec<StoredToken>| {
        begun(
            &pivot,
            &order(idr(18_500_000), |order| {
                order.purpose = Purpose::UseSaved;
                order.offered = tokens;
            }),
        )
    };
    let body = offering(vec![token("c1")]).expect("a body");
    assert_eq!((&body["customerId"], &body["showSavedPayment"]), (&json!("c1"), &json!(true)));
    assert!(body.get("customer").is_none());
    assert_eq!(offering(vec![token("c1"), token("c2")]), Err("token_ids[1]".to_owned()));
    let body = begun(&pivot, &order(idr(18_500_000), |_| {})).expect("a body");
    assert!(body.get("customerId").is_none() && body["customer"]["email"].is_string());
}

#[test]
fn the_first_payment_of_a_series_says_so_only_with_the_contract() {
    let saving = |pivot: &Pivot| {
        let operation = order(idr(18_500_000), |order| {
            order.purpose = Purpose::PayAndSave;
            order.saved_for = TokenUses { recurring: true, ..TokenUses::default() };
        });
        begun(pivot, &operation).expect("a body")["paymentMethodOptions"]["card"]["cardOnFile"].clone()
    };
    assert_eq!(saving(&pivot(&[])), json!(null));
    let mit = [
        ("mit", Setting::Flag(true)),
        ("default_return_url", Setting::Text("https://shop.example/r".to_owned())),
    ];
    assert_eq!(saving(&pivot(&mit)), json!({ "initiator": "CUSTOMER", "type": "SCHEDULED" }));
    assert!(matches!(Provider::support(&pivot(&mit), Feature::ChargeRecurring), Support::Yes));
    assert!(matches!(Provider::support(&pivot(&[]), Feature::ChargeRecurring), Support::No { .. }));
    let alone = settings(&[("mit", Setting::Flag(true))]);
    Account::read(&alone);
    assert!(alone.finish().is_err(), "mit without an address to return to");
}

#[test]
fn a_confirmation_says_about_saving_only_what_is_new() {
    let says = |ask_before_saving: bool, save_card: Option<bool>| {
        let asked = Asked { money: idr(18_500_000), reference: "pay1".to_owned() };
        let overrides = Overrides { purpose: Some(Purpose::PayAndSave), ..Overrides::default() };
        let sample = sample::operation(OperationKind::ConfirmSession, &asked, &overrides, now());
        let Operation::ConfirmSession(mut confirmation) = sample else { panic!("another operation") };
        confirmation.order.ask_before_saving = ask_before_saving;
        confirmation.save_card = save_card;
        (saves_from_the_start(&confirmation.order), saves_at_the_end(&confirmation))
    };
    assert_eq!(says(false, None), (true, None));
    assert_eq!(says(false, Some(true)), (true, None));
    assert_eq!(says(false, Some(false)), (true, Some(false)));
    assert_eq!(says(true, None), (false, None));
    assert_eq!(says(true, Some(true)), (false, Some(true)));
    assert_eq!(says(true, Some(false)), (false, None));
}
