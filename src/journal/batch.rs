//! Gathers what many callers want at once into one hand-over to a thread.
//!
//! Waking another thread costs more than the work that it is woken for. So callers do not talk to
//! the thread: they talk to a task of their own runtime, which takes whatever has come in while the
//! last batch was away, sends all of it over in one piece, and hands the answers out itself when
//! the piece comes back. One batch is away at a time: while it is, the next one grows. There is no
//! timer; when nothing else is going on a single piece of work is sent straight away.

use std::fmt;
use std::sync::mpsc as thread;

use tokio::sync::{mpsc, oneshot};

/// How much is taken on at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Pieces of work that may wait; more are refused.
    pub queue_max: usize,
    /// Pieces in one batch.
    pub batch_max: usize,
    /// Bytes in one batch; the piece that goes over is the last.
    pub batch_bytes_max: usize,
}

/// Something that takes up room in a batch.
pub trait Weigh {
    /// About how many bytes it is.
    fn weight(&self) -> usize;
}

/// A batch on its way to a thread. The thread answers with as many answers, in the same order;
/// when it drops the batch instead, every caller learns that its work was lost.
pub struct Batch<W, A> {
    /// The work.
    pub work: Vec<W>,
    /// Where the answers go.
    pub answers: oneshot::Sender<Vec<A>>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// Too much is waiting; the work was not taken on.
    Full,
    /// The lane was closed before; the work was not taken on.
    Closed,
    /// The thread is gone, and with it perhaps the work.
    Lost,
}

/// The callers' end.
pub struct Lane<W, A> {
    queue: mpsc::Sender<Message<W, A>>,
}

impl<W, A> fmt::Debug for Lane<W, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").field("room", &self.queue.capacity()).finish()
    }
}

enum Message<W, A> {
    Work(W, oneshot::Sender<A>),
    Close(oneshot::Sender<()>),
}

impl<W: Weigh + Send + 'static, A: Send + 'static> Lane<W, A> {
    /// Starts the gathering task on the current runtime. Batches go to `thread`, made into its own
    /// kind of message by `wrap`.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn start<M: Send + 'static>(
        limits: Limits,
        thread: thread::Sender<M>,
        wrap: impl Fn(Batch<W, A>) -> M + Send + 'static,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(limits.queue_max.max(1));
        tokio::spawn(gather(limits, waiting, move |batch| thread.send(wrap(batch)).is_ok()));
        Self { queue }
    }

    /// Hands in a piece of work and waits for its answer.
    ///
    /// # Errors
    /// [`NoAnswer`]. When the future is dropped, work that was handed in is still done.
    pub async fn ask(&self, work: W) -> Result<A, NoAnswer> {
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Message::Work(work, answer)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => NoAnswer::Full,
            mpsc::error::TrySendError::Closed(_) => NoAnswer::Closed,
        })?;
        answered.await.map_err(|_| NoAnswer::Lost)
    }

    /// Waits until everything that was handed in is answered; nothing more is taken on then.
    pub async fn close(&self) {
        let (closed, when_closed) = oneshot::channel();
        if self.queue.send(Message::Close(closed)).await.is_ok() {
            // An error means that the task is gone, and then there is nothing to wait for either.
            let _ = when_closed.await;
        }
    }
}

async fn gather<W: Weigh, A>(
    limits: Limits,
    mut waiting: mpsc::Receiver<Message<W, A>>,
    send: impl Fn(Batch<W, A>) -> bool,
) {
    let mut closing = None;
    while closing.is_none()
        && let Some(first) = waiting.recv().await
    {
        // Everybody else who is ready to hand something in gets to do so first.
        tokio::task::yield_now().await;

        let (mut work, mut callers, mut bytes) = (Vec::new(), Vec::new(), 0);
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Work(piece, caller) => {
                    bytes += piece.weight();
                    work.push(piece);
                    callers.push(caller);
                }
                Message::Close(closed) => {
                    closing = Some(closed);
                    break;
                }
            }
            let full = work.len() >= limits.batch_max || bytes >= limits.batch_bytes_max;
            next = if full { None } else { waiting.try_recv().ok() };
        }
        if work.is_empty() {
            continue;
        }

        let (answers, answered) = oneshot::channel();
        if send(Batch { work, answers })
            && let Ok(answers) = answered.await
        {
            for (caller, answer) in callers.into_iter().zip(answers) {
                // A caller that no longer waits does not need to be told.
                let _ = caller.send(answer);
            }
        }
        // Otherwise the thread is gone; the callers learn so by losing their end.
    }
    waiting.close();
    if let Some(closed) = closing {
        let _ = closed.send(());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const LIMITS: Limits = Limits { queue_max: 1_000, batch_max: 100, batch_bytes_max: 1_000_000 };

    impl Weigh for u32 {
        fn weight(&self) -> usize {
            4
        }
    }

    /// A thread that doubles numbers, and tells how large its batches were.
    fn doubling(limits: Limits) -> (Arc<Lane<u32, u32>>, thread::Receiver<usize>) {
        let (sender, batches) = thread::channel::<Batch<u32, u32>>();
        let (sizes, seen) = thread::channel();
        std::thread::spawn(move || {
            for batch in batches {
                let _ = sizes.send(batch.work.len());
                let _ = batch.answers.send(batch.work.iter().map(|number| number * 2).collect());
            }
        });
        (Arc::new(Lane::start(limits, sender, |batch| batch)), seen)
    }

    async fn ask_all(lane: &Arc<Lane<u32, u32>>, count: u32) {
        let asking: Vec<_> = (0..count)
            .map(|number| {
                let lane = lane.clone();
                tokio::spawn(async move { (number, lane.ask(number).await) })
            })
            .collect();
        for asked in asking {
            let (number, answer) = asked.await.expect("no panic");
            assert_eq!(answer, Ok(number * 2));
        }
    }

    #[tokio::test]
    async fn everybody_gets_their_own_answer_and_few_batches_are_sent() {
        let (lane, sizes) = doubling(LIMITS);
        ask_all(&lane, 500).await;
        let sizes: Vec<usize> = sizes.try_iter().collect();
        assert_eq!(sizes.iter().sum::<usize>(), 500);
        assert!(sizes.len() <= 10, "{sizes:?}");
        assert!(sizes.iter().all(|&size| size <= LIMITS.batch_max), "{sizes:?}");
    }

    #[tokio::test]
    async fn a_batch_ends_at_its_bytes_too() {
        let (lane, sizes) = doubling(Limits { batch_bytes_max: 10, ..LIMITS });
        ask_all(&lane, 50).await;
        assert!(sizes.try_iter().all(|size| size <= 3));
    }

    #[tokio::test]
    async fn more_than_the_queue_holds_is_refused() {
        let (sender, _never_read) = thread::channel::<Batch<u32, u32>>();
        let lane = Arc::new(Lane::start(Limits { queue_max: 2, ..LIMITS }, sender, |batch| batch));
        let asking: Vec<_> = (0..10)
            .map(|number| {
                let lane = lane.clone();
                tokio::spawn(async move { lane.ask(number).await })
            })
            .collect();
        tokio::task::yield_now().await;
        let mut refused = 0;
        for asked in asking {
            if asked.is_finished() {
                assert_eq!(asked.await.expect("no panic"), Err(NoAnswer::Full));
                refused += 1;
            }
        }
        assert!(refused >= 7, "{refused}");
    }

    #[tokio::test]
    async fn a_thread_that_dies_leaves_nobody_waiting() {
        let (sender, batches) = thread::channel::<Batch<u32, u32>>();
        let lane = Lane::start(LIMITS, sender, |batch| batch);
        let dying = std::thread::spawn(move || drop(batches.recv()));
        assert_eq!(lane.ask(1).await, Err(NoAnswer::Lost));
        dying.join().expect("no panic");
        assert_eq!(lane.ask(2).await, Err(NoAnswer::Lost));
    }

    #[tokio::test]
    async fn closing_waits_for_what_was_handed_in() {
        let (lane, sizes) = doubling(LIMITS);
        let asking = {
            let lane = lane.clone();
            tokio::spawn(async move { lane.ask(1).await })
        };
        tokio::task::yield_now().await;
        lane.close().await;
        assert_eq!(asking.await.expect("no panic"), Ok(2));
        assert_eq!(sizes.try_iter().sum::<usize>(), 1);
        assert_eq!(lane.ask(2).await, Err(NoAnswer::Closed));
        lane.close().await;
    }
}
