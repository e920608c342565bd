//! Who may come in, by which road, and how often: keys, certificates, browsers, rates, reflection.

use super::*;

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

const AUTHORITY: &str = include_str!("../tls/ca.pem");

const SERVER: &str = include_str!("../tls/server.pem");

const SERVER_KEY: &str = include_str!("../tls/server.key");

const CLIENT: &str = include_str!("../tls/client.pem");

const CLIENT_KEY: &str = include_str!("../tls/client.key");

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
