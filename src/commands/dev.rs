//! `turnpike dev`: everything on one machine, with a first call to paste.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use aws_lc_rs::digest;
use base64::Engine as _;
use clap::Args;
use turnpike::app::{self, Playground, SimulatorClock, SimulatorSandbox, development};
use turnpike::config::{self, Config, Surroundings};
use turnpike::domain::ids::MerchantName;
use turnpike::domain::secret::Secret;
use turnpike::simulator::{self, Simulators};
use turnpike::telemetry;
use turnpike::webhooks::outbound::secret_text;
use turnpike::world::TestClocks;

/// The file that holds the hash of the first merchant's API key; the key itself is printed once and
/// not kept. The files of further merchants have their names in front.
const API_KEY_FILE: &str = "api-key.sha256";
/// The file that holds how far the first merchant's clock is ahead, likewise.
const CLOCK_FILE: &str = "clock.ms";
/// The file that holds the secret of the webhooks that are sent to the first merchant.
const WEBHOOK_SECRET_FILE: &str = "webhook.secret";

/// Runs a gateway in front of simulated providers, with a store in a local directory.
#[derive(Debug, Args)]
pub struct Dev {
    /// Address and port for gRPC; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:50051")]
    grpc: SocketAddr,
    /// Address and port of the first simulator; the others take the next ports, merchant by merchant.
    /// Port 0 takes free ones.
    #[arg(long, default_value = "127.0.0.1:50060")]
    simulators: SocketAddr,
    /// Address and port on which the simulators tell their news; the port after that of gRPC by default, or
    /// a free one where that is.
    #[arg(long)]
    webhooks: Option<SocketAddr>,
    /// Sends the first merchant's events to this address, in the format of Standard Webhooks.
    #[arg(long, value_name = "URL")]
    webhook_to: Option<String>,
    /// A secret that signs them, `whsec_…`, instead of one that is made up; several sign one beside the
    /// other.
    #[arg(long, value_name = "SECRET", requires = "webhook_to")]
    webhook_secret: Vec<String>,
    /// Where the store lives.
    #[arg(long, default_value = ".turnpike")]
    data_dir: PathBuf,
    /// An API key of your own for the first merchant, instead of one that is made up and printed once.
    #[arg(long, env = "TURNPIKE_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
    /// What is logged, such as `info` or `turnpike=debug`.
    #[arg(long, default_value = "warn")]
    log: String,
    /// How many merchants there are: `dev`, `dev-2` and so on. Each has accounts and simulators of
    /// its own, on further ports, and a clock that `SandboxService.AdvanceClock` moves.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=i64::from(development::MERCHANTS_MAX)))]
    merchants: u16,
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

/// A merchant with what is its alone.
struct Merchant {
    name: String,
    simulators: Arc<Simulators>,
    key: ApiKey,
    /// The name of the file that holds the hash of the key.
    key_file: String,
}

impl Dev {
    pub fn run(self) -> anyhow::Result<()> {
        app::runtime()?.block_on(self.serve())
    }

    async fn serve(self) -> anyhow::Result<()> {
        let directory = &self.data_dir;
        std::fs::create_dir_all(directory).with_context(|| format!("making {}", directory.display()))?;
        let merchants = self.start().await?;
        let side_port =
            TcpListener::bind(self.side_address()?).context("the port for the simulators' news")?;
        let config = self.config(&merchants, side_port.local_addr()?)?;
        let _flush = telemetry::start(&config.telemetry)?;
        let playground =
            Playground { side_port: Some(side_port), ..playground(&config, &merchants, directory)? };
        let ready_file = self.ready_file.clone();
        let sent = self.webhook_to.clone().zip(self.secrets()?.into_iter().next());
        app::serve(config, Some(playground), app::signal(), move |ready| {
            tell(&ready, &merchants);
            if let Some((url, secret)) = &sent {
                // A secret of a gateway that touches nothing real, for whoever writes the receiver.
                println!("\nEvents are sent to {url}, signed with {}", secret.expose());
            }
            if let Some(path) = ready_file {
                super::serve::write_ready(&path, &ready_text(&ready, &merchants).to_string());
            }
        })
        .await
    }

    fn side_address(&self) -> anyhow::Result<SocketAddr> {
        match self.webhooks {
            Some(address) => Ok(address),
            None => later_port(SocketAddr::new([127, 0, 0, 1].into(), self.grpc.port()), 1),
        }
    }

    /// Every merchant's simulators and API key.
    async fn start(&self) -> anyhow::Result<Vec<Merchant>> {
        let mut merchants: Vec<Merchant> = Vec::new();
        for number in 1..=self.merchants {
            let name = development::merchant(number);
            let started = merchants.iter().map(|merchant| merchant.simulators.all().count()).sum();
            let options = simulator::Options {
                listen: later_port(self.simulators, started)?,
                // Different seeds, or two merchants would have payments of the same ids.
                seed: self.seed.map(|seed| seed.wrapping_add(u64::from(number - 1))),
                ..simulator::Options::default()
            };
            let simulators = simulator::start(options).await.context("starting the simulators")?;
            let key_file = file_of(number, API_KEY_FILE);
            let given = self.api_key.as_deref().filter(|_| number == 1);
            let key = api_key(&self.data_dir.join(&key_file), given)?;
            merchants.push(Merchant { name, simulators: Arc::new(simulators), key, key_file });
        }
        Ok(merchants)
    }

    /// What signs the events that are sent to the first merchant. One that is made up stays the same.
    fn secrets(&self) -> anyhow::Result<Vec<Secret<String>>> {
        if self.webhook_to.is_none() || !self.webhook_secret.is_empty() {
            return Ok(self.webhook_secret.iter().cloned().map(Secret::new).collect());
        }
        let path = self.data_dir.join(WEBHOOK_SECRET_FILE);
        if let Ok(text) = std::fs::read_to_string(&path) {
            return Ok(vec![Secret::new(text.trim().to_owned())]);
        }
        let mut bytes = [0; 32];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("no random bytes"))?;
        let text = secret_text(&bytes);
        write_private(&path, &text)?;
        Ok(vec![Secret::new(text)])
    }

    fn config(&self, merchants: &[Merchant], webhooks: SocketAddr) -> anyhow::Result<Config> {
        let directory = &self.data_dir;
        let secrets = self.secrets()?;
        let sent_to = self.webhook_to.as_deref().map(|url| development::SentTo { url, secrets: &secrets });
        let setup = development::Setup {
            grpc: &self.grpc.to_string(),
            data_directory: directory,
            sealing_key: &sealing_key(directory)?,
            log: &self.log,
            webhooks: Some(webhooks),
            sent_to,
        };
        let described = merchants.iter().map(|merchant| development::Merchant {
            name: &merchant.name,
            api_key_sha256: &merchant.key.sha256,
            simulators: &merchant.simulators,
        });
        let described: Vec<_> = described.collect();
        for merchant in &described {
            development::register_addresses(*merchant, webhooks)?;
        }
        let document = development::document(&setup, &described)?;
        config::parse(&document, &Surroundings { directory: PathBuf::new() }).or_else(|mistakes| {
            super::check::tell(Path::new("the development configuration"), &mistakes);
            anyhow::bail!("the development configuration does not hold together")
        })
    }
}

/// What each merchant can play with: its simulators, and its clock, which is theirs.
fn playground(config: &Config, merchants: &[Merchant], directory: &Path) -> anyhow::Result<Playground> {
    let (mut sandbox, mut clocks) = (SimulatorSandbox::default(), TestClocks::new());
    for (number, merchant) in (1..).zip(merchants) {
        let name = MerchantName(merchant.name.clone());
        let accounts = config.accounts.iter().filter(|account| account.serves(&name));
        let providers =
            accounts.map(|account| (account.name.clone(), account.profile().name.to_owned())).collect();
        sandbox = sandbox.with(name.clone(), merchant.simulators.clone(), providers);
        let file = directory.join(file_of(number, CLOCK_FILE));
        let clock = SimulatorClock::kept_in(merchant.simulators.clock().clone(), &file)?;
        clocks.insert(name, Arc::new(clock));
    }
    Ok(Playground { sandbox: Some(Arc::new(sandbox)), clocks, ..Playground::default() })
}

/// The first merchant's files have no name in front: there were no others once.
fn file_of(number: u16, file: &str) -> String {
    if number == 1 { file.to_owned() } else { format!("{}.{file}", development::merchant(number)) }
}

fn later_port(first: SocketAddr, by: usize) -> anyhow::Result<SocketAddr> {
    if first.port() == 0 {
        return Ok(first);
    }
    let port = u16::try_from(by).ok().and_then(|by| first.port().checked_add(by));
    Ok(SocketAddr::new(first.ip(), port.context("no port is left for every simulator")?))
}

/// What is written once everything answers. The first merchant stands at the top as well.
fn ready_text(ready: &app::Ready, merchants: &[Merchant]) -> serde_json::Value {
    let told = |merchant: &Merchant| {
        serde_json::json!({
            "merchant": merchant.name,
            "api_key": merchant.key.text,
            "simulators": super::simulate::addresses(&merchant.simulators),
        })
    };
    let first = merchants.first().map(told).unwrap_or_default();
    serde_json::json!({
        "grpc": ready.grpc.to_string(),
        "webhooks": ready.webhooks.map(|address| address.to_string()),
        "api_key": first["api_key"],
        "simulators": first["simulators"],
        "merchants": merchants.iter().map(told).collect::<Vec<_>>(),
    })
}

fn tell(ready: &app::Ready, merchants: &[Merchant]) {
    let app::Ready { grpc, webhooks, recovered } = *ready;
    println!("Turnpike, development gateway. Nothing here touches a real provider.\n");
    println!("gRPC       {grpc}");
    if let Some(address) = webhooks {
        println!("webhooks   http://{address}/webhooks/ACCOUNT, where the simulators tell their news");
    }
    for Merchant { name, simulators, key, key_file } in merchants {
        if merchants.len() > 1 {
            println!("\nmerchant   {name}");
        }
        for simulator in simulators.all() {
            println!("{:<10} {}", simulator.name(), simulator.base_url());
        }
        match &key.text {
            Some(text) => println!("API key    {text}   (printed once; only its hash is kept)"),
            None => {
                println!("API key    as printed at the first start (delete {key_file} to have a new one)")
            }
        }
    }
    if recovered > 0 {
        println!("recovered  {recovered} left behind by the last process");
    }
    let first = merchants.first().and_then(|merchant| merchant.key.text.as_deref());
    // In double quotes, so that the shell fills a variable in.
    let shown = first.unwrap_or("$TURNPIKE_API_KEY");
    println!(
        r#"
A first call:

curl -H "authorization: Bearer {shown}" -H "content-type: application/json" \
  http://{grpc}/turnpike.v1.SessionService/CreateSession -d '{{
  "request_id": "first-1", "account": "dintero-dev", "merchant_reference": "order-1",
  "money": {{"amount_minor": 29900, "currency_code": "NOK"}},
  "purpose": "SESSION_PURPOSE_PAY_AND_SAVE", "capture": "CAPTURE_MODE_MANUAL",
  "save_card_display": "SAVE_CARD_DISPLAY_ALWAYS",
  "return_urls": {{"success_url": "https://shop.example/thanks"}}
}}'

Open nextAction.redirect.url in a browser and pay with 4000 0000 0000 0002. The README goes on from there."#
    );
}

/// The key of the store, made at the first start.
fn sealing_key(directory: &Path) -> anyhow::Result<String> {
    let path = directory.join(super::SEALING_KEY_FILE);
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
fn api_key(path: &Path, given: Option<&str>) -> anyhow::Result<ApiKey> {
    let text = match given {
        Some(text) => text.to_owned(),
        None => {
            if let Ok(sha256) = std::fs::read_to_string(path) {
                return Ok(ApiKey { text: None, sha256: sha256.trim().to_owned() });
            }
            let mut bytes = [0; 24];
            aws_lc_rs::rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("no random bytes"))?;
            format!("tpk_dev_{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
        }
    };
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let sha256: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    write_private(path, &sha256)?;
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
