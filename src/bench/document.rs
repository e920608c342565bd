//! The configuration of a measured gateway: the TOML that an operator would write, in front of the
//! stub. The references take their accounts from the same document.

use std::fmt::Write as _;
use std::path::Path;

use aws_lc_rs::digest;

use super::stub::Addresses;
use crate::config::{self, Config, Surroundings};

/// The key that the load calls with. It opens nothing but a gateway that a run started.
pub const API_KEY: &str = "tpk_bench_0123456789abcdef";
/// Whose key it is.
pub const MERCHANT: &str = "bench";
/// 32 bytes in base64, for stores that are thrown away.
const SEALING_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Writes it.
pub fn write(path: &Path, stub: &Addresses) -> anyhow::Result<()> {
    let mut text = format!(
        "[server]\ngrpc = \"127.0.0.1:0\"\ndevelopment = true\n\n\
         [journal]\ndirectory = \"store\"\ncurrent_key = 1\n[journal.keys]\n1 = \"{SEALING_KEY}\"\n\n\
         [merchants.{MERCHANT}]\nkeys = [{{ sha256 = \"{}\" }}]\n",
        hash(API_KEY)
    );
    for (name, address) in &stub.0 {
        write!(
            text,
            "\n[accounts.{name}]\nprovider = \"begateway\"\nmerchants = [\"{MERCHANT}\"]\ntest = true\n\
             recurring_per_second = 0\n\
             connect_timeout_ms = 2000\ntotal_timeout_ms = 15000\n[accounts.{name}.settings]\n\
             shop_id = \"1\"\nsecret_key = \"none\"\ngateway_url = \"http://{address}\"\n\
             checkout_url = \"http://{address}\"\ntest = true\n"
        )?;
    }
    Ok(std::fs::write(path, text)?)
}

/// The account that notices come for, and the key that they come with.
pub const TOLD_ACCOUNT: &str = "told";
/// See [`TOLD_ACCOUNT`].
pub const NOTICE_KEY: &str = "bench-callback-key";

/// Writes one for a gateway that is told: its provider sends a key with every notice and signs nothing, so
/// that as many different notices can be made as are wanted. Nobody is ever asked.
pub fn write_for_notices(path: &Path) -> anyhow::Result<()> {
    let text = format!(
        "[server]\ngrpc = \"127.0.0.1:0\"\ndevelopment = true\n\n\
         [webhooks]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://127.0.0.1\"\n\n\
         [journal]\ndirectory = \"store\"\ncurrent_key = 1\n[journal.keys]\n1 = \"{SEALING_KEY}\"\n\n\
         [merchants.{MERCHANT}]\nkeys = [{{ sha256 = \"{}\" }}]\n\n\
         [accounts.{TOLD_ACCOUNT}]\nprovider = \"pivot\"\nmerchants = [\"{MERCHANT}\"]\ntest = true\n\
         [accounts.{TOLD_ACCOUNT}.settings]\nbase_url = \"http://127.0.0.1:9\"\n\
         merchant_id = \"bench\"\nmerchant_secret = \"none\"\ncallback_api_key = \"{NOTICE_KEY}\"\n\
         default_return_url = \"https://shop.example/return\"\n",
        hash(API_KEY)
    );
    Ok(std::fs::write(path, text)?)
}

/// A notice of [`TOLD_ACCOUNT`]'s provider about a session.
pub fn notice_body(session: &str) -> String {
    serde_json::json!({
        "event": "PAYMENT.PROCESSING",
        "data": {
            "id": session,
            "clientReferenceId": "order-of-somebody-else",
            "status": "PROCESSING",
            "amount": { "value": "29900.00", "currency": "IDR" },
            "createdAt": "2026-11-21T10:00:00.000Z",
            "updatedAt": "2026-11-21T10:00:01.000Z",
            "chargeDetails": [],
        },
    })
    .to_string()
}

/// Reads it again, in the process that it is for.
pub fn read(path: &Path) -> anyhow::Result<Config> {
    let text = std::fs::read_to_string(path)?;
    let surroundings = Surroundings { directory: std::path::PathBuf::new() };
    config::parse(&text, &surroundings).map_err(|mistakes| anyhow::anyhow!("{mistakes:?}"))
}

fn hash(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
