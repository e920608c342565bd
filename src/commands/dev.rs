//! `turnpike dev`: everything on one machine, with a first call to paste.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use aws_lc_rs::digest;
use base64::Engine as _;
use clap::Args;
use turnpike::app::{self, SimulatorSandbox, development};
use turnpike::config::{self, Surroundings};
use turnpike::{simulator, telemetry};

/// The file that holds the sealing key of a development store.
const SEALING_KEY_FILE: &str = "sealing.key";
/// The file that holds the hash of the API key; the key itself is printed once and not kept.
const API_KEY_FILE: &str = "api-key.sha256";

/// Runs a gateway in front of simulated providers, with a store in a local directory.
#[derive(Debug, Args)]
pub struct Dev {
    /// Address and port for gRPC; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:50051")]
    grpc: SocketAddr,
    /// Address and port of the first simulator; the others take the next ports. Port 0 takes free ones.
    #[arg(long, default_value = "127.0.0.1:50060")]
    simulators: SocketAddr,
    /// Where the store lives.
    #[arg(long, default_value = ".turnpike")]
    data_dir: PathBuf,
    /// An API key of your own instead of one that is made up and printed once.
    #[arg(long, env = "TURNPIKE_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
    /// What is logged, such as `info` or `turnpike=debug`.
    #[arg(long, default_value = "warn")]
    log: String,
    /// Makes the simulators' ids repeatable.
    #[arg(long)]
    seed: Option<u64>,
    /// A file that is written, as JSON, once everything answers.
    #[arg(long)]
    ready_file: Option<PathBuf>,
}

/// The API key of this run, if it is known.
struct ApiKey {
    text: Option<String>,
    sha256: String,
}

impl Dev {
    pub fn run(self) -> anyhow::Result<()> {
        app::runtime()?.block_on(self.serve())
    }

    async fn serve(self) -> anyhow::Result<()> {
        let directory = &self.data_dir;
        std::fs::create_dir_all(directory).with_context(|| format!("making {}", directory.display()))?;
        let options =
            simulator::Options { listen: self.simulators, seed: self.seed, ..simulator::Options::default() };
        let simulators = Arc::new(simulator::start(options).await.context("starting the simulators")?);
        let api_key = api_key(directory, self.api_key.as_deref())?;
        let setup = development::Setup {
            grpc: &self.grpc.to_string(),
            data_directory: directory,
            sealing_key: &sealing_key(directory)?,
            api_key_sha256: &api_key.sha256,
            log: &self.log,
        };
        let document = development::document(&setup, &simulators)?;
        let surroundings = Surroundings { directory: PathBuf::new() };
        let config = match config::parse(&document, &surroundings) {
            Ok(config) => config,
            Err(mistakes) => {
                super::check::tell(Path::new("the development configuration"), &mistakes);
                anyhow::bail!("the development configuration does not hold together");
            }
        };
        let _flush = telemetry::start(&config.telemetry)?;
        let providers = config
            .accounts
            .iter()
            .map(|account| (account.name.clone(), account.profile().name.to_owned()))
            .collect();
        let sandbox = Arc::new(SimulatorSandbox::new(simulators.clone(), providers));
        let ready_file = self.ready_file.clone();
        let shown = simulators.clone();
        app::serve(config, Some(sandbox), app::signal(), move |ready| {
            tell(ready.grpc, &shown, &api_key, ready.recovered);
            if let Some(path) = ready_file {
                let text = serde_json::json!({
                    "grpc": ready.grpc.to_string(),
                    "api_key": api_key.text,
                    "simulators": super::simulate::addresses(&shown),
                });
                super::serve::write_ready(&path, &text.to_string());
            }
        })
        .await
    }
}

fn tell(grpc: SocketAddr, simulators: &simulator::Simulators, key: &ApiKey, recovered: usize) {
    println!("Turnpike, development gateway. Nothing here touches a real provider.\n");
    println!("gRPC       {grpc}");
    for simulator in simulators.all() {
        println!("{:<10} {}", simulator.name(), simulator.base_url());
    }
    match &key.text {
        Some(text) => println!("API key    {text}   (printed once; only its hash is kept)"),
        None => {
            println!("API key    as printed at the first start (delete {API_KEY_FILE} to have a new one)")
        }
    }
    if recovered > 0 {
        println!("recovered  {recovered} left behind by the last process");
    }
    // In double quotes, so that the shell fills a variable in.
    let shown = key.text.as_deref().unwrap_or("$TURNPIKE_API_KEY");
    println!(
        r#"
A first call:

grpcurl -plaintext -H "authorization: Bearer {shown}" -d '{{
  "request_id": "first-1", "account": "dintero-dev", "merchant_reference": "order-1",
  "money": {{"amount_minor": 29900, "currency_code": "NOK"}},
  "purpose": "SESSION_PURPOSE_PAY_AND_SAVE", "capture": "CAPTURE_MODE_MANUAL",
  "save_card_display": "SAVE_CARD_DISPLAY_ALWAYS",
  "return_urls": {{"success_url": "https://shop.example/thanks"}}
}}' {grpc} turnpike.v1.SessionService/CreateSession

Open nextAction.redirect.url in a browser and pay with 4000 0000 0000 0002. The README goes on from there."#
    );
}

/// The key of the store, made at the first start.
fn sealing_key(directory: &Path) -> anyhow::Result<String> {
    let path = directory.join(SEALING_KEY_FILE);
    if let Ok(text) = std::fs::read_to_string(&path) {
        return Ok(text.trim().to_owned());
    }
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("no random bytes"))?;
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    write_private(&path, &text)?;
    Ok(text)
}

/// The hash of the API key; the key itself only when it is new or given.
fn api_key(directory: &Path, given: Option<&str>) -> anyhow::Result<ApiKey> {
    let path = directory.join(API_KEY_FILE);
    let text = match given {
        Some(text) => text.to_owned(),
        None => {
            if let Ok(sha256) = std::fs::read_to_string(&path) {
                return Ok(ApiKey { text: None, sha256: sha256.trim().to_owned() });
            }
            let mut bytes = [0; 24];
            aws_lc_rs::rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("no random bytes"))?;
            format!("tpk_dev_{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
        }
    };
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let sha256: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    write_private(&path, &sha256)?;
    Ok(ApiKey { text: Some(text), sha256 })
}

fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("writing {}", path.display()))?;
    file.write_all(text.as_bytes())?;
    Ok(())
}
