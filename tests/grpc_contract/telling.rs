//! What the gateway tells: lists, histories, uses, capabilities, and what is wrong with a request.

use super::*;

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
