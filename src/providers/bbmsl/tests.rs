//! The whole decision table of section 10, by enumeration, and what would be lost between stories.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::account::Account;
use super::answer;
use super::verdict::{self, Verdict};
use crate::domain::outcome::Standing;
use crate::providers::contract::{Fault, Reply};
use crate::providers::redact;
use crate::providers::settings::{Setting, Settings};

pub(super) fn account(changes: &[(&str, Setting)]) -> Account {
    let mut values: BTreeMap<String, Setting> = super::EXAMPLE
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Setting::Text((*value).to_owned())))
        .collect();
    values.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let settings = Settings::new(values);
    let account = Account::read(&settings);
    settings.finish().unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    account
}

fn mistakes(changes: &[(&str, Setting)]) -> Vec<String> {
    let mut values: BTreeMap<String, Setting> = super::EXAMPLE
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Setting::Text((*value).to_owned())))
        .collect();
    values.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let settings = Settings::new(values);
    Account::read(&settings);
    settings.finish().err().unwrap_or_default().into_iter().map(|mistake| mistake.name).collect()
}

fn reply(code: &str, order: Option<&str>, transaction: Option<&str>) -> Reply {
    let mut body = json!({ "responseCode": code, "message": "x" });
    if let Some(status) = order {
        body["order"] = json!({ "id": 1, "merchantId": 3_000_217, "merchantReference": "r", "currency": "HKD",
            "amount": 88, "status": status });
    }
    if let Some(status) = transaction {
        body["transaction"] =
            json!({ "id": 2, "merchantId": 3_000_217, "amount": "88.00", "status": status });
    }
    Reply { status: 200, headers: Vec::new(), body: body.to_string().into_bytes() }
}

/// The result of the first row that fits, in the table's own words.
fn told(account: &Account, reply: &Reply) -> &'static str {
    let answer = answer::read(reply, account).expect("an answer");
    match verdict::charge(account, &answer) {
        Ok(Verdict::Settled(Standing::Captured)) => "captured",
        Ok(Verdict::Settled(Standing::Declined(_))) => "declined",
        Ok(Verdict::Settled(Standing::Failed(_))) => "failed",
        Ok(Verdict::Settled(Standing::Processing)) => "pending",
        Ok(Verdict::Confirm) => "confirm",
        Ok(Verdict::LookUp(_)) => "look up",
        Err(Fault::Unintelligible { .. }) => "unresolved",
        other => panic!("{other:?}"),
    }
}

/// The table as the dossier prints it, evaluated from the top; not as the code is written.
fn expected(code: &str, order: Option<&str>, transaction: Option<&str>) -> &'static str {
    let handled = code == "0000";
    let paid = |status: Option<&str>| matches!(status, Some("SUCCESS" | "SETTLED"));
    let open = matches!(order, None | Some("OPEN"));
    match () {
        () if handled && paid(order) && paid(transaction) => "captured",
        () if handled && paid(order) && transaction.is_none() => "confirm",
        () if open && transaction == Some("DECLINED") => "declined",
        () if open && matches!(transaction, Some("FAILURE" | "CANCELLED")) => "failed",
        () if matches!(order, Some("VOIDED" | "CANCELLED" | "CLOSED")) && transaction != Some("SUCCESS") => {
            "failed"
        }
        () if order == Some("OPEN")
            && matches!(transaction, None | Some("OPEN" | "PROCESSING" | "teleported")) =>
        {
            "pending"
        }
        () if !handled && paid(order) => "unresolved",
        () if order.is_none() && transaction.is_none() && !handled => "look up",
        () => "unresolved",
    }
}

#[test]
fn the_decision_table_is_followed_row_by_row() {
    let account = account(&[]);
    let orders = [
        None,
        Some("OPEN"),
        Some("SUCCESS"),
        Some("SETTLED"),
        Some("VOIDED"),
        Some("CANCELLED"),
        Some("CLOSED"),
        Some("REFUNDED"),
        Some("PARTIALLY_REFUNDED"),
        Some("NONE"),
        Some("teleported"),
    ];
    let transactions = [
        None,
        Some("SUCCESS"),
        Some("SETTLED"),
        Some("DECLINED"),
        Some("FAILURE"),
        Some("CANCELLED"),
        Some("OPEN"),
        Some("PROCESSING"),
        Some("VOIDED"),
        Some("REFUNDED"),
        Some("teleported"),
    ];
    for code in ["0000", "9901"] {
        for order in orders {
            for transaction in transactions {
                let read = told(&account, &reply(code, order, transaction));
                assert_eq!(read, expected(code, order, transaction), "{code} {order:?} {transaction:?}");
                // Lower case means the same.
                let lower = |word: Option<&str>| word.map(str::to_lowercase);
                let (order, transaction) = (lower(order), lower(transaction));
                let again = told(&account, &reply(code, order.as_deref(), transaction.as_deref()));
                assert_eq!(again, read, "{code} {order:?} {transaction:?}");
            }
        }
    }
}

#[test]
fn words_of_the_demo_app_are_known() {
    let account = account(&[]);
    for (order, transaction, result) in [
        ("DECLINED", None, "declined"),
        ("DECLINED", Some("DECLINED"), "declined"),
        ("DECLINED", Some("SUCCESS"), "unresolved"),
        ("FAILURE", None, "failed"),
        ("FAILURE", Some("FAILURE"), "failed"),
        ("FAILURE", Some("SUCCESS"), "unresolved"),
        ("PROCESSING", None, "pending"),
        ("PROCESSING", Some("PROCESSING"), "pending"),
        ("PROCESSING", Some("SUCCESS"), "unresolved"),
    ] {
        assert_eq!(
            told(&account, &reply("0000", Some(order), transaction)),
            result,
            "{order} {transaction:?}"
        );
    }
}

#[test]
fn another_merchant_s_answer_is_not_believed() {
    let account = account(&[]);
    let body = String::from_utf8(reply("0000", Some("SUCCESS"), Some("SUCCESS")).body).expect("text");
    let foreign =
        Reply { status: 200, headers: Vec::new(), body: body.replace("3000217", "3000218").into_bytes() };
    assert!(matches!(answer::read(&foreign, &account), Err(Fault::Unintelligible { .. })));
}

#[test]
fn mistakes_in_the_settings_are_told() {
    let text = |text: &str| Setting::Text(text.to_owned());
    let list = |items: &[&str]| Setting::List(items.iter().map(|item| (*item).to_owned()).collect());
    for (name, wrong) in [
        ("environment", text("test")),
        ("merchant_id", text("M3")),
        ("private_key", text("bm90IGEga2V5")),
        ("provider_public_keys", list(&["bm90IGEga2V5"])),
        ("currencies", list(&["NOK"])),
        ("token_query_path", text("query")),
        ("page_hosts", list(&["https://bbmsl.com"])),
        ("response_code_map", list(&["0000:expired_card"])),
        ("response_code_map", list(&["9901:no_such_reason"])),
        ("recurring_reason", text(" ")),
        ("merchant_id_as", text("float")),
        ("cancel_open_orders_after_seconds", Setting::Integer(-1)),
    ] {
        assert_eq!(mistakes(&[(name, wrong)]), [name]);
    }
    assert_eq!(mistakes(&[("next_private_key_from", text("2027-01-01T00:00:00Z"))]), ["next_private_key"]);
}

#[test]
fn pages_are_the_provider_s() {
    let account = account(&[]);
    for page in
        ["https://checkout.sit.bbmsl.com/?sid=1", "https://bbmsl.com/x", "https://payapi.sit.bbmsl.com/p"]
    {
        assert!(account.is_page(page), "{page}");
    }
    for page in [
        "http://checkout.bbmsl.com/",
        "https://bbmsl.com.evil.example/",
        "https://evilbbmsl.com/",
        "https://evil.example/bbmsl.com",
        "https://bbmsl.com@evil.example/",
        "javascript:alert(1)",
        "",
    ] {
        assert!(!account.is_page(page), "{page}");
    }
    let here = Setting::Text("http://127.0.0.1:8080".to_owned());
    let development = self::account(&[("base_url", here)]);
    assert!(development.is_page("http://127.0.0.1:9090/page?sid=1"));
    assert!(!development.is_page("http://192.0.2.1/"));
}

#[test]
fn nothing_of_a_token_is_shown_and_the_rest_is() {
    let account = account(&[]);
    let now = Timestamp::UNIX_EPOCH;
    let token = crate::domain::secret::Secret::from("987654321");
    let request = super::wire::delete_token(&account, "canary-user", &token, now).expect("a request");
    let shown = redact::show(&request, &super::PROFILE);
    let all = format!("{shown:?} {request:?}");
    assert!(!all.contains("987654321") && !all.contains("canary-user"), "{all}");
    let body: Value = serde_json::from_str(&shown.body).expect("JSON");
    let inner: Value = serde_json::from_str(body["request"].as_str().expect("a text")).expect("JSON");
    assert_eq!(inner["merchantId"], "3000217");
    assert_eq!(body["signature"], redact::REDACTED);
}
