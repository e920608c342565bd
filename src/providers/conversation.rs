//! Any provider behind one type: the stage stays inside, so the engine never names an adapter.

use std::sync::Arc;

use super::contract::{
    AccessToken, Context, Effect, Fault, Feature, Inquiry, Operation, OperationKind, Profile, Provider,
    Reply, Request, Step, Support,
};
use super::notice::{Notice, NoticeAnswer, Refusal, Told};
use crate::domain::card::StoredToken;
use crate::domain::order::MethodKind;
use crate::domain::outcome::Outcome;

/// A provider whose stages are hidden.
pub trait AnyProvider: Send + Sync + 'static {
    /// See [`Provider::profile`].
    fn profile(&self) -> &'static Profile;
    /// See [`Provider::support`].
    fn support(&self, feature: Feature) -> Support;
    /// See [`Provider::method_names`].
    fn method_names(&self, kind: MethodKind) -> &[String];
    /// See [`Provider::sign_in`].
    fn sign_in(&self, operation: OperationKind, cx: &Context<'_>) -> Option<Request>;
    /// See [`Provider::signed_in`].
    ///
    /// # Errors
    /// As there.
    fn signed_in(&self, reply: &Reply, cx: &Context<'_>) -> Result<AccessToken, Fault>;
    /// See [`Provider::check_token`].
    ///
    /// # Errors
    /// As there.
    fn check_token(&self, token: &StoredToken) -> Result<(), Fault>;
    /// Begins a conversation.
    ///
    /// # Errors
    /// As [`Provider::begin`].
    fn begin(self: Arc<Self>, operation: Operation, cx: &Context<'_>) -> Result<Turn, Fault>;
    /// See [`Provider::read_notice`].
    ///
    /// # Errors
    /// As there.
    fn read_notice(&self, notice: &Notice<'_>, cx: &Context<'_>) -> Result<Told, Refusal>;
    /// See [`Provider::outcome_told`].
    ///
    /// # Errors
    /// As there.
    fn outcome_told(
        &self,
        inquiry: &Inquiry,
        notice: &Notice<'_>,
        cx: &Context<'_>,
    ) -> Result<Outcome, Fault>;
    /// See [`Provider::answer`].
    fn answer(&self, judged: &Result<Told, Refusal>) -> NoticeAnswer;
    /// See [`Provider::not_stored`].
    fn not_stored(&self) -> NoticeAnswer;
    /// The stage names of an operation.
    fn stages(&self, operation: OperationKind) -> &'static [&'static str];
    /// Reads one reply at a stage, as `turnpike inspect reply` does. `None` for an unknown stage.
    fn read(
        self: Arc<Self>,
        operation: Operation,
        stage: &str,
        reply: &Reply,
        cx: &Context<'_>,
    ) -> Option<Result<Turn, Fault>>;
}

/// What happens next, with the rest of the conversation packed away.
#[allow(clippy::large_enum_variant)] // One exists at a time.
pub enum Turn {
    /// Send this, then go on with `rest`.
    Ask {
        /// What to send.
        request: Request,
        /// What it can do.
        effect: Effect,
        /// The rest of the conversation.
        rest: Box<dyn Rest>,
    },
    /// It is over.
    Done(Outcome),
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ask { request, effect, .. } => f
                .debug_struct("Ask")
                .field("request", request)
                .field("effect", effect)
                .finish_non_exhaustive(),
            Self::Done(outcome) => f.debug_tuple("Done").field(outcome).finish(),
        }
    }
}

/// A conversation that waits for an answer.
pub trait Rest: Send {
    /// Reads the answer.
    ///
    /// # Errors
    /// As [`Provider::resume`].
    fn resume(self: Box<Self>, reply: &Reply, cx: &Context<'_>) -> Result<Turn, Fault>;

    /// What it comes to without an answer, see [`Provider::unanswered`].
    fn unanswered(self: Box<Self>) -> Option<Outcome>;
}

struct Waiting<P: Provider> {
    provider: Arc<P>,
    operation: Operation,
    stage: P::Stage,
}

impl<P: Provider> Waiting<P> {
    fn turn(provider: Arc<P>, operation: Operation, step: Step<P::Stage>) -> Turn {
        match step {
            Step::Done(outcome) => Turn::Done(outcome),
            Step::Ask { request, effect, next } => {
                Turn::Ask { request, effect, rest: Box::new(Self { provider, operation, stage: next }) }
            }
        }
    }
}

impl<P: Provider> Rest for Waiting<P> {
    fn resume(self: Box<Self>, reply: &Reply, cx: &Context<'_>) -> Result<Turn, Fault> {
        let Self { provider, operation, stage } = *self;
        let step = provider.resume(&operation, stage, reply, cx)?;
        Ok(Self::turn(provider, operation, step))
    }

    fn unanswered(self: Box<Self>) -> Option<Outcome> {
        self.provider.unanswered(self.stage)
    }
}

impl<P: Provider> AnyProvider for P {
    fn profile(&self) -> &'static Profile {
        Provider::profile(self)
    }

    fn support(&self, feature: Feature) -> Support {
        Provider::support(self, feature)
    }

    fn method_names(&self, kind: MethodKind) -> &[String] {
        Provider::method_names(self, kind)
    }

    fn sign_in(&self, operation: OperationKind, cx: &Context<'_>) -> Option<Request> {
        Provider::sign_in(self, operation, cx)
    }

    fn signed_in(&self, reply: &Reply, cx: &Context<'_>) -> Result<AccessToken, Fault> {
        Provider::signed_in(self, reply, cx)
    }

    fn check_token(&self, token: &StoredToken) -> Result<(), Fault> {
        Provider::check_token(self, token)
    }

    fn read_notice(&self, notice: &Notice<'_>, cx: &Context<'_>) -> Result<Told, Refusal> {
        Provider::read_notice(self, notice, cx)
    }

    fn outcome_told(
        &self,
        inquiry: &Inquiry,
        notice: &Notice<'_>,
        cx: &Context<'_>,
    ) -> Result<Outcome, Fault> {
        Provider::outcome_told(self, inquiry, notice, cx)
    }

    fn answer(&self, judged: &Result<Told, Refusal>) -> NoticeAnswer {
        Provider::answer(self, judged)
    }

    fn not_stored(&self) -> NoticeAnswer {
        Provider::not_stored(self)
    }

    fn begin(self: Arc<Self>, operation: Operation, cx: &Context<'_>) -> Result<Turn, Fault> {
        let step = Provider::begin(self.as_ref(), &operation, cx)?;
        Ok(Waiting::turn(self, operation, step))
    }

    fn stages(&self, operation: OperationKind) -> &'static [&'static str] {
        Provider::stages(self, operation)
    }

    fn read(
        self: Arc<Self>,
        operation: Operation,
        stage: &str,
        reply: &Reply,
        cx: &Context<'_>,
    ) -> Option<Result<Turn, Fault>> {
        let stage = self.stage(&operation, stage)?;
        let step = self.resume(&operation, stage, reply, cx);
        Some(step.map(|step| Waiting::turn(self, operation, step)))
    }
}
