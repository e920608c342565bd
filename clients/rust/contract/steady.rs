//! One client under a harness that stops servers and breaks connections.

use std::env;
use std::io::{self, BufRead, Write};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::mpsc;
use turnpike_client::v1::ListAccountsRequest;
use turnpike_client::{Builder, Error, Follow, KEEPALIVE, KEEPALIVE_TIMEOUT, Turnpike};

use crate::Problem;

/// How many lines may wait.
const LINES_MAX: usize = 16;

pub async fn run() -> Result<(), Problem> {
    let silence = milliseconds("TURNPIKE_KEEPALIVE_MS", KEEPALIVE)?;
    let timeout = milliseconds("TURNPIKE_KEEPALIVE_TIMEOUT_MS", KEEPALIVE_TIMEOUT)?;
    let turnpike = Builder::from_env()?.keepalive(silence, timeout).connect()?;

    // Reading blocks; the connection must live on meanwhile.
    let (sender, mut lines) = mpsc::channel(LINES_MAX);
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });

    let mut events: Option<Follow> = None;
    while let Some(line) = lines.recv().await {
        match line.trim() {
            "call" => say(&call(&turnpike).await)?,
            "stream" => match turnpike.newest_cursor().await {
                Ok(cursor) => events = Some(turnpike.follow(cursor)),
                Err(error) => say(&failed(&error))?,
            },
            "event" => say(&event(events.as_mut()).await)?,
            "quit" => break,
            other => return Err(format!("nobody knows {other:?}").into()),
        }
    }
    Ok(())
}

async fn call(turnpike: &Turnpike) -> String {
    match turnpike.accounts().list_accounts(ListAccountsRequest::default()).await {
        Ok(_) => "ok".to_owned(),
        Err(status) => failed(&status.into()),
    }
}

async fn event(events: Option<&mut Follow>) -> String {
    match events {
        None => "failed FAILED_PRECONDITION there is no stream".to_owned(),
        Some(events) => match events.next().await {
            Some(Ok(followed)) => format!("event {}", followed.event.id),
            Some(Err(error)) => failed(&error),
            None => "failed UNAVAILABLE the stream ended".to_owned(),
        },
    }
}

fn failed(error: &Error) -> String {
    format!("failed {} {}", error.code_name(), error.message().replace('\n', " "))
}

fn say(line: &str) -> io::Result<()> {
    println!("{line}");
    io::stdout().flush()
}

fn milliseconds(name: &str, usual: Duration) -> Result<Duration, Problem> {
    match env::var(name) {
        Ok(text) => {
            Ok(text.parse().map(Duration::from_millis).map_err(|_| format!("{name} is no number"))?)
        }
        Err(_) => Ok(usual),
    }
}
