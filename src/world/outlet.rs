//! Where events leave for addresses that merchants chose: the one place that sends there.
//!
//! Such an address may be anything, so it must not lead into our own network. A name is looked up here, and
//! only what may be connected to is handed on to be connected to: an answer that changes between the check
//! and the connection changes nothing. No proxy is used, no redirect followed, and of an answer only the
//! status is told.

use std::error::Error as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use url::{Host, Url};

/// How long a connection may take, and a whole exchange.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(15);
/// How much of an answer's body is read, so that its connection may be used again, and for how long.
const ANSWER_BYTES_MAX: usize = 4 * 1024;
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);
/// Connections that are kept for each host although nothing goes over them, and how long.
const IDLE_CONNECTIONS_MAX: usize = 8;
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Sends to addresses that somebody else chose.
#[derive(Debug)]
pub struct Outlet {
    /// For public addresses only.
    public: reqwest::Client,
    /// For any address.
    anywhere: reqwest::Client,
}

/// What is sent.
#[derive(Debug)]
pub struct Letter {
    /// Where to.
    pub url: String,
    /// Headers beside those that every letter has.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Vec<u8>,
    /// Whether it may go to an address of a private network, this machine's own among them.
    pub allow_private: bool,
}

/// How it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The status.
    pub status: u16,
    /// The header `Retry-After` as it came.
    pub retry_after: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// The address is one that must not be connected to. Nothing was sent.
    #[error("the address is not a public one")]
    NotPublic,
    /// There is no such name, nobody listens, or the certificate is not good. Nothing was sent.
    #[error("no connection")]
    Unreachable,
    /// There was no answer in time.
    #[error("no answer within 15 seconds")]
    Late,
    /// The connection broke, or what came was no HTTP.
    #[error("no answer")]
    Broken,
}

impl Outlet {
    /// An outlet with connections of its own.
    ///
    /// # Errors
    /// When the system has no certificates to trust.
    pub fn new() -> Result<Self, reqwest::Error> {
        let anywhere = builder().build()?;
        let public = builder().dns_resolver(Arc::new(PublicOnly)).build()?;
        Ok(Self { public, anywhere })
    }

    /// Sends a letter once, and waits for the head of its answer, at most 15 seconds.
    ///
    /// # Errors
    /// [`Undelivered`]; unless it says that nothing was sent, the letter may have arrived.
    pub async fn post(&self, letter: Letter) -> Result<Receipt, Undelivered> {
        let url = Url::parse(&letter.url).map_err(|_| Undelivered::Unreachable)?;
        let client = if letter.allow_private { &self.anywhere } else { &self.public };
        // A literal address is connected to without being looked up.
        if !letter.allow_private && literal(&url).is_some_and(|address| !is_public(address)) {
            return Err(Undelivered::NotPublic);
        }
        let mut request = client.post(url).header(CONTENT_TYPE, "application/json").body(letter.body);
        for (name, value) in letter.headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.map_err(|error| undelivered(&error))?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let receipt = Receipt { status, retry_after: retry_after.map(str::to_owned) };
        // What it says beside is nobody's business; one that does not end is let go.
        let _ = tokio::time::timeout(ANSWER_TIMEOUT, read_off(answer)).await;
        Ok(receipt)
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TOTAL_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .tcp_nodelay(true)
        .user_agent(concat!("turnpike/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
}

async fn read_off(mut answer: reqwest::Response) {
    let mut read = 0;
    while read < ANSWER_BYTES_MAX
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        read += chunk.len();
    }
}

fn undelivered(error: &reqwest::Error) -> Undelivered {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<Undelivered>() {
            return Undelivered::NotPublic;
        }
        cause = inner.source();
    }
    if error.is_connect() || error.is_builder() {
        Undelivered::Unreachable
    } else if error.is_timeout() {
        Undelivered::Late
    } else {
        Undelivered::Broken
    }
}

/// Looks names up, and hands on public addresses only.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            match public.is_empty() {
                true => Err(Undelivered::NotPublic.into()),
                false => Ok(Box::new(public.into_iter()) as Addrs),
            }
        })
    }
}

/// The address that a URL names, when it names one and not a name.
fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

/// Whether a URL names a literal address that is not a public one. A name may still lead to such.
#[must_use]
pub fn names_private(url: &Url) -> bool {
    literal(url).is_some_and(|address| !is_public(address))
}

/// Whether an address is one of the public internet, by the registries of special addresses (IANA,
/// 2025-10: RFC 6890 and later).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = a == 0
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        // Shared by carriers, 100.64.0.0/10.
        || (a == 100 && b & 0xc0 == 64)
        // Protocols, 192.0.0.0/24, and the old relays of 6to4, 192.88.99.0/24.
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        // Measurements, 198.18.0.0/15.
        || (a == 198 && b & 0xfe == 18)
        // Reserved, broadcast among them, 240.0.0.0/4.
        || a >= 240;
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([one, two], [three, four]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(one, two, three, four))
    };
    // NAT64, 64:ff9b::/96, and 6to4, 2002::/16, lead to what is inside.
    if [a, b, c, d, e, f] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return embedded(g, h);
    }
    if a == 0x2002 {
        return embedded(b, c);
    }
    // Global unicast is 2000::/3. Of it 2001::/23 is for protocols, Teredo among them; 2001:db8::/32 and
    // 3fff::/20 are for documentation.
    let special = match a {
        0x2001 => b < 0x200 || b == 0xdb8,
        0x3fff => b < 0x1000,
        _ => false,
    };
    a & 0xe000 == 0x2000 && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        let public = |text: &str| is_public(text.parse().expect(text));
        for text in
            ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1"]
        {
            assert!(public(text), "{text}");
        }
        for text in
            ["2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"]
        {
            assert!(public(text), "{text}");
        }
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.8.9.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!public(text), "{text}");
            // However it is wrapped.
            for wrapped in [format!("::ffff:{text}"), format!("64:ff9b::{text}"), format!("::{text}")] {
                assert!(!public(&wrapped), "{wrapped}");
            }
        }
        for text in [
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12:3456::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2001:20::1",
            "3fff::1",
            "64:ff9b:1::1",
            "100::1",
            "2002:7f00:1::1",
            "2002:a00:1::",
            "5f00::1",
        ] {
            assert!(!public(text), "{text}");
        }
    }

    #[test]
    fn a_literal_address_is_known_however_it_is_written() {
        let private = |text: &str| names_private(&Url::parse(text).expect(text));
        for text in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://017700000001/",
            "http://[::1]:80/",
            "http://[::ffff:127.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://0/",
        ] {
            assert!(private(text), "{text}");
        }
        assert!(!private("https://shop.example/") && !private("https://1.1.1.1/"));
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_not_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let outlet = Outlet::new().expect("an outlet");
        for host in ["localhost", "127.0.0.1", "127.1"] {
            let letter = Letter {
                url: format!("http://{host}:{port}/"),
                headers: Vec::new(),
                body: Vec::new(),
                allow_private: false,
            };
            assert_eq!(outlet.post(letter).await, Err(Undelivered::NotPublic), "{host}");
        }
        let knocked = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(knocked.is_err(), "nobody came");
    }
}
