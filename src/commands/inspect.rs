//! `turnpike inspect`: what an adapter makes of a reply or a notice, or would send for a request.

mod common;
mod reply;
mod request;
mod webhook;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// Shows what an adapter makes of a reply or a notice, or would send for a request.
#[derive(Debug, Args)]
pub struct Inspect {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Reads a provider's reply from standard input and prints the normalised outcome on one line.
    #[command(after_help = reply::stages_help())]
    Reply(reply::Reply),
    /// Reads a request in the contract's JSON form from standard input and prints the REST calls
    /// that it would make, redacted, one a line. Sends nothing.
    Request(request::Request),
    /// Reads the body of a provider's notice from standard input and prints on one line whether it is
    /// genuine, what it says, and how it is answered.
    #[command(after_help = webhook::HELP)]
    Webhook(webhook::Webhook),
}

impl Inspect {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.what {
            What::Reply(reply) => reply.run().map(|()| ExitCode::SUCCESS),
            What::Request(request) => request.run().map(|()| ExitCode::SUCCESS),
            What::Webhook(webhook) => webhook.run(),
        }
    }
}
