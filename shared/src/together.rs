//! Work that is done together: while pieces of one kind wait for their turn, the first that gets it takes the others along.
//!
//! A busy process then needs one transaction for many of them, and an idle one does each at once.

use crate::request_id::with_request_id;
use crate::telemetry;
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, SemaphorePermit, oneshot};
use tokio::time::{Instant, timeout};

/// The longest time for several pieces. If they take longer, each is done alone: one that waits must not delay the others.
const WITHIN: Duration = Duration::from_secs(1);

/// After this time a piece that is done alone has no turn any more.
const LONGEST_TURN: Duration = Duration::from_millis(250);

/// For this long after several pieces were done together, as many are expected again.
const LATELY: Duration = Duration::from_millis(5);

/// The turns of one kind of work in this process. `T` is a piece of it, `R` the result of a piece.
#[derive(Debug)]
pub struct Together<T, R = ()> {
    turns: Semaphore,
    most: usize,
    /// How long a piece with a turn waits for others that are expected.
    gathers: Duration,
    queue: Mutex<Vec<Queued<T, R>>>,
    /// Tells that a piece was entered into the queue.
    entered: Notify,
    /// How many pieces were done together in the latest turn, and when it ended.
    latest: Mutex<Option<(usize, Instant)>>,
}

/// A piece that waits for its turn.
#[derive(Debug)]
struct Queued<T, R> {
    piece: T,
    /// The same value as that of its owner, by which the owner finds it.
    ticket: Arc<()>,
    done: oneshot::Sender<R>,
}

/// What a piece does when its wait is over.
#[derive(Debug)]
pub enum Turn<'turns, R = ()> {
    /// Its owner does it. Its turn ends when the permit is dropped. `None`: another piece took it along and could not do it, so it has
    /// waited long enough and needs no turn.
    Alone(Option<SemaphorePermit<'turns>>),
    /// It was done with others. This is its result.
    Done(R),
}

impl<T: Clone, R> Together<T, R> {
    /// This many turns at once, of `most` pieces each. They share a transaction, and what waits for one of its rows waits for all of
    /// it.
    #[must_use]
    pub fn new(turns: usize, most: usize) -> Self {
        Self {
            turns: Semaphore::new(turns),
            most,
            gathers: Duration::ZERO,
            queue: Mutex::default(),
            entered: Notify::new(),
            latest: Mutex::default(),
        }
    }

    /// The same, for pieces that come in waves: owners who were answered at one moment send their next pieces at nearly one moment.
    ///
    /// After several pieces were done together, the next piece waits until as many wait, but no longer than `gathers`. A piece that
    /// comes more than five milliseconds later does not wait.
    #[must_use]
    pub fn gathering(self, gathers: Duration) -> Self {
        Self { gathers, ..self }
    }

    /// A turn, if one is free.
    pub fn try_alone(&self) -> Option<Turn<'_, R>> {
        let permit = self.turns.try_acquire().ok()?;
        Some(Turn::Alone(Some(permit)))
    }

    /// Waits for a turn, without others.
    pub async fn alone(&self) -> Turn<'_, R> {
        Turn::Alone(self.turns.acquire().await.ok())
    }

    /// Waits until this piece has its turn, or was done with others. The wait has no time limit.
    ///
    /// If others wait when this piece has its turn, `together` does all of them. It returns a result for each piece, in their order. A
    /// piece without a result is done alone.
    pub async fn start<F, D>(&self, piece: T, together: F) -> Turn<'_, R>
    where
        F: FnOnce(Vec<T>) -> D,
        D: Future<Output = Vec<Option<R>>>,
    {
        if self.expected() == 0
            && let Some(turn) = self.try_alone()
        {
            return turn;
        }
        let ticket = Arc::new(());
        let mut taken_along = self.enter(piece.clone(), &ticket);
        let turn = async {
            let permit = self.turns.acquire().await.ok();
            timeout(self.gathers, self.gathered(self.expected()))
                .await
                .ok();
            permit
        };
        let permit = tokio::select! {
            biased;
            done = &mut taken_along => return after(done),
            permit = turn => permit,
        };
        let Some(others) = self.take_along(&ticket) else {
            // Another has taken it along just now.
            drop(permit);
            return after(taken_along.await);
        };
        if others.is_empty() {
            *locked(&self.latest) = None;
            return Turn::Alone(permit);
        }
        let count = others.len() + 1;
        let pieces = others.iter().map(|other| other.piece.clone());
        let mut done = together(pieces.chain([piece]).collect()).await.into_iter();
        *locked(&self.latest) = Some((count, Instant::now()));
        for other in others {
            if let Some(done) = done.next().flatten() {
                // Its owner may have been stopped.
                other.done.send(done).ok();
            }
        }
        match done.next().flatten() {
            Some(done) => Turn::Done(done),
            None => Turn::Alone(permit),
        }
    }

    /// How many pieces wait that nobody has taken along.
    pub fn waiting(&self) -> usize {
        self.queue().len()
    }

    /// Enters a piece into the queue. The receiver fails if the piece was taken along and must be done alone after all.
    fn enter(&self, piece: T, ticket: &Arc<()>) -> oneshot::Receiver<R> {
        let (done, receiver) = oneshot::channel();
        let ticket = Arc::clone(ticket);
        self.queue().push(Queued {
            piece,
            ticket,
            done,
        });
        self.entered.notify_waiters();
        receiver
    }

    /// How many pieces are expected at one moment now. 0: there is nothing to wait for.
    fn expected(&self) -> usize {
        let latest = *locked(&self.latest);
        let (count, at) = latest.unwrap_or((0, Instant::now()));
        if self.gathers.is_zero() || at.elapsed() > LATELY {
            0
        } else {
            count
        }
    }

    /// Waits until this many pieces wait.
    async fn gathered(&self, count: usize) {
        loop {
            let entered = self.entered.notified();
            if self.waiting() >= count {
                return;
            }
            entered.await;
        }
    }

    /// Takes the piece with this ticket out of the queue, and returns others that it takes along. `None` if it is not there.
    fn take_along(&self, ticket: &Arc<()>) -> Option<Vec<Queued<T, R>>> {
        let mut queue = self.queue();
        let own = queue
            .iter()
            .position(|queued| Arc::ptr_eq(&queued.ticket, ticket))?;
        queue.remove(own);
        let count = queue.len().min(self.most - 1);
        Some(queue.drain(..count).collect())
    }

    fn queue(&self) -> MutexGuard<'_, Vec<Queued<T, R>>> {
        locked(&self.queue)
    }
}

fn locked<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What follows when another piece has taken one along.
fn after<'turns, R>(done: Result<R, oneshot::error::RecvError>) -> Turn<'turns, R> {
    done.map_or(Turn::Alone(None), Turn::Done)
}

/// Does a piece alone, while it has its turn. Its turn ends after a quarter of a second: one that waits for a lock must not hold up
/// those that come later.
pub async fn do_alone<D>(permit: Option<SemaphorePermit<'_>>, work: impl Future<Output = D>) -> D {
    let mut work = pin!(work);
    if let Ok(done) = timeout(LONGEST_TURN, work.as_mut()).await {
        return done;
    }
    drop(permit);
    work.await
}

/// Does several pieces at once. `None` after a failure, a panic, or more than a second, which are logged: then each is done alone,
/// so one that fails harms no other. `what` names the work in the log.
pub async fn try_together<R>(
    what: &'static str,
    count: usize,
    work: impl Future<Output = crate::Result<R>>,
) -> Option<R> {
    // What it enqueues comes from several requests.
    let work = with_request_id(String::new(), telemetry::apart(work));
    let why = match timeout(WITHIN, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(Ok(done))) => return Some(done),
        Ok(Ok(Err(error))) => error.to_string(),
        Ok(Err(_)) => "it panicked".to_owned(),
        Err(_) => "it took too long".to_owned(),
    };
    tracing::warn!(what, count, why, "together.failed: each is done alone");
    None
}

#[cfg(test)]
mod tests {
    use super::{LATELY, Together, Turn, locked};
    use futures::poll;
    use std::future::ready;
    use std::pin::pin;
    use std::task::Poll;
    use std::time::Duration;
    use tokio::time::Instant;

    async fn none(pieces: Vec<&'static str>) -> Vec<Option<usize>> {
        panic!("nobody does {pieces:?} together");
    }

    #[tokio::test]
    async fn a_piece_takes_those_that_wait_along() {
        let together = Together::new(1, 16);
        let running = together.start("running", none).await;
        let mut leading = pin!(together.start("leader", |pieces| {
            assert_eq!(pieces, ["done", "left", "leader"]);
            ready(vec![Some(1), None, Some(3)])
        }));
        let mut done = pin!(together.start("done", none));
        let mut left = pin!(together.start("left", none));
        assert!(poll!(leading.as_mut()).is_pending());
        assert!(poll!(done.as_mut()).is_pending());
        assert!(poll!(left.as_mut()).is_pending());
        drop(running);
        let ended = poll!(leading.as_mut());
        assert!(matches!(ended, Poll::Ready(Turn::Done(3))));
        let ended = poll!(done.as_mut());
        assert!(matches!(ended, Poll::Ready(Turn::Done(1))));
        let left = poll!(left.as_mut());
        assert!(
            matches!(left, Poll::Ready(Turn::Alone(None))),
            "it is done alone, without another wait"
        );
    }

    #[tokio::test]
    async fn a_piece_whose_leader_is_stopped_is_done_alone() {
        let together = Together::new(1, 16);
        let running = together.start("running", none).await;
        let mut taken_along = pin!(together.start("taken along", none));
        {
            let never = |_| std::future::pending();
            let mut leading = pin!(together.start("leader", never));
            assert!(poll!(leading.as_mut()).is_pending());
            assert!(poll!(taken_along.as_mut()).is_pending());
            drop(running);
            assert!(poll!(leading.as_mut()).is_pending());
            assert!(poll!(taken_along.as_mut()).is_pending());
        }
        let alone = poll!(taken_along.as_mut());
        assert!(matches!(alone, Poll::Ready(Turn::Alone(None))));
    }

    /// As after a turn in which this many pieces were done together.
    fn after_a_wave(count: usize, at: Instant, gathers: Duration) -> Together<&'static str, usize> {
        let together = Together::new(1, 16).gathering(gathers);
        *locked(&together.latest) = Some((count, at));
        together
    }

    const HOUR: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn the_first_piece_of_a_wave_waits_for_as_many_as_the_wave_before_had() {
        let together = after_a_wave(3, Instant::now() + HOUR, HOUR);
        let all = |pieces: Vec<_>| ready((1..=pieces.len()).map(Some).collect::<Vec<_>>());
        let mut first = pin!(together.start("first", all));
        let mut second = pin!(together.start("second", none));
        let mut third = pin!(together.start("third", none));
        assert!(poll!(first.as_mut()).is_pending(), "two more are expected");
        assert!(poll!(second.as_mut()).is_pending());
        assert!(poll!(first.as_mut()).is_pending(), "one more is expected");
        assert!(poll!(third.as_mut()).is_pending());
        let ended = poll!(first.as_mut());
        assert!(matches!(ended, Poll::Ready(Turn::Done(3))));
    }

    #[tokio::test]
    async fn a_wave_that_does_not_come_is_not_waited_for_again() {
        let together = after_a_wave(2, Instant::now() + HOUR, Duration::from_millis(1));
        let alone = together.start("first", none).await;
        assert!(matches!(alone, Turn::Alone(Some(_))));
        assert_eq!(together.expected(), 0);
    }

    #[tokio::test]
    async fn a_piece_that_comes_long_after_a_wave_has_its_turn_at_once() {
        let long_ago = Instant::now()
            .checked_sub(LATELY * 2)
            .expect("the machine runs longer");
        let together = after_a_wave(2, long_ago, HOUR);
        let mut alone = pin!(together.start("late", none));
        let turn = poll!(alone.as_mut());
        assert!(matches!(turn, Poll::Ready(Turn::Alone(Some(_)))));
    }
}
