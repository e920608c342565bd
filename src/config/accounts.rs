//! Accounts: the adapter with its settings, what it is used for, and how it talks to its provider.

use std::time::Duration;

use celes::Country;
use url::Url;

use super::reader::Table;
use super::{LONGEST, Webhooks, check_address, check_name};
use crate::domain::ids::{AccountName, MerchantName};
use crate::domain::money::Currency;
use crate::engine::accounts::{Account, Rules};
use crate::providers::registry;
use crate::providers::settings::Settings;
use crate::world::Line;

pub(super) fn accounts(
    table: &Table<'_>,
    merchants: &[MerchantName],
    webhooks: Option<&Webhooks>,
) -> (Vec<Account>, Vec<(AccountName, Line)>) {
    let mut accounts = Vec::new();
    let mut lines = Vec::new();
    for (name, entry) in table.tables("accounts") {
        check_name(table, &format!("accounts.{name}"), &name);
        let mut rules = rules(&entry, merchants);
        if rules.notify_url.is_none() {
            rules.notify_url = webhooks.map(|webhooks| webhooks.address_of(&name));
        }
        let line = line(&entry);
        let priority = entry.integer_or("priority", 100, 0, 1000);
        let provider = entry.text("provider");
        let settings_table = entry.table("settings");
        let settings = Settings::new(settings_table.settings());
        let built = match registry::find(&provider) {
            Some(known) => known.account(settings).map_err(|mistakes| {
                for mistake in mistakes {
                    settings_table.mistake(&mistake.name, mistake.problem);
                }
            }),
            None => {
                let known: Vec<&str> = registry::PROVIDERS.iter().map(|entry| entry.profile.name).collect();
                entry.mistake("provider", format!("must be one of {}", known.join(", ")));
                Err(())
            }
        };
        entry.finish();
        let name = AccountName(name);
        lines.push((name.clone(), line));
        if let Ok(provider) = built {
            accounts.push((priority, Account::new(name, provider, rules)));
        }
    }
    if lines.is_empty() {
        table.mistake("accounts", "at least one is required");
    }
    accounts.sort_by_key(|(priority, _)| *priority);
    (accounts.into_iter().map(|(_, account)| account).collect(), lines)
}

fn rules(table: &Table<'_>, merchants: &[MerchantName]) -> Rules {
    let allowed: Vec<MerchantName> = table.texts("merchants").into_iter().map(MerchantName).collect();
    if allowed.is_empty() {
        table.mistake("merchants", "at least one is required");
    }
    for merchant in &allowed {
        if !merchants.contains(merchant) {
            table.mistake("merchants", format!("{merchant} is not among the merchants"));
        }
    }
    let currencies = table.texts("currencies");
    for currency in &currencies {
        if Currency::parse(currency).is_err() {
            table.mistake("currencies", format!("{currency} is not an active ISO 4217 code"));
        }
    }
    let countries = table.texts("countries");
    for country in &countries {
        let capital = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        if !capital || Country::from_alpha2(country).is_err() {
            table.mistake("countries", format!("{country} is not an ISO 3166-1 alpha-2 code"));
        }
    }
    let notify_url = table.text_maybe("notify_url");
    if let Some(url) = &notify_url {
        check_address(table, "notify_url", url, &["http", "https"]);
    }
    let card_data = table.text_or("card_data", "refuse");
    if !["refuse", "pass-through"].contains(&card_data.as_str()) {
        table.mistake("card_data", "must be refuse or pass-through");
    }
    Rules {
        merchants: allowed,
        currencies,
        countries,
        plain_cards: card_data == "pass-through",
        absence_grace: table.milliseconds_or("absence_grace_ms", Duration::from_secs(600), LONGEST),
        notify_url,
        test: table.flag_or("test", false),
        recurring_per_second: u32::try_from(table.integer_or("recurring_per_second", 100, 0, 100_000))
            .unwrap_or_default(),
    }
}

fn line(table: &Table<'_>) -> Line {
    let default = Line::default();
    let proxy = table.text_maybe("proxy");
    // Its credentials, unlike those of other servers, have no other place.
    let scheme = |proxy: &str| Url::parse(proxy).map(|url| url.scheme().to_owned());
    match proxy.as_deref().map(scheme) {
        None => {}
        Some(Ok(scheme)) if ["http", "https"].contains(&scheme.as_str()) => {}
        Some(Ok(_)) => table.mistake("proxy", "must begin with http:// or https://"),
        Some(Err(_)) => table.mistake("proxy", "is not an address"),
    }
    Line {
        connect_timeout: table.milliseconds_or("connect_timeout_ms", default.connect_timeout, LONGEST),
        total_timeout: table.milliseconds_or("total_timeout_ms", default.total_timeout, LONGEST),
        proxy,
        idle_connections_max: table.count_or("idle_connections_max", default.idle_connections_max, 1, 10_000),
    }
}
