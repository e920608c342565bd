//! Rules that choose the account of a session whose caller names none.

use celes::Country;

use super::reader::Table;
use crate::domain::ids::{AccountName, MerchantName};
use crate::domain::money::Currency;
use crate::domain::order::Purpose;
use crate::engine::routing::{ROUTE_ACCOUNTS_MAX, ROUTES_MAX, Route, WEIGHT_MAX};

const PURPOSES: &[(&str, Purpose)] = &[
    ("PAY", Purpose::Pay),
    ("PAY_AND_SAVE", Purpose::PayAndSave),
    ("SAVE", Purpose::Save),
    ("USE_SAVED", Purpose::UseSaved),
];

/// A rule and where it stands in the document.
pub(super) type Placed = (Route, (usize, String));

pub(super) fn routes(table: &Table<'_>, merchants: &[MerchantName], accounts: &[AccountName]) -> Vec<Placed> {
    let rules = table.array_of_tables("routes");
    if rules.len() > ROUTES_MAX {
        table.mistake("routes", format!("at most {ROUTES_MAX} rules"));
    }
    rules.into_iter().map(|rule| route(rule, merchants, accounts)).collect()
}

fn route(table: Table<'_>, known_merchants: &[MerchantName], known_accounts: &[AccountName]) -> Placed {
    let place = table.place("accounts");
    let merchants: Vec<MerchantName> = table.texts("merchants").into_iter().map(MerchantName).collect();
    for merchant in merchants.iter().filter(|merchant| !known_merchants.contains(merchant)) {
        table.mistake("merchants", format!("{merchant} is not among the merchants"));
    }
    let mut currencies = Vec::new();
    for code in table.texts("currencies") {
        match Currency::parse(&code) {
            Ok(currency) => currencies.push(currency),
            Err(_) => table.mistake("currencies", format!("{code} is not an active ISO 4217 code")),
        }
    }
    let countries = table.texts("countries");
    for country in &countries {
        if Country::from_alpha2(country).is_err() || country.bytes().any(|byte| byte.is_ascii_lowercase()) {
            table.mistake("countries", format!("{country} is not an ISO 3166-1 alpha-2 code"));
        }
    }
    let mut purposes = Vec::new();
    for word in table.texts("purposes") {
        match PURPOSES.iter().find(|(known, _)| *known == word) {
            Some((_, purpose)) => purposes.push(*purpose),
            None => {
                table.mistake("purposes", format!("{word} is none of PAY, PAY_AND_SAVE, SAVE, USE_SAVED"))
            }
        }
    }
    let accounts = shares(&table, known_accounts);
    table.finish();
    (Route { merchants, currencies, countries, purposes, accounts }, place)
}

fn shares(table: &Table<'_>, known: &[AccountName]) -> Vec<(AccountName, u32)> {
    let mut shares: Vec<(AccountName, u32)> = Vec::new();
    for share in table.array_of_tables("accounts") {
        let name = AccountName(share.text("name"));
        let weight = share.integer_or("weight", 1, 0, i64::from(WEIGHT_MAX));
        if !known.contains(&name) {
            share.mistake("name", format!("{name} is not among the accounts"));
        }
        if shares.iter().any(|(other, _)| *other == name) {
            share.mistake("name", format!("{name} stands in this rule already"));
        }
        share.finish();
        // Bounded by the reading.
        shares.push((name, u32::try_from(weight).unwrap_or(WEIGHT_MAX)));
    }
    if shares.is_empty() || shares.len() > ROUTE_ACCOUNTS_MAX {
        table.mistake("accounts", format!("1 to {ROUTE_ACCOUNTS_MAX} are needed"));
    }
    shares
}
