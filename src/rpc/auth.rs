//! From a credential to a caller: API keys, and client certificates of mutual TLS.
//!
//! Only hashes are kept, so comparing takes no care about time: whoever knows how much of a hash is
//! right does not know the key. Health may be asked without a credential; reflection may too, where
//! it is served at all, because the contract is public.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use http::{Extensions, HeaderMap};
use jiff::Timestamp;
use tonic::transport::server::{TcpConnectInfo, TlsConnectInfo};

use crate::domain::ids::MerchantName;
use crate::domain::rate::{Bucket, Rate};
use crate::engine::commands::Caller;

/// The package of the services that need a credential.
const PACKAGE: &str = "turnpike.v1.";
/// Services that need none.
const OPEN: [&str; 2] = ["grpc.health.v1.Health/", "grpc.reflection."];

/// The characters of a credential's name.
pub const NAME_MAX: usize = 64;

/// What opens the door, for whom, and how far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Whose it is.
    pub merchant: MerchantName,
    /// What it is called where somebody asks who asked; up to [`NAME_MAX`] characters.
    pub name: Arc<str>,
    /// What kind it is.
    pub kind: CredentialKind,
    /// SHA-256 of the API key's text, or of the certificate's DER form.
    pub sha256: [u8; 32],
    /// RPCs that it may call: `*`, `PaymentService/*`, `PaymentService/GetPayment`.
    pub rpcs: Vec<String>,
    /// How often it may call; `None` for as often as it likes.
    pub rate: Option<Rate>,
}

/// Kinds of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CredentialKind {
    /// A text in the metadata: `authorization: Bearer …` or `x-api-key: …`.
    ApiKey,
    /// The certificate with which the client made its TLS connection.
    Certificate,
}

/// Why somebody may not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// No credential at all.
    Missing,
    /// One that is not known.
    Unknown,
    /// A known one, for other RPCs.
    NotPermitted,
    /// A known one, over its rate.
    TooOften {
        /// Its rate.
        calls_per_second: u32,
        /// When it may come again.
        wait: Duration,
    },
}

/// All who may come in.
pub struct Doorkeeper {
    /// As many as are configured, and so as many buckets.
    known: HashMap<(CredentialKind, [u8; 32]), Identity>,
    development: bool,
}

struct Identity {
    merchant: MerchantName,
    name: Arc<str>,
    rpcs: Vec<String>,
    bucket: Option<Bucket>,
}

impl Doorkeeper {
    /// Knows these credentials. In development, a process on the same machine is trusted as if it
    /// had come over TLS.
    pub fn new(credentials: &[Credential], development: bool) -> Self {
        let known = credentials.iter().map(|credential| {
            let Credential { merchant, name, kind, sha256, rpcs, rate } = credential.clone();
            ((kind, sha256), Identity { merchant, name, rpcs, bucket: rate.map(Bucket::new) })
        });
        Self { known: known.collect(), development }
    }

    /// Who calls. `None` for services that are open to all. The time is only asked for where a rate
    /// is limited, and a call that is let in counts.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn caller(
        &self,
        path: &str,
        headers: &HeaderMap,
        extensions: &Extensions,
        now: impl FnOnce() -> Timestamp,
    ) -> Result<Option<Caller>, Refused> {
        let rpc = path.strip_prefix('/').unwrap_or(path);
        if OPEN.iter().any(|open| rpc.starts_with(open)) {
            return Ok(None);
        }
        let peer = Peer::of(extensions);
        let presented = match api_key(headers) {
            Some(key) => Some((CredentialKind::ApiKey, key)),
            None => peer.certificate.map(|hash| (CredentialKind::Certificate, hash)),
        };
        let identity = self.known.get(&presented.ok_or(Refused::Missing)?).ok_or(Refused::Unknown)?;
        let short = rpc.strip_prefix(PACKAGE).unwrap_or(rpc);
        if !identity.rpcs.iter().any(|pattern| matches(pattern, short)) {
            return Err(Refused::NotPermitted);
        }
        if let Some(bucket) = &identity.bucket {
            let calls_per_second = bucket.rate().calls_per_second;
            bucket.take(now()).map_err(|wait| Refused::TooOften { calls_per_second, wait })?;
        }
        let trusted = self.development && peer.address.is_some_and(|address| address.is_loopback());
        Ok(Some(Caller {
            merchant: identity.merchant.clone(),
            name: identity.name.clone(),
            secure: peer.tls || trusted,
        }))
    }
}

fn api_key(headers: &HeaderMap) -> Option<[u8; 32]> {
    let text = match headers.get(http::header::AUTHORIZATION) {
        // A scheme that we do not know is a credential that nobody has.
        Some(value) => value.as_bytes().strip_prefix(b"Bearer ").unwrap_or_default(),
        None => headers.get("x-api-key")?.as_bytes(),
    };
    Some(sha256(text))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

fn matches(pattern: &str, rpc: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => rpc.starts_with(start),
        None => pattern == rpc,
    }
}

/// The other end of a connection.
struct Peer {
    tls: bool,
    address: Option<IpAddr>,
    certificate: Option<[u8; 32]>,
}

impl Peer {
    fn of(extensions: &Extensions) -> Self {
        let address = |info: &TcpConnectInfo| info.remote_addr().map(|address| address.ip());
        match extensions.get::<TlsConnectInfo<TcpConnectInfo>>() {
            Some(info) => {
                let certificates = info.peer_certs();
                let leaf = certificates.as_deref().and_then(|chain| chain.first());
                Self {
                    tls: true,
                    address: address(info.get_ref()),
                    certificate: leaf.map(|leaf| sha256(leaf.as_ref())),
                }
            }
            None => Self {
                tls: false,
                address: extensions.get::<TcpConnectInfo>().and_then(address),
                certificate: None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHARGE: &str = "/turnpike.v1.PaymentService/ChargeToken";

    fn doorkeeper(rpcs: &[&str], development: bool) -> Doorkeeper {
        limited(rpcs, development, None)
    }

    fn limited(rpcs: &[&str], development: bool, rate: Option<Rate>) -> Doorkeeper {
        let credential = Credential {
            merchant: MerchantName("shop".to_owned()),
            name: "till".into(),
            kind: CredentialKind::ApiKey,
            sha256: sha256(b"tpk_test"),
            rpcs: rpcs.iter().map(|pattern| (*pattern).to_owned()).collect(),
            rate,
        };
        Doorkeeper::new(&[credential], development)
    }

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().expect("a value"))])
    }

    fn from(address: &str) -> Extensions {
        let mut extensions = Extensions::new();
        let remote_addr = Some(address.parse().expect("an address"));
        extensions.insert(TcpConnectInfo { local_addr: None, remote_addr });
        extensions
    }

    fn never() -> Timestamp {
        panic!("without a rate nobody needs the time")
    }

    #[test]
    fn a_rate_counts_what_is_let_in_and_nothing_else() {
        let door = limited(&["PaymentService/*"], false, Some(Rate { calls_per_second: 2, burst: 1 }));
        let key = headers("x-api-key", "tpk_test");
        let call = |path| door.caller(path, &key, &Extensions::new(), || Timestamp::UNIX_EPOCH).map(|_| ());
        assert_eq!(call("/turnpike.v1.TokenService/GetToken"), Err(Refused::NotPermitted));
        assert_eq!(call("/grpc.health.v1.Health/Check"), Ok(()));
        assert_eq!(call(CHARGE), Ok(()));
        let wait = Duration::from_millis(500);
        assert_eq!(call(CHARGE), Err(Refused::TooOften { calls_per_second: 2, wait }));
        assert_eq!(call("/grpc.health.v1.Health/Check"), Ok(()));
    }

    #[test]
    fn a_key_is_known_by_its_hash_in_either_header() {
        let door = doorkeeper(&["*"], false);
        for headers in [headers("authorization", "Bearer tpk_test"), headers("x-api-key", "tpk_test")] {
            let caller =
                door.caller(CHARGE, &headers, &from("10.0.0.1:1"), never).expect("known").expect("a caller");
            assert_eq!((caller.merchant.0.as_str(), &*caller.name, caller.secure), ("shop", "till", false));
        }
    }

    #[test]
    fn everybody_else_is_told_which_of_the_three_it_is() {
        let door = doorkeeper(&["PaymentService/Get*", "TokenService/GetToken"], false);
        let try_with = |path, headers| door.caller(path, &headers, &Extensions::new(), never).map(|_| ());
        let key = || headers("x-api-key", "tpk_test");
        assert_eq!(try_with(CHARGE, HeaderMap::new()), Err(Refused::Missing));
        for wrong in ["Bearer tpk_other", "tpk_test", "Basic tpk_test", "Bearer "] {
            assert_eq!(try_with(CHARGE, headers("authorization", wrong)), Err(Refused::Unknown), "{wrong}");
        }
        assert_eq!(try_with(CHARGE, key()), Err(Refused::NotPermitted));
        assert_eq!(try_with("/turnpike.v1.PaymentService/GetPayment", key()), Ok(()));
        assert_eq!(try_with("/turnpike.v1.TokenService/GetToken", key()), Ok(()));
        assert_eq!(try_with("/turnpike.v1.TokenService/GetTokens", key()), Err(Refused::NotPermitted));
        assert_eq!(try_with("/grpc.health.v1.Health/Check", HeaderMap::new()), Ok(()));
    }

    #[test]
    fn plaintext_is_trusted_in_development_from_this_machine_only() {
        let secure = |development, address| {
            let door = doorkeeper(&["*"], development);
            let caller = door.caller(CHARGE, &headers("x-api-key", "tpk_test"), &from(address), never);
            caller.expect("known").expect("a caller").secure
        };
        assert!(secure(true, "127.0.0.1:1") && secure(true, "[::1]:1"));
        assert!(!secure(true, "10.0.0.1:1") && !secure(false, "127.0.0.1:1"));
    }
}
