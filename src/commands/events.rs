//! `turnpike events`: the log of a merchant's events, in a terminal.

use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use tonic::Code;
use turnpike::rpc::proto::event::Payload;
use turnpike::rpc::proto::event_service_client::EventServiceClient;
use turnpike::rpc::proto::{self as pb};

use super::calling::Calling;

/// The first pause before a lost stream is taken up again; it doubles.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest such pause.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Answers that stay the same however often one asks.
const REFUSALS: [Code; 3] = [Code::InvalidArgument, Code::Unauthenticated, Code::PermissionDenied];

/// Shows what became true.
#[derive(Debug, Args)]
pub struct Events {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Follows the stream of events, one a line, until it is interrupted. A stream that is lost is taken up
    /// again where it was.
    Tail(Tail),
}

#[derive(Debug, Args)]
struct Tail {
    #[command(flatten)]
    calling: Calling,
    /// Only events of these types; `payment.*` stands for all that begin with `payment.`. May be repeated.
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Begin after this cursor.
    #[arg(long, conflicts_with = "from_the_beginning")]
    after: Option<String>,
    /// Begin with the first event there ever was, instead of with what happens from now on.
    #[arg(long)]
    from_the_beginning: bool,
    /// Ends after so many events.
    #[arg(long)]
    count: Option<u64>,
    /// Shows the cursor after each event.
    #[arg(long)]
    cursors: bool,
}

/// Where the command is in the log.
struct Place {
    cursor: String,
    /// Whether it begins with what happens from now on.
    only_new: bool,
    /// Whether there has been a stream at all.
    was_let_in: bool,
    shown: u64,
}

impl Events {
    pub fn run(self) -> anyhow::Result<()> {
        match self.what {
            What::Tail(tail) => turnpike::app::runtime()?.block_on(tail.run()),
        }
    }
}

impl Tail {
    async fn run(self) -> anyhow::Result<()> {
        let mut place = Place {
            cursor: self.after.clone().unwrap_or_default(),
            only_new: !self.from_the_beginning && self.after.is_none(),
            was_let_in: false,
            shown: 0,
        };
        let mut pause = PAUSE;
        loop {
            let Err(why) = self.follow(&mut place).await else { return Ok(()) };
            let code = why.downcast_ref::<tonic::Status>().map(tonic::Status::code);
            // Who is not let in now is not let in later.
            if !place.was_let_in || code.is_some_and(|code| REFUSALS.contains(&code)) {
                return Err(why);
            }
            eprintln!("turnpike: the stream was lost ({why:#}); going on in {} ms", pause.as_millis());
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Follows one stream to its end.
    async fn follow(&self, place: &mut Place) -> anyhow::Result<()> {
        let gateway = self.calling.connect(None).await?;
        let wish = pb::StreamEventsRequest {
            after: place.cursor.clone(),
            types: self.types.clone(),
            only_new: place.only_new,
        };
        let mut client = EventServiceClient::new(gateway.channel.clone());
        let mut stream = client.stream_events(gateway.request(wish)).await?.into_inner();
        place.was_let_in = true;
        while let Some(message) = stream.message().await? {
            (place.cursor, place.only_new) = (message.cursor, false);
            let Some(event) = message.event else { continue };
            println!("{}", line(&event, self.cursors));
            place.shown += 1;
            if self.count.is_some_and(|count| place.shown >= count) {
                return Ok(());
            }
        }
        Err(tonic::Status::unavailable("it ended").into())
    }
}

/// An event on one line: when, what, about which, and how it stood.
fn line(event: &pb::Event, with_cursor: bool) -> String {
    let at = event.occurred_at.as_ref().and_then(|at| Timestamp::new(at.seconds, at.nanos).ok());
    let at = at.map_or_else(String::new, |at| format!("{at:.3}"));
    let mut line = format!("{at}  {:<28}  {}", event.r#type, about(event.payload.as_ref()));
    if with_cursor {
        line.push_str(&format!("  {}", event.cursor));
    }
    line
}

fn about(payload: Option<&Payload>) -> String {
    match payload {
        Some(Payload::Payment(about)) => {
            let payment = about.payment.clone().unwrap_or_default();
            let operation = if about.operation_id.is_empty() { "-" } else { &about.operation_id };
            format!(
                "{}  {operation}  {}  {}",
                payment.id,
                money(payment.money.as_ref()),
                payment.merchant_reference
            )
        }
        Some(Payload::Session(about)) => {
            let session = about.session.clone().unwrap_or_default();
            format!("{}  {}  {}", session.id, money(session.money.as_ref()), session.merchant_reference)
        }
        Some(Payload::Token(about)) => {
            let token = about.token.clone().unwrap_or_default();
            format!("{}  {}", token.id, token.customer_id)
        }
        Some(Payload::Recurring(about)) => {
            let number = about.occurrence.as_ref().map(|occurrence| format!("  {}", occurrence.number));
            format!("{}{}  {}", about.schedule_id, number.unwrap_or_default(), about.payment_id)
        }
        Some(Payload::WebhookEndpoint(about)) => format!("{}  {}", about.endpoint, about.note),
        // Of a later version.
        None => String::new(),
    }
}

fn money(money: Option<&pb::Money>) -> String {
    money.map_or_else(String::new, |money| format!("{} {}", money.amount_minor, money.currency_code))
}
