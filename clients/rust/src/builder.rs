//! What a client is made of: an address, a key, certificates, times.

use std::time::Duration;
use std::{env, fs};

use http::Uri;
use tonic::transport::Endpoint;

use crate::calls::Calls;
use crate::tls::{Identity, Material};
use crate::{ApiKey, Turnpike};

/// After how long a silence the connection is pinged, also while no call is under way.
pub const KEEPALIVE: Duration = Duration::from_secs(10);

/// How long a ping may take until the connection counts as dead.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long making a connection may take, and the handshake of TLS as much again.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// The setting that is wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {problem}")]
pub struct SetupError {
    name: &'static str,
    problem: String,
}

impl SetupError {
    pub(crate) fn new(name: &'static str, problem: impl Into<String>) -> Self {
        Self { name, problem: problem.into() }
    }

    /// The setting: a variable such as `TURNPIKE_URL`, or an argument such as `url`.
    pub fn name(&self) -> &str {
        self.name
    }
}

/// How the settings are called where they came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names {
    pub url: &'static str,
    pub key: &'static str,
    pub authorities: &'static str,
    pub certificate: &'static str,
    pub private_key: &'static str,
}

const ARGUMENTS: Names = Names {
    url: "url",
    key: "api_key",
    authorities: "authorities",
    certificate: "certificate",
    private_key: "private_key",
};

const VARIABLES: Names = Names {
    url: "TURNPIKE_URL",
    key: "TURNPIKE_API_KEY",
    authorities: "TURNPIKE_CA_FILE",
    certificate: "TURNPIKE_CERT_FILE",
    private_key: "TURNPIKE_KEY_FILE",
};

/// A client that is being described. Printing it shows no secrets.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `connect`"]
pub struct Builder {
    names: Names,
    url: String,
    key: Option<ApiKey>,
    may_lack_key: bool,
    material: Material,
    keepalive: Duration,
    keepalive_timeout: Duration,
    deadline: Option<Duration>,
}

impl Builder {
    pub(crate) fn new(url: &str) -> Self {
        Self {
            names: ARGUMENTS,
            url: url.to_owned(),
            key: None,
            may_lack_key: false,
            material: Material::default(),
            keepalive: KEEPALIVE,
            keepalive_timeout: KEEPALIVE_TIMEOUT,
            deadline: None,
        }
    }

    /// What the environment says; [`Turnpike::from_env`] names the variables. Set but empty is not set.
    ///
    /// # Errors
    /// A variable that is missing or names a file that cannot be read.
    pub fn from_env() -> Result<Self, SetupError> {
        Self::from_variables(|name| match env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(env::VarError::NotPresent) => Ok(None),
            Err(env::VarError::NotUnicode(_)) => Err(SetupError::new(name, "is not UTF-8")),
        })
    }

    fn from_variables(
        read: impl Fn(&'static str) -> Result<Option<String>, SetupError>,
    ) -> Result<Self, SetupError> {
        let read = |name| Ok(read(name)?.filter(|value| !value.is_empty()));
        let read_file = |name| match read(name)? {
            None => Ok(None),
            Some(path) => match fs::read(&path) {
                Ok(content) => Ok(Some(content)),
                Err(error) => Err(SetupError::new(name, format!("cannot read {path}: {error}"))),
            },
        };
        let names = VARIABLES;
        let url = read(names.url)?.ok_or_else(|| SetupError::new(names.url, "is not set"))?;
        let mut builder = Self { names, ..Self::new(&url) };
        builder.key = read(names.key)?.map(ApiKey::from);
        builder.material.authorities = read_file(names.authorities)?;
        builder.material.identity = match (read_file(names.certificate)?, read_file(names.private_key)?) {
            (Some(certificate), Some(private_key)) => Some(Identity { certificate, private_key }),
            (None, None) => None,
            (Some(_), None) => {
                return Err(SetupError::new(names.private_key, "is not set, but TURNPIKE_CERT_FILE is"));
            }
            (None, Some(_)) => {
                return Err(SetupError::new(names.certificate, "is not set, but TURNPIKE_KEY_FILE is"));
            }
        };
        Ok(builder)
    }

    /// The key that goes along with every call. With a client certificate it may be left out.
    pub fn api_key(mut self, key: impl Into<ApiKey>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Sends no key, also without a client certificate: for servers behind something that adds one.
    pub fn without_key(mut self) -> Self {
        self.key = None;
        self.may_lack_key = true;
        self
    }

    /// The authorities that the server's certificate is checked against, as PEM, instead of the system's.
    pub fn authorities(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.material.authorities = Some(pem.into());
        self
    }

    /// The client's own certificates, leaf first, and its private key, both as PEM: mutual TLS.
    pub fn identity(
        mut self,
        certificate_pem: impl Into<Vec<u8>>,
        private_key_pem: impl Into<Vec<u8>>,
    ) -> Self {
        let identity = Identity { certificate: certificate_pem.into(), private_key: private_key_pem.into() };
        self.material.identity = Some(identity);
        self
    }

    /// After how long a silence the connection is pinged, and how long the answer may take. Both must be more
    /// than zero. The defaults are [`KEEPALIVE`] and [`KEEPALIVE_TIMEOUT`].
    pub fn keepalive(mut self, silence: Duration, timeout: Duration) -> Self {
        (self.keepalive, self.keepalive_timeout) = (silence, timeout);
        self
    }

    /// The time for a call that says nothing else by [`tonic::Request::set_timeout`]; repetitions are within
    /// it. The default is 30 s. Streams have none.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The client. Nothing is connected until the first call.
    ///
    /// # Errors
    /// What is wrong in the settings, and when there is no Tokio runtime here.
    pub fn connect(self) -> Result<Turnpike, SetupError> {
        let names = self.names;
        let uri = read_url(&self.url).map_err(|problem| SetupError::new(names.url, problem))?;
        let authorization = match &self.key {
            Some(key) => Some(key.header().ok_or_else(|| {
                SetupError::new(
                    names.key,
                    "is empty, or has characters that no key has, such as a line break",
                )
            })?),
            None if self.may_lack_key || self.material.identity.is_some() => None,
            None => return Err(SetupError::new(names.key, "is not set")),
        };
        for time in [self.keepalive, self.keepalive_timeout] {
            if time.is_zero() {
                return Err(SetupError::new("keepalive", "must be more than zero"));
            }
        }
        if self.deadline.is_some_and(|deadline| deadline.is_zero()) {
            return Err(SetupError::new("deadline", "must be more than zero"));
        }

        let mut endpoint = Endpoint::from(uri.clone())
            .user_agent(concat!("turnpike-rust/", env!("CARGO_PKG_VERSION")))
            .map_err(|error| SetupError::new(names.url, error.to_string()))?
            .connect_timeout(CONNECT_MAX)
            .http2_keep_alive_interval(self.keepalive)
            .keep_alive_timeout(self.keepalive_timeout)
            .keep_alive_while_idle(true);
        if uri.scheme_str() == Some("https") {
            let tls = self.material.config(names)?.timeout(CONNECT_MAX);
            endpoint = endpoint.tls_config(tls).map_err(|error| {
                SetupError::new(names.certificate, format!("TLS cannot be set up: {}", innermost(&error)))
            })?;
        } else if let Some(name) = self.material.first_given(names) {
            return Err(SetupError::new(name, format!("is for TLS, but {} begins with http://", names.url)));
        }

        // tonic would panic.
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(SetupError::new("connect", "must be called within a Tokio runtime"));
        }
        let calls = Calls::new(endpoint.connect_lazy(), authorization, self.deadline);
        Ok(Turnpike::new(calls, uri.to_string()))
    }
}

/// A URL of nothing but a scheme, a host and a port. What is wrong is told without the URL, for there might
/// be a password in it.
fn read_url(text: &str) -> Result<Uri, &'static str> {
    const EXPECTED: &str = "must be http://host:port or https://host:port";
    let uri: Uri = text.parse().map_err(|_| EXPECTED)?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(EXPECTED);
    }
    let authority = uri.authority().ok_or(EXPECTED)?;
    if authority.host().is_empty() {
        return Err("has no host");
    }
    if authority.as_str().contains('@') {
        return Err("must not hold a user or a password");
    }
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() || text.contains('#') {
        return Err("must end after the port");
    }
    let after_host = &authority.as_str()[authority.host().len()..];
    if !after_host.is_empty() && authority.port_u16().is_none_or(|port| port == 0) {
        return Err("has a port that does not exist");
    }
    Ok(uri)
}

/// The error at the end of the chain: it says the most.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Write;

    use super::*;

    const CA: &[u8] = include_bytes!("../../../tests/tls/ca.pem");
    const CERTIFICATE: &[u8] = include_bytes!("../../../tests/tls/client.pem");
    const PRIVATE_KEY: &[u8] = include_bytes!("../../../tests/tls/client.key");
    const OTHER_KEY: &[u8] = include_bytes!("../../../tests/tls/server.key");

    fn problem(result: Result<Turnpike, SetupError>) -> (String, String) {
        let error = result.expect_err("must be refused");
        (error.name().to_owned(), error.to_string())
    }

    fn by(variables: &[(&'static str, &str)]) -> Result<Builder, SetupError> {
        let variables: BTreeMap<_, _> = variables.iter().copied().collect();
        Builder::from_variables(|name| Ok(variables.get(name).map(|value| (*value).to_owned())))
    }

    fn file(content: &[u8]) -> tempfile::TempPath {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(content).expect("a file to write");
        file.into_temp_path()
    }

    #[tokio::test]
    async fn wrong_urls_are_named_and_not_shown() {
        for wrong in [
            "",
            "localhost:50051",
            "ftp://localhost:1",
            "http://",
            "http://:50051",
            "http://user:hunter2@localhost:1",
            "http://localhost:1/path",
            "http://localhost:1?hunter2",
            "http://localhost:1#hunter2",
            "http://localhost:0",
            "http://localhost:65536",
            "http://localhost:",
            "http://local host:1",
        ] {
            let (name, text) = problem(Turnpike::connect(wrong, "tpk_1"));
            assert_eq!(name, "url", "{wrong}: {text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
        for right in ["http://localhost:1", "http://localhost:1/", "http://[::1]:50051", "http://localhost"] {
            Turnpike::connect(right, "tpk_1").unwrap_or_else(|error| panic!("{right}: {error}"));
        }
    }

    #[tokio::test]
    async fn the_environment_names_what_is_wrong() {
        let (ca, broken) = (file(CA), file(b"no PEM"));
        let (ca, broken) = (ca.to_str().expect("UTF-8"), broken.to_str().expect("UTF-8"));
        let https = [("TURNPIKE_URL", "https://localhost:1"), ("TURNPIKE_API_KEY", "tpk_hunter2")];
        let with = |more: &[(&'static str, &str)]| {
            let all: Vec<_> = https.iter().chain(more).copied().collect();
            by(&all).and_then(Builder::connect)
        };
        with(&[("TURNPIKE_CA_FILE", ca), ("TURNPIKE_CERT_FILE", "")]).expect("nothing is wrong");

        assert_eq!(by(&[]).expect_err("no URL").name(), "TURNPIKE_URL");
        assert_eq!(by(&[("TURNPIKE_URL", "")]).expect_err("no URL").name(), "TURNPIKE_URL");
        let no_key = by(&https[..1]).and_then(Builder::connect);
        assert_eq!(problem(no_key).0, "TURNPIKE_API_KEY");
        let key = [https[0], ("TURNPIKE_API_KEY", "tpk_hunter2\n")];
        let (name, text) = problem(by(&key).and_then(Builder::connect));
        assert!(name == "TURNPIKE_API_KEY" && !text.contains("hunter2"), "{text}");
        assert_eq!(problem(with(&[("TURNPIKE_CA_FILE", "/nowhere/ca.pem")])).0, "TURNPIKE_CA_FILE");
        assert_eq!(problem(with(&[("TURNPIKE_CA_FILE", broken)])).0, "TURNPIKE_CA_FILE");
        assert_eq!(problem(with(&[("TURNPIKE_CERT_FILE", ca)])).0, "TURNPIKE_KEY_FILE");
        assert_eq!(problem(with(&[("TURNPIKE_KEY_FILE", ca)])).0, "TURNPIKE_CERT_FILE");
        let plaintext = by(&[
            ("TURNPIKE_URL", "http://localhost:1"),
            ("TURNPIKE_API_KEY", "tpk_1"),
            ("TURNPIKE_CA_FILE", ca),
        ]);
        assert_eq!(problem(plaintext.and_then(Builder::connect)).0, "TURNPIKE_CA_FILE");
    }

    #[tokio::test]
    async fn certificates_and_keys_are_read_before_anything_is_connected() {
        let https = || Turnpike::builder("https://localhost:1").authorities(CA);
        https().identity(CERTIFICATE, PRIVATE_KEY).connect().expect("a certificate stands for a key");
        assert_eq!(problem(https().connect()).0, "api_key");
        assert_eq!(problem(https().identity("", PRIVATE_KEY).connect()).0, "certificate");
        assert_eq!(problem(https().identity(CERTIFICATE, CERTIFICATE).connect()).0, "private_key");
        assert_eq!(problem(https().identity(CERTIFICATE, OTHER_KEY).connect()).0, "certificate");
    }

    #[test]
    fn times_of_zero_and_a_missing_runtime_are_refused() {
        let builder = || Turnpike::builder("http://localhost:1").api_key("tpk_1");
        let second = Duration::from_secs(1);
        assert_eq!(problem(builder().keepalive(Duration::ZERO, second).connect()).0, "keepalive");
        assert_eq!(problem(builder().deadline(Duration::ZERO).connect()).0, "deadline");
        assert_eq!(problem(builder().connect()).0, "connect");
    }

    #[tokio::test]
    async fn nothing_that_is_printed_shows_a_secret() {
        let builder = Turnpike::builder("https://localhost:1")
            .api_key("tpk_hunter2")
            .authorities(CA)
            .identity(CERTIFICATE, PRIVATE_KEY);
        let secret_line =
            str::from_utf8(PRIVATE_KEY).expect("PEM").lines().nth(1).expect("a line").to_owned();
        let first = builder.clone().connect().expect("a client");
        let printed = format!("{builder:?} {first:?} {:?} {:?}", first.payments(), first.development());
        assert!(printed.contains("localhost"), "{printed}");
        let as_numbers = format!("{:?}", &PRIVATE_KEY[40..44]);
        let as_numbers = as_numbers.trim_matches(['[', ']']);
        assert!(!printed.contains("hunter2") && !printed.contains(&secret_line), "{printed}");
        assert!(!printed.contains(as_numbers), "{printed}");
    }
}
