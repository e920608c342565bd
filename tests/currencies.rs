//! Every currency that a provider takes, through its wire form and back: whatever is charged, the
//! provider's own books have exactly that many minor units of that currency, and what is beyond its
//! bounds is refused before anything is sent.

#![cfg(feature = "simulator")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use support::*;
use tokio::runtime::Runtime;
use turnpike::domain::ids::TokenId;
use turnpike::domain::money::{Currency, Money};
use turnpike::domain::order::CaptureMode;
use turnpike::domain::payment::PaymentState;
use turnpike::engine::commands::ChargeToken;
use turnpike::engine::error::Error;
use turnpike::engine::gateway::Gateway;
use turnpike::simulator::Simulators;

/// Amounts tried in each currency.
const AMOUNTS: u32 = 5;
/// The greatest amount that is tried where no bound is published: nine million units of most currencies.
const GREATEST: i64 = 900_000_000;

/// The provider's own units whose last six digits begin so are test amounts of the simulators: they ask
/// for an outcome of the provider's table by its number, and are no plain charges.
const TEST_AMOUNTS: i64 = 99;

/// Where a provider counts a currency in other units than ISO 4217 does: its own units have so many
/// decimal digits (beGateway's dossier, section 11). Its books are in those units.
const OTHER_DIGITS: &[(&str, &str, u32)] = &[
    ("begateway", "CVE", 0),
    ("begateway", "IDR", 0),
    ("begateway", "IQD", 0),
    ("begateway", "IRR", 0),
    ("begateway", "KPW", 0),
    ("begateway", "LAK", 0),
    ("begateway", "LBP", 0),
    ("begateway", "MMK", 0),
    ("begateway", "MOP", 1),
    ("begateway", "UGX", 2),
];

/// The least amount that both count whole, in our minor units, and how many minor units one of the
/// provider's is in ten thousandths.
fn units(provider: Provider, currency: Currency) -> (i64, i64) {
    let theirs = OTHER_DIGITS
        .iter()
        .find(|(name, code, _)| *name == provider.name && *code == currency.code())
        .map_or(currency.exponent(), |(_, _, digits)| *digits);
    let worth = 10_i64.pow(4 + currency.exponent() - theirs);
    (provider.step.max(worth / 10_000), worth)
}

/// Whether a charge of so many of the provider's own units is a plain one to the simulators.
fn is_plain(theirs: i64) -> bool {
    theirs % 1_000_000 / 10_000 != TEST_AMOUNTS
}

/// What an account takes: its currencies and the bounds of its provider.
struct Taken {
    currencies: Vec<Currency>,
    least: i64,
    greatest: i64,
}

struct House {
    runtime: Runtime,
    simulators: Simulators,
    gateway: Gateway,
    taken: Vec<Taken>,
    _held: tempfile::TempDir,
}

fn house() -> House {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let (simulators, gateway, taken, held) = runtime.block_on(async {
        let simulators = simulators().await;
        let (held, path) = directory();
        let config = configuration(&simulators, &path);
        let taken = PROVIDERS.iter().map(|provider| {
            let account = config.accounts.iter().find(|account| account.name.0 == provider.account);
            let account = account.expect("a development account");
            let profile = account.profile();
            Taken {
                currencies: Currency::all().filter(|currency| account.takes(*currency)).collect(),
                least: profile.amount_minor_min,
                greatest: profile.amount_minor_max,
            }
        });
        let taken = taken.collect();
        let (accounts, network) = outside(config);
        let gateway = engine(Arc::new(store(&path)), Arc::new(network), accounts).await;
        (simulators, gateway, taken, held)
    });
    House { runtime, simulators, gateway, taken, _held: held }
}

impl House {
    fn saved(&self, provider: Provider) -> TokenId {
        let prefix = format!("currencies-{}", provider.name);
        let teller = Teller { gateway: &self.gateway, provider, prefix };
        self.runtime.block_on(teller.save_card(&self.simulators))
    }

    fn wish(&self, provider: Provider, token: TokenId, amount: Money) -> ChargeToken {
        let mut wish = charge(provider, token, 1, CaptureMode::Automatic);
        wish.purchase.money = amount;
        wish
    }
}

#[test]
fn every_currency_goes_through_its_wire_form_and_back() {
    let house = house();
    let mut tried = 0;
    for (provider, taken) in PROVIDERS.iter().zip(&house.taken) {
        let token = house.saved(*provider);
        assert!(!taken.currencies.is_empty(), "{} takes nothing", provider.name);
        for currency in &taken.currencies {
            let (step, worth) = units(*provider, *currency);
            let steps = (taken.least + step - 1) / step..=taken.greatest.min(GREATEST) / step;
            let steps = steps.prop_filter("a test amount", |steps| is_plain(steps * step * 10_000 / worth));
            let mut runner =
                TestRunner::new(Cases { cases: AMOUNTS, failure_persistence: None, ..Cases::default() });
            let outcome = runner.run(&steps, |steps| {
                let amount = Money::new(steps * step, *currency).expect("an amount");
                let key = format!("{}-{}-{}", provider.name, currency, amount.minor());
                let wish = house.wish(*provider, token, amount);
                let payment = house.runtime.block_on(async {
                    let charged = house.gateway.charge(&caller(), ask(&key, wish), None).await;
                    settled(&house.gateway, charged.expect("charged").value.id).await
                });
                prop_assert_eq!(payment.state, PaymentState::Captured, "{:?}", payment);
                let simulator = house.simulators.of(provider.name).expect("simulated");
                let truth = simulator.payment(&payment.reference);
                prop_assert_eq!(truth.totals.captured * worth, amount.minor() * 10_000, "{}", amount);
                let lines = simulator.ledger(Some(&payment.reference));
                prop_assert!(lines.iter().all(|line| line.currency == currency.code()), "{:?}", lines);
                Ok(())
            });
            outcome.unwrap_or_else(|error| panic!("{} {currency}: {error}", provider.name));
            tried += 1;
        }
    }
    println!("{tried} currencies");
    assert!(tried > 150, "only {tried}");
}

#[test]
fn what_is_beyond_the_bounds_never_leaves() {
    let house = house();
    for (provider, taken) in PROVIDERS.iter().zip(&house.taken) {
        let token = house.saved(*provider);
        let currency = Currency::parse(provider.currency).expect("a currency");
        let mut wrong = vec![taken.least - provider.step];
        if provider.step > 1 {
            wrong.push(taken.least.max(provider.minor(1_000)) + 1);
        }
        wrong.extend(taken.greatest.checked_add(provider.step).filter(|_| taken.greatest < i64::MAX));
        // Whatever still asks about earlier payments has asked by then.
        house.runtime.block_on(async { tokio::time::sleep(Duration::from_millis(100)).await });
        let simulator = house.simulators.of(provider.name).expect("simulated");
        let before = simulator.ledger_summary();
        for minor in wrong {
            let amount = Money::new(minor.max(0), currency).expect("an amount");
            let wish = house.wish(*provider, token, amount);
            let key = format!("beyond-{}-{minor}", provider.name);
            let answer = house.runtime.block_on(house.gateway.charge(&caller(), ask(&key, wish), None));
            match answer {
                Err(Error::Invalid(mistakes)) => {
                    assert!(mistakes[0].field.starts_with("money."), "{}: {mistakes:?}", provider.name);
                }
                other => panic!("{} {minor}: {other:?}", provider.name),
            }
        }
        assert_eq!(simulator.ledger_summary(), before, "{}", provider.name);
    }
}
