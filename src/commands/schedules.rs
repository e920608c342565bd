//! `turnpike schedules`: schedules in bulk, for those who come from another system.

mod gateway;
mod lines;
mod progress;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::{Args, Subcommand};
use futures_util::StreamExt as _;

use self::gateway::{Came, Gateway};
use self::lines::{Failure, Numbered};
use self::progress::Progress;
use super::calling::Calling;

/// Lines after which it is written down how far the import came.
const BATCH_LINES: usize = 500;
/// The most lines that can be under way at once.
const CONCURRENCY_MAX: u64 = 256;

/// Works on schedules in bulk.
#[derive(Debug, Args)]
pub struct Schedules {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Creates schedules from a file with a request on each line.
    Import(Import),
}

/// Creates schedules from a file: JSON Lines, each a ScheduleRecurringRequest in the contract's JSON form.
///
/// Each line has a `request_id` of its own, so running it again repeats nothing. Instead of
/// `terms.token_id` a line may have an `import_token`, an ImportTokenRequest whose request_id is that of
/// the line with `-token` behind it unless it says otherwise.
///
/// How far it came is kept beside the file, in FILE.progress, and lines that were refused in FILE.failed.
/// The API key comes from --api-key-file or from the variable TURNPIKE_API_KEY.
#[derive(Debug, Args)]
struct Import {
    /// The file.
    file: PathBuf,
    #[command(flatten)]
    calling: Calling,
    /// Checks everything and creates nothing. Tokens to be imported are checked in form only.
    #[arg(long)]
    dry_run: bool,
    /// The line to begin with, instead of where the last run ended.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    resume_from: Option<u64>,
    /// How many lines are under way at once.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=CONCURRENCY_MAX))]
    concurrency: u64,
    /// After how many refused lines it stops.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    max_errors: u64,
}

impl Schedules {
    pub fn run(self) -> anyhow::Result<()> {
        match self.what {
            What::Import(import) => turnpike::app::runtime()?.block_on(import.run()),
        }
    }
}

/// What came of a run.
#[derive(Debug, Default)]
struct Summary {
    created: u64,
    replayed: u64,
    valid: u64,
    failed: usize,
    /// Why it ended before the file did.
    stopped: Option<String>,
}

impl Import {
    async fn run(self) -> anyhow::Result<()> {
        let survey = lines::survey(&self.file)?;
        let mut progress = match self.dry_run {
            true => Progress::of_dry_run(self.resume_from),
            false => Progress::open(&self.file, &survey.digest, &self.calling.address, self.resume_from)?,
        };
        let gateway = Gateway::connect(&self.calling, self.dry_run).await?;
        let summary = self.send(&gateway, &mut progress).await?;
        self.tell(&summary, &progress, survey.lines);
        match (summary.stopped, summary.failed) {
            (Some(why), _) => anyhow::bail!("{why}"),
            (None, 0) => Ok(()),
            (None, failed) => anyhow::bail!("{failed} lines were refused"),
        }
    }

    async fn send(&self, gateway: &Gateway, progress: &mut Progress) -> anyhow::Result<Summary> {
        let mut summary = Summary::default();
        let mut reader = lines::Reader::open(&self.file, progress.done())?;
        let errors_max = usize::try_from(self.max_errors).unwrap_or(usize::MAX);
        loop {
            let batch = reader.batch(BATCH_LINES)?;
            if batch.is_empty() {
                progress.finish()?;
                return Ok(summary);
            }
            let (done, failures) = self.send_batch(gateway, batch, errors_max, &mut summary).await;
            if summary.stopped.is_some() {
                // What was sent of this batch is sent again, and answered as it was.
                return Ok(summary);
            }
            summary.failed += failures.len();
            progress.advance(done, &failures)?;
            if summary.failed >= errors_max {
                summary.stopped = Some(format!("stopped after {} refused lines", summary.failed));
                return Ok(summary);
            }
        }
    }

    /// Sends lines until enough were refused. Returns how many were dealt with, from the first on, and
    /// which of them were refused.
    async fn send_batch(
        &self,
        gateway: &Gateway,
        batch: Vec<Numbered>,
        errors_max: usize,
        summary: &mut Summary,
    ) -> (usize, Vec<Failure>) {
        let refused = AtomicUsize::new(summary.failed);
        let begun = AtomicUsize::new(0);
        let concurrency = usize::try_from(self.concurrency).unwrap_or(1);
        let sending = futures_util::stream::iter(batch)
            .take_while(|_| std::future::ready(refused.load(Ordering::Relaxed) < errors_max))
            .map(|line| {
                begun.fetch_add(1, Ordering::Relaxed);
                async {
                    let came = gateway.line(line).await;
                    let enough = match &came {
                        Came::Refused(_) => 1,
                        // Nothing more is begun.
                        Came::Stopped(_) => errors_max,
                        Came::Blank | Came::Created | Came::Replayed | Came::Valid => 0,
                    };
                    refused.fetch_add(enough, Ordering::Relaxed);
                    came
                }
            })
            .buffer_unordered(concurrency);
        let mut failures = Vec::new();
        let mut sending = std::pin::pin!(sending);
        while let Some(came) = sending.next().await {
            match came {
                Came::Blank => {}
                Came::Created => summary.created += 1,
                Came::Replayed => summary.replayed += 1,
                Came::Valid => summary.valid += 1,
                Came::Refused(failure) => failures.push(failure),
                Came::Stopped(why) => summary.stopped = Some(why),
            }
        }
        failures.sort_by_key(|failure| failure.line);
        (begun.load(Ordering::Relaxed), failures)
    }

    fn tell(&self, summary: &Summary, progress: &Progress, lines: u64) {
        let Summary { created, replayed, valid, failed, .. } = summary;
        match self.dry_run {
            true => println!("{valid} lines are fine, {failed} are not, of {lines}; nothing was created"),
            false => {
                println!("{created} created, {replayed} were there before, {failed} refused, of {lines}")
            }
        }
        if let Some(path) = progress.failed_file().filter(|_| *failed > 0) {
            println!("refused lines: {}", path.display());
        }
    }
}
