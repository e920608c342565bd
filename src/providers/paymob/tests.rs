//! Rules with teeth: the state algorithm, references, money on the wire, sign-in, settings.

use std::collections::BTreeMap;

use super::account::Account;
use crate::providers::settings::{Setting, Settings};

pub(super) fn settings(changes: &[(&str, Setting)]) -> Settings {
    let mut values: BTreeMap<String, Setting> = super::EXAMPLE
        .iter()
        .map(|(name, value)| {
            let value = match *value {
                "true" => Setting::Flag(true),
                text => Setting::Text(text.to_owned()),
            };
            ((*name).to_owned(), value)
        })
        .collect();
    values.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Settings::new(values)
}

pub(super) fn account(changes: &[(&str, Setting)]) -> Account {
    let settings = settings(changes);
    let account = Account::read(&settings);
    settings.finish().expect("settings without mistakes");
    account
}

mod money {
    use std::sync::Arc;

    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::super::transaction::Transaction;
    use super::account;
    use crate::domain::money::{Currency, Money};
    use crate::domain::outcome::Asked;
    use crate::providers::contract::{AccessToken, Context, Fault, Operation, OperationKind};
    use crate::providers::conversation::{AnyProvider, Turn};
    use crate::providers::registry;
    use crate::providers::sample::{self, Overrides};

    fn begin(asked: &Asked) -> Result<Value, Fault> {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().expect("a time");
        let access = AccessToken { token: "access".into(), renew_at: now, expires_at: now };
        let cx = Context { now, entropy: [7; 32], access: Some(&access) };
        let provider: Arc<dyn AnyProvider> = registry::find("paymob")
            .expect("registered")
            .example_account(Default::default())
            .expect("the example");
        let operation = sample::operation(OperationKind::Charge, asked, &Overrides::default(), now);
        assert!(matches!(operation, Operation::Charge(_)));
        match provider.begin(operation, &cx)? {
            Turn::Ask { request, .. } => {
                let body = request.body.expect("a body");
                Ok(serde_json::from_slice(body.expose()).expect("JSON"))
            }
            Turn::Done(outcome) => panic!("nothing was asked: {outcome:?}"),
        }
    }

    /// Out as a whole number of minor units, and back in as the same amount, whatever the exponent.
    #[test]
    fn every_currency_and_amount_comes_back_as_it_went() {
        let account = account(&[]);
        let amounts = [1, 5, 99, 100, 12_345, 1_000_000_007, i64::MAX];
        for currency in Currency::all() {
            for minor in amounts {
                let money = Money::new(minor, currency).expect("an amount");
                let sent = begin(&Asked { money, reference: "pay1".to_owned() }).expect("sent");
                assert_eq!(sent["amount"].as_i64(), Some(minor), "{currency}");
                assert_eq!(sent["items"][0]["amount"].as_i64(), Some(minor));
                for amount in [json!(minor), json!(minor.to_string())] {
                    let body = json!({ "id": 1, "success": true, "amount_cents": amount, "currency": sent["currency"] });
                    let seen = Transaction::read(&body, &account).expect("a transaction");
                    assert_eq!(seen.money, Some(money), "{currency} {minor}");
                }
            }
        }
        let omr = Currency::parse("OMR").expect("OMR");
        let money = Money::from_major("12.345", omr).expect("an amount");
        assert_eq!(begin(&Asked { money, reference: "pay1".to_owned() }).expect("sent")["amount"], 12_345);
    }

    #[test]
    fn nothing_is_no_price_and_fractions_are_no_amounts() {
        let egp = Currency::parse("EGP").expect("EGP");
        let asked = Asked { money: Money::zero(egp), reference: "pay1".to_owned() };
        assert!(matches!(begin(&asked), Err(Fault::AmountOutOfBounds { .. })));
        for amount in [json!(100.5), json!(1e3), json!("100.00"), json!(-1), json!("x")] {
            let body = json!({ "id": 1, "success": true, "amount_cents": amount, "currency": "EGP" });
            let read = Transaction::read(&body, &account(&[]));
            assert!(matches!(read, Err(Fault::Unintelligible { .. })), "{body}");
        }
    }
}

mod set_up {
    use super::*;
    use crate::providers::contract::{Context, Feature, OperationKind, Provider as _, Support};

    fn mistakes(changes: &[(&str, Setting)]) -> Vec<String> {
        let settings = settings(changes);
        Account::read(&settings);
        settings.finish().err().unwrap_or_default().into_iter().map(|error| error.name).collect()
    }

    #[test]
    fn regions_give_hosts_and_flows() {
        for (region, host) in [
            ("egypt", "https://accept.paymob.com"),
            ("pakistan", "https://pakistan.paymob.com"),
            ("uae", "https://uae.paymob.com"),
            ("saudi_arabia", "https://ksa.paymob.com"),
            ("oman", "https://oman.paymob.com"),
        ] {
            let account = account(&[("region", Setting::Text(region.to_owned()))]);
            assert_eq!(account.base_url, host);
            assert_eq!(account.flow == super::super::account::Flow::Accept, region == "pakistan");
        }
        let base = Setting::Text("https://proxy.example/paymob/".to_owned());
        assert_eq!(account(&[("base_url", base)]).base_url, "https://proxy.example/paymob");
        assert_eq!(mistakes(&[("region", Setting::Text("egipt".to_owned()))]), ["region"]);
    }

    #[test]
    fn keys_of_the_other_mode_and_ids_that_are_none_are_mistakes() {
        assert_eq!(mistakes(&[("secret_key", Setting::Text("egy_sk_live_x".to_owned()))]), ["secret_key"]);
        assert_eq!(mistakes(&[("integration_moto", Setting::Text("card".to_owned()))]), ["integration_moto"]);
        assert_eq!(mistakes(&[("integration_moto", Setting::Integer(0))]), ["integration_moto"]);
        assert_eq!(
            mistakes(&[("required_fields", Setting::List(vec!["shoe".to_owned()]))]),
            ["required_fields"]
        );
    }

    #[test]
    fn only_what_asks_with_the_api_key_signs_in() {
        let settings = settings(&[]);
        let paymob = super::super::Paymob { account: Account::read(&settings) };
        let cx = Context { now: jiff::Timestamp::UNIX_EPOCH, entropy: [0; 32], access: None };
        for (kind, name) in OperationKind::NAMES {
            let without = ["confirm_session", "cancel_session", "capture", "void", "refund", "delete_token"];
            assert_eq!(paymob.sign_in(*kind, &cx).is_some(), !without.contains(name), "{name}");
        }
        assert_eq!(paymob.support(Feature::ChargeRecurring), Support::Yes);
    }

    #[test]
    fn features_follow_the_ids() {
        let mut values = super::super::EXAMPLE.iter().filter(|(name, _)| !name.starts_with("integration"));
        let settings = Settings::new(
            values
                .by_ref()
                .map(|(name, value)| {
                    let value = if *value == "true" {
                        Setting::Flag(true)
                    } else {
                        Setting::Text((*value).to_owned())
                    };
                    ((*name).to_owned(), value)
                })
                .collect(),
        );
        let paymob = super::super::Paymob { account: Account::read(&settings) };
        for feature in [Feature::ChargeRecurring, Feature::ManualCapture, Feature::HostedSave] {
            assert!(
                matches!(paymob.support(feature), Support::Configured(how) if how.contains("integration_"))
            );
        }
    }

    #[test]
    fn every_feature_has_its_row_in_order() {
        let rows: Vec<Feature> = super::super::PROFILE.capabilities.iter().map(|row| row.feature).collect();
        let all: Vec<Feature> = Feature::NAMES.iter().map(|(feature, _)| *feature).collect();
        assert_eq!(rows, all);
    }

    #[test]
    fn redirects_are_believed_from_the_provider_only() {
        let account = account(&[]);
        assert!(
            account.is_own_address("https://accept.paymob.com/x")
                && account.is_own_address("https://ksa.paymob.com")
        );
        for other in
            ["https://accept.paymob.com.evil.test/x", "http://accept.paymob.com/x", "https://shop.test", "x"]
        {
            assert!(!account.is_own_address(other), "{other}");
        }
    }
}
