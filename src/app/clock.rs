//! The clock that a merchant's simulators share, as the merchant's own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

use crate::simulator::clock::Clock;
use crate::world::TestClock;

/// The simulators' clock, by which the merchant lives too.
pub struct SimulatorClock {
    clock: Clock,
    /// Where it is written down how far ahead it is.
    kept: Option<PathBuf>,
}

impl SimulatorClock {
    /// The clock of running simulators, for as long as the process lives.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, kept: None }
    }

    /// The same, and it goes on from where it was when the process lives again: what the store holds
    /// must not lie in the future all at once.
    ///
    /// # Errors
    /// A file that does not read, or holds something else.
    pub fn kept_in(clock: Clock, file: &Path) -> anyhow::Result<Self> {
        match std::fs::read_to_string(file) {
            Ok(text) => {
                let ahead_ms = text.trim().parse();
                clock.advance(Duration::from_millis(ahead_ms.context("reading how far a clock is ahead")?));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).context(format!("reading {}", file.display())),
        }
        Ok(Self { clock, kept: Some(file.to_owned()) })
    }

    fn ahead_ms(&self) -> u64 {
        // It never goes back from zero.
        u64::try_from(self.clock.ahead_ms()).unwrap_or(0)
    }
}

impl TestClock for SimulatorClock {
    fn ahead(&self) -> Duration {
        Duration::from_millis(self.ahead_ms())
    }

    fn advance(&self, by: Duration) {
        // It counts whole milliseconds, and must not arrive too early.
        self.clock.advance(by.saturating_add(Duration::from_nanos(999_999)));
        let Some(file) = &self.kept else { return };
        // Made whole under another name first, so that it reads whenever the process dies.
        let fresh = file.with_extension("new");
        let written =
            std::fs::write(&fresh, self.ahead_ms().to_string()).and_then(|()| std::fs::rename(&fresh, file));
        if let Err(error) = written {
            tracing::warn!(file = %file.display(), %error, "after a restart the clock will be behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_arrives_in_whole_milliseconds_and_never_early() {
        let clock = SimulatorClock::new(Clock::default());
        clock.advance(Duration::ZERO);
        assert_eq!(clock.ahead(), Duration::ZERO);
        clock.advance(Duration::from_nanos(1));
        assert_eq!(clock.ahead(), Duration::from_millis(1));
        clock.advance(Duration::from_millis(5));
        assert_eq!(clock.ahead(), Duration::from_millis(6));
    }

    #[test]
    fn it_goes_on_from_where_it_was_when_the_process_lives_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("clock-dev");
        let first = SimulatorClock::kept_in(Clock::default(), &file).expect("a new clock");
        assert_eq!(first.ahead(), Duration::ZERO);
        first.advance(Duration::from_secs(86_400));

        let simulators = Clock::default();
        let second = SimulatorClock::kept_in(simulators.clone(), &file).expect("the same clock");
        assert_eq!(second.ahead(), Duration::from_secs(86_400));
        assert_eq!(simulators.ahead_ms(), 86_400_000, "the simulators live by it");

        std::fs::write(&file, "tomorrow").expect("written");
        assert!(SimulatorClock::kept_in(Clock::default(), &file).is_err());
    }
}
