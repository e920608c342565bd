//! The simulators as the front door's sandbox.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::ids::{AccountName, MerchantName};
use crate::rpc::sandbox::{
    CustomerActed, CustomerAction, CustomerPays, Exchange, ExchangeReply, Fault, FaultKind, Refusal, Sandbox,
    WantedExchanges,
};
use crate::simulator::faults::{Fault as Arranged, Kind};
use crate::simulator::{self, CustomerRefusal, Simulator, Simulators};

use super::development::approved_card;

/// The simulators behind a development gateway, by the merchant who plays with them.
#[derive(Default)]
pub struct SimulatorSandbox {
    grounds: BTreeMap<MerchantName, Ground>,
}

/// The simulators of one merchant.
struct Ground {
    simulators: Arc<Simulators>,
    /// Which provider each account is at.
    providers: BTreeMap<AccountName, String>,
}

impl SimulatorSandbox {
    /// The same with running simulators for a merchant, and which provider each of its accounts is at.
    #[must_use]
    pub fn with(
        mut self,
        merchant: MerchantName,
        simulators: Arc<Simulators>,
        providers: BTreeMap<AccountName, String>,
    ) -> Self {
        self.grounds.insert(merchant, Ground { simulators, providers });
        self
    }
}

impl Ground {
    /// The simulators that an account or provider stands for; all when neither is given.
    fn chosen(&self, account: Option<&AccountName>, provider: Option<&str>) -> Vec<&Simulator> {
        let by_account = account.map(|account| self.providers.get(account).map_or("", String::as_str));
        self.simulators
            .all()
            .filter(|simulator| by_account.is_none_or(|name| name == simulator.name()))
            .filter(|simulator| provider.is_none_or(|name| name == simulator.name()))
            .collect()
    }

    fn accounts_at(&self, provider: &str) -> Option<AccountName> {
        let mut accounts = self.providers.iter().filter(|(_, at)| *at == provider);
        match (accounts.next(), accounts.next()) {
            // With two accounts at one provider nobody can tell which of them it was.
            (Some((account, _)), None) => Some(account.clone()),
            _ => None,
        }
    }
}

#[tonic::async_trait]
impl Sandbox for SimulatorSandbox {
    async fn arrange(&self, merchant: &MerchantName, fault: Fault) -> Result<u32, Refusal> {
        let arranged = arranged(&fault);
        let ground = self.grounds.get(merchant);
        let chosen = ground.map(|ground| ground.chosen(fault.account.as_ref(), fault.provider.as_deref()));
        let chosen = chosen.unwrap_or_default();
        if chosen.is_empty() {
            return Err(Refusal::Impossible("there is no simulator of that provider".to_owned()));
        }
        for simulator in &chosen {
            simulator.arrange(arranged.clone()).map_err(Refusal::Impossible)?;
        }
        Ok(u32::try_from(chosen.len()).unwrap_or(u32::MAX))
    }

    async fn clear(&self, merchant: &MerchantName, account: Option<AccountName>) -> u32 {
        let ground = self.grounds.get(merchant);
        for simulator in ground.into_iter().flat_map(|ground| ground.chosen(account.as_ref(), None)) {
            simulator.clear_faults();
        }
        0
    }

    async fn customer(
        &self,
        merchant: &MerchantName,
        page: &str,
        action: CustomerAction,
    ) -> Result<CustomerActed, Refusal> {
        let ground = self.grounds.get(merchant).ok_or(Refusal::NoSuchPage)?;
        let mut simulators = ground.simulators.all();
        let simulator = simulators.find(|simulator| page.starts_with(simulator.base_url()));
        let simulator = simulator.ok_or(Refusal::NoSuchPage)?;
        let done = match action {
            CustomerAction::Pay(how) => pays(simulator, page, how),
            CustomerAction::Cancel => simulator.customer(page, &simulator::CustomerAction::Cancel),
            CustomerAction::Expire => simulator.customer(page, &simulator::CustomerAction::Expire),
            CustomerAction::Abandon { after_paying: false } => {
                simulator.customer(page, &simulator::CustomerAction::Abandon)
            }
            CustomerAction::Abandon { after_paying: true } => {
                let how = CustomerPays {
                    card_number: None,
                    expiry_month: None,
                    expiry_year: None,
                    cvc: None,
                    save_card: false,
                    passes_challenge: true,
                };
                // Who closes the browser never follows the address back.
                pays(simulator, page, how)
                    .map(|outcome| simulator::CustomerOutcome { return_url: None, ..outcome })
            }
        };
        let outcome = done.map_err(|refusal| match refusal {
            CustomerRefusal::Forbidden(why) => Refusal::NotNow(why),
            CustomerRefusal::Typed(why) => Refusal::Impossible(why),
        })?;
        Ok(CustomerActed { return_url: outcome.return_url, summary: outcome.status })
    }

    async fn exchanges(&self, merchant: &MerchantName, wanted: WantedExchanges) -> (Vec<Exchange>, u64) {
        let Some(ground) = self.grounds.get(merchant) else { return (Vec::new(), 0) };
        // Read first: everything up to here is in the logs, and what comes while they are read one
        // after the other is for the next look.
        let highest = ground.simulators.last_exchange();
        let filter = simulator::exchanges::Filter {
            since: wanted.after,
            operation: wanted.operation.clone(),
            reference: None,
        };
        let mut found = Vec::new();
        for simulator in ground.chosen(wanted.account.as_ref(), wanted.provider.as_deref()) {
            let shown = simulator.exchanges(&filter);
            let until = shown.into_iter().filter(|exchange| exchange.sequence <= highest);
            found.extend(until.map(|exchange| ground.shown(simulator.name(), exchange)));
        }
        found.sort_by_key(|exchange| exchange.sequence);
        found.truncate(wanted.limit);
        (found, highest)
    }
}

impl Ground {
    fn shown(&self, provider: &str, exchange: simulator::exchanges::Exchange) -> Exchange {
        let (method, url) = exchange.request.line.split_once(' ').unwrap_or(("", ""));
        Exchange {
            sequence: exchange.sequence,
            at: exchange.at,
            inbound: false,
            provider: provider.to_owned(),
            account: self.accounts_at(provider),
            operation: exchange.operation.to_owned(),
            reference: exchange.reference,
            method: method.to_owned(),
            url: url.to_owned(),
            headers: exchange.request.headers,
            body: text(&exchange.request.body),
            reply: exchange.answer.map(|answer| ExchangeReply {
                status: exchange.status.unwrap_or_default(),
                headers: answer.headers,
                body: text(&answer.body),
            }),
            fault: exchange.fault.and_then(|kind| {
                serde_json::to_value(kind).ok().and_then(|word| word.as_str().map(str::to_owned))
            }),
        }
    }
}

fn text(body: &serde_json::Value) -> String {
    match body {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        json => json.to_string(),
    }
}

/// Pays with the given card; without one, with the saved card that the page offers, or else with
/// a test card that the provider approves.
fn pays(simulator: &Simulator, page: &str, how: CustomerPays) -> simulator::contract::CustomerResult {
    let year = how.expiry_year.unwrap_or(2035);
    let payment = |card: Option<String>| {
        simulator::CustomerAction::Pay(simulator::Payment {
            card,
            expiry: Some(format!("{:02}/{year}", how.expiry_month.unwrap_or(12))),
            cvc: Some(how.cvc.clone().unwrap_or_else(|| "123".to_owned())),
            save: how.save_card,
            three_d_secure: if how.passes_challenge {
                simulator::ThreeDSecure::Pass
            } else {
                simulator::ThreeDSecure::Fail
            },
            ..simulator::Payment::default()
        })
    };
    match how.card_number.clone() {
        Some(card) => simulator.customer(page, &payment(Some(card))),
        None => simulator.customer(page, &payment(None)).or_else(|_| {
            simulator.customer(page, &payment(approved_card(simulator.name()).map(str::to_owned)))
        }),
    }
}

fn arranged(fault: &Fault) -> Arranged {
    let kind = match fault.kind {
        FaultKind::RequestLost => Kind::DropBefore,
        FaultKind::ReplyLost => Kind::DropAfter,
        FaultKind::ReplyCut => Kind::ResetMidBody,
        FaultKind::Late => Kind::Delay,
        FaultKind::CarriedOutLate => Kind::DelayBefore,
        FaultKind::HttpStatus => Kind::Error5xx,
        FaultKind::HttpStatusAfter => Kind::Error5xxAfter,
        FaultKind::HtmlPage => Kind::HtmlError,
        FaultKind::Garbled => Kind::Garbage,
        FaultKind::UnknownStatus => Kind::UnknownStatus,
        FaultKind::WrongAmount => Kind::WrongAmount,
        FaultKind::WrongCurrency => Kind::WrongCurrency,
        FaultKind::WrongReference => Kind::WrongReference,
        FaultKind::Throttled => Kind::Throttle,
    };
    let mut arranged = Arranged::new(kind);
    arranged.operation.clone_from(&fault.operation);
    arranged.skip = fault.skip;
    arranged.times = fault.times;
    if !fault.delay.is_zero() {
        arranged.delay_ms = u64::try_from(fault.delay.as_millis()).unwrap_or(u64::MAX);
    }
    if fault.http_status != 0 {
        arranged.status = fault.http_status;
    }
    arranged
}
