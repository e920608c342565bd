//! The contract's runner as a harness sees it: lines in, lines out.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::gateway::{KEY, PATIENCE, example};

/// `contract steady`. It is killed when it is dropped.
pub struct Runner {
    child: Child,
    input: ChildStdin,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Runner {
    pub fn start(url: &str, keepalive: bool) -> Self {
        let mut command = Command::new(example("contract"));
        command.arg("steady").env("TURNPIKE_URL", url).env("TURNPIKE_API_KEY", KEY);
        if keepalive {
            command.env("TURNPIKE_KEEPALIVE_MS", "1000").env("TURNPIKE_KEEPALIVE_TIMEOUT_MS", "1000");
        }
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the runner can be started");
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, input, lines }
    }

    pub fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("the runner reads");
    }

    pub async fn hear(&mut self) -> String {
        timeout(PATIENCE, self.lines.recv()).await.expect("the runner answers").expect("the runner goes on")
    }

    pub async fn call(&mut self) -> String {
        self.say("call");
        self.hear().await
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
