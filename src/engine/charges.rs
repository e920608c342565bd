//! Charges of stored tokens.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::card::{FirstPayment, Initiator, MerchantReason, StoredToken, Token, TokenStatus};
use crate::domain::ids::{PaymentId, TokenId};
use crate::domain::order::{CaptureMode, Charge};
use crate::domain::outcome::DeclineReason;
use crate::domain::payment::Payment;
use crate::journal::seam::{Claim, CommitError, Entry, HistoryKind, Subject};
use crate::providers::contract::{Feature, Operation};

use super::accounts::Account;
use super::commands::{Answer, Ask, Caller, ChargeToken, ChargedToken};
use super::conversation::{Why, converse};
use super::error::{Error, Thing};
use super::gateway::{Came, Done, Gateway, note, refused};
use super::sessions::{allow_card_data, check_options, new_payment, usable};
use super::writing::{PaymentMover, of_fault};

/// A charge with everything looked up.
pub(super) struct Ready {
    account: Arc<Account>,
    pub charge: Box<Charge>,
    /// The token, where it is one of ours.
    pub token: Option<TokenId>,
}

impl Gateway {
    /// Charges a stored token.
    ///
    /// # Errors
    /// [`Error`]; nothing was charged then, and unless the provider refused the request as such,
    /// the request id is free again.
    pub async fn charge(
        &self,
        caller: &Caller,
        ask: Ask<ChargeToken>,
        wait: Option<Duration>,
    ) -> Result<Answer<Box<Payment>>, Error> {
        let Ask { key, fingerprint, wish } = ask;
        let wish = Box::new(wish);
        let (run_key, run_caller) = (key.clone(), caller.clone());
        let done = self
            .once(&key, fingerprint, wait, move |gateway| async move {
                // No read first: the claim itself finds out whether the key is taken.
                let claim = |subject| Claim {
                    key: run_key.clone(),
                    fingerprint,
                    subject,
                    at: gateway.now_of(&run_key.merchant),
                };
                match gateway.charge_first(&run_caller, wish, claim).await {
                    // Whatever is wrong now, a repeat gets the answer of the first call.
                    Err(error) => match gateway.shared.journal.claim(&run_key).await {
                        Ok(Some(claim)) => gateway.replay(&claim, fingerprint).await,
                        Ok(None) | Err(_) => Err(error),
                    },
                    other => other,
                }
            })
            .await?;
        done.payment()
    }

    async fn charge_first(
        &self,
        caller: &Caller,
        wish: Box<ChargeToken>,
        claim: impl Fn(Subject) -> Claim,
    ) -> Result<Done, Error> {
        // One look at the clock: an id is not far from the time of its record.
        let now = self.now_of(&caller.merchant);
        let id = PaymentId::mint(now, self.random());
        let claim = claim(Subject::Payment(id));
        let Ready { account, charge, token } = self.ready(caller, wish, id).await?;
        let mut payment = new_payment(caller, &account, id, &charge.purchase, &claim.key, now);
        payment.token = token;
        payment.expires_at = charge.expires_at;
        payment.merchant_initiated = match &charge.initiator {
            Initiator::Customer { .. } => None,
            Initiator::Merchant { reason, .. } => Some(*reason),
        };
        let mut first = Entry { claim: Some(claim.clone()), ..Entry::default() };
        first.used.extend(token.map(|id| (id, now)));
        first.history.push(note(&payment, HistoryKind::Created, "charge").by(&caller.name));
        let operation = Operation::Charge(charge);
        let mut mover = PaymentMover::new(self, payment, first);
        let talked =
            converse(self.shared.world.as_ref(), &caller.merchant, &account, &operation, &mut mover).await;
        if let Err(broken) = &talked
            && let Why::Journal(CommitError::Taken(taken)) = &broken.why
        {
            return self.replay(taken, claim.fingerprint).await;
        }
        let payment = self.settle(&account, mover, &claim.key, talked).await?;
        refused(&payment)?;
        self.retire_token(&payment).await?;
        Ok(Done::new(Came::Payment(payment)))
    }

    /// A charge as it would be sent, for `ExplainRequest`.
    pub(super) async fn prepared_charge(
        &self,
        caller: &Caller,
        wish: ChargeToken,
        id: PaymentId,
    ) -> Result<(Arc<Account>, Box<Charge>), Error> {
        let Ready { account, charge, .. } = self.ready(caller, Box::new(wish), id).await?;
        Ok((account, charge))
    }

    /// Looks up what the charge needs and refuses what cannot work, before anything is written.
    pub(super) async fn ready(
        &self,
        caller: &Caller,
        wish: Box<ChargeToken>,
        id: PaymentId,
    ) -> Result<Ready, Error> {
        match &wish.token {
            ChargedToken::Saved(token) => {
                let token = self.usable_token(caller, *token).await?;
                self.ready_with(caller, wish, id, &token).await
            }
            ChargedToken::Inline { account, stored } => {
                let (account, stored) = (self.named_account(caller, account)?, stored.clone());
                let charge = self.checked(caller, &account, stored, wish, id).await?;
                Ok(Ready { account, charge, token: None })
            }
        }
    }

    /// The same with the token that is charged, as it was read.
    pub(super) async fn ready_with(
        &self,
        caller: &Caller,
        wish: Box<ChargeToken>,
        id: PaymentId,
        token: &Token,
    ) -> Result<Ready, Error> {
        usable(caller, token)?;
        check_use(token, &wish.initiator)?;
        let account = self.accounts().of(&caller.merchant, &token.account).cloned();
        let account = account.ok_or(Error::NotFound(Thing::Account))?;
        let charge = self.checked(caller, &account, token.stored.clone(), wish, id).await?;
        Ok(Ready { account, charge, token: Some(token.id) })
    }

    async fn checked(
        &self,
        caller: &Caller,
        account: &Account,
        stored: StoredToken,
        wish: Box<ChargeToken>,
        id: PaymentId,
    ) -> Result<Box<Charge>, Error> {
        let ChargeToken {
            token: _,
            mut purchase,
            initiator,
            first_payment,
            return_urls,
            browser,
            expires_at,
            series,
        } = *wish;
        check_options(account, &purchase.options.provider)?;
        account.profile().check_amount(purchase.money).map_err(|fault| of_fault(account, &fault, None))?;
        if purchase.capture == CaptureMode::Manual {
            account.require(Feature::ManualCapture, "capturing later")?;
        }
        match &initiator {
            Initiator::Customer { cvc } => {
                account.require(Feature::ChargeCustomer, "charging a token with the customer present")?;
                if cvc.is_some() {
                    allow_card_data(account, caller)?;
                }
            }
            Initiator::Merchant { reason, .. } => {
                let (feature, what) = match reason {
                    MerchantReason::Recurring => (Feature::ChargeRecurring, "recurring charges"),
                    MerchantReason::Unscheduled(_) => (Feature::ChargeUnscheduled, "unscheduled charges"),
                    MerchantReason::Installment => (Feature::ChargeInstallment, "installments"),
                };
                account.require(feature, what)?;
            }
        }
        let initiator = self.with_first_payment(caller, initiator, first_payment, &stored).await?;
        purchase.reference = id.alphanumeric();
        purchase.notify_url = account.rules.notify_url.clone();
        let charge = Charge { purchase, token: stored, initiator, return_urls, browser, expires_at, series };
        Ok(Box::new(charge))
    }

    /// Fills in how the provider knows the first payment of a series.
    async fn with_first_payment(
        &self,
        caller: &Caller,
        mut initiator: Initiator,
        first_payment: Option<PaymentId>,
        stored: &StoredToken,
    ) -> Result<Initiator, Error> {
        let Initiator::Merchant { first, .. } = &mut initiator else { return Ok(initiator) };
        if let Some(id) = first_payment {
            let payment = self.payment(caller, id).await?;
            let FirstPayment { provider_reference, network_transaction_id, currency } = first;
            if provider_reference.is_none() {
                *provider_reference = payment.trace.order.or(payment.trace.transaction);
            }
            if network_transaction_id.is_none() {
                *network_transaction_id = payment.network_transaction_id;
            }
            *currency = Some(payment.asked.currency());
        }
        if first.provider_reference.is_none() {
            first.provider_reference.clone_from(&stored.original);
            first.currency = stored.original_currency;
        }
        if first.network_transaction_id.is_none() {
            first.network_transaction_id.clone_from(&stored.network_transaction_id);
        }
        Ok(initiator)
    }

    /// A token of which the provider says that it is no more is not charged again.
    pub(super) async fn retire_token(&self, payment: &Payment) -> Result<(), Error> {
        let gone =
            payment.decline.as_ref().is_some_and(|decline| decline.reason == DeclineReason::TokenInvalid);
        let Some(id) = payment.token.filter(|_| gone) else { return Ok(()) };
        self.change_token(id, |token| token.status = TokenStatus::Unusable).await
    }

    /// Changes a stored token, whoever else changes it at the same time.
    pub(super) async fn change_token(&self, id: TokenId, change: impl Fn(&mut Token)) -> Result<(), Error> {
        for _ in 0..super::gateway::CONFLICTS_MAX {
            let Some(mut token) = self.shared.journal.token(id).await? else { return Ok(()) };
            let before = token.clone();
            change(&mut token);
            if token == before {
                return Ok(());
            }
            token.updated_at = self.now_of(&token.merchant);
            let events = vec![self.event_of_token(Some(&before), &token)];
            let entry = Entry { tokens: vec![token], events, ..Entry::default() };
            let written = self.shared.journal.commit(entry).await;
            self.forget_cached_token(id);
            match written {
                Ok(()) => return Ok(()),
                Err(CommitError::Conflict) => {}
                Err(CommitError::Unavailable(why)) => return Err(why.into()),
                Err(CommitError::Taken(_)) => return Err(Error::bug("a claim where none was made", None)),
            }
        }
        Err(Error::bug("a token is changed by too many at once", None))
    }
}

/// Refuses a charge for which the token was not saved.
pub(super) fn check_use(token: &Token, initiator: &Initiator) -> Result<(), Error> {
    let (allowed, wanted) = match initiator {
        Initiator::Customer { .. } => (token.uses.customer_present, "charges with the customer present"),
        Initiator::Merchant { reason: MerchantReason::Recurring | MerchantReason::Installment, .. } => {
            (token.uses.recurring, "recurring charges")
        }
        Initiator::Merchant { reason: MerchantReason::Unscheduled(_), .. } => {
            (token.uses.unscheduled, "unscheduled charges")
        }
    };
    if allowed { Ok(()) } else { Err(Error::TokenUseNotAllowed { wanted }) }
}
