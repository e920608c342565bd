//! Paymob: an aggregator in Egypt, Pakistan, the Emirates, Saudi Arabia and Oman, with two
//! generations of one interface on the same objects. This file is the conversation.
//!
//! *Accept*: sign in → order → payment key → `payments/pay`, or a frame. *Intention*: one call, then
//! a page, or `payments/pay` with the payment key that it brought. Money moves at `payments/pay` and
//! at captures, voids and refunds; everything before can be repeated. There is no idempotency key:
//! what stands in for it is that a reference can be registered once, and that nothing is ever paid
//! under one whose first use is not accounted for. Section numbers are the dossier's
//! (providers/paymob.md, 2026-11); sources, quirks and what is uncertain stand in the README here.

mod account;
mod decline;
mod faults;
mod integrations;
mod intention;
mod looking;
mod movement;
mod notice;
mod profile;
mod saved;
mod signed;
#[cfg(test)]
mod tests;
mod transaction;
mod verdict;
mod wire;

use std::sync::Arc;

use serde_json::Value;
use url::form_urlencoded;

use self::account::{Account, Flow, MovementAuth};
use self::intention::Intention;
use self::looking::Look;
use self::transaction::Transaction;
use self::verdict::Occasion;
use self::wire::{Intended, Keyed};
use crate::domain::card::{Initiator, StoredToken};
use crate::domain::money::Money;
use crate::domain::order::{Charge, MethodKind, Options, Purchase, Purpose, SessionMode, SessionOrder};
use crate::domain::outcome::{NextAction, Outcome, PaymentReport, SessionOpened, Standing, Trace};
use crate::domain::secret::Secret;
use crate::providers::contract::{
    AccessToken, Context, Fault, Feature, Inquiry, Method, Operation, OperationKind, Profile, Provider,
    Reply, Request, Step, Support,
};
use crate::providers::conversation::AnyProvider;
use crate::providers::json::{Reading, parse};
use crate::providers::notice::{Notice, Refusal, Told};
use crate::providers::settings::Settings;

pub use self::profile::{EXAMPLE, PROFILE};

/// The name under which a [`Trace`] keeps the reference that was registered in place of ours.
const REGISTERED: &str = "merchant_order_id";
/// How many random bytes make a fresh reference of a used one.
const FRESH_BYTES: usize = 4;

/// Sets Paymob up for one account.
pub fn build(settings: &Settings) -> Arc<dyn AnyProvider> {
    Arc::new(Paymob { account: Account::read(settings) })
}

/// Paymob, for one account.
pub struct Paymob {
    account: Account,
}

/// Where a conversation stands: which answer is awaited.
#[derive(Debug)]
pub enum Stage {
    /// The order, under this reference.
    Registering {
        /// Ours, or one made of it.
        reference: String,
    },
    /// The intention, under this reference.
    Opening {
        /// Ours, or one made of it.
        reference: String,
    },
    /// What became of the first use of a reference that was used before.
    LookingForEarlier,
    /// The payment key of an order.
    RequestingKey {
        /// Under which the order was registered; `None` when that is not known.
        reference: Option<String>,
        /// The order.
        order: Option<String>,
    },
    /// The payment.
    Paying {
        /// How it would be found again; `None` when that is not known.
        find_by: Option<Box<Trace>>,
    },
    /// A transaction, to learn where a payment stands.
    Looking(Look),
    /// The tokens of an order whose payment is settled.
    ReadingTokens {
        /// Where the payment stands.
        report: Box<PaymentReport>,
    },
    /// A capture, void or refund.
    Moving,
    /// A capture, void or refund by its own id.
    ReadingMovement,
    /// The payment, to see from its totals whether a movement was done.
    ReadingParent,
    /// The newest transaction of an order: perhaps the movement, still pending.
    LookingForPending,
}

type Next = Result<Step<Stage>, Fault>;

impl Provider for Paymob {
    type Stage = Stage;

    fn profile(&self) -> &'static Profile {
        &PROFILE
    }

    fn support(&self, feature: Feature) -> Support {
        profile::support(&self.account, feature)
    }

    fn method_names(&self, kind: MethodKind) -> &[String] {
        self.account.method_names(kind)
    }

    /// Orders, payment keys, inquiries and lists of tokens want the token of the API key. A session
    /// or charge of the newer interface wants it once its reference turns out to be used.
    fn sign_in(&self, operation: OperationKind, _cx: &Context<'_>) -> Option<Request> {
        let needs_token = match operation {
            OperationKind::OpenSession
            | OperationKind::ReadSession
            | OperationKind::Charge
            | OperationKind::InquirePayment
            | OperationKind::InquireMovement => true,
            OperationKind::Capture | OperationKind::Void | OperationKind::Refund => {
                self.account.movement_auth == MovementAuth::AuthToken
            }
            OperationKind::ConfirmSession | OperationKind::CancelSession | OperationKind::DeleteToken => {
                false
            }
        };
        needs_token.then(|| self.account.sign_in())
    }

    fn signed_in(&self, reply: &Reply, cx: &Context<'_>) -> Result<AccessToken, Fault> {
        self.account.signed_in(reply, cx)
    }

    fn check_token(&self, token: &StoredToken) -> Result<(), Fault> {
        saved::value(token).map(|_| ()).map_err(|_| Fault::Invalid {
            field: "provider_token.values".to_owned(),
            problem: "has no value of the only kind that Paymob has".to_owned(),
        })
    }

    fn begin(&self, operation: &Operation, cx: &Context<'_>) -> Next {
        match operation {
            Operation::OpenSession(order) => self.start(operation, order.purchase.reference.clone(), cx),
            Operation::Charge(charge) => self.start(operation, charge.purchase.reference.clone(), cx),
            Operation::ReadSession(inquiry) | Operation::InquirePayment(inquiry) => self.look(inquiry, cx),
            Operation::ConfirmSession(_) => Err(unsupported(
                "finishing a session with a card from the merchant's own page",
                "mode REDIRECT; confirming with `returned` reads the session",
            )),
            Operation::CancelSession(_) => {
                Err(unsupported("closing a session early", "an early expires_at: a page ends by itself"))
            }
            Operation::Capture(movement) | Operation::Void(movement) | Operation::Refund(movement) => {
                self.send_movement(operation.kind(), movement, cx)
            }
            Operation::InquireMovement(inquiry) => self.ask_about_movement(inquiry, cx),
            // No call deletes a token; it dies with our record of it.
            Operation::DeleteToken(_) => Ok(Step::Done(Outcome::TokenDeleted)),
        }
    }

    fn resume(&self, operation: &Operation, stage: Stage, reply: &Reply, cx: &Context<'_>) -> Next {
        match (operation, stage) {
            (_, Stage::Registering { reference }) => self.registered(operation, reference, reply, cx),
            (_, Stage::Opening { reference }) => self.opened(operation, reference, reply, cx),
            (_, Stage::LookingForEarlier) => self.earlier(operation, reply, cx),
            (_, Stage::RequestingKey { reference, order }) => {
                self.keyed(operation, reference, order, reply, cx)
            }
            (_, Stage::Paying { find_by }) => self.paid(operation, find_by.as_deref(), reply, cx),
            (_, Stage::Looking(look)) => self.seen(operation, look, reply, cx),
            (_, Stage::ReadingTokens { report }) => self.tokens_read(*report, reply),
            (
                Operation::Capture(movement) | Operation::Void(movement) | Operation::Refund(movement),
                Stage::Moving,
            ) => self.moved(operation.kind(), movement, reply),
            (Operation::InquireMovement(inquiry), Stage::ReadingMovement) => {
                self.movement_read(inquiry, reply)
            }
            (Operation::InquireMovement(inquiry), Stage::ReadingParent) => {
                self.parent_read(inquiry, reply, cx)
            }
            (Operation::InquireMovement(inquiry), Stage::LookingForPending) => {
                self.pending_looked_for(inquiry, reply)
            }
            (_, Stage::Moving | Stage::ReadingMovement | Stage::ReadingParent | Stage::LookingForPending) => {
                Err(foreign())
            }
        }
    }

    fn unanswered(&self, stage: Stage) -> Option<Outcome> {
        if let Stage::ReadingTokens { report } = stage { Some(Self::tokens_unread(*report)) } else { None }
    }

    fn read_notice(&self, notice: &Notice<'_>, _cx: &Context<'_>) -> Result<Told, Refusal> {
        notice::read(&self.account, notice)
    }

    fn outcome_told(
        &self,
        inquiry: &Inquiry,
        notice: &Notice<'_>,
        cx: &Context<'_>,
    ) -> Result<Outcome, Fault> {
        self.told(inquiry, notice, cx)
    }

    fn stages(&self, operation: OperationKind) -> &'static [&'static str] {
        match operation {
            OperationKind::OpenSession => &["order", "payment_key", "earlier", "intention"],
            OperationKind::ReadSession | OperationKind::InquirePayment => {
                &["tokens", "parent", "newest", "transaction"]
            }
            OperationKind::Charge => &["order", "payment_key", "intention", "earlier", "pay"],
            OperationKind::Capture | OperationKind::Void | OperationKind::Refund => &["movement"],
            OperationKind::InquireMovement => &["newest", "parent", "movement"],
            OperationKind::ConfirmSession | OperationKind::CancelSession | OperationKind::DeleteToken => &[],
        }
    }

    fn stage(&self, operation: &Operation, name: &str) -> Option<Stage> {
        if !Provider::stages(self, operation.kind()).contains(&name) {
            return None;
        }
        let reference = || operation.reference().to_owned();
        match (operation.kind(), name) {
            (_, "order") => Some(Stage::Registering { reference: reference() }),
            (_, "payment_key") => Some(Stage::RequestingKey { reference: Some(reference()), order: None }),
            (_, "intention") => Some(Stage::Opening { reference: reference() }),
            (_, "earlier") => Some(Stage::LookingForEarlier),
            (_, "pay") => Some(Stage::Paying { find_by: None }),
            (_, "tokens") => {
                Some(Stage::ReadingTokens { report: Box::new(PaymentReport::new(Standing::Captured)) })
            }
            (OperationKind::InquireMovement, "newest") => Some(Stage::LookingForPending),
            (OperationKind::InquireMovement, "parent") => Some(Stage::ReadingParent),
            (OperationKind::InquireMovement, "movement") => Some(Stage::ReadingMovement),
            (_, "movement") => Some(Stage::Moving),
            (_, "newest") => Some(Stage::Looking(Look::Newest { known: None })),
            (_, "parent") => Some(Stage::Looking(Look::Parent { hops: 1 })),
            (_, "transaction") => Some(Stage::Looking(Look::Known)),
            _ => None,
        }
    }
}

/// Orders and intentions.
impl Paymob {
    /// The first request of a session or charge under a reference: ours at first, a fresh one made
    /// of it when ours turns out to be used up.
    fn start(&self, operation: &Operation, reference: String, cx: &Context<'_>) -> Next {
        match operation {
            Operation::OpenSession(order) => self.start_session(order, reference, cx),
            Operation::Charge(charge) => self.start_charge(charge, reference, cx),
            Operation::ReadSession(_)
            | Operation::ConfirmSession(_)
            | Operation::CancelSession(_)
            | Operation::Capture(_)
            | Operation::Void(_)
            | Operation::Refund(_)
            | Operation::InquirePayment(_)
            | Operation::InquireMovement(_)
            | Operation::DeleteToken(_) => Err(foreign()),
        }
    }

    fn start_session(&self, order: &SessionOrder, reference: String, cx: &Context<'_>) -> Next {
        if order.mode == SessionMode::Api {
            return Err(unsupported(
                "collecting cards on the merchant's own page",
                "mode REDIRECT: Paymob hosts the page",
            ));
        }
        let purchase = &order.purchase;
        wire::check_required(&self.account, purchase)?;
        wire::check_three_d_secure(purchase.three_d_secure, true)?;
        let amount = self.amount(order)?;
        let expiration_seconds = wire::seconds_until(order.expires_at, cx.now)?;
        match self.flow(&purchase.options)? {
            Flow::Intention => {
                self.public_key()?;
                let methods = integrations::offered(&self.account, order)?;
                let card_tokens = offered_tokens(order)?;
                self.intend(
                    purchase,
                    Intended {
                        amount,
                        reference: &reference,
                        methods,
                        card_tokens,
                        return_url: Some(order.return_urls.success.as_str()),
                        expiration_seconds,
                    },
                )
            }
            Flow::Accept => {
                if order.purpose == Purpose::UseSaved {
                    return Err(unsupported(
                        "saved cards in the older interface's frame",
                        "PAYMOB_FLOW_INTENTION",
                    ));
                }
                self.iframe(&purchase.options)?;
                integrations::framed(&self.account, order)?;
                self.register(purchase, amount, reference, cx)
            }
        }
    }

    fn start_charge(&self, charge: &Charge, reference: String, cx: &Context<'_>) -> Next {
        let purchase = &charge.purchase;
        let token = saved::value(&charge.token)?;
        let customer_present = is_customer_present(charge);
        if matches!(&charge.initiator, Initiator::Customer { cvc: Some(_) }) {
            return Err(unsupported(
                "a security code beside a saved card",
                "leave the code out: where one is wanted, the customer types it on Paymob's page",
            ));
        }
        wire::check_required(&self.account, purchase)?;
        wire::check_three_d_secure(purchase.three_d_secure, customer_present)?;
        self.account.check_amount(purchase.money)?;
        let integration = self.integration(charge)?;
        let amount = purchase.money;
        match self.flow(&purchase.options)? {
            Flow::Intention => {
                let card_tokens = if customer_present {
                    self.public_key()?;
                    vec![token]
                } else {
                    Vec::new()
                };
                let return_url = charge.return_urls.as_ref().map(|urls| urls.success.as_str());
                self.intend(
                    purchase,
                    Intended {
                        amount,
                        reference: &reference,
                        methods: vec![Value::from(integration)],
                        card_tokens,
                        return_url,
                        expiration_seconds: self.expiration(charge, cx)?,
                    },
                )
            }
            Flow::Accept => self.register(purchase, amount, reference, cx),
        }
    }

    /// An intention charges nobody by itself. One whose answer is lost has a secret that nobody knows.
    fn intend(&self, purchase: &Purchase, intended: Intended<'_>) -> Next {
        wire::check_extras(purchase)?;
        let body = wire::intention(&self.account, purchase, &intended);
        let request = self.account.with_secret_key("intention", Method::Post, "/v1/intention/", &body)?;
        Ok(Step::repeatable(request, Stage::Opening { reference: intended.reference.to_owned() }))
    }

    fn register(&self, purchase: &Purchase, amount: Money, reference: String, cx: &Context<'_>) -> Next {
        if wire::extras(purchase).is_some() {
            return Err(unsupported("extras in the older interface", "PAYMOB_FLOW_INTENTION"));
        }
        let body = wire::order(purchase, amount, &reference);
        let request =
            self.account.with_token_inside("ecommerce/orders", "/api/ecommerce/orders", body, cx)?;
        Ok(Step::repeatable(request, Stage::Registering { reference }))
    }

    /// The order has its id; now a key for one payment of it.
    fn registered(&self, operation: &Operation, reference: String, reply: &Reply, cx: &Context<'_>) -> Next {
        if faults::is_duplicate(reply) {
            return self.ask_for_earlier(operation, &reference, cx);
        }
        faults::check(reply)?;
        let body = parse(reply)?;
        let (purchase, amount) = self.bought(operation)?;
        intention::check_echo(
            &body,
            &["amount_cents"],
            &["currency"],
            &["merchant_order_id"],
            amount,
            &reference,
        )?;
        let order = body
            .text(&["id"])
            .filter(|id| verdict::is_number(id))
            .ok_or_else(|| Fault::unintelligible("an order without its id"))?;
        let (integration, expiration_seconds, token) = match operation {
            Operation::Charge(charge) => {
                (self.integration(charge)?, self.expiration(charge, cx)?, Some(saved::value(&charge.token)?))
            }
            Operation::OpenSession(session) => {
                let seconds = wire::seconds_until(session.expires_at, cx.now)?;
                (integrations::framed(&self.account, session)?, seconds, None)
            }
            _ => return Err(foreign()),
        };
        let keyed = Keyed { order: &order, integration, expiration_seconds, token };
        let body = wire::payment_key(&self.account, purchase, amount, &keyed);
        let path = "/api/acceptance/payment_keys";
        let request = self.account.with_token_inside("acceptance/payment_keys", path, body, cx)?;
        Ok(Step::repeatable(request, Stage::RequestingKey { reference: Some(reference), order: Some(order) }))
    }

    /// The key: for a frame, or for the payment itself.
    fn keyed(
        &self,
        operation: &Operation,
        reference: Option<String>,
        order: Option<String>,
        reply: &Reply,
        _cx: &Context<'_>,
    ) -> Next {
        faults::check(reply)?;
        let key = parse(reply)?
            .text(&["token"])
            .map(Secret::new)
            .ok_or_else(|| Fault::unintelligible("an answer without a payment key"))?;
        let mut trace = trace(operation, reference.as_deref());
        trace.order = order;
        match operation {
            Operation::OpenSession(session) => {
                let frame = self.iframe(&session.purchase.options)?;
                let query = form_urlencoded::Serializer::new(String::new())
                    .append_pair("payment_token", key.expose())
                    .finish();
                let url = format!("{}/api/acceptance/iframes/{frame}?{query}", self.account.base_url);
                Ok(Step::Done(Outcome::SessionOpened(SessionOpened {
                    trace,
                    next_action: NextAction::Redirect { url },
                    expires_at: Some(session.expires_at),
                })))
            }
            Operation::Charge(charge) => self.pay(charge, &key, trace),
            _ => Err(foreign()),
        }
    }

    /// The intention is there: a page to go to, or a key to pay with.
    fn opened(&self, operation: &Operation, reference: String, reply: &Reply, cx: &Context<'_>) -> Next {
        if faults::is_duplicate(reply) {
            return self.ask_for_earlier(operation, &reference, cx);
        }
        faults::check(reply)?;
        let (_, amount) = self.bought(operation)?;
        let intention = Intention::read(&parse(reply)?, amount, &reference, self.account.test)?;
        let mut trace = trace(operation, Some(&reference));
        trace.session = intention.id.clone();
        trace.session_key = Some(intention.client_secret.clone());
        trace.order = intention.order.clone();
        match operation {
            Operation::OpenSession(order) => Ok(Step::Done(Outcome::SessionOpened(SessionOpened {
                trace,
                next_action: self.checkout(&intention)?,
                expires_at: Some(order.expires_at),
            }))),
            Operation::Charge(charge) if is_customer_present(charge) => {
                let mut report = PaymentReport::new(Standing::ActionRequired(self.checkout(&intention)?));
                report.trace = trace;
                Ok(Step::Done(Outcome::Payment(report)))
            }
            Operation::Charge(charge) => {
                let key = intention.key_of(self.integration(charge)?)?;
                self.pay(charge, key, trace)
            }
            _ => Err(foreign()),
        }
    }

    fn checkout(&self, intention: &Intention) -> Result<NextAction, Fault> {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("publicKey", self.public_key()?)
            .append_pair("clientSecret", intention.client_secret.expose())
            .finish();
        Ok(NextAction::Redirect { url: format!("{}/unifiedcheckout/?{query}", self.account.base_url) })
    }
}

/// A reference that was used before.
impl Paymob {
    /// An earlier conversation broke off before it paid, and left an order under our reference; or
    /// somebody else used it. Nothing is paid under it before that is known (section 14).
    fn ask_for_earlier(&self, operation: &Operation, reference: &str, cx: &Context<'_>) -> Next {
        let ours = operation.reference();
        if reference != ours {
            // The next start draws another one.
            return Err(Fault::Silent { what: "a fresh reference is called a duplicate".to_owned() });
        }
        Ok(Step::repeatable(self.by_reference(ours, cx)?, Stage::LookingForEarlier))
    }

    /// No transaction under it: no one has paid, and no one will, because the key or secret of that
    /// order was never given to anybody. A transaction: it is judged, and nothing is paid again.
    fn earlier(&self, operation: &Operation, reply: &Reply, cx: &Context<'_>) -> Next {
        if !faults::is_nothing_there(reply) {
            return self.seen(operation, Look::Newest { known: None }, reply, cx);
        }
        let fresh: String = cx.entropy[..FRESH_BYTES].iter().map(|byte| format!("{byte:02x}")).collect();
        self.start(operation, format!("{}-{fresh}", operation.reference()), cx)
    }
}

/// Payments with a saved card.
impl Paymob {
    /// The one request that charges. It needs no credential: the key authorises it.
    fn pay(&self, charge: &Charge, key: &Secret<String>, find_by: Trace) -> Next {
        let body = wire::pay(saved::value(&charge.token)?, key);
        let request =
            self.account.request("payments/pay", Method::Post, "/api/acceptance/payments/pay").json(&body);
        let next = Stage::Paying { find_by: Some(Box::new(find_by.clone())) };
        Ok(Step::moves_money(request, find_by, next))
    }

    /// The answer. A decline is HTTP 200 as well: only `success` decides (section 6).
    fn paid(&self, operation: &Operation, find_by: Option<&Trace>, reply: &Reply, cx: &Context<'_>) -> Next {
        if faults::is_paid_before(reply) {
            return Err(Fault::Silent { what: "the provider speaks of an earlier payment".to_owned() });
        }
        faults::check(reply)?;
        let transaction = Transaction::read(&parse(reply)?, &self.account)?;
        let view = looking::view(operation, find_by, cx.now)?;
        let mut report = verdict::payment(&self.account, &view, &transaction, Occasion::Answer)?;
        if let Some(known) = find_by {
            let mut trace = known.clone();
            trace.learn(report.trace);
            report.trace = trace;
        }
        Ok(Step::Done(Outcome::Payment(report)))
    }
}

/// What an order says, in this account's terms.
impl Paymob {
    /// Which interface: the caller's choice, else the account's.
    fn flow(&self, options: &Options) -> Result<Flow, Fault> {
        let flow = match options.text("flow") {
            None | Some("PAYMOB_FLOW_UNSPECIFIED") => self.account.flow,
            Some("PAYMOB_FLOW_INTENTION") => Flow::Intention,
            Some("PAYMOB_FLOW_ACCEPT") => Flow::Accept,
            Some(_) => {
                return Err(Fault::Invalid {
                    field: "paymob.flow".to_owned(),
                    problem: "is not known to this adapter".to_owned(),
                });
            }
        };
        if flow == Flow::Intention && options.integer("iframe_id").is_some_and(|id| id > 0) {
            return Err(Fault::Invalid {
                field: "paymob.iframe_id".to_owned(),
                problem: "is of the older interface; it needs PAYMOB_FLOW_ACCEPT".to_owned(),
            });
        }
        Ok(flow)
    }

    fn public_key(&self) -> Result<&str, Fault> {
        self.account.public_key.as_deref().ok_or_else(|| {
            unsupported(
                "the intention interface's page without a public key",
                "secret_key and public_key in the account's settings, or PAYMOB_FLOW_ACCEPT",
            )
        })
    }

    fn iframe(&self, options: &Options) -> Result<i64, Fault> {
        options.integer("iframe_id").filter(|id| *id > 0).or(self.account.iframe_id).ok_or_else(|| {
            unsupported(
                "the older interface's page without a frame",
                "iframe_id in the account's settings or in the options, or PAYMOB_FLOW_INTENTION",
            )
        })
    }

    fn integration(&self, charge: &Charge) -> Result<i64, Fault> {
        let purchase = &charge.purchase;
        integrations::charging(
            &self.account,
            &purchase.options,
            purchase.capture,
            is_customer_present(charge),
        )
    }

    fn expiration(&self, charge: &Charge, cx: &Context<'_>) -> Result<i64, Fault> {
        match charge.expires_at {
            Some(end) => wire::seconds_until(end, cx.now),
            None => Ok(self.account.expiration_seconds),
        }
    }

    /// What is asked for. Saving a card alone asks for nothing, and the provider for an amount.
    fn amount(&self, order: &SessionOrder) -> Result<Money, Fault> {
        let money = order.purchase.money;
        if order.purpose == Purpose::Save {
            self.account.check_currency(money.currency())?;
            return Money::new(self.account.verification_minor, money.currency())
                .map_err(|_| Fault::unintelligible("a verification amount below zero"));
        }
        self.account.check_amount(money)?;
        Ok(money)
    }

    fn bought<'a>(&self, operation: &'a Operation) -> Result<(&'a Purchase, Money), Fault> {
        match operation {
            Operation::OpenSession(order) => Ok((&order.purchase, self.amount(order)?)),
            Operation::Charge(charge) => Ok((&charge.purchase, charge.purchase.money)),
            _ => Err(foreign()),
        }
    }
}

/// Our reference, and the one that was registered where that is another one.
fn trace(operation: &Operation, registered: Option<&str>) -> Trace {
    let ours = operation.reference();
    let mut trace = Trace::by_reference(ours);
    if let Some(registered) = registered.filter(|registered| *registered != ours) {
        trace.more.insert(REGISTERED.to_owned(), registered.to_owned());
    }
    trace
}

fn offered_tokens(order: &SessionOrder) -> Result<Vec<&Secret<String>>, Fault> {
    if order.purpose != Purpose::UseSaved {
        return Ok(Vec::new());
    }
    if order.offered.len() > wire::CARD_TOKENS_MAX {
        return Err(Fault::Invalid {
            field: "token_ids".to_owned(),
            problem: format!("Paymob's page offers at most {} saved cards", wire::CARD_TOKENS_MAX),
        });
    }
    order.offered.iter().map(saved::value).collect()
}

fn is_customer_present(charge: &Charge) -> bool {
    match charge.initiator {
        Initiator::Customer { .. } => true,
        Initiator::Merchant { .. } => false,
    }
}

fn unsupported(what: &str, instead: &str) -> Fault {
    Fault::Unsupported { what: what.to_owned(), instead: instead.to_owned() }
}

fn foreign() -> Fault {
    Fault::unintelligible("an answer at a stage that its operation does not have")
}
