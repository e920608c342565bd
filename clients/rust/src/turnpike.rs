//! The client: one connection, and a member for each service.

use std::fmt;

use crate::calls::{Calls, MESSAGE_MAX};
use crate::v1::{
    account_service_client::AccountServiceClient, event_service_client::EventServiceClient,
    payment_service_client::PaymentServiceClient, recurring_service_client::RecurringServiceClient,
    sandbox_service_client::SandboxServiceClient, session_service_client::SessionServiceClient,
    token_service_client::TokenServiceClient,
};
use crate::{ApiKey, Builder, Development, SetupError};

/// A client of one gateway, with one connection that all calls share. It is cheap to clone.
///
/// The connection is made by the first call, and made again when it breaks.
#[derive(Clone)]
pub struct Turnpike {
    calls: Calls,
    address: String,
}

impl Turnpike {
    /// A client of the gateway at `http://host:port` (plaintext) or `https://host:port` (TLS, with the
    /// system's authorities). Nothing is connected yet. [`Turnpike::builder`] knows more.
    ///
    /// # Errors
    /// What is wrong in the URL or the key, and when there is no Tokio runtime here.
    pub fn connect(url: &str, key: impl Into<ApiKey>) -> Result<Self, SetupError> {
        Self::builder(url).api_key(key).connect()
    }

    /// A client by the environment: `TURNPIKE_URL`, `TURNPIKE_API_KEY`, and for TLS `TURNPIKE_CA_FILE` (PEM,
    /// instead of the system's authorities), `TURNPIKE_CERT_FILE` and `TURNPIKE_KEY_FILE` (PEM, mutual TLS,
    /// with which the API key may be left out).
    ///
    /// # Errors
    /// What is wrong in one of them, by name, and when there is no Tokio runtime here.
    pub fn from_env() -> Result<Self, SetupError> {
        Builder::from_env()?.connect()
    }

    /// Begins a client that differs from the usual.
    pub fn builder(url: &str) -> Builder {
        Builder::new(url)
    }

    pub(crate) fn new(calls: Calls, address: String) -> Self {
        Self { calls, address }
    }

    /// Helpers for tests: the clock, the customer and the faults of a gateway in development mode.
    pub fn development(&self) -> Development {
        Development::new(self.clone())
    }
}

macro_rules! services {
    ($($(#[$doc:meta])* $name:ident: $stub:ident,)*) => {
        impl Turnpike {
            $($(#[$doc])*
            pub fn $name(&self) -> $stub<Calls> {
                $stub::new(self.calls.clone())
                    .max_decoding_message_size(MESSAGE_MAX)
                    .max_encoding_message_size(MESSAGE_MAX)
            })*
        }
    };
}

services! {
    /// Opens windows in which customers pay or save cards.
    sessions: SessionServiceClient,
    /// Charges saved cards, and does all that follows a payment.
    payments: PaymentServiceClient,
    /// Keeps saved cards.
    tokens: TokenServiceClient,
    /// Charges saved cards again and again.
    recurring: RecurringServiceClient,
    /// Tells what became true. [`Turnpike::follow`] is the easier way to read it.
    events: EventServiceClient,
    /// Tells what the caller's accounts are and can do.
    accounts: AccountServiceClient,
    /// Plays with the simulated providers and with the time. [`Turnpike::development`] is the easier way.
    sandbox: SandboxServiceClient,
}

impl fmt::Debug for Turnpike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turnpike").field("address", &self.address).finish_non_exhaustive()
    }
}
