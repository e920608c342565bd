//! Sessions: opened, confirmed, read, closed.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::card::{Initiator, Means, Token, TokenStatus};
use crate::domain::ids::{IdempotencyKey, PaymentId, SessionId, TokenId};
use crate::domain::order::{MethodKind, Purpose, SessionMode, SessionOrder};
use crate::domain::outcome::{NextAction, Outcome, Trace};
use crate::domain::payment::{Payment, PaymentState};
use crate::domain::session::Session;
use crate::journal::seam::{Claim, CommitError, Entry, HistoryKind, Subject};
use crate::providers::contract::{Confirmation, Fault, Feature, Inquiry, Operation, Support};
use crate::providers::settings::methods_instead;

use super::accounts::Account;
use super::charges::check_use;
use super::commands::{Answer, Ask, Caller, ConfirmSession, ConfirmWith, OpenSession, SessionView};
use super::conversation::{Broken, Why, converse};
use super::error::{Error, FieldError, FieldMistake, Thing};
use super::gateway::{Came, Done, Gateway, note, refused};
use super::routing::{self, Facts};
use super::writing::{PaymentMover, nothing_sent};

/// What is wrong with a saved card of one account in a session of another.
const OF_ANOTHER_ACCOUNT: &str = "belongs to another account than the session's";

impl Gateway {
    /// Opens a session.
    ///
    /// # Errors
    /// [`Error`]; nothing was charged then, and unless the provider refused the request as such,
    /// the request id is free again.
    pub async fn open_session(
        &self,
        caller: &Caller,
        ask: Ask<OpenSession>,
        wait: Option<Duration>,
    ) -> Result<Answer<SessionView>, Error> {
        let Ask { key, fingerprint, wish } = ask;
        let caller = caller.clone();
        let (run_key, run_caller) = (key.clone(), caller.clone());
        let done = self
            .once(&key, fingerprint, wait, move |gateway| async move {
                if let Some(claim) = gateway.shared.journal.claim(&run_key).await? {
                    return gateway.replay(&claim, fingerprint).await;
                }
                let at = gateway.now_of(&run_key.merchant);
                let claim = |subject| Claim { key: run_key.clone(), fingerprint, subject, at };
                gateway.open_first(&run_caller, wish, claim).await
            })
            .await?;
        done.session()
    }

    async fn open_first(
        &self,
        caller: &Caller,
        wish: OpenSession,
        claim: impl Fn(Subject) -> Claim,
    ) -> Result<Done, Error> {
        let now = self.now_of(&caller.merchant);
        let (session_id, payment_id) =
            (SessionId::mint(now, self.random()), PaymentId::mint(now, self.random()));
        let used = wish.tokens.iter().map(|id| (*id, now)).collect();
        let occurrence = wish.occurrence;
        let (account, order) = self.prepared_session(caller, wish, payment_id).await?;
        let claim = claim(Subject::Session(session_id));
        let key = claim.key.clone();
        let mut payment = session_payment(caller, &account, session_id, payment_id, &order, &key, now);
        payment.occurrence = occurrence;
        let session = Session {
            id: session_id,
            merchant: caller.merchant.clone(),
            account: account.name.clone(),
            order: order.clone(),
            payment: payment_id,
            request_id: key.request_id.clone(),
            created_at: now,
        };
        let mut first = Entry {
            claim: Some(claim.clone()),
            session: Some(Box::new(session.clone())),
            used,
            ..Entry::default()
        };
        first.history.push(note(&payment, HistoryKind::Created, "session").by(&caller.name));
        let operation = Operation::OpenSession(Box::new(order));
        let mut mover = PaymentMover::new(self, payment, first);
        let talked =
            converse(self.shared.world.as_ref(), &caller.merchant, &account, &operation, &mut mover).await;
        if let Err(broken) = &talked
            && let Why::Journal(CommitError::Taken(taken)) = &broken.why
        {
            return self.replay(taken, claim.fingerprint).await;
        }
        let payment = self.settle(&account, mover, &key, talked).await?;
        refused(&payment)?;
        let tokens = self.saved_tokens(&payment).await?;
        Ok(Done::new(Came::Session(Box::new(SessionView { session, payment, tokens }))))
    }

    /// Chooses the account, refuses what cannot work, and fills in what only we know.
    pub(super) async fn prepared_session(
        &self,
        caller: &Caller,
        wish: OpenSession,
        payment: PaymentId,
    ) -> Result<(Arc<Account>, SessionOrder), Error> {
        let account = self.choose_account(caller, &wish, payment).await?;
        check_session(&account, &wish.order)?;
        let mut order = wish.order;
        for (index, id) in wish.tokens.iter().enumerate() {
            let token = self.usable_token(caller, *id).await?;
            if token.account != account.name {
                return Err(Error::Invalid(vec![FieldError::new(
                    format!("token_ids[{index}]"),
                    OF_ANOTHER_ACCOUNT,
                )]));
            }
            order.offered.push(token.stored.clone());
        }
        order.purchase.reference = payment.alphanumeric();
        order.purchase.notify_url = account.rules.notify_url.clone();
        Ok((account, order))
    }

    /// The account that the caller named, or where its saved cards live, or what routing chooses.
    async fn choose_account(
        &self,
        caller: &Caller,
        wish: &OpenSession,
        payment: PaymentId,
    ) -> Result<Arc<Account>, Error> {
        if let Some(name) = &wish.account {
            return self.named_account(caller, name);
        }
        if let Some(id) = wish.tokens.first() {
            let token = self.usable_token(caller, *id).await?;
            let account = self.accounts().of(&caller.merchant, &token.account);
            return account.cloned().ok_or(Error::NotFound(Thing::Account));
        }
        let order = &wish.order;
        let (money, country) = (order.purchase.money, wish.country.as_deref());
        let suits = |account: &Account| {
            account.suits(money, country) && options_fit(account, &order.purchase.options.provider)
        };
        let facts = Facts {
            merchant: &caller.merchant,
            currency: money.currency(),
            country,
            purpose: order.purpose,
            mode: order.mode,
            capture: order.purchase.capture,
        };
        let lot = payment.lot();
        // Where none can open it, the first that suits otherwise says what would work instead.
        routing::choose(self.accounts(), &facts, lot, |account| {
            suits(account) && check_session(account, order).is_ok()
        })
        .or_else(|| routing::choose(self.accounts(), &facts, lot, suits))
        .cloned()
        .ok_or(Error::NoAccountMatches)
    }

    pub(super) fn named_account(
        &self,
        caller: &Caller,
        name: &crate::domain::ids::AccountName,
    ) -> Result<Arc<Account>, Error> {
        self.accounts().of(&caller.merchant, name).cloned().ok_or_else(|| {
            Error::Invalid(vec![FieldError {
                field: "account".to_owned(),
                problem: "is not an account of this merchant".to_owned(),
                kind: FieldMistake::UnknownAccount,
            }])
        })
    }

    /// Finishes a session, or reads what became of it.
    ///
    /// # Errors
    /// [`Error`]; nothing was charged then.
    pub async fn confirm_session(
        &self,
        caller: &Caller,
        ask: Ask<ConfirmSession>,
        wait: Option<Duration>,
    ) -> Result<Answer<SessionView>, Error> {
        let Ask { key, fingerprint, wish } = ask;
        let (run_key, run_caller) = (key.clone(), caller.clone());
        let done = self
            .once(&key, fingerprint, wait, move |gateway| async move {
                let known = gateway.shared.journal.claim(&run_key).await?;
                if let Some(claim) = &known
                    && claim.fingerprint != fingerprint
                {
                    return Err(Error::Reused(Some(claim.subject)));
                }
                let view = gateway.session(&run_caller, wish.session).await?;
                let subject = Subject::Confirmation(view.session.id);
                let claim = known.is_none().then(|| Claim {
                    key: run_key.clone(),
                    fingerprint,
                    subject,
                    at: gateway.now_of(&run_key.merchant),
                });
                gateway.confirm(&run_caller, view, wish, claim, &run_key).await
            })
            .await?;
        done.session()
    }

    async fn confirm(
        &self,
        caller: &Caller,
        view: SessionView,
        wish: ConfirmSession,
        claim: Option<Claim>,
        key: &IdempotencyKey,
    ) -> Result<Done, Error> {
        let replayed = claim.is_none();
        let undecided = view.payment.state.is_undecided();
        let mut used = Vec::new();
        let means = match wish.means {
            ConfirmWith::Returned => None,
            // A repeat of a confirmation that went out reads what became of it.
            _ if !undecided || view.payment.state != PaymentState::RequiresAction => None,
            ConfirmWith::Card(means) => Some(means),
            ConfirmWith::Saved { token, cvc } => {
                let token = self.usable_token(caller, token).await?;
                // Another provider must not get to see it, and another account could not charge it.
                if token.account != view.session.account {
                    return Err(Error::Invalid(vec![FieldError::new("token.token_id", OF_ANOTHER_ACCOUNT)]));
                }
                check_use(&token, &Initiator::Customer { cvc: None })?;
                used.push((token.id, self.now_of(&caller.merchant)));
                Some(Means::Saved { token: token.stored.clone(), cvc })
            }
        };
        let collects = matches!(view.payment.next_action, Some(NextAction::CollectCard { .. }));
        let view = match means {
            Some(means) if collects => {
                let confirmation = Confirmation {
                    order: confirmed_order(&view.session.order, wish.billing, wish.three_d_secure),
                    trace: view.payment.trace.clone(),
                    means,
                    save_card: wish.save_card,
                    browser: wish.browser,
                };
                let first = Entry { claim, used, ..Entry::default() };
                self.confirm_with_card(caller, view, confirmation, first, key).await?
            }
            Some(_) => {
                return Err(Error::StateForbids {
                    state: view.payment.state.word().to_owned(),
                    wanted: "a card for a session whose page the provider hosts",
                });
            }
            None => self.read_session(view, claim).await?,
        };
        refused(&view.payment)?;
        Ok(Done { what: Came::Session(Box::new(view)), replayed })
    }

    async fn confirm_with_card(
        &self,
        caller: &Caller,
        view: SessionView,
        confirmation: Confirmation,
        mut first: Entry,
        key: &IdempotencyKey,
    ) -> Result<SessionView, Error> {
        let SessionView { session, payment, .. } = view;
        let account = self.account_of(&payment)?;
        match &confirmation.means {
            Means::Plain(_) => {
                allow_card_data(&account, caller)?;
                account.require(Feature::PlainCard, "card data in clear")?;
            }
            Means::Encrypted(_) => account.require(Feature::EncryptedCard, "encrypted cards")?,
            Means::Saved { cvc: Some(_), .. } => allow_card_data(&account, caller)?,
            Means::Saved { cvc: None, .. } => {}
        }
        if payment.expires_at.is_some_and(|end| self.now_of(&caller.merchant) >= end) {
            return Err(Error::SessionExpired);
        }
        first.history.push(note(&payment, HistoryKind::Confirmed, "").by(&caller.name));
        let operation = Operation::ConfirmSession(Box::new(confirmation));
        let mut mover = PaymentMover::new(self, payment, first);
        let talked =
            converse(self.shared.world.as_ref(), &caller.merchant, &account, &operation, &mut mover).await;
        let talked = match talked {
            // Sent once and refused unread, and then somebody else wrote to the payment before the
            // second try was permitted: our first permit must not stand there for ever.
            Err(Broken {
                why: Why::Journal(CommitError::Conflict),
                money_may_have_moved: false,
                exchanges,
            }) if mover.unsent => {
                Err(Broken { why: Why::Fault(Fault::Unreachable), money_may_have_moved: false, exchanges })
            }
            talked => talked,
        };
        if let Err(broken) = &talked
            && let Why::Journal(CommitError::Conflict) = &broken.why
        {
            // Somebody else confirms it at this moment: their card counts, not ours.
            let payment = self.stored_payment(session.payment).await?;
            let tokens = self.saved_tokens(&payment).await?;
            return Ok(SessionView { session, payment, tokens });
        }
        let payment = self.settle(&account, mover, key, talked).await?;
        let tokens = self.saved_tokens(&payment).await?;
        Ok(SessionView { session, payment, tokens })
    }

    /// Asks the provider where a session stands, unless that is settled. Takes the key with it.
    async fn read_session(&self, view: SessionView, claim: Option<Claim>) -> Result<SessionView, Error> {
        let SessionView { session, payment, .. } = view;
        let payment = if payment.state.is_undecided() && self.is_at_provider(&payment) {
            self.inquire(payment).await?.payment
        } else {
            payment
        };
        let payment = match claim {
            Some(claim) => {
                self.change(payment, |_| Ok(Entry { claim: Some(claim.clone()), ..Entry::default() })).await?
            }
            None => payment,
        };
        let tokens = self.saved_tokens(&payment).await?;
        Ok(SessionView { session, payment, tokens })
    }

    /// Whether the provider has heard of it. A session on the merchant's own page may not have
    /// reached it yet.
    pub(super) fn is_at_provider(&self, payment: &Payment) -> bool {
        let Trace { reference: _, session, session_key, transaction, order, customer: _, more: _ } =
            &payment.trace;
        payment.sent_at.is_some()
            || session.is_some()
            || session_key.is_some()
            || transaction.is_some()
            || order.is_some()
    }

    /// A session of the caller's merchant.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for another merchant's.
    pub async fn session(&self, caller: &Caller, id: SessionId) -> Result<SessionView, Error> {
        let view = self.session_view(id).await?;
        if view.session.merchant == caller.merchant { Ok(view) } else { Err(Error::NotFound(Thing::Session)) }
    }

    /// A session as it was ordered, which never changes.
    ///
    /// # Errors
    /// The journal's.
    pub async fn session_record(&self, id: SessionId) -> Result<Option<Session>, Error> {
        Ok(self.shared.journal.session(id).await?)
    }

    pub(super) async fn session_view(&self, id: SessionId) -> Result<SessionView, Error> {
        let session = self.shared.journal.session(id).await?.ok_or(Error::NotFound(Thing::Session))?;
        let payment = self.stored_payment(session.payment).await?;
        let tokens = self.saved_tokens(&payment).await?;
        Ok(SessionView { session, payment, tokens })
    }

    async fn saved_tokens(&self, payment: &Payment) -> Result<Vec<Token>, Error> {
        let mut tokens = Vec::with_capacity(payment.saved_tokens.len());
        for id in &payment.saved_tokens {
            tokens.extend(self.shared.journal.token(*id).await?);
        }
        Ok(tokens)
    }

    /// Closes a session before anybody pays. If somebody paid meanwhile, that is the answer.
    ///
    /// # Errors
    /// [`Error`]; the session is as it was then.
    pub async fn cancel_session(
        &self,
        caller: &Caller,
        ask: Ask<SessionId>,
        wait: Option<Duration>,
    ) -> Result<Answer<SessionView>, Error> {
        let Ask { key, fingerprint, wish } = ask;
        let (run_key, run_caller) = (key.clone(), caller.clone());
        let done = self
            .once(&key, fingerprint, wait, move |gateway| async move {
                if let Some(claim) = gateway.shared.journal.claim(&run_key).await? {
                    return gateway.replay(&claim, fingerprint).await;
                }
                let view = gateway.session(&run_caller, wish).await?;
                let subject = Subject::Session(view.session.id);
                let at = gateway.now_of(&run_key.merchant);
                let claim = Claim { key: run_key, fingerprint, subject, at };
                let view = gateway.cancel(view, claim).await?;
                Ok(Done::new(Came::Session(Box::new(view))))
            })
            .await?;
        done.session()
    }

    async fn cancel(&self, view: SessionView, claim: Claim) -> Result<SessionView, Error> {
        let SessionView { session, payment, .. } = view;
        if !payment.state.is_undecided() {
            // Nothing to close; the answer is the state.
            let payment = self
                .change(payment, |_| Ok(Entry { claim: Some(claim.clone()), ..Entry::default() }))
                .await?;
            let tokens = self.saved_tokens(&payment).await?;
            return Ok(SessionView { session, payment, tokens });
        }
        let account = self.account_of(&payment)?;
        let outcome = if self.is_at_provider(&payment) {
            account.require(Feature::CancelSession, "closing a session early")?;
            let operation = Operation::CancelSession(inquiry(&payment, Some(&session)));
            let mut reads = super::conversation::ReadsOnly;
            match converse(self.shared.world.as_ref(), &payment.merchant, &account, &operation, &mut reads)
                .await
            {
                Ok(talked) => talked.outcome,
                Err(broken) => return Err(nothing_sent(&account, &broken.why, &payment)),
            }
        } else {
            Outcome::SessionClosed
        };
        let payment = self.apply_outcome(payment, &outcome, Some(claim)).await?;
        let tokens = self.saved_tokens(&payment).await?;
        Ok(SessionView { session, payment, tokens })
    }

    /// Applies an outcome that answered a question, not a request for money.
    pub(super) async fn apply_outcome(
        &self,
        payment: Box<Payment>,
        outcome: &Outcome,
        claim: Option<Claim>,
    ) -> Result<Box<Payment>, Error> {
        let talked = super::conversation::Talked { outcome: outcome.clone(), exchanges: Vec::new() };
        let first = Entry { claim, ..Entry::default() };
        self.record(payment, first, talked, super::writing::How::Replied, None).await
    }

    /// A token of the caller that can be charged.
    pub(super) async fn usable_token(&self, caller: &Caller, id: TokenId) -> Result<Arc<Token>, Error> {
        let token = self.cached_token(id).await?;
        usable(caller, &token)?;
        Ok(token)
    }
}

/// Refuses a token that is not the caller's, or that cannot be charged any more.
pub(super) fn usable(caller: &Caller, token: &Token) -> Result<(), Error> {
    match token.status {
        _ if token.merchant != caller.merchant => Err(Error::NotFound(Thing::Token)),
        TokenStatus::Active => Ok(()),
        TokenStatus::Unusable => Err(Error::TokenUnusable),
        TokenStatus::Deleted => Err(Error::NotFound(Thing::Token)),
    }
}

fn options_fit(account: &Account, provider: &str) -> bool {
    provider.is_empty() || account.profile().name == provider
}

/// Card data in clear, a CVC included: only for accounts that opted in, and only over TLS.
pub(super) fn allow_card_data(account: &Account, caller: &Caller) -> Result<(), Error> {
    if !account.rules.plain_cards {
        return Err(Error::CardDataNotAllowed(account.name.clone()));
    }
    if caller.secure { Ok(()) } else { Err(Error::TlsRequired) }
}

/// What can be refused before anything is sent.
fn check_session(account: &Account, order: &SessionOrder) -> Result<(), Error> {
    check_options(account, &order.purchase.options.provider)?;
    check_methods(account, order)?;
    if order.purpose != Purpose::Save {
        account
            .profile()
            .check_amount(order.purchase.money)
            .map_err(|fault| super::writing::of_fault(account, &fault, None))?;
    }
    if order.purchase.capture == crate::domain::order::CaptureMode::Manual && order.purpose != Purpose::Save {
        account.require(Feature::ManualCapture, "capturing later")?;
    }
    match (order.mode, order.purpose) {
        (SessionMode::Redirect, Purpose::Pay) => account.require(Feature::HostedPay, "a hosted payment page"),
        (SessionMode::Redirect, Purpose::PayAndSave) => {
            account.require(Feature::HostedPayAndSave, "saving a card while paying")
        }
        (SessionMode::Redirect, Purpose::Save) => {
            account.require(Feature::HostedSave, "saving a card without paying")
        }
        (SessionMode::Redirect, Purpose::UseSaved) => {
            account.require(Feature::HostedUseSaved, "saved cards on a hosted page")
        }
        (SessionMode::Api, _) => match account.support(Feature::EncryptedCard) {
            Support::Yes | Support::Configured(_) => Ok(()),
            Support::No { .. } => account.require(Feature::PlainCard, "sessions on the merchant's own page"),
        },
    }
}

/// Kinds of payment methods that the page cannot be asked for, or that make no sense there.
fn check_methods(account: &Account, order: &SessionOrder) -> Result<(), Error> {
    let unsupported = |what: String, instead: String| Error::Unsupported {
        account: account.name.clone(),
        feature: None,
        what,
        instead,
    };
    for kind in &order.method_kinds {
        if order.mode == SessionMode::Api && *kind != MethodKind::Card {
            let what = format!("payment_methods: {} on the merchant's own page", kind.word());
            return Err(unsupported(what, "mode REDIRECT: the provider hosts the page".to_owned()));
        }
        if matches!(order.purpose, Purpose::Save | Purpose::UseSaved) && *kind != MethodKind::Card {
            let what = format!("payment_methods: {} where a card is saved or a saved one used", kind.word());
            return Err(unsupported(what, "CARD, or the purpose PAY".to_owned()));
        }
        if account.provider.method_names(*kind).is_empty() {
            return Err(unsupported(format!("payment_methods: {}", kind.word()), methods_instead(*kind)));
        }
    }
    Ok(())
}

/// Options of another provider would be silently lost.
pub(super) fn check_options(account: &Account, provider: &str) -> Result<(), Error> {
    if options_fit(account, provider) {
        return Ok(());
    }
    Err(Error::Invalid(vec![FieldError::new(
        format!("provider_options.{provider}"),
        format!("the account is at {}", account.profile().name),
    )]))
}

fn confirmed_order(
    order: &SessionOrder,
    billing: Option<crate::domain::order::Address>,
    three_d_secure: Option<crate::domain::order::ThreeDSecure>,
) -> SessionOrder {
    let mut order = order.clone();
    if billing.is_some() {
        order.purchase.billing = billing;
    }
    if let Some(wanted) = three_d_secure {
        order.purchase.three_d_secure = wanted;
    }
    order
}

fn session_payment(
    caller: &Caller,
    account: &Account,
    session: SessionId,
    id: PaymentId,
    order: &SessionOrder,
    key: &IdempotencyKey,
    now: Timestamp,
) -> Box<Payment> {
    let mut payment = new_payment(caller, account, id, &order.purchase, key, now);
    payment.session = Some(session);
    payment.expires_at = Some(order.expires_at);
    payment
}

/// A payment that was just asked for.
pub(super) fn new_payment(
    caller: &Caller,
    account: &Account,
    id: PaymentId,
    purchase: &crate::domain::order::Purchase,
    key: &IdempotencyKey,
    now: Timestamp,
) -> Box<Payment> {
    Box::new(Payment {
        id,
        merchant: caller.merchant.clone(),
        account: account.name.clone(),
        merchant_reference: purchase.merchant_reference.clone(),
        reference: purchase.reference.clone(),
        asked: purchase.money,
        capture: purchase.capture,
        state: PaymentState::Created,
        authorized: 0,
        captured_seen: 0,
        refunded_seen: 0,
        undone: false,
        trace: Trace::by_reference(purchase.reference.clone()),
        token: None,
        session: None,
        occurrence: None,
        merchant_initiated: None,
        decline: None,
        failure: None,
        next_action: None,
        mismatch: None,
        card: None,
        network_transaction_id: None,
        approval_code: None,
        customer: purchase.customer.id.clone(),
        description: purchase.description.clone(),
        descriptor: purchase.descriptor.clone(),
        metadata: purchase.metadata.clone(),
        saved_tokens: Vec::new(),
        saved_awaited_until: None,
        movements: Vec::new(),
        follow_up: None,
        sent_at: None,
        expires_at: None,
        request_id: key.request_id.clone(),
        created_at: now,
        updated_at: now,
        version: 0,
        history_hash: [0; 32],
    })
}

/// The question what became of a payment.
pub(super) fn inquiry(payment: &Payment, session: Option<&Session>) -> Inquiry {
    Inquiry {
        trace: payment.trace.clone(),
        money: payment.asked,
        capture: payment.capture,
        purpose: session.map(|session| session.order.purpose),
        customer_present: payment.merchant_initiated.is_none(),
        expires_at: payment.expires_at,
    }
}
