//! How far an import came: kept beside its file, so that the next run goes on there.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::lines::Failure;

/// What FILE.progress holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct State {
    /// SHA-256 of the file: another file has other lines.
    sha256: String,
    /// Where the schedules went: another gateway has none of them.
    address: String,
    /// How many lines were dealt with, from the first on.
    lines: u64,
    /// How long FILE.failed was then.
    failed_bytes: u64,
}

/// How far an import came.
pub struct Progress {
    state: State,
    /// `None` in a dry run, which writes no files.
    kept: Option<Kept>,
}

struct Kept {
    path: PathBuf,
    failed_path: PathBuf,
    failed: File,
}

impl Progress {
    /// A dry run begins where it is told to, and keeps nothing.
    pub fn of_dry_run(resume_from: Option<u64>) -> Self {
        let lines = resume_from.unwrap_or(1) - 1;
        let state = State { sha256: String::new(), address: String::new(), lines, failed_bytes: 0 };
        Self { state, kept: None }
    }

    /// Goes on where the last run of the same file to the same gateway ended.
    pub fn open(file: &Path, sha256: &str, address: &str, resume_from: Option<u64>) -> anyhow::Result<Self> {
        let (path, failed_path) = (beside(file, ".progress"), beside(file, ".failed"));
        let fresh =
            State { sha256: sha256.to_owned(), address: address.to_owned(), lines: 0, failed_bytes: 0 };
        let mut state = match (std::fs::read(&path), resume_from) {
            (_, Some(line)) => State { lines: line - 1, ..fresh },
            (Ok(bytes), None) => {
                let known: State = serde_json::from_slice(&bytes)
                    .with_context(|| format!("{} is not what an import writes", path.display()))?;
                let other = |what: &str| {
                    format!(
                        "{} is of {what}; delete it to begin anew: what was created is not created again",
                        path.display()
                    )
                };
                anyhow::ensure!(known.sha256 == sha256, other("the file as it was before it was changed"));
                anyhow::ensure!(known.address == address, other("an import to another address"));
                known
            }
            (Err(error), None) if error.kind() == std::io::ErrorKind::NotFound => fresh,
            (Err(error), None) => return Err(error).context(format!("reading {}", path.display())),
        };
        let failed = OpenOptions::new().write(true).create(true).truncate(false).open(&failed_path);
        let mut failed = failed.with_context(|| format!("opening {}", failed_path.display()))?;
        // What was written after the last step is written again.
        state.failed_bytes = state.failed_bytes.min(failed.metadata()?.len());
        failed.set_len(state.failed_bytes)?;
        failed.seek(SeekFrom::End(0))?;
        Ok(Self { state, kept: Some(Kept { path, failed_path, failed }) })
    }

    /// How many lines were dealt with.
    pub fn done(&self) -> u64 {
        self.state.lines
    }

    /// Where refused lines are told, outside of dry runs.
    pub fn failed_file(&self) -> Option<&Path> {
        self.kept.as_ref().map(|kept| kept.failed_path.as_path())
    }

    /// So many more lines were dealt with, and these of them refused.
    pub fn advance(&mut self, lines: usize, failures: &[Failure]) -> anyhow::Result<()> {
        self.state.lines += lines as u64;
        let Some(kept) = &mut self.kept else {
            failures.iter().for_each(|failure| println!("{}", failure.json()));
            return Ok(());
        };
        let told: String = failures.iter().map(|failure| failure.json() + "\n").collect();
        kept.failed.write_all(told.as_bytes())?;
        kept.failed.sync_data()?;
        self.state.failed_bytes += told.len() as u64;
        kept.write(&self.state)
    }

    /// The file came to its end.
    pub fn finish(&mut self) -> anyhow::Result<()> {
        let Some(kept) = &self.kept else { return Ok(()) };
        if self.state.failed_bytes == 0 {
            std::fs::remove_file(&kept.failed_path)?;
        }
        Ok(())
    }
}

impl Kept {
    /// Writes it so that a run that dies leaves the old one or the new one.
    fn write(&self, state: &State) -> anyhow::Result<()> {
        let half = beside(&self.path, ".part");
        let mut file = File::create(&half).with_context(|| format!("writing {}", half.display()))?;
        file.write_all(&serde_json::to_vec(state)?)?;
        file.sync_data()?;
        std::fs::rename(&half, &self.path).with_context(|| format!("writing {}", self.path.display()))
    }
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(line: u64) -> Failure {
        Failure { line, reason: "INVALID_FIELD".to_owned(), fields: Vec::new() }
    }

    #[test]
    fn a_run_goes_on_where_the_last_one_wrote_down_that_it_was() {
        let held = tempfile::tempdir().expect("a directory");
        let file = held.path().join("schedules.jsonl");
        let open = |sha256, address, from| Progress::open(&file, sha256, address, from);
        let mut first = open("a", "http://one", None).expect("opens");
        first.advance(500, &[failure(3)]).expect("written");
        let told = std::fs::read_to_string(beside(&file, ".failed")).expect("read");
        // The next step dies before it is written down.
        std::fs::write(beside(&file, ".failed"), format!("{told}half a li")).expect("written");
        let mut second = open("a", "http://one", None).expect("opens");
        assert_eq!(second.done(), 500);
        second.advance(2, &[failure(501)]).expect("written");
        let told = std::fs::read_to_string(beside(&file, ".failed")).expect("read");
        assert_eq!(told.lines().count(), 2, "{told}");
        assert_eq!(open("a", "http://one", Some(10)).expect("opens").done(), 9);
        assert!(open("b", "http://one", None).is_err() && open("a", "http://two", None).is_err());
    }
}
