//! Which account opens a session when the caller names none: the rules of the configuration in their
//! order, then every account by its priority.
//!
//! Only sessions are routed. A token is charged where it lives, and so is a session that offers saved
//! cards. A rule is passed over where none of its accounts could open the session, so a rule never
//! makes a session fail that another account would have opened.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::ids::{AccountName, MerchantName};
use crate::domain::money::Currency;
use crate::domain::order::{CaptureMode, Purpose, SessionMode};
use crate::providers::contract::{Feature, Support};

use super::accounts::{Account, Accounts};

/// Rules that a configuration may have.
pub const ROUTES_MAX: usize = 100;
/// Accounts that a rule may share sessions among.
pub const ROUTE_ACCOUNTS_MAX: usize = 20;
/// The greatest weight of an account in a rule.
pub const WEIGHT_MAX: u32 = 1_000_000;

/// A rule: for whom it is, and which accounts share the sessions.
#[derive(Debug, Clone, Default)]
pub struct Route {
    /// Merchants; empty for all.
    pub merchants: Vec<MerchantName>,
    /// Currencies; empty for all.
    pub currencies: Vec<Currency>,
    /// Customer countries, ISO 3166-1 alpha-2; empty for all. A session whose country is unknown
    /// meets no rule that asks for one.
    pub countries: Vec<String>,
    /// Purposes of sessions; empty for all.
    pub purposes: Vec<Purpose>,
    /// Accounts with their weights: two with 80 and 20 get four sessions and one of five.
    pub accounts: Vec<(AccountName, u32)>,
}

/// What is known of a session before an account is chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    pub merchant: &'a MerchantName,
    pub currency: Currency,
    pub country: Option<&'a str>,
    pub purpose: Purpose,
    pub mode: SessionMode,
    pub capture: CaptureMode,
}

impl Route {
    fn covers(&self, facts: &Facts<'_>) -> bool {
        let among = |all: &[String], one: &str| all.iter().any(|known| known == one);
        (self.merchants.is_empty() || self.merchants.contains(facts.merchant))
            && (self.currencies.is_empty() || self.currencies.contains(&facts.currency))
            && (self.countries.is_empty() || facts.country.is_some_and(|one| among(&self.countries, one)))
            && (self.purposes.is_empty() || self.purposes.contains(&facts.purpose))
    }

    /// One of its accounts that suit, by weight. `lot` is any number, evenly spread.
    fn draw<'a>(
        &self,
        accounts: &'a Accounts,
        lot: u64,
        suits: &impl Fn(&Account) -> bool,
    ) -> Option<&'a Arc<Account>> {
        let known = self.accounts.iter().filter_map(|(name, weight)| Some((accounts.get(name)?, *weight)));
        let suitable: Vec<(&Arc<Account>, u32)> =
            known.filter(|(account, weight)| *weight > 0 && suits(account)).collect();
        let total: u64 = suitable.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut left = lot.checked_rem(total)?;
        for (account, weight) in suitable {
            match left.checked_sub(u64::from(weight)) {
                Some(rest) => left = rest,
                None => return Some(account),
            }
        }
        None
    }
}

/// The account for a session: by the first rule that covers it and has an account that suits, or
/// else the first account that does. `suits` says whether an account can open this very session.
pub(super) fn choose<'a>(
    accounts: &'a Accounts,
    facts: &Facts<'_>,
    lot: u64,
    suits: impl Fn(&Account) -> bool,
) -> Option<&'a Arc<Account>> {
    let suits = |account: &Account| account.serves(facts.merchant) && suits(account);
    let mut rules = accounts.routes().iter().filter(|route| route.covers(facts));
    rules
        .find_map(|route| route.draw(accounts, lot, &suits))
        .or_else(|| accounts.all().find(|account| suits(account)))
}

/// Whether an account could open such a session at all, as far as these facts go.
fn could_open(account: &Account, facts: &Facts<'_>) -> bool {
    let can = |feature| !matches!(account.support(feature), Support::No { .. });
    let purpose = match (facts.mode, facts.purpose) {
        (SessionMode::Redirect, Purpose::Pay) => can(Feature::HostedPay),
        (SessionMode::Redirect, Purpose::PayAndSave) => can(Feature::HostedPayAndSave),
        (SessionMode::Redirect, Purpose::Save) => can(Feature::HostedSave),
        (SessionMode::Redirect, Purpose::UseSaved) => can(Feature::HostedUseSaved),
        (SessionMode::Api, _) => can(Feature::EncryptedCard) || can(Feature::PlainCard),
    };
    let capture = facts.capture == CaptureMode::Automatic
        || facts.purpose == Purpose::Save
        || can(Feature::ManualCapture);
    account.serves(facts.merchant)
        && account.takes(facts.currency)
        && account.is_for(facts.country)
        && purpose
        && capture
}

/// A rule, or an account of one, that no session can ever come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idle {
    /// The rule, counted from 0.
    pub route: usize,
    /// The account; `None` when it is the whole rule.
    pub account: Option<AccountName>,
}

/// Rules and accounts of rules that can never be chosen: because what they ask for excludes what
/// their accounts can do, or because earlier rules always come first. Found by trying every kind of
/// session that the rules and accounts tell apart.
#[must_use]
pub fn idle(accounts: &Accounts) -> Vec<Idle> {
    let routes = accounts.routes();
    let mut reached: BTreeSet<(usize, usize)> = BTreeSet::new();
    for_every_kind(accounts, |facts| {
        for (index, route) in routes.iter().enumerate().filter(|(_, route)| route.covers(facts)) {
            let open: Vec<usize> = (0..route.accounts.len())
                .filter(|place| {
                    let (name, weight) = &route.accounts[*place];
                    *weight > 0 && accounts.get(name).is_some_and(|account| could_open(account, facts))
                })
                .collect();
            if !open.is_empty() {
                reached.extend(open.into_iter().map(|place| (index, place)));
                return;
            }
        }
    });
    let mut idle = Vec::new();
    for (index, route) in routes.iter().enumerate() {
        if !reached.iter().any(|(rule, _)| *rule == index) {
            idle.push(Idle { route: index, account: None });
            continue;
        }
        for (place, (name, _)) in route.accounts.iter().enumerate() {
            if !reached.contains(&(index, place)) {
                idle.push(Idle { route: index, account: Some(name.clone()) });
            }
        }
    }
    idle
}

/// Every kind of session that rules and accounts can tell apart. Countries that nobody names are
/// all alike, so one that is unknown stands for them.
fn for_every_kind(accounts: &Accounts, mut tell: impl FnMut(&Facts<'_>)) {
    let routes = accounts.routes();
    let merchants: BTreeSet<&MerchantName> =
        accounts.all().flat_map(|account| &account.rules.merchants).collect();
    let countries: BTreeSet<&str> = accounts
        .all()
        .flat_map(|account| &account.rules.countries)
        .chain(routes.iter().flat_map(|route| &route.countries))
        .map(String::as_str)
        .collect();
    let countries: Vec<Option<&str>> = countries.into_iter().map(Some).chain([None]).collect();
    const PURPOSES: [Purpose; 4] = [Purpose::Pay, Purpose::PayAndSave, Purpose::Save, Purpose::UseSaved];
    for merchant in merchants {
        for currency in Currency::all() {
            for country in &countries {
                for purpose in PURPOSES {
                    for mode in [SessionMode::Redirect, SessionMode::Api] {
                        for capture in [CaptureMode::Automatic, CaptureMode::Manual] {
                            tell(&Facts { merchant, currency, country: *country, purpose, mode, capture });
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::engine::accounts::Rules;
    use crate::providers::registry;

    /// An account at the provider of that place in the registry.
    fn account(name: &str, provider: usize, currencies: &[&str]) -> Account {
        let entry = &registry::PROVIDERS[provider];
        let rules = Rules {
            merchants: vec![MerchantName("shop".to_owned())],
            currencies: currencies.iter().map(ToString::to_string).collect(),
            countries: Vec::new(),
            plain_cards: false,
            absence_grace: Duration::from_secs(1),
            notify_url: None,
            test: true,
            recurring_per_second: 0,
        };
        let provider = entry.example_account(BTreeMap::new()).expect("the example");
        Account::new(AccountName(name.to_owned()), provider, rules)
    }

    fn accounts(routes: Vec<Route>) -> Accounts {
        Accounts::new(vec![
            account("north", 0, &["NOK"]),
            account("east", 1, &[]),
            account("east-2", 1, &["EUR"]),
        ])
        .routed(routes)
    }

    fn currency(code: &str) -> Currency {
        Currency::parse(code).expect("active")
    }

    fn to(shares: &[(&str, u32)]) -> Vec<(AccountName, u32)> {
        shares.iter().map(|(name, weight)| (AccountName((*name).to_owned()), *weight)).collect()
    }

    fn chosen(accounts: &Accounts, code: &str, country: Option<&str>, lot: u64) -> String {
        let merchant = MerchantName("shop".to_owned());
        let facts = Facts {
            merchant: &merchant,
            currency: currency(code),
            country,
            purpose: Purpose::Pay,
            mode: SessionMode::Redirect,
            capture: CaptureMode::Automatic,
        };
        let chosen = choose(accounts, &facts, lot, |account| could_open(account, &facts));
        chosen.map_or("nobody".to_owned(), |account| account.name.to_string())
    }

    #[test]
    fn weights_share_the_sessions() {
        let euros = Route {
            currencies: vec![currency("EUR")],
            accounts: to(&[("east", 80), ("east-2", 20)]),
            ..Route::default()
        };
        let accounts = accounts(vec![euros]);
        let second = (0..1_000).filter(|lot| chosen(&accounts, "EUR", None, *lot) == "east-2").count();
        assert_eq!(second, 200);
        // What no rule covers goes by the order of the accounts.
        assert_eq!(chosen(&accounts, "NOK", None, 7), "north");
    }

    #[test]
    fn a_rule_whose_accounts_cannot_is_passed_over() {
        let everything = Route { accounts: to(&[("north", 1)]), ..Route::default() };
        let poland =
            Route { countries: vec!["PL".to_owned()], accounts: to(&[("east-2", 1)]), ..Route::default() };
        let accounts = accounts(vec![everything, poland]);
        assert_eq!(chosen(&accounts, "NOK", Some("PL"), 0), "north");
        assert_eq!(chosen(&accounts, "EUR", Some("PL"), 0), "east-2");
        assert_eq!(chosen(&accounts, "EUR", None, 0), "east");
        assert_eq!(chosen(&accounts, "USD", Some("PL"), 0), "east");
    }

    #[test]
    fn rules_that_can_never_match_are_found() {
        let impossible =
            Route { currencies: vec![currency("EUR")], accounts: to(&[("north", 1)]), ..Route::default() };
        let first = Route { accounts: to(&[("east", 1), ("north", 0)]), ..Route::default() };
        let behind =
            Route { currencies: vec![currency("EUR")], accounts: to(&[("east-2", 1)]), ..Route::default() };
        let idle = idle(&accounts(vec![impossible, first, behind]));
        let of = |route, account: Option<&str>| Idle {
            route,
            account: account.map(|name| AccountName(name.to_owned())),
        };
        assert_eq!(idle, [of(0, None), of(1, Some("north")), of(2, None)]);
    }
}
