//! The gateway that an import talks to. A line may be sent any number of times: its request id makes
//! it one schedule.

use std::time::Duration;

use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt as _;
use turnpike::rpc::proto::preview_occurrences_request::Subject;
use turnpike::rpc::proto::recurring_service_client::RecurringServiceClient;
use turnpike::rpc::proto::token_service_client::TokenServiceClient;
use turnpike::rpc::proto::{self as pb};

use super::lines::{Failure, Numbered, Wish};
use crate::commands::calling::{Called, Calling};

/// How long one call may take.
const CALL_MAX: Duration = Duration::from_secs(60);
/// How often one call is made before the import stops.
const TRIES_MAX: u32 = 6;
/// The longest wait between two of them, whatever the gateway asks for.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// What came of a line.
pub enum Came {
    /// It asks for nothing.
    Blank,
    /// Its schedule was created.
    Created,
    /// Its schedule was there before.
    Replayed,
    /// It would be created.
    Valid,
    /// It is refused, and always will be as it is.
    Refused(Failure),
    /// It says nothing about the line that it failed: the import has to stop.
    Stopped(String),
}

/// The gateway.
pub struct Gateway {
    recurring: RecurringServiceClient<Channel>,
    tokens: TokenServiceClient<Channel>,
    called: Called,
    dry_run: bool,
}

impl Gateway {
    /// Connects.
    pub async fn connect(calling: &Calling, dry_run: bool) -> anyhow::Result<Self> {
        let called = calling.connect(Some(CALL_MAX)).await?;
        let recurring = RecurringServiceClient::new(called.channel.clone());
        let tokens = TokenServiceClient::new(called.channel.clone());
        Ok(Self { recurring, tokens, called, dry_run })
    }

    /// Does what a line asks for.
    pub async fn line(&self, line: Numbered) -> Came {
        if line.is_blank() {
            return Came::Blank;
        }
        let number = line.number;
        let wish = match line.wish() {
            Ok(wish) => wish,
            Err(failure) => return Came::Refused(failure),
        };
        let done = if self.dry_run { self.check(wish).await } else { self.create(wish).await };
        done.unwrap_or_else(|(prefix, status)| judge(number, prefix, &status))
    }

    async fn create(&self, wish: Wish) -> Result<Came, (&'static str, Status)> {
        let Wish { mut schedule, token } = wish;
        if let Some(token) = token {
            let imported = self.again(token, |request| {
                let mut tokens = self.tokens.clone();
                async move { tokens.import_token(request).await }
            });
            let imported = imported.await.map_err(|status| ("import_token.", status))?.token;
            let id = imported.map(|token| token.id).unwrap_or_default();
            schedule.terms.get_or_insert_default().token_id = id;
        }
        let scheduled = self.again(schedule, |request| {
            let mut recurring = self.recurring.clone();
            async move { recurring.schedule_recurring(request).await }
        });
        let replayed = scheduled.await.map_err(|status| ("", status))?.replayed;
        Ok(if replayed { Came::Replayed } else { Came::Created })
    }

    async fn check(&self, wish: Wish) -> Result<Came, (&'static str, Status)> {
        let Wish { mut schedule, token } = wish;
        if token.is_some() {
            // Without its token, all that can be asked about is when it would be charged.
            let subject = schedule.terms.map(Subject::Terms);
            let preview = pb::PreviewOccurrencesRequest { subject, count: 1, after_number: 0 };
            let shown = self.again(preview, |request| {
                let mut recurring = self.recurring.clone();
                async move { recurring.preview_occurrences(request).await }
            });
            shown.await.map_err(|status| ("", status))?;
            return Ok(Came::Valid);
        }
        schedule.validate_only = true;
        let checked = self.again(schedule, |request| {
            let mut recurring = self.recurring.clone();
            async move { recurring.schedule_recurring(request).await }
        });
        checked.await.map_err(|status| ("", status))?;
        Ok(Came::Valid)
    }

    /// Makes a call, and makes it again where the gateway says when.
    async fn again<M: Clone, A, F>(&self, message: M, call: impl Fn(Request<M>) -> F) -> Result<A, Status>
    where
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let mut tries = 1;
        loop {
            let mut request = self.called.request(message.clone());
            request.set_timeout(CALL_MAX);
            let status = match call(request).await {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) => status,
            };
            let later = [Code::Unavailable, Code::ResourceExhausted].contains(&status.code());
            let wait = status.get_details_retry_info().and_then(|info| info.retry_delay);
            let Some(wait) = wait.filter(|_| later && tries < TRIES_MAX) else { return Err(status) };
            tokio::time::sleep(wait.min(WAIT_MAX)).await;
            tries += 1;
        }
    }
}

/// Whether an error is about the line, or about everything.
fn judge(line: u64, prefix: &str, status: &Status) -> Came {
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone()).unwrap_or_default();
    let is_of_the_line = match status.code() {
        Code::InvalidArgument | Code::NotFound | Code::AlreadyExists | Code::FailedPrecondition => true,
        // A fault of the gateway: the others may fare better, and it can be sent again.
        Code::Internal => !reason.is_empty(),
        _ => false,
    };
    if !is_of_the_line {
        let what = if reason.is_empty() { status.code().description().to_owned() } else { reason };
        return Came::Stopped(format!(
            "line {line} cannot be sent ({what}); run it again to go on, nothing is created twice"
        ));
    }
    let violations = details.bad_request().map(|wrong| wrong.field_violations.as_slice()).unwrap_or_default();
    let fields =
        violations.iter().map(|wrong| (format!("{prefix}{}", wrong.field), wrong.description.clone()));
    Came::Refused(Failure { line, reason, fields: fields.collect() })
}
