//! `turnpike simulate`: the provider simulators alone.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use turnpike::{app, simulator};

/// Runs the provider simulators alone.
#[derive(Debug, Args)]
pub struct Simulate {
    /// Address and port of the first simulator; the others take the next ports. Port 0 takes free ones.
    #[arg(long, default_value = "127.0.0.1:50060")]
    simulators: SocketAddr,
    /// Makes ids repeatable.
    #[arg(long)]
    seed: Option<u64>,
    /// A file that is written, as JSON, once they answer.
    #[arg(long)]
    ready_file: Option<PathBuf>,
}

impl Simulate {
    pub fn run(self) -> anyhow::Result<()> {
        app::runtime()?.block_on(async {
            let options = simulator::Options {
                listen: self.simulators,
                seed: self.seed,
                ..simulator::Options::default()
            };
            let simulators = simulator::start(options).await?;
            for simulator in simulators.all() {
                println!("{:<10} {}", simulator.name(), simulator.base_url());
                println!("           credentials {}", simulator.credentials());
            }
            println!("What each can be told: GET /_simulator/ on its port.");
            if let Some(path) = &self.ready_file {
                super::serve::write_ready(path, &addresses(&simulators).to_string());
            }
            app::signal().await;
            simulators.shutdown().await;
            Ok(())
        })
    }
}

/// Name to base address.
pub fn addresses(simulators: &simulator::Simulators) -> serde_json::Value {
    simulators
        .all()
        .map(|simulator| (simulator.name().to_owned(), serde_json::Value::from(simulator.base_url())))
        .collect()
}
