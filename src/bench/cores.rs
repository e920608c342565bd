//! Which process runs on which core.

use std::process::{Command, Stdio};

/// The core of what is measured.
const MEASURED: &str = "0";

/// How the cores are divided: the first for what is measured, the others for load and stub. That
/// takes two cores and `taskset`; without them everything runs everywhere, and the report says so.
#[derive(Debug)]
pub struct Cores {
    /// How many there are.
    pub count: usize,
    /// Whether processes are held to theirs.
    pub divided: bool,
}

impl Cores {
    /// Divides the cores, and moves this process, which makes the load, off the measured one. Must
    /// come before any thread is started.
    pub fn divide() -> Self {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        let own = std::process::id().to_string();
        // Cores may have other numbers here, or be somebody else's: then nothing is divided. The
        // measured one is tried first, with a command that does nothing.
        let divided =
            count >= 2 && taskset(&["-c", MEASURED, "true"]) && taskset(&["-c", "-p", &others(count), &own]);
        Self { count, divided }
    }

    /// This program again, on the measured core or on the others.
    pub fn command(&self, measured: bool) -> std::io::Result<Command> {
        let program = std::env::current_exe()?;
        if !self.divided {
            return Ok(Command::new(program));
        }
        let mut command = Command::new("taskset");
        let others = others(self.count);
        command.args(["-c", if measured { MEASURED } else { &others }]).arg(program);
        Ok(command)
    }
}

fn taskset(arguments: &[&str]) -> bool {
    let mut taskset = Command::new("taskset");
    taskset.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    taskset.status().is_ok_and(|status| status.success())
}

fn others(count: usize) -> String {
    format!("1-{}", count - 1)
}
