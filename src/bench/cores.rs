//! Which process runs on which core.

use std::process::{Command, Stdio};

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
        let divided = count >= 2
            && Command::new("taskset")
                .args(["-c", "-p", &others(count), &own])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success());
        Self { count, divided }
    }

    /// This program again, on the measured core or on the others.
    pub fn command(&self, measured: bool) -> std::io::Result<Command> {
        let program = std::env::current_exe()?;
        if !self.divided {
            return Ok(Command::new(program));
        }
        let mut command = Command::new("taskset");
        command.arg("-c").arg(if measured { "0".to_owned() } else { others(self.count) }).arg(program);
        Ok(command)
    }
}

fn others(count: usize) -> String {
    format!("1-{}", count - 1)
}
