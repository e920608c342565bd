//! Stored payment methods: saved with a payment, imported, deleted.

use std::time::Duration;

use crate::domain::card::{SavedCard, Token, TokenStatus};
use crate::domain::ids::TokenId;
use crate::domain::outcome::Outcome;
use crate::domain::payment::Payment;
use crate::journal::seam::{Claim, CommitError, Entry, Subject, TokenFilter};
use crate::providers::contract::{Feature, Operation, Support};

use super::accounts::Account;
use super::commands::{Answer, Ask, Caller, ImportToken};
use super::conversation::{ReadsOnly, converse};
use super::error::{Error, Thing};
use super::gateway::{CONFLICTS_MAX, Came, Done, Gateway};
use super::writing::of_fault;

/// A token of ours behind a saved card.
pub(super) struct Kept {
    pub token: Token,
    /// Whether it is new or changed.
    pub write: bool,
}

impl Gateway {
    /// Our tokens for the cards that an outcome says were saved. A charge saves no new card: where
    /// its answer tells of one, that is what the provider now knows of the token that was charged.
    pub(super) async fn tokens_for(&self, payment: &Payment, outcome: &Outcome) -> Result<Vec<Kept>, Error> {
        match outcome {
            Outcome::Payment(report) => self.tokens_of_cards(payment, &report.saved).await,
            _ => Ok(Vec::new()),
        }
    }

    /// The same for cards, however they were learned of.
    pub(super) async fn tokens_of_cards(
        &self,
        payment: &Payment,
        cards: &[SavedCard],
    ) -> Result<Vec<Kept>, Error> {
        let mut tokens = Vec::with_capacity(cards.len());
        for saved in cards {
            let known =
                self.shared.journal.token_by_value(&payment.merchant, &payment.account, &saved.token).await?;
            tokens.extend(match known {
                Some(known) => Some(self.learned(known, saved)),
                None if payment.session.is_some() => {
                    Some(Kept { token: self.new_token(payment, saved), write: true })
                }
                None => None,
            });
        }
        Ok(tokens)
    }

    /// A known token with what the provider tells of it for the first time, such as the first payment
    /// of a series. What is known stays.
    fn learned(&self, mut token: Token, saved: &SavedCard) -> Kept {
        let before = token.stored.clone();
        let (known, told) = (&mut token.stored, &saved.token);
        if known.original.is_none() {
            known.original.clone_from(&told.original);
            known.original_currency = told.original_currency;
        }
        if known.customer.is_none() {
            known.customer.clone_from(&told.customer);
        }
        if known.handle.is_none() {
            known.handle.clone_from(&told.handle);
        }
        if known.network_transaction_id.is_none() {
            known.network_transaction_id.clone_from(&told.network_transaction_id);
        }
        let write = token.stored != before;
        if write {
            token.updated_at = self.now_of(&token.merchant);
        }
        Kept { token, write }
    }

    fn new_token(&self, payment: &Payment, saved: &SavedCard) -> Token {
        let now = self.now_of(&payment.merchant);
        Token {
            id: TokenId::mint(now, self.random()),
            merchant: payment.merchant.clone(),
            account: payment.account.clone(),
            stored: saved.token.clone(),
            card: saved.card.clone(),
            uses: saved.uses,
            status: TokenStatus::Active,
            deleted_at_provider: false,
            customer: payment.customer.clone(),
            session: payment.session,
            payment: Some(payment.id),
            metadata: payment.metadata.clone(),
            created_at: now,
            updated_at: now,
            last_used_at: None,
            version: 0,
        }
    }

    /// A token of the caller's merchant.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for another merchant's.
    pub async fn token(&self, caller: &Caller, id: TokenId) -> Result<Token, Error> {
        match self.shared.journal.token(id).await? {
            Some(token) if token.merchant == caller.merchant => Ok(token),
            Some(_) | None => Err(Error::NotFound(Thing::Token)),
        }
    }

    /// Tokens of a merchant, newest first.
    ///
    /// # Errors
    /// The journal's.
    pub async fn tokens(&self, filter: TokenFilter) -> Result<Vec<Token>, Error> {
        Ok(self.shared.journal.tokens(filter).await?)
    }

    /// Takes over a token that the caller already holds. The same token of the same account gives
    /// the same one of ours.
    ///
    /// # Errors
    /// [`Error`]; nothing was stored then.
    pub async fn import_token(
        &self,
        caller: &Caller,
        ask: Ask<ImportToken>,
        wait: Option<Duration>,
    ) -> Result<Answer<Token>, Error> {
        let Ask { key, fingerprint, wish } = ask;
        let (run_key, run_caller) = (key.clone(), caller.clone());
        let done = self
            .once(&key, fingerprint, wait, move |gateway| async move {
                if let Some(claim) = gateway.shared.journal.claim(&run_key).await? {
                    return gateway.replay(&claim, fingerprint).await;
                }
                let at = gateway.now_of(&run_key.merchant);
                let claim = |subject| Claim { key: run_key.clone(), fingerprint, subject, at };
                gateway.import_first(&run_caller, wish, claim).await
            })
            .await?;
        done.token()
    }

    async fn import_first(
        &self,
        caller: &Caller,
        wish: ImportToken,
        claim: impl Fn(Subject) -> Claim,
    ) -> Result<Done, Error> {
        let account = self.named_account(caller, &wish.account)?;
        account.require(Feature::ImportToken, "importing tokens")?;
        account.provider.check_token(&wish.stored).map_err(|fault| of_fault(&account, &fault, None))?;
        for _ in 0..CONFLICTS_MAX {
            // Looked up again after a conflict: the same card may just have been stored.
            let known =
                self.shared.journal.token_by_value(&caller.merchant, &account.name, &wish.stored).await?;
            let (token, new) = match known {
                Some(token) => (token, Vec::new()),
                None => {
                    let token = self.imported(caller, &account, &wish);
                    (token.clone(), vec![token])
                }
            };
            let claim = claim(Subject::Token(token.id));
            if let Some(done) = self.keep_token(token, new, claim).await? {
                return Ok(done);
            }
        }
        Err(Error::bug("a token is stored by too many at once", None))
    }

    fn imported(&self, caller: &Caller, account: &Account, wish: &ImportToken) -> Token {
        let now = self.now_of(&caller.merchant);
        Token {
            id: TokenId::mint(now, self.random()),
            merchant: caller.merchant.clone(),
            account: account.name.clone(),
            stored: wish.stored.clone(),
            card: wish.card.clone(),
            uses: wish.uses,
            status: TokenStatus::Active,
            deleted_at_provider: false,
            customer: wish.customer.clone(),
            session: None,
            payment: None,
            metadata: wish.metadata.clone(),
            created_at: now,
            updated_at: now,
            last_used_at: None,
            version: 0,
        }
    }

    /// Takes the key for a token, and stores the token if it is new. `None`: somebody else stored
    /// the same card first.
    async fn keep_token(
        &self,
        token: Token,
        tokens: Vec<Token>,
        claim: Claim,
    ) -> Result<Option<Done>, Error> {
        let events = tokens.iter().map(|token| self.event_of_token(None, token)).collect();
        let entry = Entry { claim: Some(claim.clone()), tokens, events, ..Entry::default() };
        match self.shared.journal.commit(entry).await {
            Ok(()) => Ok(Some(Done::new(Came::Token(Box::new(token))))),
            Err(CommitError::Taken(taken)) => self.replay(&taken, claim.fingerprint).await.map(Some),
            Err(CommitError::Unavailable(why)) => Err(why.into()),
            Err(CommitError::Conflict) => Ok(None),
        }
    }

    /// Deletes a token: at the provider where it keeps tokens, and here. It cannot be charged
    /// from the first moment on.
    ///
    /// # Errors
    /// [`Error`]; a provider that does not answer is none, and the token then says so.
    pub async fn delete_token(
        &self,
        caller: &Caller,
        ask: Ask<TokenId>,
        wait: Option<Duration>,
    ) -> Result<Answer<Token>, Error> {
        let Ask { key, fingerprint, wish } = ask;
        let (run_key, run_caller) = (key.clone(), caller.clone());
        let done = self
            .once(&key, fingerprint, wait, move |gateway| async move {
                if let Some(claim) = gateway.shared.journal.claim(&run_key).await? {
                    return gateway.replay(&claim, fingerprint).await;
                }
                let at = gateway.now_of(&run_key.merchant);
                let claim = Claim { key: run_key, fingerprint, subject: Subject::Token(wish), at };
                gateway.delete_first(&run_caller, wish, claim).await
            })
            .await?;
        done.token()
    }

    /// Asks the provider to forget a token too. It is not asked again: the token is gone here.
    async fn deleted_at_provider(&self, account: &Account, token: &Token) -> bool {
        if matches!(account.support(Feature::DeleteToken), Support::No { .. }) {
            return false;
        }
        let operation = Operation::DeleteToken(token.stored.clone());
        match converse(self.shared.world.as_ref(), &token.merchant, account, &operation, &mut ReadsOnly).await
        {
            // Where nobody was asked, the provider has no such call for this kind of token.
            Ok(talked) => talked.outcome == Outcome::TokenDeleted && !talked.exchanges.is_empty(),
            Err(_) => {
                tracing::warn!(account = %account.name, token = %token.id, "the provider still keeps a deleted token");
                false
            }
        }
    }

    async fn delete_first(&self, caller: &Caller, id: TokenId, claim: Claim) -> Result<Done, Error> {
        let token = self.token(caller, id).await?;
        let account = self
            .accounts()
            .of(&caller.merchant, &token.account)
            .cloned()
            .ok_or(Error::NotFound(Thing::Account))?;
        // First here, so that no charge can begin while the provider is being told. What opens the
        // card goes at once: whatever happens then, it is not kept, and nobody is told again.
        self.change_token(id, Token::delete).await?;
        if token.status != TokenStatus::Deleted && self.deleted_at_provider(&account, &token).await {
            self.change_token(id, |token| token.deleted_at_provider = true).await?;
        }
        let token = self.token(caller, id).await?;
        let kept = self.keep_token(token, Vec::new(), claim).await?;
        kept.ok_or_else(|| Error::bug("a claim alone met a conflict", None))
    }
}
