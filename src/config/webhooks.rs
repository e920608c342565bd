//! The side door: where providers reach us, and how often they may call.

use std::net::SocketAddr;

use super::callers;
use super::check_address;
use super::reader::Table;
use crate::domain::rate::Rate;
use crate::webhooks::inbound::PATH;

/// How often an account may be called when configuration does not say: far more than a provider sends, and
/// little enough that whoever knows one genuine notice cannot make us ask without end.
const RATE: Rate = Rate { calls_per_second: 500, burst: 1_000 };

/// Where providers reach us.
#[derive(Debug, Clone)]
pub struct Webhooks {
    /// Where the port listens.
    pub listen: SocketAddr,
    /// The address of that port as providers see it, without a slash at its end.
    pub public_url: String,
    /// How often each account may be called.
    pub rate: Rate,
}

impl Webhooks {
    /// The address for the news of an account.
    #[must_use]
    pub fn address_of(&self, account: &str) -> String {
        format!("{}{PATH}{account}", self.public_url)
    }
}

/// `[webhooks]`
pub(super) fn webhooks(table: Table<'_>) -> Option<Webhooks> {
    let listen = table.text_or("listen", "127.0.0.1:50052");
    let address: Option<SocketAddr> = listen.parse().ok();
    if address.is_none() {
        table.mistake("listen", "must be an address and a port, such as 127.0.0.1:50052");
    }
    let public_url = table.text("public_url");
    if !public_url.is_empty() {
        check_address(&table, "public_url", &public_url, &["http", "https"]);
        if public_url.contains(['?', '#']) {
            table.mistake("public_url", "must not have a query");
        }
    }
    let limit = table.table("rate_limit");
    let rate = callers::rate(&limit, Some(RATE));
    if rate.is_none() {
        limit.mistake("calls_per_second", "must be at least 1");
    }
    limit.finish();
    table.finish();
    let public_url = public_url.trim_end_matches('/').to_owned();
    address.map(|listen| Webhooks { listen, public_url, rate: rate.unwrap_or(RATE) })
}
