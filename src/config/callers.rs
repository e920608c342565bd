//! Who may call: merchants, their keys and certificates, and how often each may call.

use std::collections::HashMap;
use std::sync::Arc;

use super::reader::Table;
use super::{check_name, endpoints, recurring};
use crate::domain::delivery::Endpoint;
use crate::domain::dunning::Ladder;
use crate::domain::ids::MerchantName;
use crate::domain::rate::{RATE_MAX, Rate};
use crate::rpc::auth::{Credential, CredentialKind, NAME_MAX};

/// All merchants.
pub(super) struct Merchants {
    pub names: Vec<MerchantName>,
    pub credentials: Vec<Credential>,
    /// When their declined charges are tried again, for those who say so.
    pub ladders: HashMap<MerchantName, Ladder>,
    /// Where their events are sent.
    pub endpoints: Vec<Arc<Endpoint>>,
}

pub(super) fn merchants(table: &Table<'_>, rate: Option<Rate>, development: bool) -> Merchants {
    let mut names = Vec::new();
    let mut sent_to = Vec::new();
    let mut ladders = HashMap::new();
    let mut owners = HashMap::new();
    let mut credentials = Vec::new();
    for (name, merchant) in table.tables("merchants") {
        check_name(table, &format!("merchants.{name}"), &name);
        let merchant_name = MerchantName(name);
        for (list, kind) in [("keys", CredentialKind::ApiKey), ("certificates", CredentialKind::Certificate)]
        {
            for entry in merchant.array_of_tables(list) {
                credentials.push(credential(&merchant_name, kind, rate, &mut owners, entry));
            }
        }
        if !merchant.has("keys") && !merchant.has("certificates") {
            merchant.mistake("keys", "a merchant without keys and certificates cannot call");
        }
        if let Some(ladder) = recurring::ladder(&merchant, "retry_ladder") {
            ladders.insert(merchant_name.clone(), ladder);
        }
        let endpoints = endpoints::endpoints(&merchant_name, &merchant, development);
        sent_to.extend(endpoints.into_iter().map(Arc::new));
        merchant.finish();
        names.push(merchant_name);
    }
    if names.is_empty() {
        table.mistake("merchants", "at least one is required");
    }
    Merchants { names, credentials, ladders, endpoints: sent_to }
}

fn credential(
    merchant: &MerchantName,
    kind: CredentialKind,
    default: Option<Rate>,
    owners: &mut HashMap<(CredentialKind, [u8; 32]), MerchantName>,
    table: Table<'_>,
) -> Credential {
    let sha256 = match unhex(&table.text("sha256")) {
        Some(sha256) => {
            // One of the two would win, and nobody would know which.
            if let Some(owner) = owners.insert((kind, sha256), merchant.clone()) {
                table.mistake("sha256", format!("is given to {owner} already"));
            }
            sha256
        }
        None => {
            table.mistake("sha256", "must be 64 hexadecimal digits");
            [0; 32]
        }
    };
    let mut rpcs = table.texts("rpcs");
    if rpcs.is_empty() {
        rpcs.push("*".to_owned());
    }
    let rate = rate(&table, default);
    let name = credential_name(&table, sha256);
    table.finish();
    Credential { merchant: merchant.clone(), name, kind, sha256, rpcs, rate }
}

/// A credential's own name, or the beginning of its hash, by which it is found in this file again.
fn credential_name(table: &Table<'_>, sha256: [u8; 32]) -> Arc<str> {
    let name = table.text_or("name", "");
    if name.is_empty() {
        return sha256[..4].iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
    }
    if name.len() > NAME_MAX || !name.bytes().all(|b| b.is_ascii_graphic()) {
        table.mistake("name", format!("must be 1 to {NAME_MAX} visible ASCII characters"));
    }
    name.into()
}

pub(super) fn unhex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[place * 2..place * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

/// How often a caller may call. What is not said is as in `default`; zero calls per second lift the
/// limit.
pub(super) fn rate(table: &Table<'_>, default: Option<Rate>) -> Option<Rate> {
    let number = |name: &str, default: u32, min: i64| {
        u32::try_from(table.integer_or(name, default.into(), min, RATE_MAX.into())).unwrap_or(default)
    };
    let of_its_own = table.has("calls_per_second");
    let calls_per_second = number("calls_per_second", default.map_or(0, |rate| rate.calls_per_second), 0);
    let burst = match default.filter(|_| !of_its_own) {
        Some(rate) => rate.burst,
        None => calls_per_second.max(1),
    };
    let burst = number("burst", burst, 1);
    if table.has("burst") && calls_per_second == 0 {
        table.mistake("burst", "means nothing without calls_per_second");
    }
    (calls_per_second > 0).then_some(Rate { calls_per_second, burst })
}
