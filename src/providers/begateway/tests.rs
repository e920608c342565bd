//! The conversation, story by story, where no fixture can tell it: what is sent, what is refused
//! before anything is sent, and what an answer must never be taken for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::domain::card::{
    BrowserFacts, EncryptedCard, FirstPayment, Initiator, Means, MerchantReason, PlainCard, StoredToken,
    TokenUses, Unscheduled,
};
use crate::domain::money::{Currency, Money};
use crate::domain::order::{
    CaptureMode, Charge, Customer, OptionValue, Options, Purchase, Purpose, ReturnUrls, SessionMode,
    SessionOrder, ThreeDSecure,
};
use crate::domain::outcome::{MovementStanding, NextAction, PaymentReport, SeenTotals, Standing, Trace};
use crate::domain::secret::Secret;
use crate::providers::contract::{
    Confirmation, Earlier, Effect, Movement, MovementInquiry, RefundReason, Request,
};
use crate::providers::settings::Setting;

const NOW: &str = "2026-03-02T09:00:00Z";

fn account(changes: &[(&str, Setting)]) -> Begateway {
    let mut values: BTreeMap<String, Setting> = EXAMPLE
        .iter()
        .map(|(name, value)| match *value {
            "true" => ((*name).to_owned(), Setting::Flag(true)),
            text => ((*name).to_owned(), Setting::Text(text.to_owned())),
        })
        .collect();
    values.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let settings = Settings::new(values);
    let account = Account::read(&settings);
    settings.finish().expect("settings");
    Begateway { account }
}

fn cx() -> Context<'static> {
    Context { now: NOW.parse().expect("time"), entropy: [7; 32], access: None }
}

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::parse("EUR").expect("EUR")).expect("money")
}

fn purchase(money: Money) -> Purchase {
    Purchase {
        reference: "pay1".to_owned(),
        merchant_reference: "A-1001".to_owned(),
        money,
        capture: CaptureMode::Automatic,
        description: None,
        descriptor: None,
        customer: Customer { ip: Some("203.0.113.24".to_owned()), ..Customer::default() },
        lines: Vec::new(),
        billing: None,
        shipping: None,
        delivery: None,
        tax_minor: None,
        locale: Some("be-BY".to_owned()),
        three_d_secure: ThreeDSecure::Automatic,
        metadata: BTreeMap::new(),
        notify_url: None,
        options: Options::default(),
    }
}

fn order(purpose: Purpose, mode: SessionMode) -> SessionOrder {
    SessionOrder {
        purchase: purchase(if purpose == Purpose::Save { eur(0) } else { eur(4990) }),
        purpose,
        mode,
        return_urls: ReturnUrls { success: "https://shop.example/back".to_owned(), ..ReturnUrls::default() },
        offered: vec![token()],
        saved_for: TokenUses { recurring: true, ..TokenUses::default() },
        ask_before_saving: false,
        attempts: 3,
        method_kinds: Vec::new(),
        methods: Vec::new(),
        expires_at: "2026-03-02T12:00:00Z".parse().expect("time"),
    }
}

fn token() -> StoredToken {
    StoredToken {
        values: BTreeMap::from([("token".to_owned(), Secret::from("canary-token"))]),
        ..StoredToken::default()
    }
}

fn charge(initiator: Initiator) -> Charge {
    Charge {
        purchase: purchase(eur(4990)),
        token: token(),
        initiator,
        return_urls: None,
        browser: None,
        expires_at: None,
        series: None,
    }
}

fn merchant(reason: MerchantReason) -> Initiator {
    Initiator::Merchant { reason, first: FirstPayment::default() }
}

fn confirmation(purpose: Purpose, means: Means) -> Confirmation {
    Confirmation {
        order: order(purpose, SessionMode::Api),
        trace: Trace::by_reference("pay1"),
        means,
        save_card: None,
        browser: Some(BrowserFacts { time_zone_offset_minutes: -180, ..BrowserFacts::default() }),
    }
}

fn movement(capture_mode: CaptureMode, minor: i64) -> Movement {
    Movement {
        reference: "ref1".to_owned(),
        payment: Trace { transaction: Some("uid-1".to_owned()), ..Trace::by_reference("pay1") },
        product: None,
        asked: eur(20_000),
        capture_mode,
        amount: eur(minor),
        final_capture: false,
        lines: Vec::new(),
        reason: Some("  ".to_owned()),
        refund_reason: RefundReason::Unspecified,
        before: SeenTotals::default(),
        captures: Vec::new(),
        options: Options::default(),
    }
}

fn inquiry(session_key: Option<&str>, transaction: Option<&str>, purpose: Option<Purpose>) -> Inquiry {
    Inquiry {
        trace: Trace {
            session_key: session_key.map(Secret::from),
            transaction: transaction.map(str::to_owned),
            ..Trace::by_reference("pay1")
        },
        money: if purpose == Some(Purpose::Save) { eur(0) } else { eur(4990) },
        capture: CaptureMode::Automatic,
        purpose,
        customer_present: purpose.is_some(),
        expires_at: None,
    }
}

fn begin(provider: &Begateway, operation: &Operation) -> Result<(Request, Effect, Stage), Fault> {
    match Provider::begin(provider, operation, &cx())? {
        Step::Ask { request, effect, next } => Ok((request, effect, next)),
        Step::Done(outcome) => panic!("nothing was sent: {outcome:?}"),
    }
}

fn sent(request: &Request) -> Value {
    serde_json::from_slice(request.body.as_ref().expect("a body").expose()).expect("json")
}

fn body_of(operation: &Operation) -> Value {
    sent(&begin(&account(&[]), operation).expect("sent").0)
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply { status, headers: Vec::new(), body: body.to_string().into_bytes() }
}

fn read(operation: &Operation, stage: &str, status: u16, body: &Value) -> Result<Step<Stage>, Fault> {
    let provider = account(&[]);
    let stage = Provider::stage(&provider, operation, stage).expect("a stage");
    Provider::resume(&provider, operation, stage, &reply(status, body), &cx())
}

fn report(result: Result<Step<Stage>, Fault>) -> PaymentReport {
    match result {
        Ok(Step::Done(Outcome::Payment(report))) => report,
        other => panic!("no payment: {other:?}"),
    }
}

fn transaction(status: &str, more: &[(&str, Value)]) -> Value {
    let mut body = json!({
        "uid": "uid-1", "status": status, "type": "payment", "amount": 4990, "currency": "EUR",
        "tracking_id": "pay1", "test": true, "message": "words"
    });
    for (name, value) in more {
        body[*name] = value.clone();
    }
    json!({"transaction": body})
}

fn is_silent(result: &Result<Step<Stage>, Fault>) -> bool {
    matches!(result, Err(Fault::Silent { .. }))
}

fn is_nonsense(result: &Result<Step<Stage>, Fault>) -> bool {
    matches!(result, Err(Fault::Unintelligible { .. }))
}

#[test]
fn a_page_is_opened_with_the_token_as_its_secret() {
    let operation = Operation::OpenSession(Box::new(order(Purpose::PayAndSave, SessionMode::Redirect)));
    let (request, effect, _) = begin(&account(&[]), &operation).expect("sent");
    let body = sent(&request);
    assert_eq!(request.url, "https://checkout.psp.example/ctp/api/checkouts");
    assert_eq!(effect, Effect::Repeatable);
    let checkout = &body["checkout"];
    assert_eq!(checkout["transaction_type"], "payment");
    assert_eq!(checkout["order"]["tracking_id"], "pay1");
    assert_eq!(checkout["order"]["description"], "Order A-1001");
    assert_eq!(checkout["order"]["additional_data"]["contract"], json!(["recurring"]));
    assert_eq!(checkout["settings"]["return_url"], "https://shop.example/back");
    assert_eq!(checkout["settings"]["language"], "be");
    let opened =
        json!({"checkout": {"token": "canary-page", "redirect_url": "https://other.example/?token=x"}});
    match read(&operation, "checkout", 201, &opened) {
        Ok(Step::Done(Outcome::SessionOpened(opened))) => {
            assert_eq!(opened.trace.session_key, Some(Secret::from("canary-page")));
            assert_eq!(opened.trace.session, None);
            assert_eq!(opened.trace.more.get("contract").map(String::as_str), Some("recurring"));
            assert!(!format!("{:?}", opened.trace).contains("canary"));
        }
        other => panic!("{other:?}"),
    }
    let inquiry = Operation::ReadSession(inquiry(Some("canary-page"), None, Some(Purpose::Pay)));
    assert!(begin(&account(&[]), &inquiry).expect("sent").0.secret_url);
}

#[test]
fn the_kind_of_transaction_follows_purpose_and_capture() {
    let word = |change: &dyn Fn(&mut SessionOrder), settings: &[(&str, Setting)]| {
        let mut order = order(Purpose::Pay, SessionMode::Redirect);
        change(&mut order);
        let operation = Operation::OpenSession(Box::new(order));
        let request = begin(&account(settings), &operation).map(|(request, ..)| sent(&request));
        request.map(|body| {
            (body["checkout"]["transaction_type"].clone(), body["checkout"]["order"]["amount"].clone())
        })
    };
    let choose = |order: &mut SessionOrder, word: &str| {
        let value = OptionValue::Text(format!("BEGATEWAY_TRANSACTION_TYPE_{word}"));
        order.purchase.options.values.insert("transaction_type".to_owned(), value);
    };
    let save = |order: &mut SessionOrder| {
        order.purpose = Purpose::Save;
        order.purchase.money = eur(0);
    };
    assert_eq!(word(&|_| (), &[]), Ok((json!("payment"), json!(4990))));
    assert_eq!(
        word(&|order| order.purchase.capture = CaptureMode::Manual, &[]),
        Ok((json!("authorization"), json!(4990)))
    );
    assert_eq!(word(&save, &[]), Ok((json!("tokenization"), json!(100))));
    let with_authorization = [("save_with", Setting::Text("authorization".to_owned()))];
    assert_eq!(word(&save, &with_authorization), Ok((json!("authorization"), json!(0))));
    assert_eq!(word(&|order| choose(order, "CHARGE"), &[]), Ok((json!("charge"), json!(4990))));
    assert!(word(&|order| choose(order, "AUTHORIZATION"), &[]).is_err());
    assert!(word(&|order| choose(order, "TOKENIZATION"), &[]).is_err());
}

#[test]
fn a_charge_says_who_started_it() {
    let data = |initiator| body_of(&Operation::Charge(Box::new(charge(initiator))))["request"].clone();
    let recurring = data(merchant(MerchantReason::Recurring));
    assert_eq!(recurring["additional_data"]["contract"], json!(["recurring"]));
    assert_eq!(recurring["credit_card"], json!({"token": "canary-token"}));
    let top_up = data(merchant(MerchantReason::Unscheduled(Unscheduled::NoShow)));
    assert_eq!(
        top_up["additional_data"]["card_on_file"],
        json!({"initiator": "merchant", "type": "no_show"})
    );
    let customer = data(Initiator::Customer { cvc: Some(Secret::from("111")) });
    assert_eq!(customer["credit_card"]["verification_value"], "111");
    assert_eq!(customer["additional_data"]["card_on_file"], json!({"initiator": "customer"}));

    let operation = Operation::Charge(Box::new(charge(merchant(MerchantReason::Recurring))));
    let bare = [("send_contract_with_token", Setting::Flag(false))];
    let (request, effect, _) = begin(&account(&bare), &operation).expect("sent");
    assert_eq!(sent(&request)["request"]["additional_data"].get("contract"), None);
    assert_eq!(effect, Effect::MovesMoney { find_by: Trace::by_reference("pay1") });
    assert!(request.headers.iter().any(|(name, value)| {
        *name == "RequestID" && *value == crate::providers::contract::HeaderValue::Plain("pay1".to_owned())
    }));
    let service = [("use_charge_service", Setting::Flag(true))];
    let (request, ..) = begin(&account(&service), &operation).expect("sent");
    assert_eq!(request.url, "https://gateway.psp.example/services/credit_cards/charges");
}

#[test]
fn a_challenge_without_a_customer_is_a_decline() {
    let incomplete = transaction(
        "incomplete",
        &[("redirect_url", json!("https://acs.example/1")), ("code", json!("P.4012"))],
    );
    let merchant = Operation::Charge(Box::new(charge(merchant(MerchantReason::Recurring))));
    match report(read(&merchant, "transaction", 200, &incomplete)).standing {
        Standing::Declined(decline) => {
            assert_eq!(decline.reason, DeclineReason::AuthenticationRequired);
            assert_eq!(decline.advice, RetryAdvice::WithCustomer);
        }
        other => panic!("{other:?}"),
    }
    let customer = Operation::Charge(Box::new(charge(Initiator::Customer { cvc: None })));
    assert_eq!(
        report(read(&customer, "transaction", 200, &incomplete)).standing,
        Standing::ActionRequired(NextAction::Redirect { url: "https://acs.example/1".to_owned() })
    );
    let odd = transaction("incomplete", &[("redirect_url", json!("javascript:alert(1)"))]);
    assert!(is_nonsense(&read(&customer, "transaction", 200, &odd)));
}

#[test]
fn what_leaves_the_outcome_open_is_never_a_refusal() {
    let operation = Operation::Charge(Box::new(charge(merchant(MerchantReason::Recurring))));
    for (status, body) in [
        (400, json!({"message": "Duplicate transaction", "errors": {"base": ["Duplicate transaction"]}})),
        (200, transaction("failed", &[("code", json!("F.0108"))])),
        (500, json!({"message": "We're sorry, but something went wrong"})),
        (425, json!({"status": "processing"})),
        (200, json!({"status": "processing", "request_id": "1", "status_url": "x"})),
        (404, json!({"status": "unknown", "request_id": "1"})),
        (422, json!({"code": "P.1019", "message": "in progress"})),
        (422, json!({"code": "E.1035", "message": "the acquirer's answer is odd"})),
        (409, json!({"message": "conflict"})),
    ] {
        assert!(is_silent(&read(&operation, "transaction", status, &body)), "{status} {body}");
    }
    for body in [
        json!({}),
        json!([]),
        json!({"transaction": {"uid": "uid-1"}}),
        json!({"transaction": {"uid": "uid-1", "status": 7}}),
        transaction("SUCCESSFUL", &[]),
        transaction("successful", &[("amount", json!(49.9))]),
        transaction("successful", &[("amount", json!(-1))]),
        transaction("successful", &[("currency", json!("BTC"))]),
        transaction("successful", &[("test", json!(false))]),
        transaction("successful", &[("type", json!("credit"))]),
        transaction("successful", &[("type", json!("refund"))]),
        transaction("successful", &[("type", Value::Null)]),
    ] {
        assert!(is_nonsense(&read(&operation, "transaction", 200, &body)), "{body}");
    }
}

#[test]
fn a_payment_that_was_stopped_as_a_duplicate_is_looked_up_before_it_is_declined() {
    let operation = Operation::Charge(Box::new(charge(merchant(MerchantReason::Recurring))));
    let stopped = json!({"code": "E.1018", "message": "Duplicate transaction or order."});
    match read(&operation, "transaction", 422, &stopped) {
        Ok(Step::Ask { request, effect, .. }) => {
            assert_eq!((request.name, effect), ("transactions/tracking_id", Effect::Repeatable));
        }
        other => panic!("{other:?}"),
    }
    let nothing = report(read(&operation, "duplicate", 200, &json!({"transactions": []})));
    match nothing.standing {
        Standing::Declined(decline) => assert_eq!(decline.reason, DeclineReason::DuplicateTransaction),
        other => panic!("{other:?}"),
    }
    // What is there is believed, and an answer that tells nothing leaves the outcome open.
    let mut found = transaction("successful", &[]);
    let found = json!({"transactions": [found["transaction"].take()]});
    assert_eq!(report(read(&operation, "duplicate", 200, &found)).standing, Standing::Captured);
    assert!(is_silent(&read(&operation, "duplicate", 500, &json!({"message": "went wrong"}))));
}

#[test]
fn refusals_come_in_many_shapes() {
    let operation = Operation::Charge(Box::new(charge(merchant(MerchantReason::Recurring))));
    let refused = |status, body| match read(&operation, "transaction", status, &body) {
        Err(Fault::Rejected { code, message }) => (code, message),
        other => panic!("{other:?}"),
    };
    let words = refused(422, json!({"response": {"message": "Description can't be blank.", "errors": {}}}));
    assert_eq!(words, (None, "Description can't be blank.".to_owned()));
    let coded = refused(422, json!({"code": "E.1065", "message": "not allowed"}));
    assert_eq!(coded, (Some("E.1065".to_owned()), "not allowed".to_owned()));
    let nested = refused(400, json!({"errors": {"credit_card": {"number": ["is invalid"]}, "base": "no"}}));
    assert_eq!(nested.1, "no; credit_card.number is invalid");
    let repeated = refused(400, json!({"message": "4200000000000000 is no card"}));
    assert_eq!(repeated.1, "HTTP 400 without words");
    let unauthorized = read(&operation, "transaction", 401, &json!({"message": "Unauthorized"}));
    let code = Some("401".to_owned());
    assert_eq!(unauthorized.expect_err("refused"), Fault::Unauthorized { code });
    let throttled = read(&operation, "transaction", 429, &json!({"code": "E.1065", "message": "slow down"}));
    let code = Some("E.1065".to_owned());
    assert_eq!(throttled.expect_err("refused"), Fault::Throttled { after: None, code });
}

#[test]
fn a_recognisable_transaction_wins_over_the_http_code() {
    let operation = Operation::Charge(Box::new(charge(merchant(MerchantReason::Recurring))));
    for status in [200, 201, 422, 500] {
        let paid = report(read(&operation, "transaction", status, &transaction("successful", &[])));
        assert_eq!(paid.standing, Standing::Captured);
        assert_eq!(paid.seen.money, Some(eur(4990)));
        assert_eq!(paid.totals.captured, Some(4990));
        assert!(paid.saved.is_empty());
    }
    // The bank's code contradicts, and is not asked.
    let body = transaction("successful", &[("payment", json!({"bank_code": "05", "auth_code": "654321"}))]);
    let paid = report(read(&operation, "transaction", 200, &body));
    assert_eq!((paid.standing, paid.approval_code.as_deref()), (Standing::Captured, Some("654321")));
}

#[test]
fn a_dead_token_is_a_decline_for_ever() {
    let operation = Operation::Charge(Box::new(charge(merchant(MerchantReason::Recurring))));
    for body in [
        json!({"code": "E.1030", "message": "Invalid payment token."}),
        json!({"response": {"message": "Token does not exist."}}),
        json!({"code": "E.5101", "message": "gone"}),
    ] {
        match report(read(&operation, "transaction", 422, &body)).standing {
            Standing::Declined(decline) => {
                assert_eq!(
                    (decline.reason, decline.advice),
                    (DeclineReason::TokenInvalid, RetryAdvice::Never)
                );
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn cards_are_sent_clear_or_encrypted_and_never_mixed() {
    let plain = Means::Plain(PlainCard {
        number: Secret::from("4200000000000000"),
        expiry_month: 4,
        expiry_year: 2031,
        cvc: Some(Secret::from("111")),
        holder: Some("TEST HOLDER".to_owned()),
    });
    let body = body_of(&Operation::ConfirmSession(Box::new(confirmation(Purpose::Pay, plain))));
    assert_eq!(body["request"]["credit_card"]["exp_month"], "04");
    assert_eq!(body["request"]["credit_card"]["exp_year"], "2031");
    assert_eq!(body["request"]["additional_data"]["browser"]["time_zone"], -180);

    let encrypted = |fields: &[(&str, &str)]| {
        Means::Encrypted(EncryptedCard {
            fields: fields.iter().map(|(name, value)| ((*name).to_owned(), Secret::from(*value))).collect(),
            key_id: None,
            holder: Some("TEST HOLDER".to_owned()),
        })
    };
    let operation = |fields: &[(&str, &str)]| {
        Operation::ConfirmSession(Box::new(confirmation(Purpose::PayAndSave, encrypted(fields))))
    };
    let marked = "$begatewaycsejs_1_0_0$QmFz";
    let body = body_of(&operation(&[
        ("number", marked),
        ("cvc", marked),
        ("expiry_month", marked),
        ("expiry_year", marked),
    ]));
    assert_eq!(
        body["request"]["encrypted_credit_card"],
        json!({"number": marked, "verification_value": marked, "exp_month": marked, "exp_year": marked})
    );
    assert_eq!(body["request"]["credit_card"], json!({"holder": "TEST HOLDER"}));
    assert_eq!(body["request"]["additional_data"]["contract"], json!(["recurring"]));
    for fields in [
        vec![("number", "4200000000000000"), ("exp_month", marked), ("exp_year", marked)],
        vec![("number", marked), ("exp_month", marked)],
        vec![("number", marked), ("exp_month", marked), ("exp_year", marked), ("pin", marked)],
    ] {
        assert!(matches!(begin(&account(&[]), &operation(&fields)), Err(Fault::Invalid { .. })));
    }
}

#[test]
fn a_saved_card_counts_only_after_success_and_where_it_was_asked_for() {
    let more = |status: &str| {
        transaction(
            status,
            &[
                ("type", json!("tokenization")),
                ("amount", json!(100)),
                (
                    "credit_card",
                    json!({"token": "canary-new", "last_4": "1006", "brand": "master", "exp_month": 4, "exp_year": 2031, "stamp": "9c1f"}),
                ),
                ("additional_data", json!({"contract": ["recurring"]})),
            ],
        )
    };
    let inquiry = |purpose| Operation::InquirePayment(inquiry(None, Some("uid-1"), purpose));
    let saved = report(read(&inquiry(Some(Purpose::Save)), "transaction", 200, &more("successful")));
    assert_eq!((saved.standing, saved.seen.money), (Standing::Verified, Some(eur(0))));
    assert_eq!(saved.saved.len(), 1);
    assert!(saved.saved[0].uses.recurring && !saved.saved[0].uses.unscheduled);
    assert_eq!(saved.saved[0].card.brand.as_deref(), Some("mastercard"));
    assert!(
        report(read(&inquiry(Some(Purpose::Save)), "transaction", 200, &more("failed"))).saved.is_empty()
    );
    assert!(report(read(&inquiry(None), "transaction", 200, &more("successful"))).saved.is_empty());
}

#[test]
fn a_page_is_read_by_its_table() {
    let operation = Operation::ReadSession(inquiry(Some("canary-page"), None, Some(Purpose::Pay)));
    let page = |finished: bool, expired: bool, status: Value, attempt: Value| {
        let body = json!({"checkout": {
            "token": "canary-page", "transaction_type": "payment", "finished": finished, "expired": expired,
            "status": status, "gateway_response": attempt, "test": true, "message": null,
            "order": {"amount": 4990, "currency": "EUR", "tracking_id": "pay1"}
        }});
        read(&operation, "checkout", 200, &body)
    };
    let attempt = |status: &str| json!({"payment": {"uid": "uid-1", "status": status}});
    let asks = |result: Result<Step<Stage>, Fault>| match result {
        Ok(Step::Ask { request, effect: Effect::Repeatable, .. }) => request.url,
        other => panic!("{other:?}"),
    };
    assert_eq!(report(page(false, false, Value::Null, Value::Null)).standing, Standing::Open);
    assert_eq!(report(page(false, false, json!("failed"), attempt("failed"))).standing, Standing::Open);
    assert_eq!(report(page(false, true, json!("error"), Value::Null)).standing, Standing::Expired);
    assert_eq!(report(page(false, true, json!("error"), attempt("failed"))).standing, Standing::Expired);
    let by_uid = "https://gateway.psp.example/transactions/uid-1";
    assert_eq!(asks(page(true, false, json!("successful"), attempt("successful"))), by_uid);
    assert_eq!(asks(page(true, false, json!("failed"), attempt("failed"))), by_uid);
    // Out of time in the middle of 3-D Secure: it may still succeed.
    assert_eq!(asks(page(false, true, json!("error"), attempt("incomplete"))), by_uid);
    assert_eq!(
        asks(page(true, false, json!("successful"), Value::Null)),
        "https://gateway.psp.example/v2/transactions/tracking_id/pay1"
    );
    assert!(is_nonsense(&page(true, false, json!("done"), attempt("successful"))));
    let gone = read(&operation, "checkout", 404, &json!({"response": {"message": "Record not found"}}));
    assert!(matches!(gone, Ok(Step::Done(Outcome::Absent))));
    // The 404 of a proxy proves nothing.
    assert!(is_nonsense(&read(&operation, "checkout", 404, &json!({"message": "no route"}))));
}

#[test]
fn among_several_attempts_the_success_speaks_and_two_successes_do_not() {
    let operation = Operation::InquirePayment(inquiry(None, None, None));
    let one = |uid: &str, status: &str, kind: &str, parent: Value| {
        json!({"uid": uid, "status": status, "type": kind, "amount": 4990, "currency": "EUR",
            "tracking_id": "pay1", "test": true, "parent_uid": parent})
    };
    let list = |all: Vec<Value>| read(&operation, "tracking_id", 200, &json!({"transactions": all}));
    assert!(matches!(list(vec![]), Ok(Step::Done(Outcome::Absent))));
    let failed = one("uid-2", "failed", "payment", Value::Null);
    let paid = one("uid-1", "successful", "payment", Value::Null);
    let chosen = report(list(vec![failed.clone(), paid.clone()]));
    assert_eq!(chosen.standing, Standing::Captured);
    assert_eq!(chosen.trace.transaction.as_deref(), Some("uid-1"));
    let open = one("uid-3", "pending", "payment", Value::Null);
    assert_eq!(report(list(vec![failed, open])).standing, Standing::Processing);
    let twice = one("uid-4", "successful", "payment", Value::Null);
    assert!(is_nonsense(&list(vec![paid, twice])));
    let held = one("uid-5", "successful", "authorization", Value::Null);
    let taken = one("uid-6", "successful", "capture", json!("uid-5"));
    let back = one("uid-7", "successful", "refund", json!("uid-6"));
    let family = report(list(vec![back.clone(), taken, held]));
    assert_eq!((family.standing, family.movements.len()), (Standing::Captured, 2));
    assert!(is_nonsense(&list(vec![back])));
}

#[test]
fn a_refund_names_the_capture_that_has_just_enough_left() {
    let earlier = |uid: &str, amount: i64, refunded: i64| Earlier {
        provider_id: Some(uid.to_owned()),
        amount: eur(amount),
        refunded: eur(refunded),
    };
    let captures = vec![earlier("cap-1", 9000, 0), earlier("cap-2", 5000, 1000), earlier("cap-3", 4000, 0)];
    let refund = |minor| {
        let asked = Movement { captures: captures.clone(), ..movement(CaptureMode::Manual, minor) };
        begin(&account(&[]), &Operation::Refund(Box::new(asked))).map(|(request, ..)| sent(&request))
    };
    let body = refund(4000).expect("sent");
    assert_eq!(
        body["request"],
        json!({"parent_uid": "cap-2", "amount": 4000, "reason": "Refund", "duplicate_check": false})
    );
    assert_eq!(refund(4001).expect("sent")["request"]["parent_uid"], "cap-1");
    match refund(9001) {
        Err(Fault::Invalid { field, problem }) => {
            assert!(field == "money.amount_minor" && problem.contains("9000"));
        }
        other => panic!("{other:?}"),
    }
    let whole = Operation::Refund(Box::new(movement(CaptureMode::Automatic, 100)));
    assert_eq!(body_of(&whole)["request"]["parent_uid"], "uid-1");
    let captured = SeenTotals { captured: Some(1), ..SeenTotals::default() };
    let void = Movement { before: captured, ..movement(CaptureMode::Manual, 20_000) };
    let void = begin(&account(&[]), &Operation::Void(Box::new(void)));
    assert!(matches!(void, Err(Fault::Unsupported { .. })));
}

#[test]
fn a_lost_movement_is_asked_again_with_the_same_bytes_while_it_is_remembered() {
    let asked = movement(CaptureMode::Manual, 100);
    let (first, ..) = begin(&account(&[]), &Operation::Capture(Box::new(asked.clone()))).expect("sent");
    let inquiry = |sent_at: &str, provider_id: Option<&str>| {
        Operation::InquireMovement(Box::new(MovementInquiry {
            kind: OperationKind::Capture,
            movement: asked.clone(),
            provider_id: provider_id.map(str::to_owned),
            sent_at: sent_at.parse::<Timestamp>().expect("time"),
            siblings: Default::default(),
        }))
    };
    let recent = inquiry("2026-03-02T08:00:00Z", None);
    let (again, effect, _) = begin(&account(&[]), &recent).expect("sent");
    assert_eq!(
        first.body.as_ref().map(|body| body.expose().clone()),
        again.body.as_ref().map(|body| body.expose().clone())
    );
    assert_eq!((first.url, first.headers), (again.url, again.headers));
    assert_eq!(effect, Effect::Remembered { until: "2026-03-03T07:00:00Z".parse().expect("time") });
    let forgotten = begin(&account(&[]), &inquiry("2026-03-01T09:00:00Z", None));
    assert!(matches!(forgotten, Err(Fault::Silent { .. })));
    let known = begin(&account(&[]), &inquiry("2026-03-01T09:00:00Z", Some("uid-9"))).expect("sent");
    assert_eq!(known.0.url, "https://gateway.psp.example/transactions/uid-9");

    let too_much = json!({"response": {"message": "Amount can't be greater than 0"}});
    assert!(is_silent(&read(&recent, "again", 422, &too_much)));
    let first = Operation::Capture(Box::new(asked.clone()));
    let refused = read(&first, "transaction", 422, &too_much);
    assert!(matches!(refused, Err(Fault::Rejected { .. })));
    let declined = transaction(
        "failed",
        &[("type", json!("capture")), ("amount", json!(100)), ("code", json!("F.0105"))],
    );
    match read(&recent, "again", 200, &declined) {
        Ok(Step::Done(Outcome::Movement(report))) => {
            assert!(matches!(report.standing, MovementStanding::Failed(_)));
        }
        other => panic!("{other:?}"),
    }
    // Another payment's capture is reported as such, so that the comparison finds it.
    let of = |parent: &str| {
        let more = [("type", json!("capture")), ("parent_uid", json!(parent))];
        match read(&first, "transaction", 200, &transaction("successful", &more)) {
            Ok(Step::Done(Outcome::Movement(report))) => report.seen.reference,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(of("uid-1"), None);
    assert_eq!(of("uid-other").as_deref(), Some("uid-other"));
}

#[test]
fn settings_are_checked_in_one_go() {
    let entry = crate::providers::registry::find("begateway").expect("registered");
    let wrong = BTreeMap::from([
        ("api_version".to_owned(), Setting::Integer(1)),
        ("duplicate_check".to_owned(), Setting::Text("sometimes".to_owned())),
        ("required_fields".to_owned(), Setting::List(vec!["customer.shoe_size".to_owned()])),
        ("gateway_url".to_owned(), Setting::Text("gateway".to_owned())),
    ]);
    let errors = entry.example_account(wrong).err().expect("mistakes");
    assert_eq!(errors.len(), 4, "{errors:?}");
    assert!(entry.example_account(BTreeMap::new()).is_ok());
    let empty = entry.account(Settings::default()).err().expect("mistakes");
    let names: Vec<&str> = empty.iter().map(|error| error.name.as_str()).collect();
    for required in ["shop_id", "secret_key", "gateway_url", "checkout_url", "test"] {
        assert!(names.contains(&required), "{required}");
    }
}

#[test]
fn the_matrix_has_a_row_for_every_feature() {
    for (feature, name) in Feature::NAMES {
        let rows = PROFILE.capabilities.iter().filter(|row| row.feature == *feature).count();
        assert_eq!(rows, 1, "{name}");
    }
}

#[test]
fn both_versions_say_the_same() {
    let operation = Operation::InquirePayment(inquiry(None, Some("uid-1"), Some(Purpose::PayAndSave)));
    let card = json!({"last_4": "0000", "brand": "visa", "bin": "420000", "token": "canary-new", "stamp": "9c1f",
        "exp_month": 4, "exp_year": 2031, "issuer_country": "LT"});
    let section = json!({"auth_code": "654321", "bank_code": "05", "message": "Payment was approved"});
    let secure = json!({"status": "successful", "ve_status": "Y", "pa_status": "Y", "eci": "05"});
    let flat = json!({"uid": "uid-1", "status": "successful", "type": "payment", "amount": 4990,
        "currency": "EUR", "tracking_id": "pay1", "test": true, "code": "S.0000",
        "additional_data": {"contract": ["recurring"]}, "three_d_secure_verification": secure});
    let mut third = flat.clone();
    third["payment_method"] = card.clone();
    // In version 3 this key is the bank's section and not the envelope.
    third["transaction"] = section.clone();
    let mut second = flat;
    second["credit_card"] = card;
    second["payment"] = section;
    let second = report(read(&operation, "transaction", 200, &json!({"transaction": second})));
    assert_eq!(second, report(read(&operation, "transaction", 200, &third)));
    assert_eq!(second.approval_code.as_deref(), Some("654321"));
    let card = second.card.expect("a card");
    assert_eq!((card.expiry_month, card.expiry_year), (Some(4), Some(2031)));
    let authentication = card.authentication.expect("3-D Secure");
    assert_eq!((authentication.status.as_deref(), authentication.eci.as_deref()), (Some("Y"), Some("05")));
}

#[test]
fn a_transaction_that_only_the_page_knows_is_looked_for_elsewhere_and_never_called_absent() {
    let operation = Operation::ReadSession(inquiry(Some("canary-page"), None, Some(Purpose::Pay)));
    let missing = reply(404, &json!({"response": {"message": "Record not found"}}));
    let named = || Stage::Looking(Look::Transaction { named_by_page: Some("uid-1".to_owned()) });
    let resume = |provider: &Begateway| Provider::resume(provider, &operation, named(), &missing, &cx());
    assert!(is_nonsense(&resume(&account(&[]))));
    let api = [("api_url", Setting::Text("https://api.psp.example".to_owned()))];
    match resume(&account(&api)) {
        Ok(Step::Ask { request, next: Stage::Looking(Look::Alternative), .. }) => {
            assert_eq!(request.url, "https://api.psp.example/beyag/transactions/uid-1");
        }
        other => panic!("{other:?}"),
    }
    let erip = transaction("pending", &[("code", json!("P.0220")), ("method_type", json!("erip"))]);
    assert_eq!(report(read(&operation, "alternative", 200, &erip)).standing, Standing::Processing);
    assert!(is_nonsense(&read(&operation, "alternative", 404, &json!({"message": "Record not found"}))));
}
