//! Orders and intentions: what is made before anybody pays, and what is done where a reference was used before.

use serde_json::Value;
use url::form_urlencoded;

use super::account::Flow;
use super::choices::is_customer_present;
use super::intention::Intention;
use super::looking::Look;
use super::wire::{Intended, Keyed};
use super::{
    Next, Paymob, REGISTERED, Stage, faults, foreign, integrations, intention, saved, unsupported, verdict,
    wire,
};
use crate::domain::card::Initiator;
use crate::domain::money::Money;
use crate::domain::order::{Charge, Purchase, Purpose, SessionMode, SessionOrder};
use crate::domain::outcome::{NextAction, Outcome, PaymentReport, SessionOpened, Standing, Trace};
use crate::domain::secret::Secret;
use crate::providers::contract::{Context, Fault, Method, Operation, Reply, Step};
use crate::providers::json::{Reading, parse};

/// How many random bytes make a fresh reference of a used one.
const FRESH_BYTES: usize = 4;

impl Paymob {
    /// The first request of a session or charge under a reference: ours at first, a fresh one made
    /// of it when ours turns out to be used up.
    pub(super) fn start(&self, operation: &Operation, reference: String, cx: &Context<'_>) -> Next {
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
    pub(super) fn registered(
        &self,
        operation: &Operation,
        reference: String,
        reply: &Reply,
        cx: &Context<'_>,
    ) -> Next {
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
    pub(super) fn keyed(
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
    pub(super) fn opened(
        &self,
        operation: &Operation,
        reference: String,
        reply: &Reply,
        cx: &Context<'_>,
    ) -> Next {
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
    pub(super) fn earlier(&self, operation: &Operation, reply: &Reply, cx: &Context<'_>) -> Next {
        if !faults::is_nothing_there(reply) {
            return self.seen(operation, Look::Newest { known: None }, reply, cx);
        }
        let fresh: String = cx.entropy[..FRESH_BYTES].iter().map(|byte| format!("{byte:02x}")).collect();
        self.start(operation, format!("{}-{fresh}", operation.reference()), cx)
    }
}

/// Our reference, and the one that was registered where that is another one.
pub(super) fn trace(operation: &Operation, registered: Option<&str>) -> Trace {
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
