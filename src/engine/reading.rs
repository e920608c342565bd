//! What callers can look at without changing anything.

use crate::domain::ids::PaymentId;
use crate::domain::payment::Payment;
use crate::domain::secret::Secret;
use crate::journal::seam::{HistoryEntry, PaymentFilter};
use crate::providers::contract::{AccessToken, Context, Effect, Operation};
use crate::providers::conversation::Turn;
use crate::providers::redact::{Shown, show};

use super::accounts::Account;
use super::commands::{Caller, ChargeToken, Move, OpenSession};
use super::error::Error;
use super::gateway::Gateway;
use super::movements::{mint, new_record, operation};
use super::writing::of_fault;

/// Requests that a call would make at its provider, as far as they are known beforehand.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The account that would be used.
    pub account: crate::domain::ids::AccountName,
    /// The requests, redacted, in order.
    pub requests: Vec<Shown>,
    /// Whether the last of them can move money.
    pub last_moves_money: bool,
    /// Whether more would follow, depending on the answers.
    pub more_follow: bool,
}

impl Gateway {
    /// Payments of a merchant, newest first.
    ///
    /// # Errors
    /// The journal's.
    pub async fn payments(&self, filter: PaymentFilter) -> Result<Vec<Payment>, Error> {
        Ok(self.shared.journal.payments(filter).await?)
    }

    /// The story of a payment of the caller's merchant.
    ///
    /// # Errors
    /// [`Error::NotFound`] and the journal's.
    pub async fn history(
        &self,
        caller: &Caller,
        id: PaymentId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, Error> {
        self.payment(caller, id).await?;
        Ok(self.shared.journal.history(id, after, limit).await?)
    }

    /// What opening a session would send. Sends nothing.
    ///
    /// # Errors
    /// What the call itself would answer before sending.
    pub async fn explain_session(&self, caller: &Caller, wish: OpenSession) -> Result<Explained, Error> {
        let (account, order) = self.prepared_session(caller, wish, example_id()).await?;
        self.explained(caller, &account, Operation::OpenSession(Box::new(order)))
    }

    /// What a charge would send. Sends nothing.
    ///
    /// # Errors
    /// What the call itself would answer before sending.
    pub async fn explain_charge(&self, caller: &Caller, wish: ChargeToken) -> Result<Explained, Error> {
        let (account, charge) = self.prepared_charge(caller, wish, example_id()).await?;
        self.explained(caller, &account, Operation::Charge(charge))
    }

    /// What a capture, void or refund would send. Sends nothing.
    ///
    /// # Errors
    /// What the call itself would answer before sending.
    pub async fn explain_move(&self, caller: &Caller, wish: Move) -> Result<Explained, Error> {
        let payment = self.payment(caller, wish.payment).await?;
        let account = self.account_of(&payment)?;
        let now = self.now_of(&caller.merchant);
        let id = mint(wish.what, now, [0; 10]);
        let record = new_record(&account, &payment, &wish, id, "", now)?;
        let operation = operation(&payment, &record);
        self.explained(caller, &account, operation)
    }

    fn explained(
        &self,
        caller: &Caller,
        account: &Account,
        operation: Operation,
    ) -> Result<Explained, Error> {
        let now = self.now_of(&caller.merchant);
        let profile = account.profile();
        let mut requests = Vec::new();
        let mut cx = Context { now, entropy: [0; 32], access: None };
        let sign_in = account.provider.sign_in(operation.kind(), &cx);
        let signs_in = sign_in.is_some();
        if let Some(request) = sign_in {
            requests.push(show(&request, profile));
        }
        // A stand-in: what it would be is only known after signing in, and it is never shown.
        let access = AccessToken { token: Secret::from("access-token"), renew_at: now, expires_at: now };
        cx.access = Some(&access);
        let turn = account
            .provider
            .clone()
            .begin(operation, &cx)
            .map_err(|fault| of_fault(account, &fault, None))?;
        let (last_moves_money, more_follow) = match turn {
            Turn::Ask { request, effect, .. } => {
                requests.push(show(&request, profile));
                let moves_money = effect != Effect::Repeatable;
                (moves_money, signs_in || requests.len() > 1)
            }
            Turn::Done(_) => (false, false),
        };
        Ok(Explained { account: account.name.clone(), requests, last_moves_money, more_follow })
    }
}

/// The id of a payment that is never made.
fn example_id() -> PaymentId {
    PaymentId::from_bytes([0; 16])
}
