//! Drives one conversation with a provider, turn by turn: sign-in, permits, retries.
//!
//! The rules, all of them about one question, "may money have moved?":
//! * a request that moves money is sent at most once in a conversation that got so far, and only
//!   with a permit from the journal;
//! * before that point a conversation that breaks off starts over, a bounded number of times;
//! * after that point nothing starts over. Steps that only read may be sent again.

use std::time::Duration;

use jiff::Timestamp;
use tracing::Instrument as _;

use crate::domain::ids::MerchantName;
use crate::domain::outcome::{Outcome, Trace};
use crate::journal::seam::{CommitError, Permit};
use crate::providers::contract::{
    AccessToken, Context, Effect, Fault, Operation, Reply, Request, STEPS_PER_CONVERSATION_MAX,
};
use crate::providers::conversation::{Rest, Turn};
use crate::providers::redact::{shown_path, shown_sent};
use crate::world::{Errand, NoReply, World};

use super::accounts::Account;
use super::spans;

/// How often a conversation may start over before money moves.
const STARTS_MAX: u32 = 3;
/// The first pause between two starts; it doubles.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest pause that a provider's `Retry-After` may cause inside a call.
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// How often a step that only reads is sent again after money may have moved.
const READS_AFTER_MAX: u32 = 2;

/// One exchange, as it may be told in the payment's story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exchanged {
    /// What the request is called.
    pub name: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path of the address, as it may be shown.
    pub path: String,
    /// The HTTP status; 0 without an answer.
    pub status: u16,
    /// How long it took.
    pub took: Duration,
    /// When the answer came, or was given up.
    pub at: Timestamp,
    /// The body that was sent, as it may be shown.
    pub request: String,
}

/// A conversation that came to an outcome.
#[derive(Debug)]
pub(super) struct Talked {
    /// What came of it.
    pub outcome: Outcome,
    /// The exchanges, oldest first.
    pub exchanges: Vec<Exchanged>,
}

/// A conversation that did not.
#[derive(Debug)]
pub(super) struct Broken {
    /// Why.
    pub why: Why,
    /// Whether money may have moved.
    pub money_may_have_moved: bool,
    /// The exchanges, oldest first.
    pub exchanges: Vec<Exchanged>,
}

/// Why a conversation came to nothing.
#[derive(Debug)]
pub(super) enum Why {
    /// The provider, or the way there.
    Fault(Fault),
    /// The journal.
    Journal(CommitError),
    /// The breaker is open.
    Paused(Duration),
}

/// Who writes things down on behalf of a conversation.
pub(super) trait Mover: Send {
    /// Records that the conversation begins, before its first request is sent. Called once, and
    /// only if the first request does not move money by itself.
    fn begins(&mut self) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Records that a request that moves money is about to be sent.
    fn permit(&mut self, find_by: Trace) -> impl Future<Output = Result<Permit, CommitError>> + Send;

    /// Takes note that the permitted request never left.
    fn never_sent(&mut self);
}

/// For conversations that only read: asking for a permit is a bug of the adapter.
pub(super) struct ReadsOnly;

impl Mover for ReadsOnly {
    async fn begins(&mut self) -> Result<(), CommitError> {
        Ok(())
    }

    async fn permit(&mut self, _find_by: Trace) -> Result<Permit, CommitError> {
        Err(CommitError::Conflict)
    }

    fn never_sent(&mut self) {}
}

/// Talks to a provider until there is an outcome, or there will be none. The time is the
/// merchant's whose business it is.
///
/// # Errors
/// [`Broken`], which says whether money may have moved.
pub(super) async fn converse<M: Mover>(
    world: &dyn World,
    merchant: &MerchantName,
    account: &Account,
    operation: &Operation,
    mover: &mut M,
) -> Result<Talked, Broken> {
    let span = spans::converse(account, operation);
    let talked = talk(world, merchant, account, operation, mover).instrument(span.clone()).await;
    spans::talked(&span, &talked);
    talked
}

async fn talk<M: Mover>(
    world: &dyn World,
    merchant: &MerchantName,
    account: &Account,
    operation: &Operation,
    mover: &mut M,
) -> Result<Talked, Broken> {
    let mut talk =
        Talk { world, merchant, account, mover, exchanges: Vec::new(), begun: false, access_renewed: false };
    let mut start = 1;
    loop {
        let broken = match talk.once(operation).await {
            Ok(outcome) => return Ok(Talked { outcome, exchanges: talk.exchanges }),
            Err(broken) => broken,
        };
        let again = match &broken {
            Break { moved: true, .. } => None,
            Break { why: Why::Fault(fault), .. } => talk.pause_before_again(fault, start),
            Break { why: Why::Journal(_) | Why::Paused(_), .. } => None,
        };
        match again {
            Some(pause) => {
                start += 1;
                if !pause.is_zero() {
                    world.sleep(pause).await;
                }
            }
            None => {
                return Err(Broken {
                    why: broken.why,
                    money_may_have_moved: broken.moved,
                    exchanges: talk.exchanges,
                });
            }
        }
    }
}

struct Break {
    why: Why,
    moved: bool,
}

impl From<Fault> for Break {
    fn from(fault: Fault) -> Self {
        Self { why: Why::Fault(fault), moved: false }
    }
}

impl From<CommitError> for Break {
    fn from(error: CommitError) -> Self {
        Self { why: Why::Journal(error), moved: false }
    }
}

struct Talk<'a, M> {
    world: &'a dyn World,
    merchant: &'a MerchantName,
    account: &'a Account,
    mover: &'a mut M,
    exchanges: Vec<Exchanged>,
    begun: bool,
    access_renewed: bool,
}

impl<M: Mover> Talk<'_, M> {
    /// The time of whose business this is.
    fn now(&self) -> Timestamp {
        self.world.now_of(self.merchant)
    }

    /// Whether and after which pause a conversation that broke off may start over.
    fn pause_before_again(&mut self, fault: &Fault, start: u32) -> Option<Duration> {
        if start >= STARTS_MAX {
            return None;
        }
        let pause = PAUSE * 2u32.pow(start - 1);
        match fault {
            // Once, at once: `once` has dropped the refused access token.
            Fault::Unauthorized { .. } if self.access_renewed => Some(Duration::ZERO).filter(|_| start == 1),
            Fault::Throttled { after, code: _ } => {
                let pause = after.unwrap_or(pause);
                (pause <= PAUSE_MAX).then_some(pause)
            }
            Fault::Unreachable | Fault::Silent { .. } => Some(pause),
            Fault::Unauthorized { .. }
            | Fault::Unsupported { .. }
            | Fault::AmountOutOfBounds { .. }
            | Fault::Invalid { .. }
            | Fault::Rejected { .. }
            | Fault::Unintelligible { .. } => None,
        }
    }

    /// One conversation from its beginning.
    async fn once(&mut self, operation: &Operation) -> Result<Outcome, Break> {
        let access = self.account.access(operation.kind(), self.world, self.merchant).await?;
        let cx = Context { now: self.now(), entropy: self.world.entropy(), access: access.as_ref() };
        let mut turn = self.account.provider.clone().begin(operation.clone(), &cx)?;
        let mut moved = false;
        for _ in 0..STEPS_PER_CONVERSATION_MAX {
            let (request, effect, rest) = match turn {
                Turn::Done(outcome) => return Ok(outcome),
                Turn::Ask { request, effect, rest } => (request, effect, rest),
            };
            if moved && matches!(effect, Effect::MovesMoney { .. }) {
                return Err(after_money(Fault::unintelligible("a second request that moves money")));
            }
            let reply = match self.send(request, &effect, moved).await {
                Ok(reply) => reply,
                Err(broken) => match rest.unanswered() {
                    // Asked for beside what is known already, which must not be lost with it.
                    Some(outcome) => return Ok(outcome),
                    None => return Err(broken),
                },
            };
            let now = self.now();
            let cx = Context { now, entropy: cx.entropy, access: access.as_ref() };
            turn = match self.read(rest, &reply, &cx) {
                Ok(turn) => turn,
                Err(fault) => return Err(self.refused(fault, &effect, moved, access.as_ref()).await),
            };
            moved = moved || !matches!(effect, Effect::Repeatable);
        }
        Err(Break { why: Why::Fault(Fault::unintelligible("a conversation without an end")), moved })
    }

    fn read(&self, rest: Box<dyn Rest>, reply: &Reply, cx: &Context<'_>) -> Result<Turn, Fault> {
        let read = rest.resume(reply, cx);
        let healthy = !matches!(read, Err(Fault::Silent { .. } | Fault::Throttled { .. }));
        self.account.went(healthy, cx.now);
        read
    }

    /// What a fault in an answer means at this point of the conversation.
    async fn refused(
        &mut self,
        fault: Fault,
        effect: &Effect,
        moved: bool,
        access: Option<&AccessToken>,
    ) -> Break {
        if let (Fault::Unauthorized { .. }, Some(access)) = (&fault, access) {
            self.account.forget_access(access).await;
            self.access_renewed = true;
        }
        if moved || fault.money_may_have_moved(effect) {
            return after_money(fault);
        }
        if matches!(effect, Effect::MovesMoney { .. }) {
            // The provider proves that it did not process the request.
            self.mover.never_sent();
        }
        Break::from(fault)
    }

    async fn send(&mut self, request: Request, effect: &Effect, moved: bool) -> Result<Reply, Break> {
        if let Err(pause) = self.account.may_send(self.now()).map_err(Why::Paused) {
            return Err(Break { why: pause, moved });
        }
        match effect {
            Effect::MovesMoney { find_by } => {
                let permit = self.mover.permit(find_by.clone()).await?;
                self.begun = true;
                match self.exchange(Errand::MovesMoney(request, permit)).await {
                    Ok(reply) => Ok(reply),
                    Err(NoReply::NeverLeft) => {
                        self.mover.never_sent();
                        Err(Fault::Unreachable.into())
                    }
                    Err(NoReply::MayHaveArrived) => {
                        Err(after_money(Fault::Silent { what: "no answer".to_owned() }))
                    }
                }
            }
            Effect::Remembered { until } if self.now() >= *until => Err(after_money(Fault::Silent {
                what: "the provider has forgotten the request's key".to_owned(),
            })),
            Effect::Repeatable | Effect::Remembered { .. } => {
                if !self.begun {
                    self.mover.begins().await?;
                    self.begun = true;
                }
                self.send_repeatable(request, moved).await
            }
        }
    }

    async fn send_repeatable(&mut self, request: Request, moved: bool) -> Result<Reply, Break> {
        let mut left = if moved { READS_AFTER_MAX } else { 0 };
        loop {
            match self.exchange(Errand::Repeatable(request.clone())).await {
                Ok(reply) => return Ok(reply),
                Err(_) if left > 0 => {
                    left -= 1;
                    self.world.sleep(PAUSE).await;
                }
                Err(no_reply) => {
                    let fault = match no_reply {
                        NoReply::NeverLeft => Fault::Unreachable,
                        NoReply::MayHaveArrived => Fault::Silent { what: "no answer".to_owned() },
                    };
                    return Err(Break { why: Why::Fault(fault), moved });
                }
            }
        }
    }

    async fn exchange(&mut self, errand: Errand) -> Result<Reply, NoReply> {
        let (Errand::Repeatable(request) | Errand::MovesMoney(request, _)) = &errand;
        let (name, method, path) = (request.name, request.method.as_str(), shown_path(request));
        let request = shown_sent(request, self.account.profile());
        let begin = self.now();
        let span = spans::exchange(self.account, name);
        let reply = self.world.exchange(&self.account.name, errand).instrument(span.clone()).await;
        spans::exchanged(&span, &reply);
        let at = self.now();
        if reply.is_err() {
            self.account.went(false, at);
        }
        let status = reply.as_ref().map_or(0, |reply| reply.status);
        let took = Duration::try_from(at.duration_since(begin)).unwrap_or_default();
        self.exchanges.push(Exchanged { name, method, path, status, took, at, request });
        reply
    }
}

fn after_money(fault: Fault) -> Break {
    Break { why: Why::Fault(fault), moved: true }
}
