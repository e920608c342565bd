//! The subcommands of `turnpike`, each a file.

mod bench;
mod calling;
mod capabilities;
mod check;
mod contract;
#[cfg(feature = "simulator")]
mod dev;
mod events;
mod inspect;
mod migrate;
mod schedules;
mod serve;
#[cfg(feature = "simulator")]
mod simulate;
mod verify_journal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Bad configuration or usage, as `sysexits.h` numbers it.
const EX_CONFIG: u8 = 78;

/// The file that holds the sealing key of a development store.
const SEALING_KEY_FILE: &str = "sealing.key";

/// Wrong use, as the reader of arguments numbers it.
const WRONG_USE: u8 = 2;

/// A gRPC payments gateway: one typed contract in front of many payment providers.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub struct Turnpike {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs a gateway in front of simulated providers, with a store in a local directory.
    #[cfg(feature = "simulator")]
    Dev(dev::Dev),
    /// Runs a gateway with a configuration file.
    Serve(serve::Serve),
    /// Runs the provider simulators alone.
    #[cfg(feature = "simulator")]
    Simulate(simulate::Simulate),
    /// Checks a configuration file and tells every mistake with its line.
    Check(check::Check),
    /// Brings a store's schema up to date.
    Migrate(migrate::Migrate),
    /// Checks that a store is as it was written.
    VerifyJournal(verify_journal::VerifyJournal),
    /// Shows what became true, as it becomes true.
    Events(events::Events),
    /// Tells the stories of the contract to a server.
    Contract(contract::Contract),
    /// Works on schedules in bulk.
    Schedules(schedules::Schedules),
    /// Prints what each provider can do.
    Capabilities(capabilities::Capabilities),
    /// Shows what an adapter makes of a reply or a notice, or would send for a request.
    Inspect(inspect::Inspect),
    /// Measures the gateway beside its references in one run and prints the ratios.
    Bench(bench::Bench),
}

impl Turnpike {
    /// Runs the chosen subcommand.
    pub fn run(self) -> ExitCode {
        let done = match self.command {
            #[cfg(feature = "simulator")]
            Command::Dev(dev) => dev.run(),
            Command::Serve(serve) => serve.run(),
            #[cfg(feature = "simulator")]
            Command::Simulate(simulate) => simulate.run(),
            Command::Check(check) => match check.run() {
                Ok(code) => return code,
                Err(error) => Err(error),
            },
            Command::Migrate(migrate) => migrate.run(),
            Command::VerifyJournal(verify) => verify.run(),
            Command::Events(events) => events.run(),
            Command::Contract(contract) => match contract.run() {
                Ok(code) => return code,
                Err(error) => Err(error),
            },
            Command::Schedules(schedules) => schedules.run(),
            Command::Capabilities(capabilities) => capabilities.run(),
            Command::Inspect(inspect) => match inspect.run() {
                Ok(code) => return code,
                Err(error) => Err(error),
            },
            Command::Bench(bench) => bench.run(),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("turnpike: {error:#}");
                ExitCode::FAILURE
            }
        }
    }
}
