//! How a command calls a running gateway: where it is, with which key, and how the key travels.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

/// How long connecting may take.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How often a quiet connection is asked for a sign of life, and how long it has to answer.
const KEEPALIVE: Duration = Duration::from_secs(20);
const KEEPALIVE_ANSWER: Duration = Duration::from_secs(10);

/// The gateway to call. The API key comes from --api-key-file or from the variable `TURNPIKE_API_KEY`.
#[derive(Debug, Args)]
pub struct Calling {
    /// Where the gateway listens, such as https://payments.internal:50051. Without a scheme it is http.
    #[arg(long, visible_alias = "target")]
    pub address: String,
    /// A file with the API key.
    #[arg(long)]
    api_key_file: Option<PathBuf>,
    /// The authorities that may have signed the gateway's certificate, PEM; required for https.
    #[arg(long)]
    ca_file: Option<PathBuf>,
    /// Sends the API key in clear to another machine, where something else encrypts the way.
    #[arg(long)]
    plaintext: bool,
}

/// A gateway that is connected.
#[derive(Clone)]
pub struct Called {
    /// The connection.
    pub channel: Channel,
    key: MetadataValue<Ascii>,
}

impl Calling {
    /// Connects. One call may take `call_max`; `None` for streams, which have no end.
    pub async fn connect(&self, call_max: Option<Duration>) -> anyhow::Result<Called> {
        let mut key: MetadataValue<Ascii> =
            self.key()?.trim().parse().context("the API key is not a header's value")?;
        key.set_sensitive(true);
        let scheme = if self.address.contains("://") { "" } else { "http://" };
        let address = format!("{scheme}{}", self.address);
        let endpoint = Endpoint::from_shared(address).context("--address is not an address")?;
        let mut endpoint = endpoint
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_MAX)
            .http2_keep_alive_interval(KEEPALIVE)
            .keep_alive_timeout(KEEPALIVE_ANSWER);
        if let Some(call_max) = call_max {
            endpoint = endpoint.timeout(call_max);
        }
        match (endpoint.uri().scheme_str(), &self.ca_file) {
            (Some("https"), Some(path)) => {
                let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(path)?));
                endpoint = endpoint.tls_config(tls).context("--ca-file")?;
            }
            (Some("https"), None) => anyhow::bail!("an https address needs --ca-file"),
            (Some("http"), _) => {
                let is_near = is_this_machine(endpoint.uri().host().unwrap_or_default());
                anyhow::ensure!(
                    is_near || self.plaintext,
                    "the API key would travel in clear: use https, or say --plaintext"
                );
            }
            _ => anyhow::bail!("--address begins with https:// or http://"),
        }
        let connected = endpoint.connect().await;
        let channel = connected.with_context(|| format!("connecting to {}", self.address))?;
        Ok(Called { channel, key })
    }

    fn key(&self) -> anyhow::Result<String> {
        match &self.api_key_file {
            Some(path) => read(path),
            None => std::env::var("TURNPIKE_API_KEY")
                .context("there is neither --api-key-file nor TURNPIKE_API_KEY"),
        }
    }
}

impl Called {
    /// A request with the key.
    pub fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("x-api-key", self.key.clone());
        request
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_gets_the_key_in_clear() {
        for near in ["localhost", "127.0.0.1", "[::1]", "127.8.8.8"] {
            assert!(is_this_machine(near), "{near}");
        }
        for far in ["payments.internal", "10.0.0.1", "localhost.example", "[fe80::1]", ""] {
            assert!(!is_this_machine(far), "{far}");
        }
    }
}
