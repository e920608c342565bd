//! What the disk alone can do: the time of one sync, in the two ways a log is written.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::load::median;

/// One page of SQLite's log with its header.
const PAGE: [u8; 4120] = [0x55; 4120];
/// How far the preallocated file is written before it starts over.
const PREALLOCATED_PAGES: u64 = 1_000;

/// Medians of one sync after one page.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Syncs {
    /// The page made the file longer, µs.
    pub append_us: f64,
    /// The page replaced one that was there, µs.
    pub overwrite_us: f64,
}

/// Measures both, half of the time each.
pub fn measure(directory: &Path, time: Duration) -> std::io::Result<Syncs> {
    let path = directory.join("sync");
    let mut file = File::create(&path)?;
    let append_us = repeat(time / 2, || {
        file.write_all(&PAGE)?;
        file.sync_data()
    })?;
    file.set_len(0)?;
    for _ in 0..PREALLOCATED_PAGES {
        file.write_all(&PAGE)?;
    }
    file.sync_all()?;
    let mut file = OpenOptions::new().write(true).open(&path)?;
    let mut written = 0;
    let overwrite_us = repeat(time / 2, || {
        if written == PREALLOCATED_PAGES {
            file.seek(SeekFrom::Start(0))?;
            written = 0;
        }
        written += 1;
        file.write_all(&PAGE)?;
        file.sync_data()
    })?;
    std::fs::remove_file(path)?;
    Ok(Syncs { append_us, overwrite_us })
}

fn repeat(time: Duration, mut once: impl FnMut() -> std::io::Result<()>) -> std::io::Result<f64> {
    let begin = Instant::now();
    let mut times = Vec::new();
    while begin.elapsed() < time {
        let start = Instant::now();
        once()?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(median(&mut times))
}
