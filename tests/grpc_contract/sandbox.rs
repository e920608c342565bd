//! What SandboxService does, and where it is.

use super::*;

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
