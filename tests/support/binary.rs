//! The real gateway as a process that tests start, kill and stop.

#![allow(dead_code)] // Each test file uses its part.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long a start may take before the test gives up.
const START_MAX: Duration = Duration::from_secs(30);

/// A gateway process. It does not outlive the value.
pub struct Process {
    child: Child,
    /// Where it answers.
    pub address: String,
}

impl Process {
    /// `turnpike serve`; returns once the port answers.
    pub fn start(config: &Path, ready: &Path, more: &[String]) -> Self {
        // Absent at the first start.
        let _ = std::fs::remove_file(ready);
        let child = Command::new(env!("CARGO_BIN_EXE_turnpike"))
            .args(["serve", "--config"])
            .arg(config)
            .arg("--ready-file")
            .arg(ready)
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the binary starts");
        let mut process = Self { child, address: String::new() };
        let since = Instant::now();
        while process.address.is_empty() {
            if let Ok(text) = std::fs::read_to_string(ready) {
                let told: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                process.address = format!("http://{}", told["grpc"].as_str().expect("an address"));
            } else {
                assert!(since.elapsed() < START_MAX, "the gateway does not start");
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        process
    }

    /// SIGKILL: no handler, no flush, no goodbye.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("reaped");
    }

    /// SIGTERM: it ends what it has begun.
    pub fn stop(mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        assert!(told.success(), "the gateway is gone");
        self.child.wait().expect("reaped")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It is gone already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A pseudo-random sequence that a failing run can repeat.
pub struct Dice(pub u64);

impl Dice {
    /// A number from zero to just below this one.
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// A number that the environment may say.
pub fn count(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().map_or(default, |text| text.parse().expect("a number"))
}

/// The hash of an API key, as configurations hold it.
pub fn sha256(text: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
