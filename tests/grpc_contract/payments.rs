//! Payments and sessions over the wire, at every provider.

use super::*;

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
