//! A saved card means the same wherever it came from: each provider's way of reporting one becomes a
//! token with what is known of the card, and a token that a caller already holds is taken over and
//! charged like one of our own.

#![cfg(feature = "simulator")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use support::*;
use turnpike::domain::card::{
    CardSummary, FirstPayment, Initiator, MerchantReason, StoredToken, Token, TokenStatus, TokenUses,
};
use turnpike::domain::ids::AccountName;
use turnpike::domain::order::{CaptureMode, Purpose, SessionMode};
use turnpike::domain::payment::PaymentState;
use turnpike::engine::commands::{ConfirmSession, ConfirmWith, ImportToken};
use turnpike::engine::error::Error;
use turnpike::engine::gateway::Gateway;
use turnpike::simulator::Simulators;
use turnpike::simulator::faults::{Fault, Kind};

/// A gateway with a store of its own in front of simulators that may be shared.
struct House {
    gateway: Gateway,
    _held: tempfile::TempDir,
}

async fn house(simulators: &Simulators) -> House {
    let (held, path) = directory();
    let (accounts, network) = outside(configuration(simulators, &path));
    let gateway = engine(Arc::new(store(&path)), Arc::new(network), accounts).await;
    House { gateway, _held: held }
}

async fn saved(house: &House, simulators: &Simulators, provider: Provider) -> Token {
    let teller = Teller { gateway: &house.gateway, provider, prefix: format!("tokens-{}", provider.name) };
    let id = teller.save_card(simulators).await;
    house.gateway.token(&caller(), id).await.expect("the token is there")
}

fn import(provider: Provider, stored: StoredToken) -> ImportToken {
    ImportToken {
        account: AccountName(provider.account.to_owned()),
        stored,
        uses: TokenUses { customer_present: true, recurring: true, unscheduled: true },
        card: CardSummary::default(),
        customer: Some("customer-1".to_owned()),
        metadata: Default::default(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_card_says_what_it_is_and_what_it_may_be_used_for() {
    let simulators = simulators().await;
    let house = house(&simulators).await;
    for provider in PROVIDERS {
        let token = saved(&house, &simulators, *provider).await;
        let name = provider.name;
        assert_eq!(token.status, TokenStatus::Active, "{name}");
        assert_eq!(token.customer.as_deref(), Some("customer-1"), "{name}");
        let last = &provider.card[provider.card.len() - 4..];
        assert_eq!(token.card.last_four.as_deref(), Some(last), "{name}");
        assert!(token.card.brand.is_some(), "{name}: {:?}", token.card);
        assert!(token.uses.unscheduled, "{name}: {:?}", token.uses);
        assert!(token.session.is_some() && token.payment.is_some(), "{name}");
        let shown = format!("{token:?}");
        for value in token.stored.values.values() {
            assert!(!shown.contains(value.expose().as_str()), "{name} shows its token");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_a_caller_holds_is_taken_over_once_and_charged() {
    let simulators = simulators().await;
    let (first, second) = (house(&simulators).await, house(&simulators).await);
    for provider in PROVIDERS {
        let name = provider.name;
        let stored = saved(&first, &simulators, *provider).await.stored;
        let wish = || import(*provider, stored.clone());
        let answer = second
            .gateway
            .import_token(&caller(), ask(&format!("import-{name}"), wish()), None)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let again = second.gateway.import_token(&caller(), ask(&format!("again-{name}"), wish()), None).await;
        assert_eq!(again.expect("the same token").value.id, answer.value.id, "{name}");
        let teller =
            Teller { gateway: &second.gateway, provider: *provider, prefix: format!("imported-{name}") };
        let charged = teller.charge("charge", answer.value.id, 3_300, CaptureMode::Automatic).await;
        let payment = settled(&second.gateway, charged.expect("charges").value.id).await;
        assert_eq!(payment.state, PaymentState::Captured, "{name}: {payment:?}");
        let truth = simulators.of(name).expect("simulated").payment(&payment.reference);
        assert_eq!((truth.successes, truth.totals.captured), (1, provider.minor(3_300)), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_no_charge_could_use_is_refused_with_the_name_of_what_is_missing() {
    let simulators = simulators().await;
    let house = house(&simulators).await;
    for provider in PROVIDERS {
        let name = provider.name;
        let wish = import(*provider, StoredToken::default());
        let refused = house.gateway.import_token(&caller(), ask(&format!("empty-{name}"), wish), None).await;
        match refused {
            Err(Error::Invalid(mistakes)) => {
                let field = &mistakes[0].field;
                assert!(field.starts_with("provider_token."), "{name}: {field}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_charge_of_a_series_teaches_the_token_what_later_ones_must_name() {
    let simulators = simulators().await;
    let house = house(&simulators).await;
    let mut taught = Vec::new();
    for provider in PROVIDERS {
        let name = provider.name;
        let token = saved(&house, &simulators, *provider).await;
        assert!(token.uses.recurring, "{name}: {:?}", token.uses);
        let mut known = vec![token.stored.original.clone()];
        for number in ["first", "second"] {
            let mut wish = charge(*provider, token.id, 2_200, CaptureMode::Automatic);
            wish.initiator =
                Initiator::Merchant { reason: MerchantReason::Recurring, first: FirstPayment::default() };
            let key = format!("{number}-{name}");
            let charged = house.gateway.charge(&caller(), ask(&key, wish), None).await;
            let charged = charged.unwrap_or_else(|error| panic!("{name} {number}: {error:?}"));
            let payment = settled(&house.gateway, charged.value.id).await;
            assert_eq!(payment.state, PaymentState::Captured, "{name} {number}: {payment:?}");
            assert!(payment.saved_tokens.is_empty(), "{name}: a charge saves no card");
            let token = house.gateway.token(&caller(), token.id).await.expect("the token is there");
            known.push(token.stored.original);
        }
        assert_eq!(known[1], known[2], "{name}: a series has one beginning");
        if known[0] != known[1] {
            taught.push(name);
        }
    }
    assert!(!taught.is_empty(), "no provider's series begins with a charge");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_deleted_token_nothing_is_kept_that_opens_the_card() {
    let simulators = simulators().await;
    let house = house(&simulators).await;
    for provider in PROVIDERS {
        let name = provider.name;
        let token = saved(&house, &simulators, *provider).await;
        assert!(!token.stored.values.is_empty(), "{name}");
        let delete = async |key: &str| {
            let ask = ask(&format!("{key}-{name}"), token.id);
            house.gateway.delete_token(&caller(), ask, None).await.expect("deleted").value
        };
        let deleted = delete("delete").await;
        assert_eq!(deleted.status, TokenStatus::Deleted, "{name}");
        assert_eq!(deleted.stored, StoredToken { product: token.stored.product, ..StoredToken::default() });
        let read = house.gateway.token(&caller(), token.id).await.expect("there");
        assert_eq!(read.stored, deleted.stored, "{name}: as it is stored");

        // Another request to delete it finds it deleted, and tells the provider nothing.
        let before = simulators.last_exchange();
        assert_eq!(delete("again").await, deleted, "{name}");
        assert_eq!(simulators.last_exchange(), before, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_a_payment_is_paid_is_not_lost_with_the_answer_about_its_card() {
    let simulators = simulators().await;
    let house = house(&simulators).await;
    let asking: Vec<_> = PROVIDERS.iter().filter(|provider| !provider.asks_for_card.is_empty()).collect();
    assert!(!asking.is_empty());
    for provider in asking {
        let (name, exchange) = (provider.name, provider.asks_for_card);
        let simulator = simulators.of(name).expect("simulated");
        simulator.arrange(Fault { times: 1_000, ..Fault::on(Kind::DropBefore, exchange) }).expect("arranged");
        let wish = session(*provider, provider.minor(500), CaptureMode::Automatic, Purpose::PayAndSave);
        let opened = house.gateway.open_session(&caller(), ask(&format!("silent-{name}"), wish), None).await;
        let opened = opened.expect("opens").value;
        pay(&simulators, *provider, &page(&opened.payment));
        let teller =
            Teller { gateway: &house.gateway, provider: *provider, prefix: format!("silent-{name}") };
        teller.confirm("confirm", opened.session.id).await.expect("reads");
        let paid = settled(&house.gateway, opened.payment.id).await;
        assert_eq!((paid.state, paid.saved_tokens.len()), (PaymentState::Captured, 0), "{name}");

        // The card is asked for again, and comes once somebody answers.
        simulator.clear_faults();
        with_card(&house.gateway, opened.session.id).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_from_before_the_payment_does_not_end_the_wait_for_its_card() {
    let simulators = simulators().await;
    let house = house(&simulators).await;
    let mut played = 0;
    for provider in PROVIDERS.iter().filter(|provider| !provider.asks_for_card.is_empty()) {
        let simulator = simulators.of(provider.name).expect("simulated");
        let mut wish = session(*provider, provider.minor(500), CaptureMode::Automatic, Purpose::PayAndSave);
        wish.order.mode = SessionMode::Api;
        let opened = house.gateway.open_session(&caller(), ask("overtaken-open", wish), None).await;
        let Ok(opened) = opened.map(|answer| answer.value) else { continue };
        // The next exchange is the resolver's, which finds nothing paid and tells so late.
        let late = Duration::from_millis(700);
        simulator.arrange(Fault { delay_ms: 700, ..Fault::new(Kind::Delay) }).expect("arranged");
        struck(simulator).await;
        let unread = Fault { times: 1_000, ..Fault::on(Kind::DropBefore, provider.asks_for_card) };
        simulator.arrange(unread).expect("arranged");
        let teller = Teller { gateway: &house.gateway, provider: *provider, prefix: "overtaken".to_owned() };
        let means = collected(*provider, &opened.payment);
        let paid = teller.confirm_with("confirm", opened.session.id, means).await.expect("confirms");
        assert_eq!(paid.payment.state, PaymentState::Captured, "{}", provider.name);

        tokio::time::sleep(late * 2).await;
        simulator.clear_faults();
        with_card(&house.gateway, opened.session.id).await;
        played += 1;
    }
    assert!(played > 0, "nobody takes cards on the merchant's page and tells of saved ones later");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_card_confirms_sessions_of_its_own_account_alone() {
    let simulators = simulators().await;
    let house = house(&simulators).await;
    let mut played = 0;
    for provider in PROVIDERS {
        let prefix = format!("by-saved-card-{}", provider.name);
        let teller = Teller { gateway: &house.gateway, provider: *provider, prefix };
        let Ok(opened) = teller.open_own_page("open", 700).await else { continue };
        if opened.payment.trace.session.is_some() {
            // The provider's own session wants the CVC as well, which only TLS may bring.
            continue;
        }
        let other = PROVIDERS.iter().find(|other| other.name != provider.name).expect("another one");
        let own_card = saved(&house, &simulators, *provider).await;
        let foreign_card = saved(&house, &simulators, *other).await;
        let confirm = async |name: &str, token| {
            let means = ConfirmWith::Saved { token, cvc: None };
            let wish = ConfirmSession { means, ..returned(opened.session.id) };
            house.gateway.confirm_session(&caller(), ask(name, wish), None).await
        };

        let before = simulators.last_exchange();
        match confirm("foreign", foreign_card.id).await {
            Err(Error::Invalid(wrong)) => assert_eq!(wrong[0].field, "token.token_id"),
            answer => panic!("{answer:?}"),
        }
        assert_eq!(simulators.last_exchange(), before, "nothing is sent");

        let confirmed = confirm("own", own_card.id).await.expect("confirms").value;
        assert_eq!(settled(&house.gateway, confirmed.payment.id).await.state, PaymentState::Captured);
        played += 1;
    }
    assert!(played > 0, "no provider takes a saved card on the merchant's page without its CVC");
}
