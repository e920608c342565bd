//! What the engine's tests share: simulators on ports of their own, an engine over a real store
//! and real HTTP, and the stories that are told at every provider.

#![allow(dead_code)] // Each test file uses its part.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::Engine as _;
use jiff::Timestamp;
use turnpike::app::SimulatorClock;
use turnpike::app::development::{self, Setup};
use turnpike::config::{self, Config, Secrets};
use turnpike::domain::card::{
    BrowserFacts, EncryptedCard, FirstPayment, Initiator, Means, MerchantReason, PlainCard, TokenUses,
    Unscheduled,
};
use turnpike::domain::ids::{
    AccountName, Fingerprint, IdempotencyKey, MerchantName, PaymentId, SessionId, TokenId,
};
use turnpike::domain::money::{Currency, Money};
use turnpike::domain::order::{
    CaptureMode, Customer, Options, Purchase, Purpose, ReturnUrls, SessionMode, SessionOrder, ThreeDSecure,
};
use turnpike::domain::outcome::NextAction;
use turnpike::domain::payment::Payment;
use turnpike::domain::secret::Secret;
use turnpike::engine::FollowUpPlan;
use turnpike::engine::accounts::Accounts;
use turnpike::engine::commands::{
    Answer, Ask, Caller, ChargeToken, ChargedToken, ConfirmSession, ConfirmWith, Move, MoveKind,
    MovementView, OpenSession, SessionView,
};
use turnpike::engine::error::Error;
use turnpike::engine::gateway::{Gateway, Options as EngineOptions};
use turnpike::journal::seal::{Key, Keys};
use turnpike::journal::seam::Journal;
use turnpike::journal::sqlite;
use turnpike::providers::contract::RefundReason;
use turnpike::simulator::{self, CustomerAction, Simulators};
use turnpike::world::{Network, TestClock, World};

/// A sealing key for tests: 32 bytes in base64.
pub const SEALING_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// How long "no such payment" is not yet believed in tests.
pub const GRACE: Duration = Duration::from_millis(400);

struct NoSecrets;

impl Secrets for NoSecrets {
    fn file(&self, _: &str) -> Result<String, String> {
        Err("tests have no files".to_owned())
    }

    fn variable(&self, _: &str) -> Result<String, String> {
        Err("tests have no environment".to_owned())
    }
}

/// A provider under test.
#[derive(Debug, Clone, Copy)]
pub struct Provider {
    /// Its name at the simulators.
    pub name: &'static str,
    /// The account at it.
    pub account: &'static str,
    /// A currency that it takes.
    pub currency: &'static str,
    /// A test card that is approved without a challenge.
    pub card: &'static str,
    /// Minor units for one unit of a story: stories speak of small numbers, and some providers have
    /// a least amount or take whole units only.
    pub unit: i64,
    /// The least difference between two amounts, in minor units.
    pub step: i64,
    /// The kind of session in which stories save a card.
    pub saves_in: Purpose,
    /// The product that its tokens from elsewhere have to name; empty where there is none.
    pub token_product: &'static str,
    /// Whether money can be reserved and captured later.
    pub reserves: bool,
    /// Whether a reservation can be voided.
    pub voids_reserved: bool,
    /// Whether what was taken at once can be voided.
    pub voids_taken: bool,
    /// Whether a payment can be refunded more than once.
    pub refunds_again: bool,
    /// Whether a hosted page can offer saved cards.
    pub offers_saved: bool,
    /// Whether anything of its notices is signed; where nothing is, a forged one is only a reason to ask.
    pub signs_notices: bool,
    /// Whether its notices say for which merchant they are.
    pub names_merchant: bool,
    /// Exchanges of a charge before the one that moves money, once signed in.
    pub before_charging: i32,
    /// The exchange that asks for the card of a payment that saved one; empty where the payment's own
    /// answer tells it.
    pub asks_for_card: &'static str,
}

impl Provider {
    /// A provider that can do everything but undo a capture.
    pub const fn able(
        name: &'static str,
        account: &'static str,
        currency: &'static str,
        card: &'static str,
    ) -> Self {
        Self {
            name,
            account,
            currency,
            card,
            unit: 1,
            step: 1,
            saves_in: Purpose::PayAndSave,
            token_product: "",
            reserves: true,
            voids_reserved: true,
            voids_taken: false,
            refunds_again: true,
            offers_saved: true,
            signs_notices: true,
            names_merchant: true,
            before_charging: 0,
            asks_for_card: "",
        }
    }

    /// An amount of a story in minor units.
    pub const fn minor(self, story: i64) -> i64 {
        story * self.unit
    }
}

/// Every provider that the suites run against.
pub const PROVIDERS: &[Provider] = &[
    Provider {
        token_product: "payex.creditcard",
        ..Provider::able("dintero", "dintero-dev", "NOK", "4000000000000002")
    },
    Provider::able("begateway", "begateway-dev", "EUR", "4200000000000000"),
    Provider {
        voids_taken: true,
        before_charging: 1,
        asks_for_card: "card_tokens",
        ..Provider::able("paymob", "paymob-dev", "EGP", "5123456789012346")
    },
    Provider {
        // Whole rupiah, ten thousand of them at least; a reservation is not voided unless the
        // account says that cancelling does it.
        unit: 10_000,
        step: 100,
        voids_reserved: false,
        signs_notices: false,
        asks_for_card: "get_customer",
        ..Provider::able("pivot", "pivot-dev", "IDR", "4440000112200001")
    },
    Provider {
        saves_in: Purpose::Save,
        reserves: false,
        voids_reserved: false,
        voids_taken: true,
        refunds_again: false,
        offers_saved: false,
        names_merchant: false,
        ..Provider::able("bbmsl", "bbmsl-dev", "HKD", "4111111111111111")
    },
];

/// Starts simulators; they live as long as the value.
pub async fn simulators() -> Simulators {
    simulator::start(simulator::Options { seed: Some(7), ..simulator::Options::default() })
        .await
        .expect("the simulators start")
}

/// The development configuration in front of simulators, for a store in a directory.
pub fn configuration(simulators: &Simulators, directory: &Path) -> Config {
    configuration_of(&[(development::MERCHANT, simulators)], directory)
}

/// The same for several merchants, each with simulators of its own.
pub fn configuration_of(merchants: &[(&str, &Simulators)], directory: &Path) -> Config {
    configuration_told(merchants, directory, None)
}

/// The same with a port where providers tell their news.
pub fn configuration_told(
    merchants: &[(&str, &Simulators)],
    directory: &Path,
    webhooks: Option<SocketAddr>,
) -> Config {
    let setup = Setup {
        grpc: "127.0.0.1:0",
        data_directory: directory,
        sealing_key: SEALING_KEY,
        log: "warn",
        webhooks,
        sent_to: None,
    };
    let merchants: Vec<_> = (0..)
        .zip(merchants)
        .map(|(number, (name, simulators))| (name, format!("{number:064x}"), simulators))
        .collect();
    let described = merchants.iter().map(|(name, api_key_sha256, simulators)| development::Merchant {
        name,
        api_key_sha256,
        simulators,
    });
    let document = development::document(&setup, &described.collect::<Vec<_>>());
    let document = document.expect("every provider is simulated");
    match config::parse(&document, &NoSecrets) {
        Ok(config) => config,
        Err(mistakes) => panic!("the development configuration is wrong: {mistakes:?}"),
    }
}

/// Opens the store in a directory.
pub fn store(directory: &Path) -> sqlite::SqliteJournal {
    small_store(directory, None)
}

/// The same with a limit to its pages: writing fails there as on a full disk.
pub fn small_store(directory: &Path, max_pages: Option<u32>) -> sqlite::SqliteJournal {
    let key = Key::parse(1, &SEALING_KEY.into()).expect("32 bytes");
    let keys = Keys::new(key, Vec::new()).expect("one key");
    let config = sqlite::Config { max_pages, ..sqlite::Config::new(directory, keys) };
    sqlite::open(config).expect("the store opens")
}

/// Rhythms for tests: nobody waits long.
pub fn options() -> EngineOptions {
    EngineOptions {
        follow_up: FollowUpPlan {
            first: Duration::from_millis(20),
            longest: Duration::from_millis(200),
            unhurried: Duration::from_millis(40),
            ..FollowUpPlan::default()
        },
        ..EngineOptions::default()
    }
}

/// Accounts and the real network of a configuration, with the tests' short grace.
pub fn outside(config: Config) -> (Accounts, Network) {
    let network = Network::new(config.lines.iter().map(|(name, line)| (name, line))).expect("lines");
    let accounts = config
        .accounts
        .into_iter()
        .map(|mut account| {
            account.rules.absence_grace = GRACE;
            account
        })
        .collect();
    (Accounts::new(accounts), network)
}

/// The clock that a merchant's simulators share, as the merchant's own.
pub fn clock_of(merchant: &str, simulators: &Simulators) -> (MerchantName, Arc<dyn TestClock>) {
    let clock = SimulatorClock::new(simulators.clock().clone());
    (MerchantName(merchant.to_owned()), Arc::new(clock))
}

/// An engine over a journal and a world, recovered and with its resolver running.
pub async fn engine(journal: Arc<dyn Journal>, world: Arc<dyn World>, accounts: Accounts) -> Gateway {
    engine_with(journal, world, accounts, options()).await
}

/// The same with rhythms of its own.
pub async fn engine_with(
    journal: Arc<dyn Journal>,
    world: Arc<dyn World>,
    accounts: Accounts,
    options: EngineOptions,
) -> Gateway {
    let gateway = Gateway::new(journal, world, accounts, options);
    gateway.recover().await.expect("recovery");
    tokio::spawn(gateway.clone().resolve_forever());
    gateway
}

/// The merchant of the development configuration.
pub fn caller() -> Caller {
    caller_of(development::MERCHANT)
}

/// A merchant by name.
pub fn caller_of(merchant: &str) -> Caller {
    Caller { merchant: MerchantName(merchant.to_owned()), name: "tests".into(), secure: true }
}

/// An amount of a story.
pub fn money(provider: Provider, story: i64) -> Money {
    Money::new(provider.minor(story), Currency::parse(provider.currency).expect("a currency"))
        .expect("not negative")
}

pub fn ask<T>(request_id: &str, wish: T) -> Ask<T> {
    ask_of(&caller(), request_id, wish)
}

/// The same by any merchant.
pub fn ask_of<T>(caller: &Caller, request_id: &str, wish: T) -> Ask<T> {
    let mut fingerprint = [0; 32];
    for (place, byte) in request_id.bytes().enumerate().take(32) {
        fingerprint[place] = byte;
    }
    Ask {
        key: IdempotencyKey { merchant: caller.merchant.clone(), request_id: request_id.to_owned() },
        fingerprint: Fingerprint(fingerprint),
        wish,
    }
}

pub fn purchase(provider: Provider, minor: i64, capture: CaptureMode) -> Purchase {
    Purchase {
        reference: String::new(),
        merchant_reference: "order-77".to_owned(),
        money: money(provider, minor),
        capture,
        description: Some("Two books".to_owned()),
        descriptor: None,
        customer: Customer {
            id: Some("customer-1".to_owned()),
            email: Some("customer@example.test".to_owned()),
            ip: Some("192.0.2.7".to_owned()),
            ..Customer::default()
        },
        lines: Vec::new(),
        billing: None,
        shipping: None,
        delivery: None,
        tax_minor: None,
        locale: None,
        three_d_secure: ThreeDSecure::Automatic,
        metadata: Default::default(),
        notify_url: None,
        options: Options::default(),
    }
}

pub fn return_urls() -> ReturnUrls {
    ReturnUrls { success: "https://shop.example/return".to_owned(), ..ReturnUrls::default() }
}

/// A hosted session that pays and saves the card.
pub fn session(provider: Provider, minor: i64, capture: CaptureMode, purpose: Purpose) -> OpenSession {
    OpenSession {
        account: Some(AccountName(provider.account.to_owned())),
        country: None,
        order: SessionOrder {
            purchase: purchase(provider, minor, capture),
            purpose,
            mode: SessionMode::Redirect,
            return_urls: return_urls(),
            offered: Vec::new(),
            saved_for: TokenUses { customer_present: true, recurring: true, unscheduled: true },
            ask_before_saving: false,
            attempts: 3,
            method_kinds: Vec::new(),
            methods: Vec::new(),
            #[allow(clippy::disallowed_methods)]
            expires_at: Timestamp::now().checked_add(Duration::from_secs(900)).expect("in range"),
        },
        expiry_given: false,
        tokens: Vec::new(),
        occurrence: None,
    }
}

/// A session in which a card of that customer is saved, who has none yet.
pub fn saving(provider: Provider, purpose: Purpose, customer: &str) -> OpenSession {
    let minor = if purpose == Purpose::Save { 0 } else { 500 };
    let mut wish = session(provider, minor, CaptureMode::Automatic, purpose);
    wish.order.purchase.customer.id = Some(customer.to_owned());
    wish.order.purchase.customer.email = Some(format!("{customer}@example.test"));
    wish
}

pub fn returned(session: SessionId) -> ConfirmSession {
    ConfirmSession {
        session,
        means: ConfirmWith::Returned,
        save_card: None,
        browser: None,
        billing: None,
        three_d_secure: None,
    }
}

pub fn charge(provider: Provider, token: TokenId, minor: i64, capture: CaptureMode) -> ChargeToken {
    ChargeToken {
        token: ChargedToken::Saved(token),
        purchase: purchase(provider, minor, capture),
        initiator: Initiator::Merchant {
            reason: MerchantReason::Unscheduled(Unscheduled::Other),
            first: FirstPayment::default(),
        },
        first_payment: None,
        return_urls: None,
        browser: None,
        expires_at: None,
        series: None,
    }
}

pub fn movement(payment: PaymentId, what: MoveKind, amount: Option<Money>) -> Move {
    Move {
        payment,
        what,
        amount,
        lines: Vec::new(),
        reason: Some("as agreed".to_owned()),
        metadata: Default::default(),
        options: Options::default(),
    }
}

pub const CAPTURE: MoveKind = MoveKind::Capture { last: false };
pub const REFUND: MoveKind = MoveKind::Refund { reason: RefundReason::RequestedByCustomer, capture: None };

/// The page behind a redirect.
pub fn page(payment: &Payment) -> String {
    match &payment.next_action {
        Some(NextAction::Redirect { url }) => url.clone(),
        other => panic!("a redirect was expected, not {other:?}"),
    }
}

/// Does what a customer does who pays and ticks "save".
pub fn pay(simulators: &Simulators, provider: Provider, page: &str) {
    pay_until(simulators, provider, page, "12/2035");
}

/// The same with a card that ends in that month, `MM/YYYY`: the same number is another card then.
pub fn pay_until(simulators: &Simulators, provider: Provider, page: &str, expiry: &str) {
    let action = CustomerAction::Pay(simulator::Payment {
        card: Some(provider.card.to_owned()),
        expiry: Some(expiry.to_owned()),
        cvc: Some("123".to_owned()),
        save: true,
        ..simulator::Payment::default()
    });
    simulators.of(provider.name).expect("simulated").customer(page, &action).expect("the customer can pay");
}

/// One call of a story; the same request id whenever the story is told again.
pub struct Teller<'a> {
    pub gateway: &'a Gateway,
    pub provider: Provider,
    /// Begins every request id.
    pub prefix: String,
}

impl Teller<'_> {
    fn id(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix)
    }

    /// The end of a session that is opened now, by the merchant's clock.
    fn in_a_quarter(&self) -> Timestamp {
        let now = self.gateway.now_of(&caller().merchant);
        now.checked_add(Duration::from_secs(900)).expect("in range")
    }

    pub async fn open(&self, name: &str, minor: i64, capture: CaptureMode) -> Result<SessionView, Error> {
        self.open_for(name, minor, capture, Purpose::Pay).await
    }

    /// Opens a session for a purpose.
    pub async fn open_for(
        &self,
        name: &str,
        minor: i64,
        capture: CaptureMode,
        purpose: Purpose,
    ) -> Result<SessionView, Error> {
        let mut wish = session(self.provider, minor, capture, purpose);
        wish.order.expires_at = self.in_a_quarter();
        let answer = self.gateway.open_session(&caller(), ask(&self.id(name), wish), None).await?;
        Ok(answer.value)
    }

    /// Opens a session on the merchant's own page.
    pub async fn open_own_page(&self, name: &str, minor: i64) -> Result<SessionView, Error> {
        let mut wish = session(self.provider, minor, CaptureMode::Automatic, Purpose::Pay);
        wish.order.mode = SessionMode::Api;
        wish.order.expires_at = self.in_a_quarter();
        let answer = self.gateway.open_session(&caller(), ask(&self.id(name), wish), None).await?;
        Ok(answer.value)
    }

    /// Confirms a session with a card that the page collected.
    pub async fn confirm_with(
        &self,
        name: &str,
        session: SessionId,
        means: Means,
    ) -> Result<SessionView, Error> {
        let wish = ConfirmSession {
            means: ConfirmWith::Card(means),
            browser: Some(BrowserFacts {
                accept_header: "text/html".to_owned(),
                user_agent: "a browser of the tests".to_owned(),
                language: "en".to_owned(),
                screen_width: 1_280,
                screen_height: 800,
                color_depth: 24,
                window_width: 1_200,
                window_height: 700,
                javascript_enabled: true,
                ip: Some("192.0.2.7".to_owned()),
                ..BrowserFacts::default()
            }),
            ..returned(session)
        };
        let answer = self.gateway.confirm_session(&caller(), ask(&self.id(name), wish), None).await?;
        Ok(answer.value)
    }

    /// Opens a session in which a card is saved.
    pub async fn open_to_save(&self, name: &str) -> Result<SessionView, Error> {
        let purpose = self.provider.saves_in;
        let minor = if purpose == Purpose::Save { 0 } else { 500 };
        self.open_for(name, minor, CaptureMode::Automatic, purpose).await
    }

    /// Saves a card and returns its token.
    pub async fn save_card(&self, simulators: &Simulators) -> TokenId {
        let opened = self.open_to_save("save-open").await.expect("opens");
        pay(simulators, self.provider, &page(&opened.payment));
        let confirmed = self.confirm("save-confirm", opened.session.id).await.expect("confirms");
        with_card(self.gateway, confirmed.session.id).await.saved_tokens[0]
    }

    pub async fn confirm(&self, name: &str, session: SessionId) -> Result<SessionView, Error> {
        let wish = returned(session);
        let answer = self.gateway.confirm_session(&caller(), ask(&self.id(name), wish), None).await?;
        Ok(answer.value)
    }

    pub async fn charge(
        &self,
        name: &str,
        token: TokenId,
        minor: i64,
        capture: CaptureMode,
    ) -> Result<Answer<Box<Payment>>, Error> {
        let wish = charge(self.provider, token, minor, capture);
        self.gateway.charge(&caller(), ask(&self.id(name), wish), None).await
    }

    pub async fn move_money(
        &self,
        name: &str,
        payment: PaymentId,
        what: MoveKind,
        minor: Option<i64>,
    ) -> Result<MovementView, Error> {
        let wish = movement(payment, what, minor.map(|minor| money(self.provider, minor)));
        let answer = self.gateway.move_money(&caller(), ask(&self.id(name), wish), None).await?;
        Ok(answer.value)
    }
}

/// The test card as the merchant's own page collects it: encrypted where the session brought a key,
/// in clear where the account takes that.
pub fn collected(provider: Provider, payment: &Payment) -> Means {
    let Some(NextAction::CollectCard { public_key, .. }) = &payment.next_action else {
        panic!("a card was to be collected, not {:?}", payment.next_action)
    };
    if public_key.is_empty() {
        return Means::Plain(PlainCard {
            number: Secret::from(provider.card),
            expiry_month: 12,
            expiry_year: 2035,
            cvc: Some(Secret::from("123")),
            holder: Some("Ada Byron".to_owned()),
        });
    }
    let card = serde_json::json!({
        "card": {
            "number": provider.card, "expiryMonth": "12", "expiryYear": "35", "cvc": "123",
            "nameOnCard": "Ada Byron",
        },
        "deviceInformations": {},
        "metadata": {},
    });
    Means::Encrypted(EncryptedCard {
        fields: BTreeMap::from([("card".to_owned(), Secret::new(sealed(public_key, &card.to_string())))]),
        key_id: None,
        holder: None,
    })
}

/// AES-256-GCM under a fresh key, and that key with RSA-OAEP (SHA-256): as the example page does it.
fn sealed(public_key: &str, plaintext: &str) -> String {
    let base64 = base64::engine::general_purpose::STANDARD;
    let spki = base64.decode(public_key).expect("base64");
    let (mut aes, mut nonce) = ([0; 32], [0; 12]);
    aws_lc_rs::rand::fill(&mut aes).expect("random");
    aws_lc_rs::rand::fill(&mut nonce).expect("random");
    let key = UnboundKey::new(&AES_256_GCM, &aes).map(LessSafeKey::new).expect("a key");
    let mut ciphertext = plaintext.as_bytes().to_vec();
    let nonce_of_key = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(nonce_of_key, Aad::empty(), &mut ciphertext).expect("sealed");
    let rsa = PublicEncryptingKey::from_der(&spki).expect("a key");
    let rsa = OaepPublicEncryptingKey::new(rsa).expect("for encrypting");
    let mut encrypted = vec![0; rsa.ciphertext_size()];
    let encrypted = rsa.encrypt(&OAEP_SHA256_MGF1SHA256, &aes, &mut encrypted, None).expect("encrypted");
    let envelope = serde_json::json!({
        "encryptedKey": base64.encode(encrypted),
        "nonce": base64.encode(nonce),
        "ciphertext": base64.encode(&ciphertext),
    });
    base64.encode(envelope.to_string())
}

/// Waits until a payment and its movements are settled, by the resolver's work alone.
pub async fn settled(gateway: &Gateway, id: PaymentId) -> Payment {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let payment = gateway.payment(&caller(), id).await.expect("the payment is there");
        let open = payment.state.is_undecided()
            || payment.movements.iter().any(|movement| movement.status.is_unfinished());
        if !open {
            return *payment;
        }
        assert!(tokio::time::Instant::now() < deadline, "nobody settles {payment:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until a session's payment is settled: one that only saves a card shows its own in no other way.
pub async fn settled_session(gateway: &Gateway, id: SessionId) -> Payment {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let payment = gateway.session(&caller(), id).await.expect("the session is there").payment;
        if !payment.state.is_undecided() {
            return *payment;
        }
        assert!(tokio::time::Instant::now() < deadline, "nobody settles {payment:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until everything that was arranged at a simulator has struck.
pub async fn struck(simulator: &simulator::Simulator) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while simulator.waiting_faults() > 0 {
        assert!(tokio::time::Instant::now() < deadline, "nobody asked {}", simulator.name());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Waits until a session's payment has the card that was saved with it. Some providers tell of it only
/// some time after the payment.
pub async fn with_card(gateway: &Gateway, id: SessionId) -> Payment {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let payment = gateway.session(&caller(), id).await.expect("the session is there").payment;
        if !payment.saved_tokens.is_empty() {
            return *payment;
        }
        assert!(tokio::time::Instant::now() < deadline, "no card of {payment:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A directory that goes away with the value.
pub fn directory() -> (tempfile::TempDir, PathBuf) {
    let held = tempfile::tempdir().expect("a temporary directory");
    let path = held.path().join("data");
    (held, path)
}
