//! A process beside this one: how it is started, asked, measured and stopped.
//!
//! It says on its standard output, in lines of JSON, first that it is ready and then what it is
//! asked. When its standard input ends it ends too, so nothing is left behind whatever happens here.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::de::DeserializeOwned;

use super::cores::Cores;

/// A running part.
pub struct Process {
    name: &'static str,
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// From the start of the process to the line that says that it is ready.
    pub start_up: Duration,
}

impl Process {
    /// Starts a part of this program and waits until it is ready; what it says then comes along.
    pub fn start<R: DeserializeOwned>(
        cores: &Cores,
        measured: bool,
        name: &'static str,
        arguments: &[&str],
    ) -> anyhow::Result<(Self, R)> {
        let begin = Instant::now();
        let mut child = cores
            .command(measured)?
            .args(["bench", "part", name])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        let questions = child.stdin.take().context("a pipe")?;
        let answers = BufReader::new(child.stdout.take().context("a pipe")?);
        let mut process = Self { name, child, questions, answers, start_up: Duration::ZERO };
        let ready = process.answer()?;
        process.start_up = begin.elapsed();
        Ok((process, ready))
    }

    /// Asks, and waits for the answer.
    pub fn ask<R: DeserializeOwned>(&mut self, question: &serde_json::Value) -> anyhow::Result<R> {
        writeln!(self.questions, "{question}").with_context(|| format!("asking {}", self.name))?;
        self.answer()
    }

    fn answer<R: DeserializeOwned>(&mut self) -> anyhow::Result<R> {
        let mut line = String::new();
        self.answers.read_line(&mut line).with_context(|| format!("reading from {}", self.name))?;
        serde_json::from_str(&line).with_context(|| format!("{} ended or said {line:?}", self.name))
    }

    /// What all its threads have run for.
    pub fn cpu(&self) -> Duration {
        cpu(self.child.id())
    }

    /// Its resident memory in bytes.
    pub fn resident(&self) -> u64 {
        resident(self.child.id())
    }
}

/// The resident memory of this process in bytes.
pub fn resident_here() -> u64 {
    resident(std::process::id())
}

fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_ascii_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}

impl Drop for Process {
    /// Nothing that it holds is worth an orderly end, which would wait for open connections.
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("turnpike: {} did not end: {error}", self.name);
        }
    }
}

/// What all threads of a process have run for, as the scheduler counts. Threads that ended are not
/// counted; none of ours ends between two readings.
pub fn cpu(process: u32) -> Duration {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten();
    let run = |thread: std::fs::DirEntry| -> Option<u64> {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_ascii_whitespace().next()?.parse().ok()
    };
    Duration::from_nanos(threads.filter_map(Result::ok).filter_map(run).sum())
}
