//! Certificates and keys: read from PEM before anything is connected, so that what is wrong has a name.

use std::fmt;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tonic::transport::{Certificate, ClientTlsConfig};

use crate::SetupError;
use crate::builder::Names;

/// What was given for TLS, as PEM.
#[derive(Clone, Default)]
pub(crate) struct Material {
    pub authorities: Option<Vec<u8>>,
    pub identity: Option<Identity>,
}

/// Who the client is.
#[derive(Clone)]
pub(crate) struct Identity {
    pub certificate: Vec<u8>,
    pub private_key: Vec<u8>,
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Material")
            .field("authorities", &self.authorities.is_some())
            .field("identity", &self.identity.is_some())
            .finish()
    }
}

impl Material {
    /// The first setting that is given, if any.
    pub fn first_given(&self, names: Names) -> Option<&'static str> {
        match (&self.authorities, &self.identity) {
            (Some(_), _) => Some(names.authorities),
            (None, Some(_)) => Some(names.certificate),
            (None, None) => None,
        }
    }

    pub fn config(&self, names: Names) -> Result<ClientTlsConfig, SetupError> {
        let mut config = match &self.authorities {
            Some(pem) => {
                check_certificates(pem).map_err(|problem| SetupError::new(names.authorities, problem))?;
                ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem))
            }
            None => ClientTlsConfig::new().trust_anchors(of_the_system(names)?.roots),
        };
        if let Some(Identity { certificate, private_key }) = &self.identity {
            check_certificates(certificate).map_err(|problem| SetupError::new(names.certificate, problem))?;
            PrivateKeyDer::from_pem_slice(private_key)
                .map_err(|_| SetupError::new(names.private_key, "holds no private key in PEM"))?;
            config = config.identity(tonic::transport::Identity::from_pem(certificate, private_key));
        }
        Ok(config)
    }
}

/// Every certificate must be readable, and there must be one.
fn check_certificates(pem: &[u8]) -> Result<(), &'static str> {
    let mut found = 0;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| "holds a certificate that is no PEM")?;
        RootCertStore::empty().add(certificate).map_err(|_| "holds a certificate that cannot be read")?;
        found += 1;
    }
    if found == 0 { Err("holds no certificate in PEM") } else { Ok(()) }
}

/// The authorities that this machine trusts.
fn of_the_system(names: Names) -> Result<RootCertStore, SetupError> {
    let mut store = RootCertStore::empty();
    // Some systems list certificates that nobody can read; the others are enough.
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if store.is_empty() {
        return Err(SetupError::new(
            names.authorities,
            "is not set, and this system has no authorities of its own",
        ));
    }
    Ok(store)
}
