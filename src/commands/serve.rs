//! `turnpike serve`: a gateway with a configuration file.

use std::path::PathBuf;

use clap::Args;
use turnpike::app::{self, Playground};
use turnpike::world::Hurry;
use turnpike::{config, telemetry};

/// Runs a gateway with a configuration file.
#[derive(Debug, Args)]
pub struct Serve {
    /// The configuration file; every option is explained in config.example.toml.
    #[arg(long, env = "TURNPIKE_CONFIG")]
    config: PathBuf,
    /// Address and port for gRPC instead of the configured one; port 0 takes a free one.
    #[arg(long)]
    grpc: Option<String>,
    /// The journal's directory instead of the configured one.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// A file that is written, as JSON, once the port answers.
    #[arg(long)]
    ready_file: Option<PathBuf>,
    /// For tests of what takes months: time runs so many times as fast from a moment on. Refused
    /// unless the configuration says `development = true`.
    #[arg(long, value_name = "RATE@TIMESTAMP", hide = true)]
    fast_clock: Option<Hurry>,
}

impl Serve {
    pub fn run(self) -> anyhow::Result<()> {
        let mut config = match config::read(&self.config) {
            Ok(config) => config,
            Err(mistakes) => {
                super::check::tell(&self.config, &mistakes);
                std::process::exit(i32::from(super::EX_CONFIG));
            }
        };
        if let Some(grpc) = self.grpc {
            config.server.grpc = grpc;
        }
        if let Some(directory) = self.data_dir {
            config.journal.directory = directory;
        }
        app::runtime()?.block_on(async {
            let _flush = telemetry::start(&config.telemetry)?;
            let ready_file = self.ready_file;
            let playground =
                self.fast_clock.map(|hurry| Playground { hurry: Some(hurry), ..Playground::default() });
            app::serve(config, playground, app::signal(), |ready| {
                println!("gRPC       {}", ready.grpc);
                if let Some(address) = ready.webhooks {
                    println!("webhooks   {address}");
                }
                if ready.recovered > 0 {
                    println!("recovered  {} left behind by the last process", ready.recovered);
                }
                if let Some(path) = ready_file {
                    let webhooks = ready.webhooks.map(|address| address.to_string());
                    let ready = serde_json::json!({ "grpc": ready.grpc.to_string(), "webhooks": webhooks });
                    write_ready(&path, &ready.to_string());
                }
            })
            .await
        })
    }
}

/// Writes a ready file so that whoever waits for it never reads half of it.
pub fn write_ready(path: &std::path::Path, text: &str) {
    let half = path.with_extension("part");
    if let Err(error) = std::fs::write(&half, text).and_then(|()| std::fs::rename(&half, path)) {
        eprintln!("turnpike: {} cannot be written: {error}", path.display());
    }
}
