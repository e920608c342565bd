//! The client of Turnpike, a gRPC payments gateway: one typed contract in front of many payment providers.
//!
//! [`v1`] holds the messages and the stubs, generated from the schema with all of its comments. The rest of
//! the crate is a thin layer around them: a connection that survives restarts, deadlines, safe repetitions,
//! and the things that every caller would write otherwise.
//!
//! ```no_run
//! use turnpike_client::{Turnpike, require_paid, v1};
//!
//! # async fn example(request_id: String) -> Result<(), Box<dyn std::error::Error>> {
//! let turnpike = Turnpike::connect("http://127.0.0.1:50051", "tpk_…")?;
//! let answer = turnpike
//!     .payments()
//!     .charge_token(v1::ChargeTokenRequest {
//!         request_id, // made once, kept, used for every repetition
//!         token: Some(v1::charge_token_request::Token::TokenId("tok_…".to_owned())),
//!         money: Some(v1::Money { amount_minor: 49_900, currency_code: "NOK".to_owned() }),
//!         merchant_reference: "subscription-7".to_owned(),
//!         initiator: Some(v1::charge_token_request::Initiator::MerchantInitiated(v1::MerchantInitiated {
//!             reason: v1::MerchantReason::Recurring.into(),
//!             ..Default::default()
//!         })),
//!         ..Default::default()
//!     })
//!     .await?
//!     .into_inner();
//! let payment = require_paid(answer.payment.unwrap_or_default())?;
//! println!("{} is paid", payment.id);
//! # Ok(())
//! # }
//! ```
//!
//! | room | where |
//! |---|---|
//! | connect, keepalive, deadlines | [`Turnpike`], [`Builder`] |
//! | services | [`Turnpike::payments`] and its siblings |
//! | errors | [`Error`]; every [`tonic::Status`] becomes one by `?` |
//! | request ids | [`RequestIds`] |
//! | declines | [`decline_of`], [`require_paid`] |
//! | pages | [`Turnpike::pages`] |
//! | events | [`Turnpike::follow`] |
//! | webhooks | `webhooks::verify` (feature `webhooks`, on by default) |
//! | development | [`Turnpike::development`] |
//! | telemetry | feature `opentelemetry`: the caller's context goes along as `traceparent` |
//!
//! The layer keeps no state but the connection, writes no logs, and repeats calls only as
//! [`service_config.json`](crate::SERVICE_CONFIG) says.

mod builder;
mod calls;
mod deadline;
mod development;
mod error;
#[cfg(test)]
#[path = "../tests/support/fake.rs"]
mod fake;
mod fate;
mod follow;
mod key;
mod outcome;
mod pages;
mod policy;
mod request_ids;
mod tls;
#[cfg(feature = "opentelemetry")]
mod traceparent;
mod turnpike;
pub mod v1;
#[cfg(feature = "webhooks")]
pub mod webhooks;

pub use builder::{Builder, KEEPALIVE, KEEPALIVE_TIMEOUT, SetupError};
pub use calls::{Calls, MESSAGE_MAX};
pub use development::Development;
pub use error::Error;
pub use follow::{Follow, Followed, Place};
pub use key::ApiKey;
pub use outcome::{Unpaid, decline_of, require_paid};
pub use pages::{Paged, Pages};
pub use policy::SERVICE_CONFIG;
pub use request_ids::{InMemory, RequestIdError, RequestIdStore, RequestIds, new_request_id};
pub use turnpike::Turnpike;
