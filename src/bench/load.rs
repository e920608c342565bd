//! Making load: calls in a closed loop, or at a steady pace.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How long a variant is loaded before its figures count.
const WARM_UP: Duration = Duration::from_millis(500);
/// How many times as long as it was asked for a measurement in which no call ended goes on at most.
const STRETCH_MAX: u32 = 20;
/// Paced calls that may be under way. To a variant that cannot keep up no more is sent.
const PACED_IN_FLIGHT_MAX: usize = 1_024;

/// What one measurement says.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Sample {
    /// Calls that ended within the measured time, per second.
    pub per_second: f64,
    /// Half of them took no longer, µs.
    pub p50_us: f64,
    /// 99 of 100 took no longer, µs.
    pub p99_us: f64,
    /// Time on the processor that the measured process spent on each, µs.
    pub cpu_us: f64,
    /// How many there were.
    pub calls: u64,
    /// Paced calls that were not made because too many were under way: the pace was not kept.
    pub skipped: u64,
}

/// A call by its number; `Err` says what went wrong, and ends the run.
pub trait Call: Clone + 'static {
    /// Makes it.
    fn make(&self, number: u64) -> impl Future<Output = anyhow::Result<()>>;
}

/// What the calls of one measurement write down.
struct Window {
    open: Cell<bool>,
    over: Cell<bool>,
    times: RefCell<Vec<f64>>,
    next: Cell<u64>,
    skipped: Cell<u64>,
}

impl Window {
    fn new(first: u64) -> Rc<Self> {
        Rc::new(Self {
            open: Cell::new(false),
            over: Cell::new(false),
            times: RefCell::default(),
            next: Cell::new(first),
            skipped: Cell::new(0),
        })
    }

    fn number(&self) -> u64 {
        self.next.replace(self.next.get() + 1)
    }

    fn ended(&self, since: Instant) {
        if self.open.get() {
            self.times.borrow_mut().push(since.elapsed().as_secs_f64() * 1e6);
        }
    }

    /// Lets the load warm up, measures, and stops it.
    async fn measure(&self, time: Duration, cpu: impl Fn() -> Duration) -> Sample {
        tokio::time::sleep(WARM_UP.min(time)).await;
        let (begin, cpu_before) = (Instant::now(), cpu());
        self.open.set(true);
        tokio::time::sleep(time).await;
        // A short one on a busy machine may see no call end, and would say nothing.
        while self.times.borrow().is_empty() && begin.elapsed() < time * STRETCH_MAX {
            tokio::time::sleep(time / 10).await;
        }
        self.open.set(false);
        let (elapsed, cpu) = (begin.elapsed(), cpu().saturating_sub(cpu_before));
        self.over.set(true);
        Sample { skipped: self.skipped.get(), ..sample(&mut self.times.borrow_mut(), elapsed, cpu) }
    }
}

#[allow(clippy::cast_precision_loss)] // Counts of a few seconds.
fn sample(times: &mut [f64], elapsed: Duration, cpu: Duration) -> Sample {
    let calls = times.len().max(1) as f64;
    Sample {
        per_second: times.len() as f64 / elapsed.as_secs_f64(),
        p50_us: quantile(times, 0.5),
        p99_us: quantile(times, 0.99),
        cpu_us: cpu.as_secs_f64() * 1e6 / calls,
        calls: times.len() as u64,
        skipped: 0,
    }
}

/// So many calls at once, each followed by the next.
pub async fn closed<C: Call>(
    call: &C,
    first: u64,
    in_flight: usize,
    time: Duration,
    cpu: impl Fn() -> Duration,
) -> anyhow::Result<Sample> {
    let window = Window::new(first);
    let mut callers = JoinSet::new();
    for _ in 0..in_flight {
        let (window, call) = (window.clone(), call.clone());
        callers.spawn_local(async move {
            while !window.over.get() {
                let start = Instant::now();
                call.make(window.number()).await?;
                window.ended(start);
            }
            anyhow::Ok(())
        });
    }
    let sample = window.measure(time, cpu).await;
    while let Some(caller) = callers.join_next().await {
        caller??;
    }
    Ok(sample)
}

/// A call at each of so many moments of a second, whether the earlier ones have ended or not. The
/// time of a call counts from the moment when it was due.
pub async fn paced<C: Call>(
    call: &C,
    first: u64,
    per_second: u32,
    time: Duration,
    cpu: impl Fn() -> Duration,
) -> anyhow::Result<Sample> {
    let window = Window::new(first);
    let (pacer, mut due) = mpsc::channel(PACED_IN_FLIGHT_MAX);
    // The runtime's timer has steps of a millisecond; a thread that sleeps is finer.
    let pacer = std::thread::spawn(move || {
        let (begin, step) = (Instant::now(), Duration::from_secs(1) / per_second);
        for turn in 1_u32.. {
            let at = begin + step * turn;
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
            match pacer.try_send(at) {
                Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => {}
                Err(mpsc::error::TrySendError::Closed(_)) => return,
            }
        }
    });
    let feeding = {
        let (window, call) = (window.clone(), call.clone());
        tokio::task::spawn_local(async move {
            let mut calls = JoinSet::new();
            while let Some(at) = due.recv().await {
                if window.over.get() {
                    break;
                }
                while let Some(ended) = calls.try_join_next() {
                    ended??;
                }
                if calls.len() >= PACED_IN_FLIGHT_MAX {
                    window.skipped.set(window.skipped.get() + 1);
                    continue;
                }
                let (window, call) = (window.clone(), call.clone());
                calls.spawn_local(async move {
                    call.make(window.number()).await?;
                    window.ended(at);
                    anyhow::Ok(())
                });
            }
            drop(due);
            while let Some(ended) = calls.join_next().await {
                ended??;
            }
            anyhow::Ok(())
        })
    };
    let sample = window.measure(time, cpu).await;
    feeding.await??;
    pacer.join().map_err(|_| anyhow::anyhow!("the pacer panicked"))?;
    Ok(sample)
}

/// The middle one.
pub fn median(values: &mut [f64]) -> f64 {
    quantile(values, 0.5)
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    // The nearest rank: the smallest value that enough others do not exceed.
    let rank = (values.len() as f64 * share).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_values() {
        assert_eq!(quantile(&mut [3.0, 1.0, 2.0], 0.5), 2.0);
        assert_eq!(quantile(&mut [4.0, 1.0, 3.0, 2.0], 0.5), 2.0);
        let mut hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(quantile(&mut hundred, 0.99), 99.0);
        assert!(quantile(&mut [], 0.5).is_nan());
    }
}
