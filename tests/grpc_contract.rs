//! The contract over the wire: a real server on a real port, real HTTP to simulated providers.

#![cfg(feature = "simulator")]

#[path = "support/served.rs"]
mod served;
mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use served::*;
use support::{PROVIDERS, Provider};
use tokio_stream::StreamExt as _;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request};
use tonic_types::StatusExt as _;
use turnpike::domain::ids::{Fingerprint, IdempotencyKey, MerchantName, PaymentId};
use turnpike::domain::rate::Rate;
use turnpike::domain::secret::Secret;
use turnpike::journal::seal::{Key, Keys};
use turnpike::journal::seam::{Claim, Entry, Journal as _, Subject};
use turnpike::journal::sqlite;
use turnpike::rpc::auth::{Credential, CredentialKind};
use turnpike::rpc::origins::Origin;
use turnpike::rpc::proto::account_service_client::AccountServiceClient;
use turnpike::rpc::proto::payment_service_client::PaymentServiceClient;
use turnpike::rpc::proto::{self as pb, PaymentState};
use turnpike::rpc::server::Tls;

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_saved_charged_captured_and_refunded_at_every_provider() {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    for provider in PROVIDERS.iter().copied() {
        let token = saved_card(&mut clients, provider).await;
        let read = pb::GetTokenRequest { token_id: token.id.clone() };
        let read = clients.tokens.get_token(read).await.expect("the token").into_inner().token;
        assert_eq!(read.as_ref().map(|token| token.status()), Some(pb::TokenStatus::Active));
        assert_eq!(token.customer_id, "customer-1");

        // The same request again is the same payment, and another request with its id is refused.
        let wish = charge(provider, &format!("charge-{}", provider.name), &token.id);
        let first = clients.payments.charge_token(wish.clone()).await.expect("charged").into_inner();
        let second = clients.payments.charge_token(wish.clone()).await.expect("replayed").into_inner();
        let payment = first.payment.expect("a payment");
        assert_eq!(payment.state(), PaymentState::Captured, "{}: {payment:?}", provider.name);
        assert_eq!((first.replayed, second.replayed), (false, true));
        assert_eq!(second.payment.expect("a payment").id, payment.id);
        assert_eq!((payment.provider.as_str(), payment.test), (provider.name, true));
        let whole = provider.minor(9_900);
        let other = pb::ChargeTokenRequest { money: money(provider, 9_800), ..wish };
        let refused = clients.payments.charge_token(other).await.expect_err("another request");
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
        assert_eq!(refused.get_details_error_info().expect("info").metadata["resource_id"], payment.id);

        // Reserved, taken and given back, or taken at once and given back.
        let taken = match provider.reserves {
            true => reserved_and_captured(&mut clients, provider, &token.id).await,
            false => payment,
        };
        let wish = pb::RefundPaymentRequest {
            request_id: format!("refund-{}", provider.name),
            payment_id: taken.id.clone(),
            amount: Some(pb::Money { amount_minor: whole + provider.step, ..amount(provider) }),
            reason: pb::RefundReason::RequestedByCustomer.into(),
            ..Default::default()
        };
        let refused = clients.payments.refund_payment(wish.clone()).await.expect_err("more than there is");
        assert_eq!(reason(&refused), "AMOUNT_EXCEEDS_REMAINING");
        let wish = pb::RefundPaymentRequest { amount: money(provider, 9_900), ..wish };
        let refunded = clients.payments.refund_payment(wish).await.expect("refunded").into_inner();
        let refund = refunded.refund.expect("a refund");
        assert_eq!(refund.reason(), pb::RefundReason::RequestedByCustomer);
        let refunded = finished(&mut clients, refunded.payment.expect("a payment")).await;
        assert_eq!(refunded.refunds[0].status(), pb::OperationStatus::Succeeded);
        assert_eq!(refunded.state(), PaymentState::Refunded);

        give_back_untouched(&mut clients, provider, &token.id).await;

        // A series begins with a payment that is there.
        let mut wish = charge(provider, &format!("series-{}", provider.name), &token.id);
        wish.initiator =
            Some(pb::charge_token_request::Initiator::MerchantInitiated(pb::MerchantInitiated {
                reason: pb::MerchantReason::Recurring.into(),
                first_payment_id: "pay_00000000000000000000000000".to_owned(),
                ..Default::default()
            }));
        let refused = clients.payments.charge_token(wish).await.expect_err("no such first payment");
        assert_eq!(reason(&refused), "PAYMENT_NOT_FOUND");

        // A deleted token is not there any more.
        let wish = pb::DeleteTokenRequest {
            request_id: format!("delete-{}", provider.name),
            token_id: token.id.clone(),
        };
        let deleted = clients.tokens.delete_token(wish).await.expect("deleted").into_inner();
        assert_eq!(deleted.token.expect("a token").status(), pb::TokenStatus::Deleted);
        let wish = charge(provider, &format!("late-{}", provider.name), &token.id);
        let refused = clients.payments.charge_token(wish).await.expect_err("a deleted token");
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "TOKEN_NOT_FOUND"));
    }
}

fn amount(provider: Provider) -> pb::Money {
    money(provider, 9_900).expect("an amount")
}

/// The payment once none of its captures and refunds is under way any more: some providers take a
/// while.
async fn finished(clients: &mut Clients, payment: pb::Payment) -> pb::Payment {
    let mut payment = payment;
    for _ in 0..200 {
        let captures = payment.captures.iter().map(|capture| capture.status());
        let refunds = payment.refunds.iter().map(|refund| refund.status());
        if captures.chain(refunds).all(|status| status == pb::OperationStatus::Succeeded) {
            return payment;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
        let asked = pb::ResolvePaymentRequest { payment_id: payment.id.clone() };
        payment =
            clients.payments.resolve_payment(asked).await.expect("asked").into_inner().payment.expect("one");
    }
    panic!("never finished: {payment:?}");
}

async fn reserved_and_captured(clients: &mut Clients, provider: Provider, token: &str) -> pb::Payment {
    let mut wish = charge(provider, &format!("reserve-{}", provider.name), token);
    wish.capture = pb::CaptureMode::Manual.into();
    let reserved = clients.payments.charge_token(wish).await.expect("reserved").into_inner();
    let reserved = reserved.payment.expect("a payment");
    assert_eq!(reserved.state(), PaymentState::Authorized, "{}", provider.name);
    let capturable = reserved.totals.as_ref().map(|totals| totals.capturable_minor);
    assert_eq!(capturable, Some(provider.minor(9_900)));
    let wish = pb::CapturePaymentRequest {
        request_id: format!("capture-{}", provider.name),
        payment_id: reserved.id.clone(),
        final_capture: true,
        ..Default::default()
    };
    let captured = clients.payments.capture_payment(wish.clone()).await.expect("captured").into_inner();
    assert!(captured.capture.is_some());
    assert!(clients.payments.capture_payment(wish).await.expect("again").into_inner().replayed);
    let payment = finished(clients, captured.payment.expect("a payment")).await;
    assert_eq!(payment.state(), PaymentState::Captured, "{}", provider.name);
    payment
}

/// Reserved, or taken at once, and given back untouched where the provider can do that; voiding
/// again answers with the payment.
async fn give_back_untouched(clients: &mut Clients, provider: Provider, token: &str) {
    let mut wish = charge(provider, &format!("hold-{}", provider.name), token);
    if provider.voids_reserved {
        wish.capture = pb::CaptureMode::Manual.into();
    }
    let held = clients.payments.charge_token(wish).await.expect("held").into_inner();
    let held = held.payment.expect("a payment");
    let wish = |request_id: String| pb::VoidPaymentRequest {
        request_id,
        payment_id: held.id.clone(),
        ..Default::default()
    };
    for round in ["void", "again"] {
        let voided = clients.payments.void_payment(wish(format!("{round}-{}", provider.name))).await;
        if !provider.voids_reserved && !provider.voids_taken {
            let refused = voided.expect_err("nothing can be voided");
            assert_eq!(refused.code(), Code::FailedPrecondition, "{refused:?}");
            continue;
        }
        let voided = voided.expect("voided").into_inner().payment.expect("a payment");
        assert_eq!(voided.state(), PaymentState::Voided);
        assert_eq!(voided.totals.as_ref().map(|totals| totals.captured_minor), Some(0));
        assert!(voided.void.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_in_pages_and_a_history_tells_the_whole_story() {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    let provider = PROVIDERS[0];
    let token = saved_card(&mut clients, provider).await;
    for number in 0..5 {
        let wish = charge(provider, &format!("list-{number}"), &token.id);
        clients.payments.charge_token(wish).await.expect("charged");
    }
    let mut wish = pb::ListPaymentsRequest {
        token_id: token.id.clone(),
        customer_id: "customer-1".to_owned(),
        states: vec![PaymentState::Captured.into()],
        page_size: 2,
        ..Default::default()
    };
    let mut ids = Vec::new();
    loop {
        let page = clients.payments.list_payments(wish.clone()).await.expect("a page").into_inner();
        ids.extend(page.payments.into_iter().map(|payment| payment.id));
        if page.next_page_token.is_empty() {
            break;
        }
        wish.page_token = page.next_page_token;
    }
    assert_eq!(ids.len(), 5);
    assert!(ids.windows(2).all(|pair| pair[0] > pair[1]), "newest first: {ids:?}");
    // The token of one list is none of another.
    let other = pb::ListPaymentsRequest { customer_id: "customer-2".to_owned(), ..wish };
    let refused = clients.payments.list_payments(other).await.expect_err("another list");
    assert_eq!(fields(&refused), BTreeSet::from(["page_token".to_owned()]));

    let mut wish =
        pb::ListPaymentHistoryRequest { payment_id: ids[0].clone(), page_size: 1, ..Default::default() };
    let mut entries: Vec<pb::PaymentHistoryEntry> = Vec::new();
    loop {
        let page = clients.payments.list_payment_history(wish.clone()).await.expect("a page").into_inner();
        entries.extend(page.entries);
        if page.next_page_token.is_empty() {
            break;
        }
        wish.page_token = page.next_page_token;
    }
    assert!(entries.windows(2).all(|pair| pair[0].sequence < pair[1].sequence));
    assert!(entries.windows(2).all(|pair| pair[0].state_after == pair[1].state_before), "{entries:#?}");
    let kinds: BTreeSet<_> = entries.iter().map(pb::PaymentHistoryEntry::kind).collect();
    assert!(kinds.contains(&pb::PaymentHistoryKind::Permitted), "{kinds:?}");
    assert!(!kinds.contains(&pb::PaymentHistoryKind::Unspecified), "{kinds:?}");
    // Who asked, and what was sent for it, with nothing that could be sent again.
    let asked: Vec<_> = entries.iter().filter(|entry| !entry.caller.is_empty()).collect();
    assert_eq!(asked.len(), 1, "{entries:#?}");
    assert_eq!((asked[0].kind(), asked[0].caller.as_str()), (pb::PaymentHistoryKind::Created, "tests"));
    let sent: Vec<_> = entries.iter().filter_map(|entry| entry.exchange.as_ref()).collect();
    let bodies: Vec<_> = sent.iter().map(|exchange| exchange.request.as_str()).collect();
    let is_shown = |body: &&str| serde_json::from_str::<serde_json::Value>(body).is_ok_and(|b| b.is_object());
    assert!(bodies.iter().any(is_shown), "{bodies:?}");
    assert!(bodies.iter().any(|body| body.contains("[redacted]")), "{bodies:?}");

    let wish = pb::ListTokensRequest { customer_id: "customer-1".to_owned(), ..Default::default() };
    let tokens = clients.tokens.list_tokens(wish).await.expect("tokens").into_inner().tokens;
    assert_eq!(tokens.iter().map(|token| token.id.clone()).collect::<Vec<_>>(), [token.id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_sees_a_payment_settle_and_hears_when_the_server_goes_down() {
    let mut house = house().await;
    let mut clients = house.clients(Some(KEY));
    let provider = PROVIDERS[0];
    let wish = session(provider, "watched", pb::SessionPurpose::Pay);
    let opened = clients.sessions.create_session(wish).await.expect("a session").into_inner();
    let opened = opened.session.expect("a session");
    let watch =
        |until_settled| pb::WatchPaymentRequest { payment_id: opened.payment_id.clone(), until_settled };
    let stream = clients.payments.watch_payment(watch(true)).await.expect("a stream").into_inner();
    let mut endless = clients.payments.watch_payment(watch(false)).await.expect("a stream").into_inner();
    clients.sandbox.arrange_scenario(customer(&opened.id, provider.card)).await.expect("the customer pays");
    let confirmed = clients.sessions.confirm_session(returned("watched-back", &opened.id)).await;
    confirmed.expect("confirmed");
    let states: Vec<PaymentState> =
        stream.map(|message| message.expect("a message").payment.expect("a payment").state()).collect().await;
    assert_eq!(states.first(), Some(&PaymentState::RequiresAction), "{states:?}");
    assert_eq!(states.last(), Some(&PaymentState::Captured), "{states:?}");

    house.stop.take().expect("not stopped").send(()).expect("the server listens");
    let end = loop {
        match endless.next().await.expect("an end with a reason") {
            Ok(_) => {}
            Err(status) => break status,
        }
    };
    assert_eq!((end.code(), reason(&end).as_str()), (Code::Unavailable, "DRAINING"));
    drop(endless);
    drop(clients);
    house.serving.done.await.expect("no panic").expect("drained in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_in_without_a_credential_and_nobody_sees_another_merchant() {
    let house = house().await;
    let nothing = "pay_00000000000000000000000000";
    for (key, rpc_code, wanted) in [
        (None, Code::Unauthenticated, "MISSING_CREDENTIALS"),
        (Some("tpk_wrong"), Code::Unauthenticated, "INVALID_CREDENTIALS"),
        (Some(KEY), Code::NotFound, "PAYMENT_NOT_FOUND"),
        (Some(READER), Code::NotFound, "PAYMENT_NOT_FOUND"),
    ] {
        let refused = house.clients(key).payments.get_payment(get(nothing)).await.expect_err(wanted);
        assert_eq!((refused.code(), reason(&refused).as_str()), (rpc_code, wanted));
    }
    // Ids are opaque: one of another length is as unknown as any, and one of another kind is wrong.
    let mut clients = house.clients(Some(KEY));
    for (id, wanted) in [("pay_1", "PAYMENT_NOT_FOUND"), ("ref_1", "INVALID_FIELD"), ("", "INVALID_FIELD")] {
        assert_eq!(reason(&clients.payments.get_payment(get(id)).await.expect_err(wanted)), wanted);
    }
    let wish = pb::ResolvePaymentRequest { payment_id: nothing.to_owned() };
    let refused = house.clients(Some(READER)).payments.resolve_payment(wish).await.expect_err("a reader");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "RPC_NOT_PERMITTED"));
    let metadata = refused.get_details_error_info().expect("info").metadata;
    assert_eq!(metadata["rpc"], "turnpike.v1.PaymentService/ResolvePayment");

    let wish = session(PROVIDERS[0], "mine", pb::SessionPurpose::Pay);
    let opened = clients.sessions.create_session(wish).await.expect("a session").into_inner();
    let opened = opened.session.expect("a session");
    let mut stranger = house.clients(Some(STRANGER));
    let refused = stranger.payments.get_payment(get(&opened.payment_id)).await.expect_err("a stranger");
    assert_eq!(reason(&refused), "PAYMENT_NOT_FOUND");
    let wish = pb::GetSessionRequest { session_id: opened.id };
    let refused = stranger.sessions.get_session(wish).await.expect_err("a stranger");
    assert_eq!(reason(&refused), "SESSION_NOT_FOUND");
    let listed = stranger.accounts.list_accounts(pb::ListAccountsRequest::default()).await.expect("a list");
    assert!(listed.into_inner().accounts.is_empty());
    // Health is for everybody.
    let mut health = tonic_health::pb::health_client::HealthClient::new(house.channel());
    for service in ["", PROVIDERS[0].account] {
        let wish = tonic_health::pb::HealthCheckRequest { service: service.to_owned() };
        let health = health.check(wish).await.expect("health").into_inner();
        assert_eq!(health.status(), tonic_health::pb::health_check_response::ServingStatus::Serving);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_is_named_at_once() {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    let provider = PROVIDERS[0];
    let mut wish = session(provider, "", pb::SessionPurpose::UseSaved);
    wish.money = Some(pb::Money { amount_minor: 0, currency_code: "XAU".to_owned() });
    wish.expires_at = Some(prost_types::Timestamp { seconds: 1, nanos: 0 });
    wish.description = "card 4111 1111 1111 1111".to_owned();
    wish.return_urls =
        Some(pb::ReturnUrls { success_url: "javascript:alert(1)".to_owned(), ..Default::default() });
    let line = |reference: &str, total_amount_minor| pb::OrderLine {
        reference: reference.to_owned(),
        name: "Book".to_owned(),
        total_amount_minor,
        ..Default::default()
    };
    wish.order = Some(pb::Order { lines: vec![line("a", 1), line("a", 1)], ..Default::default() });
    let refused = clients.sessions.create_session(wish).await.expect_err("all wrong");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "INVALID_FIELD"));
    let expected = [
        "request_id",
        "description",
        "money.currency_code",
        "money.amount_minor",
        "order.lines[1].reference",
        "token_ids",
        "return_urls.success_url",
        "expires_at",
    ];
    assert_eq!(fields(&refused), expected.map(str::to_owned).into());

    // One mistake of a kind has a reason of its own.
    let create = |change: &dyn Fn(&mut pb::CreateSessionRequest)| {
        let mut wish = session(provider, "one-mistake", pb::SessionPurpose::Pay);
        change(&mut wish);
        wish
    };
    let cases: [(pb::CreateSessionRequest, &str); 6] = [
        (
            create(&|wish| wish.money.as_mut().expect("money").currency_code = "XAU".into()),
            "UNKNOWN_CURRENCY",
        ),
        (create(&|wish| wish.money.as_mut().expect("money").amount_minor = 0), "AMOUNT_OUT_OF_BOUNDS"),
        (create(&|wish| wish.account = "nobody".into()), "UNKNOWN_ACCOUNT"),
        (create(&|wish| wish.merchant_reference = "4111111111111111".into()), "CARD_NUMBER_IN_TEXT"),
        (
            create(&|wish| {
                wish.order = Some(pb::Order { lines: vec![line("a", 12_499)], ..Default::default() });
            }),
            "INVALID_FIELD",
        ),
        (
            create(&|wish| {
                let other = pb::BegatewaySessionOptions { iframe: true, ..Default::default() };
                wish.provider_options = Some(pb::create_session_request::ProviderOptions::Begateway(other));
            }),
            "INVALID_FIELD",
        ),
    ];
    for (wish, wanted) in cases {
        let refused = clients.sessions.create_session(wish).await.expect_err(wanted);
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, wanted));
        assert!(!format!("{refused:?}").contains("4111"), "a value is repeated");
    }
    // None of them used the id up.
    clients.sessions.create_session(create(&|_| {})).await.expect("the id is free");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_tell_what_they_can_do_and_requests_are_explained_without_being_sent() {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    let accounts = clients.accounts.list_accounts(pb::ListAccountsRequest::default()).await.expect("a list");
    let accounts = accounts.into_inner().accounts;
    assert!(accounts.windows(2).all(|pair| pair[0].name < pair[1].name));
    assert!(accounts.iter().all(|account| account.test && account.health() == pb::AccountHealth::Serving));

    let known = clients.accounts.get_capabilities(pb::GetCapabilitiesRequest::default()).await;
    let known = known.expect("capabilities").into_inner().capabilities;
    // Every operation of the contract but the unspecified one.
    let operations = (1..).take_while(|number| pb::Operation::try_from(*number).is_ok()).count();
    assert_eq!(known.len(), accounts.len() * operations);
    for capability in known {
        assert_eq!(capability.supported, capability.alternative.is_empty(), "{capability:?}");
    }
    let wish = pb::GetCapabilitiesRequest { account: "nobody".to_owned(), ..Default::default() };
    let refused = clients.accounts.get_capabilities(wish).await.expect_err("no such account");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "ACCOUNT_NOT_FOUND"));

    for provider in PROVIDERS.iter().copied() {
        let wish = session(provider, "explained", pb::SessionPurpose::Pay);
        let request = pb::explain_request_request::Request::CreateSession(wish);
        let wish = pb::ExplainRequestRequest { request: Some(request) };
        let told = clients.accounts.explain_request(wish).await.expect("explained").into_inner();
        assert_eq!((told.account.as_str(), told.provider.as_str()), (provider.account, provider.name));
        let text = format!("{told:?}");
        assert!(told.calls.iter().all(|call| !call.operation.is_empty()) && !told.calls.is_empty());
        assert!(text.contains("[redacted]") && !text.contains("customer@example.test"), "{text}");
    }
    let listed = clients.payments.list_payments(pb::ListPaymentsRequest::default()).await.expect("a list");
    assert!(listed.into_inner().payments.is_empty(), "explaining records nothing");

    let mut wish = session(PROVIDERS[0], "explained", pb::SessionPurpose::Pay);
    wish.money = Some(pb::Money { amount_minor: 1, currency_code: "XAU".to_owned() });
    let request = pb::explain_request_request::Request::CreateSession(wish);
    let wish = pb::ExplainRequestRequest { request: Some(request) };
    let refused = clients.accounts.explain_request(wish).await.expect_err("a wrong field");
    assert_eq!(fields(&refused), BTreeSet::from(["create_session.money.currency_code".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_is_there_in_development_only() {
    let refused = async |house: &House| {
        let mut clients = house.clients(Some(KEY));
        let answer = clients.sandbox.list_exchanges(pb::ListExchangesRequest::default()).await;
        answer.expect_err("no sandbox")
    };
    let outside = house_with(true, |config| config.development = false).await;
    assert_eq!(refused(&outside).await.code(), Code::Unimplemented);
    let moved = outside.clients(Some(KEY)).sandbox.advance_clock(forward_by(1)).await;
    assert_eq!(moved.expect_err("no clock").code(), Code::Unimplemented);
    assert!(!services(&outside, REFLECTION[0]).await.contains("Sandbox"));
    // In development, and in front of providers that nobody here simulates.
    let serious = refused(&house_with(false, |_| {}).await).await;
    assert_eq!((serious.code(), reason(&serious).as_str()), (Code::FailedPrecondition, "SANDBOX_DISABLED"));

    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    let provider = PROVIDERS[0];
    let token = saved_card(&mut clients, provider).await;
    let fault = |kind: pb::FaultKind| pb::ArrangeScenarioRequest {
        scenario: Some(pb::arrange_scenario_request::Scenario::Fault(pb::FaultScenario {
            account: provider.account.to_owned(),
            kind: kind.into(),
            operation: "pay_token".to_owned(),
            ..Default::default()
        })),
    };
    let arranged = clients.sandbox.arrange_scenario(fault(pb::FaultKind::ReplyLost)).await;
    arranged.expect("arranged");
    let exchanges = clients.sandbox.list_exchanges(pb::ListExchangesRequest::default()).await;
    let exchanges = exchanges.expect("exchanges").into_inner();
    assert!(!exchanges.exchanges.is_empty() && exchanges.last_sequence > 0);
    assert!(!format!("{exchanges:?}").contains(provider.card), "a card number in the log of exchanges");
    let clear = pb::arrange_scenario_request::Scenario::Clear(pb::ClearScenario::default());
    let cleared =
        clients.sandbox.arrange_scenario(pb::ArrangeScenarioRequest { scenario: Some(clear) }).await;
    assert_eq!(cleared.expect("cleared").into_inner().active_faults, 0);
    let wish = charge(provider, "after-all", &token.id);
    let charged = clients.payments.charge_token(wish).await.expect("charged").into_inner();
    assert_eq!(charged.payment.expect("a payment").state(), PaymentState::Captured);
}

fn forward_by(seconds: i64) -> pb::AdvanceClockRequest {
    let by = prost_types::Duration { seconds, nanos: 0 };
    pb::AdvanceClockRequest { forward: Some(pb::advance_clock_request::Forward::By(by)) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchants_clock_goes_forward_only_and_is_nobody_elses() {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    let clock = clients.sandbox.get_clock(pb::GetClockRequest {}).await.expect("a clock").into_inner();
    assert_eq!(clock.ahead, Some(prost_types::Duration { seconds: 0, nanos: 0 }));
    let before = clock.now.expect("a time").seconds;

    let moved = clients.sandbox.advance_clock(forward_by(3_600)).await.expect("moved").into_inner();
    // What passes of real time on the way has not to be added.
    assert!((3_540..=3_600).contains(&moved.ahead.expect("how far").seconds), "{moved:?}");
    assert!(moved.now.expect("a time").seconds >= before + 3_600 && moved.stops == 0, "{moved:?}");
    let read = clients.sandbox.get_clock(pb::GetClockRequest {}).await.expect("a clock").into_inner();
    assert_eq!(read.ahead, moved.ahead);
    let to = |seconds: i64| pb::AdvanceClockRequest {
        forward: Some(pb::advance_clock_request::Forward::To(prost_types::Timestamp { seconds, nanos: 0 })),
    };
    let moved = clients.sandbox.advance_clock(to(before + 7_200)).await.expect("moved").into_inner();
    let now = moved.now.expect("a time").seconds;
    assert!((before + 7_200..before + 7_210).contains(&now), "{moved:?}");

    let ten_years = 3_653 * 24 * 3_600;
    for (wish, field) in [
        (to(before), "to"),
        (to(now + ten_years + 60), "to"),
        (to(i64::MAX), "to"),
        (forward_by(-1), "by"),
        (forward_by(ten_years + 1), "by"),
        (pb::AdvanceClockRequest::default(), "forward"),
    ] {
        let refused = clients.sandbox.advance_clock(wish).await.expect_err(field);
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "INVALID_FIELD"));
        assert_eq!(fields(&refused), BTreeSet::from([field.to_owned()]), "{refused:?}");
    }
    let read = clients.sandbox.get_clock(pb::GetClockRequest {}).await.expect("a clock").into_inner();
    assert_eq!(read.ahead, moved.ahead, "what is refused moves nothing");

    let stranger = house.clients(Some(STRANGER)).sandbox.advance_clock(forward_by(1)).await;
    let refused = stranger.expect_err("everybody's clock");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "SANDBOX_DISABLED"));
}

const REFLECTION: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// The services that reflection lists, as one text.
async fn services(house: &House, path: &'static str) -> String {
    let mut grpc = tonic::client::Grpc::new(house.channel());
    grpc.ready().await.expect("connected");
    let codec = tonic_prost::ProstCodec::<
        tonic_reflection::pb::v1::ServerReflectionRequest,
        tonic_reflection::pb::v1::ServerReflectionResponse,
    >::default();
    let request = tonic_reflection::pb::v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(
            tonic_reflection::pb::v1::server_reflection_request::MessageRequest::ListServices(String::new()),
        ),
    };
    let path = http::uri::PathAndQuery::from_static(path);
    let asked = Request::new(tokio_stream::once(request));
    let mut told = grpc.streaming(asked, path, codec).await.expect("reflection").into_inner();
    format!("{:?}", told.message().await.expect("an answer"))
}

#[tokio::test(flavor = "multi_thread")]
async fn reflection_tells_the_contract_under_both_names() {
    let (house, serious) = (house().await, house_with(true, |config| config.development = false).await);
    for path in REFLECTION {
        let (told, without) = (services(&house, path).await, services(&serious, path).await);
        for service in [
            "SessionService",
            "PaymentService",
            "TokenService",
            "RecurringService",
            "EventService",
            "AccountService",
        ] {
            let name = format!("turnpike.v1.{service}");
            assert!(told.contains(&name) && without.contains(&name), "{path}: {told}, {without}");
        }
        assert!(told.contains("turnpike.v1.SandboxService"), "{path}: {told}");
        assert!(!without.contains("SandboxService"), "{path}: {without}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_over_its_rate_waits_as_told_and_nothing_has_happened() {
    const EAGER: &str = "tpk_eager";
    let rate = Some(Rate { calls_per_second: 1, burst: 2 });
    let eager = Credential { rate, ..credential(EAGER, "dev", &["*"]) };
    let house = house_with(true, |config| config.credentials.push(eager)).await;
    let (mut eager, mut other) = (house.clients(Some(EAGER)), house.clients(Some(KEY)));

    let mut opened = 0;
    let refused = loop {
        let request = session(PROVIDERS[0], &format!("eager-{opened}"), pb::SessionPurpose::Pay);
        match eager.sessions.create_session(request).await {
            Ok(_) => opened += 1,
            Err(refused) => break refused,
        }
        assert!(opened < 100, "nothing holds the caller back");
    };
    assert!(opened >= 2, "the burst goes through");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::ResourceExhausted, "RATE_LIMITED"));
    let details = refused.get_error_details();
    assert_eq!(details.error_info().expect("an ErrorInfo").metadata["limit_per_second"], "1");
    let wait = details.retry_info().and_then(|info| info.retry_delay).expect("a RetryInfo");
    assert!(!wait.is_zero() && wait <= Duration::from_secs(1), "{wait:?}");

    // Nobody else is held up, and the provider has heard of the opened ones alone.
    let sent = other.sandbox.list_exchanges(pb::ListExchangesRequest::default()).await.expect("listed");
    let opening = sent.into_inner().exchanges;
    let opening =
        opening.iter().filter(|one| one.request.as_ref().is_some_and(|r| r.url.contains("session")));
    assert_eq!(opening.count(), opened);

    tokio::time::sleep(wait).await;
    let request = session(PROVIDERS[0], &format!("eager-{opened}"), pb::SessionPurpose::Pay);
    let answer = eager.sessions.create_session(request).await.expect("who waited is let in").into_inner();
    assert!(!answer.replayed, "the refused call left nothing behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_recognised_when_the_key_of_its_time_is_gone() {
    let (_held, directory) = support::directory();
    let simulators = Arc::new(support::simulators().await);
    let key = |number: u8| Key::new(number.into(), &Secret::new([number; 32]));
    let open = |current: u8, previous: &[u8]| {
        let previous = previous.iter().copied().map(key).collect();
        let keys = Keys::new(key(current), previous).expect("different numbers");
        Arc::new(sqlite::open(sqlite::Config::new(&directory, keys)).expect("the store opens"))
    };
    let journal = open(1, &[]);
    let house = house_over(simulators.clone(), &directory, journal.clone(), true, |_| {}).await;
    let mut clients = house.clients(Some(KEY));
    let token = saved_card(&mut clients, PROVIDERS[0]).await;
    let wish = charge(PROVIDERS[0], "before-rotation", &token.id);
    let first = clients.payments.charge_token(wish.clone()).await.expect("charged").into_inner();
    assert!(!first.replayed);
    journal.close().await;

    let journal = open(2, &[1]);
    while !journal.reseal(100).await.expect("resealed").finished {}
    journal.close().await;

    let journal = open(2, &[]);
    let house = house_over(simulators, &directory, journal, true, |_| {}).await;
    let mut clients = house.clients(Some(KEY));
    let again = clients.payments.charge_token(wish.clone()).await.expect("replayed").into_inner();
    let id = |answer: &pb::ChargeTokenResponse| answer.payment.as_ref().expect("a payment").id.clone();
    assert!(again.replayed);
    assert_eq!(id(&again), id(&first));
    // Another request under the same id is still told from it.
    let other = pb::ChargeTokenRequest { merchant_reference: "another".to_owned(), ..wish };
    let refused = clients.payments.charge_token(other).await.expect_err("another request");
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
}

const AUTHORITY: &str = include_str!("tls/ca.pem");
const SERVER: &str = include_str!("tls/server.pem");
const SERVER_KEY: &str = include_str!("tls/server.key");
const CLIENT: &str = include_str!("tls/client.pem");
const CLIENT_KEY: &str = include_str!("tls/client.key");

/// The hash by which configuration knows a certificate.
fn fingerprint(pem: &str) -> [u8; 32] {
    use base64::Engine as _;
    let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(text).expect("base64");
    digest(&SHA256, &der).as_ref().try_into().expect("32 bytes")
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_a_certificate_opens_the_door_as_a_key_does() {
    let tls =
        Tls { certificate: SERVER.into(), key: SERVER_KEY.into(), client_ca: Some(AUTHORITY.to_owned()) };
    let known = Credential {
        name: "certificate".into(),
        merchant: MerchantName("dev".to_owned()),
        kind: CredentialKind::Certificate,
        sha256: fingerprint(CLIENT),
        rpcs: vec!["PaymentService/*".to_owned()],
        rate: None,
    };
    let house = house_with(true, |config| {
        config.tls = Some(tls);
        config.credentials.push(known);
    })
    .await;
    let line = |identity: Option<(&str, &str)>, key| {
        let tls =
            ClientTlsConfig::new().ca_certificate(Certificate::from_pem(AUTHORITY)).domain_name("localhost");
        let tls = match identity {
            Some((certificate, key)) => tls.identity(Identity::from_pem(certificate, key)),
            None => tls,
        };
        let endpoint = Endpoint::from_shared(format!("https://{}", house.address)).expect("an address");
        let channel = endpoint.tls_config(tls).expect("TLS").connect_lazy();
        InterceptedService::new(channel, With(key))
    };
    let client = Some((CLIENT, CLIENT_KEY));
    // The server's own certificate comes from the same authority, and is nobody's credential.
    let other = Some((SERVER, SERVER_KEY));
    for (identity, key, wanted) in [
        (client, None, "PAYMENT_NOT_FOUND"),
        (other, None, "INVALID_CREDENTIALS"),
        (None, None, "MISSING_CREDENTIALS"),
        (None, Some(KEY), "PAYMENT_NOT_FOUND"),
        // A key that is given counts, whatever the certificate.
        (client, Some("tpk_wrong"), "INVALID_CREDENTIALS"),
    ] {
        let mut payments = PaymentServiceClient::new(line(identity, key));
        let refused = payments.get_payment(get("pay_00000000000000000000000000")).await;
        assert_eq!(reason(&refused.expect_err(wanted)), wanted);
    }
    let mut accounts = AccountServiceClient::new(line(client, None));
    let refused = accounts.list_accounts(pb::ListAccountsRequest::default()).await.expect_err("not its RPC");
    assert_eq!(reason(&refused), "RPC_NOT_PERMITTED");
}

/// A browser, as far as gRPC-Web needs one: HTTP/1.1, and headers of its own making.
struct Browser<'a> {
    house: &'a House,
    client: reqwest::Client,
}

impl<'a> Browser<'a> {
    fn new(house: &'a House) -> Self {
        Self { house, client: reqwest::Client::builder().http1_only().build().expect("a client") }
    }

    fn address(&self) -> String {
        format!("http://{}/turnpike.v1.PaymentService/GetPayment", self.house.address)
    }

    /// Asks for a payment that is not there, from a page of an origin.
    async fn call(&self, origin: Option<&str>) -> reqwest::Response {
        use prost::Message as _;
        let message = get("pay_00000000000000000000000000").encode_to_vec();
        let mut body = vec![0];
        body.extend(u32::try_from(message.len()).expect("short").to_be_bytes());
        body.extend(message);
        let mut request = self
            .client
            .post(self.address())
            .header("content-type", "application/grpc-web+proto")
            .header("x-api-key", KEY)
            .body(body);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        request.send().await.expect("an answer")
    }

    /// Asks whether a page may call, as browsers do before the call.
    async fn preflight(&self, origin: &str) -> reqwest::Response {
        self.client
            .request(reqwest::Method::OPTIONS, self.address())
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type,x-grpc-web,grpc-timeout")
            .send()
            .await
            .expect("an answer")
    }
}

fn header(answer: &reqwest::Response, name: &str) -> Option<String> {
    answer.headers().get(name).map(|value| value.to_str().expect("text").to_lowercase())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_speaks_grpc_web_on_the_same_port() {
    let house = house().await;
    let browser = Browser::new(&house);
    let answer = browser.call(None).await;
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(header(&answer, "grpc-status"), Some((Code::NotFound as i32).to_string()));
    // Nobody is named, so no page elsewhere may call.
    let answer = browser.preflight("https://shop.example").await;
    assert_eq!(header(&answer, "access-control-allow-origin"), None);
    let answer = browser.call(Some("https://shop.example")).await;
    assert_eq!(header(&answer, "access-control-allow-origin"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_origins_that_are_named_may_call() {
    let origins = || ["https://shop.example", "dev"].map(|text| Origin::parse(text).expect("an origin"));
    let house = house_with(true, |config| config.origins = origins().to_vec()).await;
    let browser = Browser::new(&house);
    for origin in ["https://shop.example", "http://localhost:5173"] {
        let answer = browser.preflight(origin).await;
        assert!(answer.status().is_success(), "{}", answer.status());
        assert_eq!(header(&answer, "access-control-allow-origin").as_deref(), Some(origin));
        assert_eq!(header(&answer, "access-control-allow-methods").as_deref(), Some("post,get"));
        let allowed = header(&answer, "access-control-allow-headers").expect("a list");
        let of_grpc_web = ["authorization", "x-api-key", "content-type", "x-grpc-web", "grpc-timeout"];
        let of_connect = ["connect-protocol-version", "connect-timeout-ms"];
        for name in of_grpc_web.into_iter().chain(of_connect) {
            assert!(allowed.split(',').any(|one| one.trim() == name), "{name} is not in {allowed}");
        }

        let answer = browser.call(Some(origin)).await;
        assert_eq!(header(&answer, "access-control-allow-origin").as_deref(), Some(origin));
        let exposed = header(&answer, "access-control-expose-headers").expect("a list");
        for name in ["grpc-status", "grpc-message", "grpc-status-details-bin"] {
            assert!(exposed.split(',').any(|one| one.trim() == name), "{name} is not in {exposed}");
        }
        assert_eq!(header(&answer, "grpc-status"), Some((Code::NotFound as i32).to_string()));
    }
    for stranger in ["https://evil.example", "https://shop.example.evil.example", "http://shop.example"] {
        let answer = browser.preflight(stranger).await;
        assert_eq!(header(&answer, "access-control-allow-origin"), None, "{stranger}");
        let answer = browser.call(Some(stranger)).await;
        assert_eq!(header(&answer, "access-control-allow-origin"), None, "{stranger}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn options_of_a_provider_reach_it_in_its_own_words() {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    let mut explained = async |wish: pb::CreateSessionRequest| {
        let request = pb::explain_request_request::Request::CreateSession(wish);
        let wish = pb::ExplainRequestRequest { request: Some(request) };
        let told = clients.accounts.explain_request(wish).await.expect("explained").into_inner();
        told.calls.into_iter().last().expect("a call").request.expect("a request").body
    };
    let mut wish = session(PROVIDERS[0], "with-options", pb::SessionPurpose::Pay);
    wish.provider_options =
        Some(pb::create_session_request::ProviderOptions::Dintero(pb::DinteroSessionOptions {
            channel: pb::DinteroChannel::InApp.into(),
            merchant_reference_2: "shelf-9".to_owned(),
            ..Default::default()
        }));
    let body = explained(wish).await;
    assert!(body.contains("in_app") && body.contains("shelf-9"), "{body}");
    let mut wish = session(PROVIDERS[1], "with-options", pb::SessionPurpose::Pay);
    wish.provider_options =
        Some(pb::create_session_request::ProviderOptions::Begateway(pb::BegatewaySessionOptions {
            // Zero is a value of its own: back at once.
            auto_return_seconds: Some(0),
            receipt_text: vec!["thanks".to_owned()],
            transaction_type: pb::BegatewayTransactionType::Payment.into(),
            ..Default::default()
        }));
    let body = explained(wish).await;
    assert!(body.contains(r#""auto_return":0"#) && body.contains("thanks"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_in_a_hurry_is_told_where_the_payment_stands() {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    let provider = PROVIDERS[0];
    let token = saved_card(&mut clients, provider).await;
    let late = pb::FaultScenario {
        account: provider.account.to_owned(),
        kind: pb::FaultKind::Late.into(),
        delay: Some(prost_types::Duration { seconds: 2, nanos: 0 }),
        ..Default::default()
    };
    let scenario = pb::arrange_scenario_request::Scenario::Fault(late);
    let arrange = pb::ArrangeScenarioRequest { scenario: Some(scenario) };
    clients.sandbox.arrange_scenario(arrange).await.expect("arranged");
    let wish = charge(provider, "hurry", &token.id);
    let mut request = Request::new(wish.clone());
    request.set_timeout(Duration::from_millis(600));
    let standing = clients.payments.charge_token(request).await.expect("an answer in time").into_inner();
    let standing = standing.payment.expect("a payment");
    assert_eq!(standing.state(), PaymentState::Submitted);
    // The work went on, and the same request finds it.
    let settled = clients.payments.charge_token(wish).await.expect("replayed").into_inner();
    assert!(settled.replayed);
    let settled = settled.payment.expect("a payment");
    assert_eq!((settled.state(), settled.id), (PaymentState::Captured, standing.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_duplicates_of_one_charge_are_one_charge() {
    const DUPLICATES: usize = 200;
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    for provider in PROVIDERS.iter().copied() {
        let token = saved_card(&mut clients, provider).await;
        let alone = charge(provider, &format!("calm-{}", provider.name), &token.id);
        let alone = clients.payments.charge_token(alone).await.expect("charged").into_inner();
        let alone = alone.payment.expect("a payment");
        let wish = charge(provider, &format!("storm-{}", provider.name), &token.id);
        let mut calls = tokio::task::JoinSet::new();
        for number in 0..DUPLICATES {
            // Some share a connection, some have one of their own.
            let mut payments = match number % 4 {
                0 => house.clients(Some(KEY)).payments,
                _ => clients.payments.clone(),
            };
            let wish = wish.clone();
            calls.spawn(async move { payments.charge_token(wish).await.expect("charged").into_inner() });
        }
        let answers = calls.join_all().await;
        assert_eq!(answers.len(), DUPLICATES);
        assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
        let first = answers[0].payment.clone().expect("a payment");
        assert_eq!(first.state(), PaymentState::Captured);
        assert!(answers.iter().all(|answer| answer.payment.as_ref() == Some(&first)));
        let simulator = house.simulators.of(provider.name).expect("a simulator");
        assert!(simulator.double_charges().is_empty());
        let reference = first.provider_references.expect("references").reference;
        let standing = simulator.payment(&reference);
        let told = serde_json::to_value(&standing).expect("a standing");
        assert!(told.to_string().contains(&provider.minor(9_900).to_string()), "{told}");
        let asked = clients.sandbox.list_exchanges(pb::ListExchangesRequest {
            provider: provider.name.to_owned(),
            page_size: 200,
            ..Default::default()
        });
        let asked = asked.await.expect("exchanges").into_inner().exchanges;
        // As many requests as one call alone makes.
        let posts = |id: &str| {
            let posted = |exchange: &&pb::Exchange| {
                exchange.payment_id == id
                    && exchange.request.as_ref().is_some_and(|request| request.method == "POST")
            };
            asked.iter().filter(posted).count()
        };
        assert!(posts(&alone.id) > 0, "{}", provider.name);
        assert_eq!(posts(&first.id), posts(&alone.id), "{}", provider.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_sends_nothing_and_heals() {
    let house = house_of(Some(400), true, |_| {}).await;
    let mut clients = house.clients(Some(KEY));
    let provider = PROVIDERS[0];
    let token = saved_card(&mut clients, provider).await;
    // Filled until not even the shortest entry fits.
    let mut filled = 0;
    for length in [1_000, 1] {
        loop {
            let key = IdempotencyKey {
                merchant: MerchantName("filler".to_owned()),
                request_id: format!("{filled}-{}", "x".repeat(length)),
            };
            let subject = Subject::Payment(PaymentId::from_bytes([0; 16]));
            let claim =
                Claim { key, fingerprint: Fingerprint([0; 32]), subject, at: jiff::Timestamp::UNIX_EPOCH };
            if house.journal.commit(Entry { claim: Some(claim), ..Entry::default() }).await.is_err() {
                break;
            }
            filled += 1;
        }
    }
    let before = house.simulators.last_exchange();
    let wish = charge(provider, "no-room", &token.id);
    let refused = clients.payments.charge_token(wish.clone()).await.expect_err("no room");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unavailable, "JOURNAL_UNAVAILABLE"));
    assert!(refused.get_details_retry_info().is_some());
    let opening = session(provider, "no-room-either", pb::SessionPurpose::Pay);
    let refused = clients.sessions.create_session(opening).await.expect_err("no room");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unavailable, "JOURNAL_UNAVAILABLE"));
    assert_eq!(house.simulators.last_exchange(), before, "something was sent");
    use tonic_health::pb::health_check_response::ServingStatus;
    eventually(&house, ServingStatus::NotServing).await;

    // Room again: the same request id works, as nothing of it was kept.
    let forgotten = house.journal.forget_claims(jiff::Timestamp::MAX, 1_000_000).await.expect("room");
    assert!(forgotten >= filled, "{forgotten} of {filled}");
    eventually(&house, ServingStatus::Serving).await;
    let charged = clients.payments.charge_token(wish).await.expect("charged").into_inner();
    assert_eq!(charged.payment.expect("a payment").state(), PaymentState::Captured);
    assert!(!charged.replayed && house.simulators.last_exchange() > before);
}

/// Waits until the whole has this health; looked at every second, so ten are plenty.
async fn eventually(house: &House, wanted: tonic_health::pb::health_check_response::ServingStatus) {
    let mut health = tonic_health::pb::health_client::HealthClient::new(house.channel());
    for _ in 0..100 {
        let told = health.check(tonic_health::pb::HealthCheckRequest::default()).await.expect("health");
        if told.into_inner().status() == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("health never became {wanted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn uses_of_tokens_and_inquiries_are_told() {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    for provider in PROVIDERS.iter().copied() {
        let token = saved_card(&mut clients, provider).await;
        let read = pb::GetTokenRequest { token_id: token.id.clone() };
        let told = clients.tokens.get_token(read.clone()).await.expect("the token").into_inner().token;
        assert_eq!(told.and_then(|token| token.last_used_at), None);
        let mut wish = session(provider, &format!("offer-{}", provider.name), pb::SessionPurpose::UseSaved);
        wish.token_ids = vec![token.id.clone()];
        let opened = clients.sessions.create_session(wish).await;
        let offered = clients.tokens.get_token(read.clone()).await.expect("the token").into_inner().token;
        let offered = offered.and_then(|token| token.last_used_at);
        if provider.offers_saved {
            opened.expect("a session");
            assert!(offered.is_some(), "{}", provider.name);
        } else {
            assert_eq!(reason(&opened.expect_err("no such page")), "UNSUPPORTED_BY_PROVIDER");
            assert_eq!(offered, None, "{}", provider.name);
        }

        // The provider breaks down before it looks at the charge, and at every question about it.
        let fault = pb::FaultScenario {
            account: provider.account.to_owned(),
            kind: pb::FaultKind::HttpStatus.into(),
            times: 100,
            skip: provider.before_charging,
            ..Default::default()
        };
        let scenario = pb::arrange_scenario_request::Scenario::Fault(fault);
        let broken = pb::ArrangeScenarioRequest { scenario: Some(scenario) };
        clients.sandbox.arrange_scenario(broken).await.expect("arranged");
        let wish = charge(provider, &format!("lost-{}", provider.name), &token.id);
        let lost = clients.payments.charge_token(wish).await.expect("an answer").into_inner();
        let lost = lost.payment.expect("a payment");
        assert_eq!(lost.state(), PaymentState::Unresolved);
        let mut inquiry = None;
        for _ in 0..200 {
            let seen = clients.payments.get_payment(get(&lost.id)).await.expect("the payment").into_inner();
            inquiry = seen.payment.expect("a payment").unresolved.filter(|known| known.inquiries > 0);
            if inquiry.is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let inquiry = inquiry.expect("the provider is asked");
        let (since, last) = (inquiry.since.expect("a time"), inquiry.last_inquiry_at.expect("a time"));
        let next = inquiry.next_inquiry_at.expect("a time");
        let moment = |time: prost_types::Timestamp| (time.seconds, time.nanos);
        assert!(moment(since) <= moment(last) && moment(last) < moment(next), "{since} {last} {next}");
        let told = clients.tokens.get_token(read).await.expect("the token").into_inner().token;
        let charged = told.and_then(|token| token.last_used_at).expect("charged");
        assert!(offered.is_none_or(|offered| moment(offered) < moment(charged)), "{offered:?} {charged}");
        let clear = pb::arrange_scenario_request::Scenario::Clear(pb::ClearScenario::default());
        let cleared = pb::ArrangeScenarioRequest { scenario: Some(clear) };
        clients.sandbox.arrange_scenario(cleared).await.expect("cleared");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_offer_the_kinds_of_methods_that_are_asked_for() {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    let card = pb::PaymentMethodKind::Card;
    for provider in PROVIDERS.iter().copied() {
        let wish = |name: &str, kinds: &[pb::PaymentMethodKind]| pb::CreateSessionRequest {
            payment_methods: kinds.iter().map(|kind| (*kind).into()).collect(),
            ..session(provider, &format!("{name}-{}", provider.name), pb::SessionPurpose::Pay)
        };
        let opened = clients.sessions.create_session(wish("cards", &[card])).await.expect("a session");
        let opened = opened.into_inner().session.expect("a session");
        clients
            .sandbox
            .arrange_scenario(customer(&opened.id, provider.card))
            .await
            .expect("the customer pays");
        // An open session is asked about every now and then, which is an exchange too.
        let back = returned(&format!("back-{}", provider.name), &opened.id);
        clients.sessions.confirm_session(back).await.expect("confirmed");

        let before = house.simulators.last_exchange();
        let unknown = wish("cash", &[card, pb::PaymentMethodKind::Cash]);
        let refused = clients.sessions.create_session(unknown).await.expect_err("no cash");
        let code = (refused.code(), reason(&refused));
        assert_eq!(code, (Code::FailedPrecondition, "UNSUPPORTED_BY_PROVIDER".to_owned()));
        assert!(refused.message().contains("payment_methods: CASH"), "{}", refused.message());
        let metadata = refused.get_details_error_info().expect("info").metadata;
        assert!(metadata["alternative"].contains("payment_method_names"), "{metadata:?}");
        let mut saving = wish("save", &[pb::PaymentMethodKind::Wallet]);
        saving.purpose = pb::SessionPurpose::Save.into();
        saving.money = money(provider, 0);
        let refused = clients.sessions.create_session(saving).await.expect_err("no card");
        assert_eq!(reason(&refused), "UNSUPPORTED_BY_PROVIDER");
        let mut both = wish("both", &[card]);
        both.payment_method_names = vec!["vipps".to_owned()];
        let refused = clients.sessions.create_session(both).await.expect_err("both");
        assert_eq!(fields(&refused), BTreeSet::from(["payment_methods".to_owned()]));
        assert_eq!(house.simulators.last_exchange(), before, "something was sent");

        let asked = pb::GetCapabilitiesRequest { account: provider.account.to_owned(), ..Default::default() };
        let known = clients.accounts.get_capabilities(asked).await.expect("capabilities").into_inner();
        let pay = known.capabilities.iter().find(|row| row.operation() == pb::Operation::SessionPay);
        let limits = &pay.expect("a row").limits;
        let methods = limits.iter().find(|limit| limit.field == "payment_methods").expect("a limit");
        // What the account has beyond cards is in its settings; no development account has cash.
        assert_eq!(methods.allowed_values[0], "CARD");
        assert!(!methods.allowed_values.contains(&"CASH".to_owned()), "{methods:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_does_not_allow_is_forbidden_by_its_state() {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    use pb::customer_scenario::{Action, Place};
    let at = |place: &Place, action: Action| {
        let scenario = pb::CustomerScenario { place: Some(place.clone()), action: Some(action) };
        let scenario = pb::arrange_scenario_request::Scenario::Customer(scenario);
        pb::ArrangeScenarioRequest { scenario: Some(scenario) }
    };
    for provider in PROVIDERS.iter().copied() {
        let wish = session(provider, &format!("page-{}", provider.name), pb::SessionPurpose::Pay);
        let opened = clients.sessions.create_session(wish).await.expect("a session").into_inner();
        let opened = opened.session.expect("a session");
        let (id, page) = (Place::SessionId(opened.id.clone()), redirect(&opened));
        let wrong = Action::Pay(pb::CustomerPays { card_number: "1".to_owned(), ..Default::default() });
        let refused = clients.sandbox.arrange_scenario(at(&id, wrong)).await.expect_err("no such card");
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "INVALID_FIELD"));

        clients
            .sandbox
            .arrange_scenario(customer(&opened.id, provider.card))
            .await
            .expect("the customer pays");
        // Our payment does not know yet, but the page is over.
        let again = || Action::Cancel(pb::CustomerCancels::default());
        for (place, state) in [(&id, "REQUIRES_ACTION"), (&page, "")] {
            let refused = clients.sandbox.arrange_scenario(at(place, again())).await.expect_err("over");
            assert_eq!(
                (refused.code(), reason(&refused).as_str()),
                (Code::FailedPrecondition, "STATE_FORBIDS")
            );
            assert!(refused.get_details_precondition_failure().is_some());
            assert_eq!(refused.get_details_error_info().expect("info").metadata["state"], state);
        }
    }
}

fn redirect(session: &pb::Session) -> pb::customer_scenario::Place {
    match session.next_action.as_ref().and_then(|next| next.action.as_ref()) {
        Some(pb::next_action::Action::Redirect(redirect)) => {
            pb::customer_scenario::Place::PageUrl(redirect.url.clone())
        }
        other => panic!("no page: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exchanges_of_all_providers_come_in_one_order() {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    let mut expected = Vec::new();
    for round in 0..3 {
        for provider in PROVIDERS.iter().copied() {
            let wish = session(provider, &format!("turn-{round}-{}", provider.name), pb::SessionPurpose::Pay);
            clients.sessions.create_session(wish).await.expect("a session");
            expected.push(provider.name);
        }
    }
    let mut told = Vec::new();
    let mut page_token = String::new();
    loop {
        let wish = pb::ListExchangesRequest { page_size: 2, page_token, ..Default::default() };
        let page = clients.sandbox.list_exchanges(wish).await.expect("exchanges").into_inner();
        told.extend(page.exchanges);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert!(told.windows(2).all(|pair| pair[0].sequence < pair[1].sequence));
    // Signing in is an exchange too, and an open session is asked about after a while; the first
    // exchanges about each payment are one session after the other.
    let mut known = BTreeSet::new();
    let opened: Vec<&str> = told
        .iter()
        .filter(|exchange| !exchange.payment_id.is_empty() && known.insert(&exchange.payment_id))
        .map(|exchange| exchange.provider.as_str())
        .collect();
    assert_eq!(opened, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bounds_of_an_amount_are_told() {
    let house = house().await;
    let mut clients = house.clients(Some(KEY));
    let mut wish = session(PROVIDERS[0], "too-much", pb::SessionPurpose::Pay);
    wish.money = money(PROVIDERS[0], 2_147_483_648);
    let refused = clients.sessions.create_session(wish).await.expect_err("too much");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "AMOUNT_OUT_OF_BOUNDS"));
    let metadata = refused.get_details_error_info().expect("info").metadata;
    assert_eq!((metadata["minimum_minor"].as_str(), metadata["maximum_minor"].as_str()), ("1", "2147483647"));
    assert_eq!(metadata["currency_code"], PROVIDERS[0].currency);
}
