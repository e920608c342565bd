//! What all services share, and the way of every request: who asks, is it in form, what does it
//! want, and in which words is it answered when something is wrong.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Semaphore, watch};
use tonic::{Request, Status};

use crate::domain::ids::{AccountName, IdempotencyKey};
use crate::engine::commands::{Ask, Caller};
use crate::engine::error::Error;
use crate::engine::gateway::Gateway;

use super::auth::Refused;
use super::deadline;
use super::fingerprint::Fingerprinter;
use super::intake::{self, Incoming, Keyed};
use super::pages::Pages;
use super::problems::Problems;
use super::status::{self, About};

/// What all services share.
#[derive(Clone)]
pub struct Door {
    /// The engine.
    pub gateway: Gateway,
    /// Whether `http://` addresses are allowed.
    pub development: bool,
    /// Makes fingerprints and page tokens.
    pub fingerprints: Arc<Fingerprinter>,
    /// Turns true when the server goes down.
    pub draining: watch::Receiver<bool>,
    /// A permit for each stream that may run at once.
    pub streams: Arc<Semaphore>,
}

/// Who calls, and how long they wait.
pub struct Call {
    /// Who calls.
    pub caller: Caller,
    /// How long they wait; `None` when they did not say.
    pub wait: Option<Duration>,
}

/// What the meaning of a request depends on beside the request.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The time of whoever calls.
    pub now: Timestamp,
    /// Whether `http://` addresses are allowed.
    pub development: bool,
}

impl Door {
    /// Takes a call apart.
    pub fn enter<M>(&self, request: Request<M>) -> Result<(Call, M), Status> {
        let wait = deadline::wait(request.metadata());
        let (_, mut extensions, message) = request.into_parts();
        match extensions.remove::<Caller>() {
            Some(caller) => Ok((Call { caller, wait }, message)),
            // The threshold lets nobody through without one; this is the second lock.
            None => Err(status::refused(Refused::Missing, "")),
        }
    }

    /// What a request wants that only reads.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field.
    pub fn read<M: Incoming, T>(
        &self,
        message: M,
        parse: impl FnOnce(M, &mut Problems) -> Option<T>,
    ) -> Result<T, Error> {
        let mut problems = intake::check(&message);
        let wish = parse(message, &mut problems);
        problems.finish(wish)
    }

    /// What a request wants that changes something, and what makes it safe to repeat.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field.
    pub fn ask<M: Keyed, T>(
        &self,
        call: &Call,
        mut message: M,
        parse: impl FnOnce(M, &mut Problems) -> Option<T>,
    ) -> Result<Ask<T>, Error> {
        let (mut problems, fingerprint, request_id) = intake::check_keyed(&mut message, &self.fingerprints);
        let wish = parse(message, &mut problems);
        let wish = problems.finish(wish)?;
        let key = IdempotencyKey { merchant: call.caller.merchant.clone(), request_id };
        Ok(Ask { key, fingerprint, wish })
    }

    /// A list of the caller's. `filter` is the request without its page fields.
    pub fn pages<M: Incoming>(&self, call: &Call, filter: &M) -> Pages<'_> {
        Pages::new(&self.fingerprints, M::RPC, &call.caller.merchant.0, &filter.encode_to_vec())
    }

    /// The time of whoever calls.
    pub fn now(&self, call: &Call) -> Timestamp {
        self.gateway.now_of(&call.caller.merchant)
    }

    /// What the meaning of a request depends on.
    pub fn terms(&self, call: &Call) -> Terms {
        Terms { now: self.now(call), development: self.development }
    }

    /// An error in the words of the contract.
    pub fn refuse(&self, error: Error, about: &About) -> Status {
        status::of(error, about, self.gateway.accounts())
    }

    /// The provider of an account; empty when the account has left the configuration.
    pub fn provider(&self, account: &AccountName) -> String {
        self.gateway.accounts().get(account).map_or("", |account| account.profile().name).to_owned()
    }
}
