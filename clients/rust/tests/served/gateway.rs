//! A real gateway, `turnpike dev`, from the program that TURNPIKE_BINARY names.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use turnpike_client::Turnpike;

/// How long a start, an end or an answer may take.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub const KEY: &str = "tpk_rust_client_tests";

/// It is killed when it is dropped.
pub struct Gateway {
    folder: TempDir,
    more: Vec<String>,
    child: Option<Child>,
    pub address: SocketAddr,
}

impl Gateway {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let more = more.iter().map(|argument| (*argument).to_owned()).collect();
        let address = "127.0.0.1:0".parse().expect("an address");
        let mut gateway = Self { folder, more, child: None, address };
        gateway.start_again().await;
        gateway
    }

    /// On the same port, over the same store.
    pub async fn start_again(&mut self) {
        let program =
            std::env::var_os("TURNPIKE_BINARY").expect("TURNPIKE_BINARY names the gateway's program");
        let ready = self.folder.path().join("ready.json");
        let _ = fs::remove_file(&ready);
        let log = fs::File::create(self.folder.path().join("log")).expect("a file to write");
        let child = Command::new(program)
            .args([
                "dev",
                "--simulators",
                "127.0.0.1:0",
                "--webhooks",
                "127.0.0.1:0",
                "--api-key",
                KEY,
                "--grpc",
            ])
            .arg(self.address.to_string())
            .arg("--data-dir")
            .arg(self.folder.path().join("data"))
            .arg("--ready-file")
            .arg(&ready)
            .args(&self.more)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the gateway can be started");
        self.child = Some(child);
        let since = Instant::now();
        self.address = loop {
            let text = fs::read_to_string(&ready).unwrap_or_default();
            if let Ok(told) = serde_json::from_str::<serde_json::Value>(&text) {
                break told["grpc"].as_str().expect("an address").parse().expect("an address");
            }
            assert!(since.elapsed() < PATIENCE, "the gateway does not start: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
    }

    /// Asks it to stop, and waits until it has.
    pub async fn stop(&mut self) {
        let mut child = self.child.take().expect("it runs");
        let asked =
            Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("there is kill");
        assert!(asked.success());
        let since = Instant::now();
        loop {
            if let Some(status) = child.try_wait().expect("a child") {
                assert!(status.success(), "it ended with {status}: {}", self.log());
                return;
            }
            assert!(since.elapsed() < PATIENCE, "the gateway does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn client(&self) -> Turnpike {
        Turnpike::connect(&self.url(), KEY).expect("a client")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// An example of this package, built already.
pub fn example(name: &str) -> PathBuf {
    let here = std::env::current_exe().expect("a path");
    let folder = here.parent().and_then(|deps| deps.parent()).expect("the folder of the build");
    let path = folder.join("examples").join(name);
    assert!(path.exists(), "{name} is not built: cargo build --examples");
    path
}
