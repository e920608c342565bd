//! A look into certificates before anybody depends on them: do they read, does the key belong to the
//! chain, and until when are they good. Nothing of a key is ever told.

use jiff::{SignedDuration, Timestamp};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, RootCertStore};

use crate::domain::secret::Secret;

use super::reader::Mistake;

/// How long before its end a certificate is worth a warning.
const WARNED_BEFORE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A configured certificate, and when it is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The line of the option.
    pub line: usize,
    /// The option's full name.
    pub name: String,
    /// From when it is good.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// What the time says about a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concern {
    /// It is not good now: whoever checks it goes away.
    NotGood(Mistake),
    /// It will not be good for long.
    EndsSoon(Mistake),
}

impl Certificate {
    /// What is to be said of it at a time.
    #[must_use]
    pub fn concern(&self, now: Timestamp) -> Option<Concern> {
        let told = |problem: String| Mistake { line: self.line, name: self.name.clone(), problem };
        let day = |time: Timestamp| time.strftime("%Y-%m-%d");
        if now < self.from {
            let problem = format!("a certificate in it is not good before {}", day(self.from));
            Some(Concern::NotGood(told(problem)))
        } else if now > self.until {
            let problem = format!("a certificate in it has expired on {}", day(self.until));
            Some(Concern::NotGood(told(problem)))
        } else if self.until.duration_since(now) < WARNED_BEFORE {
            let problem = format!("a certificate in it expires on {}", day(self.until));
            Some(Concern::EndsSoon(told(problem)))
        } else {
            None
        }
    }
}

/// Certificates in PEM, at least one, and when each is good.
///
/// # Errors
/// What is wrong with them.
pub fn chain(pem: &str) -> Result<Vec<(CertificateDer<'static>, Timestamp, Timestamp)>, String> {
    let mut chain = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|_| "is not PEM".to_owned())?;
        let (from, until) = validity(&certificate)
            .ok_or_else(|| format!("certificate {} in it does not read", chain.len() + 1))?;
        chain.push((certificate, from, until));
    }
    if chain.is_empty() { Err("holds no certificate in PEM".to_owned()) } else { Ok(chain) }
}

fn validity(certificate: &CertificateDer<'_>) -> Option<(Timestamp, Timestamp)> {
    let (_, read) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let time = |second: i64| Timestamp::from_second(second).ok();
    let validity = read.validity();
    Some((time(validity.not_before.timestamp())?, time(validity.not_after.timestamp())?))
}

/// What of a certificate and its key is wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// The certificate.
    Certificate(&'static str),
    /// The key.
    Key(&'static str),
}

/// Whether a private key in PEM is that of the first certificate, and TLS can use them.
///
/// # Errors
/// [`Mismatch`].
pub fn pair(key: &Secret<String>, chain: Vec<CertificateDer<'static>>) -> Result<(), Mismatch> {
    let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes())
        .map_err(|_| Mismatch::Key("holds no private key in PEM"))?;
    let key = default_provider()
        .key_provider
        .load_private_key(key)
        .map_err(|_| Mismatch::Key("holds a key of a kind that TLS here does not know"))?;
    match CertifiedKey::new(chain, key).keys_match() {
        // Where the key does not tell, TLS takes it as well.
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(()),
        Err(rustls::Error::InconsistentKeys(_)) => Err(Mismatch::Key("belongs to another certificate")),
        Err(_) => Err(Mismatch::Certificate("begins with a certificate that TLS here does not take")),
    }
}

/// Whether certificates can be authorities.
///
/// # Errors
/// What is wrong with them.
pub fn authorities(chain: Vec<CertificateDer<'static>>) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    for certificate in chain {
        roots.add(certificate).map_err(|_| "holds a certificate that cannot be an authority".to_owned())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = include_str!("../../tests/tls/server.pem");
    const SERVER_KEY: &str = include_str!("../../tests/tls/server.key");
    const CLIENT_KEY: &str = include_str!("../../tests/tls/client.key");
    const AUTHORITY: &str = include_str!("../../tests/tls/ca.pem");

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn ders(pem: &str) -> Vec<CertificateDer<'static>> {
        chain(pem).expect("a chain").into_iter().map(|(der, ..)| der).collect()
    }

    #[test]
    fn a_chain_reads_with_its_dates() {
        let both = chain(&format!("{SERVER}{AUTHORITY}")).expect("a chain");
        assert_eq!(both.len(), 2);
        for (_, from, until) in both {
            assert_eq!((from, until), (time("2020-01-01T00:00:00Z"), time("2120-01-01T00:00:00Z")));
        }
        let broken = SERVER.replacen("MII", "MIA", 1);
        for wrong in ["", "secret", SERVER_KEY, broken.as_str(), &SERVER[..200]] {
            assert!(chain(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_belongs_to_its_certificate_only() {
        let check = |text: &str| pair(&Secret::from(text), ders(SERVER));
        assert_eq!(check(SERVER_KEY), Ok(()));
        assert_eq!(check(CLIENT_KEY), Err(Mismatch::Key("belongs to another certificate")));
        assert_eq!(check(SERVER), Err(Mismatch::Key("holds no private key in PEM")));
        assert_eq!(authorities(ders(AUTHORITY)), Ok(()));
    }

    #[test]
    fn the_end_is_told_before_and_after_it_comes() {
        let certificate = Certificate {
            line: 3,
            name: "server.tls.certificate".to_owned(),
            from: time("2026-01-01T00:00:00Z"),
            until: time("2026-03-01T12:00:00Z"),
        };
        let told = |now: &str| match certificate.concern(time(now)) {
            None => String::new(),
            Some(Concern::EndsSoon(mistake)) => format!("soon: {}", mistake.problem),
            Some(Concern::NotGood(mistake)) => format!("now: {}", mistake.problem),
        };
        assert_eq!(told("2025-12-31T00:00:00Z"), "now: a certificate in it is not good before 2026-01-01");
        assert_eq!(told("2026-02-01T00:00:00Z"), "");
        assert_eq!(told("2026-02-20T00:00:00Z"), "soon: a certificate in it expires on 2026-03-01");
        assert_eq!(told("2026-03-02T00:00:00Z"), "now: a certificate in it has expired on 2026-03-01");
    }
}
