//! The runner of the contract: tells the stories through the client's own layer, checks the vectors, and
//! keeps one connection under a harness that pulls the plug. `contract/README.md` says what it must do.

mod json;
mod matching;
mod report;
mod rpcs;
mod steady;
mod stories;
mod values;
mod vectors;

use std::path::Path;
use std::process::ExitCode;

use turnpike_client::Turnpike;

const USAGE: &str = "usage: contract stories CONTRACT REPORT | vectors CONTRACT REPORT | steady | import";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = match arguments[..] {
        ["stories", contract, report] => stories::tell_all(Path::new(contract), Path::new(report)).await,
        ["vectors", contract, report] => vectors::check_all(Path::new(contract), Path::new(report)),
        // Nothing but what a program does before it has said anything.
        ["import"] => Turnpike::connect("http://127.0.0.1:1", "tpk_").map(|_| true).map_err(Problem::from),
        ["steady"] => steady::run().await.map(|()| true),
        _ => Err(USAGE.into()),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(2)
        }
    }
}

/// What keeps the runner itself from running.
type Problem = Box<dyn std::error::Error + Send + Sync>;
