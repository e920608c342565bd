//! Accounts: one adapter with its credentials, its access token and its breaker.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex as StdMutex;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::domain::ids::{AccountName, MerchantName};
use crate::domain::money::{Currency, Money};
use crate::providers::contract::{AccessToken, Context, Fault, Feature, OperationKind, Profile, Support};
use crate::providers::conversation::AnyProvider;
use crate::world::{Errand, World};

use super::error::Error;
use super::routing::Route;

/// How many exchanges in a row must fail before the breaker opens.
const BREAKER_FAILURES: u32 = 20;
/// How long an open breaker lets nothing through.
const BREAKER_PAUSE: Duration = Duration::from_secs(5);

/// What configuration says about an account beyond its provider's own settings.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The merchants that may use it.
    pub merchants: Vec<MerchantName>,
    /// Currencies that it is used for; empty for all that the provider takes.
    pub currencies: Vec<String>,
    /// Customer countries that it is chosen for; empty for all.
    pub countries: Vec<String>,
    /// Whether card data in clear may pass through.
    pub plain_cards: bool,
    /// How long after sending "no such payment" is not yet believed.
    pub absence_grace: Duration,
    /// Where the provider tells us news, if anywhere.
    pub notify_url: Option<String>,
    /// Whether it is a test account, for display.
    pub test: bool,
    /// Scheduled charges a second; 0 for as many as the lane takes.
    pub recurring_per_second: u32,
}

/// One set of credentials at one provider.
pub struct Account {
    /// Its name in configuration.
    pub name: AccountName,
    /// The adapter, set up for it.
    pub provider: Arc<dyn AnyProvider>,
    /// What configuration says about it.
    pub rules: Rules,
    access: Mutex<Option<AccessToken>>,
    breaker: StdMutex<Breaker>,
}

#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    open_until: Option<Timestamp>,
}

impl Account {
    /// An account that has talked to nobody yet.
    #[must_use]
    pub fn new(name: AccountName, provider: Arc<dyn AnyProvider>, rules: Rules) -> Self {
        Self { name, provider, rules, access: Mutex::new(None), breaker: StdMutex::default() }
    }

    /// What its provider can do.
    #[must_use]
    pub fn profile(&self) -> &'static Profile {
        self.provider.profile()
    }

    /// How far a feature works here.
    #[must_use]
    pub fn support(&self, feature: Feature) -> Support {
        match feature {
            Feature::PlainCard if !self.rules.plain_cards => match self.provider.support(feature) {
                Support::No { instead } => Support::No { instead },
                Support::Yes | Support::Configured(_) => {
                    Support::No { instead: "set card_data = \"pass-through\" for the account" }
                }
            },
            _ => self.provider.support(feature),
        }
    }

    /// Refuses what the account cannot do, before anything is sent.
    ///
    /// # Errors
    /// [`Error::Unsupported`] with what would work instead.
    pub fn require(&self, feature: Feature, what: &str) -> Result<(), Error> {
        match self.support(feature) {
            Support::Yes | Support::Configured(_) => Ok(()),
            Support::No { instead } => Err(Error::Unsupported {
                account: self.name.clone(),
                feature: Some(feature),
                what: what.to_owned(),
                instead: instead.to_owned(),
            }),
        }
    }

    /// Whether a merchant may use it.
    #[must_use]
    pub fn serves(&self, merchant: &MerchantName) -> bool {
        self.rules.merchants.contains(merchant)
    }

    /// Whether it suits an amount and a country.
    #[must_use]
    pub fn suits(&self, money: Money, country: Option<&str>) -> bool {
        self.takes(money.currency()) && self.is_for(country)
    }

    /// Whether it is used for a currency.
    #[must_use]
    pub fn takes(&self, currency: Currency) -> bool {
        let code = currency.code();
        let used = &self.rules.currencies;
        (used.is_empty() || used.iter().any(|known| known == code))
            && self.profile().currencies.is_none_or(|known| known.contains(&code))
    }

    /// Whether it is used for customers of a country; one that is unknown excludes nothing.
    #[must_use]
    pub fn is_for(&self, country: Option<&str>) -> bool {
        let used = &self.rules.countries;
        country.is_none_or(|country| used.is_empty() || used.iter().any(|known| known == country))
    }

    /// A valid access token where the operation needs one, fetched if need be; one fetch at a time,
    /// the others wait for it. Whether it is still valid goes by the time of the merchant who needs it.
    ///
    /// # Errors
    /// The fault of the sign-in. Nothing else was sent then.
    pub(super) async fn access(
        &self,
        operation: OperationKind,
        world: &dyn World,
        merchant: &MerchantName,
    ) -> Result<Option<AccessToken>, Fault> {
        let mut held = self.access.lock().await;
        let now = world.now_of(merchant);
        if let Some(token) = held.as_ref().filter(|token| now < token.renew_at) {
            return Ok(Some(token.clone()));
        }
        let cx = Context { now, entropy: world.entropy(), access: None };
        let Some(request) = self.provider.sign_in(operation, &cx) else { return Ok(None) };
        let fetched = match world.exchange(&self.name, Errand::Repeatable(request)).await {
            Ok(reply) => self.provider.signed_in(&reply, &cx),
            Err(_) => Err(Fault::Unreachable),
        };
        match fetched {
            Ok(token) => {
                *held = Some(token.clone());
                Ok(Some(token))
            }
            // The old one still works for a while: better that than no payments.
            Err(fault @ Fault::Unauthorized { .. }) => {
                *held = None;
                Err(fault)
            }
            Err(fault) => match held.as_ref().filter(|token| now < token.expires_at) {
                Some(token) => Ok(Some(token.clone())),
                None => Err(fault),
            },
        }
    }

    /// Forgets a token that was refused, unless somebody else already fetched a newer one.
    pub(super) async fn forget_access(&self, refused: &AccessToken) {
        let mut held = self.access.lock().await;
        if held.as_ref().is_some_and(|token| token.token == refused.token) {
            *held = None;
        }
    }

    /// Whether something may be sent now.
    ///
    /// # Errors
    /// How long to wait, while the breaker is open.
    pub(super) fn may_send(&self, now: Timestamp) -> Result<(), Duration> {
        let breaker = lock(&self.breaker);
        match breaker.open_until {
            Some(until) if now < until => {
                Err(Duration::try_from(until.duration_since(now)).unwrap_or(BREAKER_PAUSE))
            }
            _ => Ok(()),
        }
    }

    /// Tells the breaker how an exchange went. After the pause one failure opens it again.
    pub(super) fn went(&self, well: bool, now: Timestamp) {
        let mut breaker = lock(&self.breaker);
        if well {
            *breaker = Breaker::default();
            return;
        }
        breaker.failures = breaker.failures.saturating_add(1);
        if breaker.failures >= BREAKER_FAILURES {
            breaker.open_until = now.checked_add(BREAKER_PAUSE).ok();
        }
    }

    /// Whether the provider answers, as far as the last exchanges tell.
    #[must_use]
    pub fn is_reachable(&self) -> bool {
        lock(&self.breaker).open_until.is_none()
    }
}

fn lock(breaker: &StdMutex<Breaker>) -> std::sync::MutexGuard<'_, Breaker> {
    // A panic while holding it cannot leave two counters in a bad state.
    breaker.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// All accounts by name.
#[derive(Default)]
pub struct Accounts {
    by_name: HashMap<AccountName, Arc<Account>>,
    /// In the order of configuration, which is the order of choosing.
    order: Vec<AccountName>,
    routes: Vec<Route>,
}

impl Accounts {
    /// Accounts in the order in which they are to be chosen.
    #[must_use]
    pub fn new(accounts: Vec<Account>) -> Self {
        let mut all = Self::default();
        for account in accounts {
            all.order.push(account.name.clone());
            all.by_name.insert(account.name.clone(), Arc::new(account));
        }
        all
    }

    /// The same with rules for sessions that name no account.
    #[must_use]
    pub fn routed(self, routes: Vec<Route>) -> Self {
        Self { routes, ..self }
    }

    /// The rules, in the order in which they are tried.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Every account.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Account>> {
        self.order.iter().filter_map(|name| self.by_name.get(name))
    }

    /// An account by name, whoever's it is.
    #[must_use]
    pub fn get(&self, name: &AccountName) -> Option<&Arc<Account>> {
        self.by_name.get(name)
    }

    /// An account of a merchant by name.
    #[must_use]
    pub fn of(&self, merchant: &MerchantName, name: &AccountName) -> Option<&Arc<Account>> {
        self.get(name).filter(|account| account.serves(merchant))
    }

    /// The accounts of a merchant.
    pub fn of_merchant<'a>(&'a self, merchant: &'a MerchantName) -> impl Iterator<Item = &'a Arc<Account>> {
        self.all().filter(move |account| account.serves(merchant))
    }
}
