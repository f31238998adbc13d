//! The rolls of this process: how many run at once, which run together, and what waits for them.
//!
//! A deadline comes before everything else. While rolls that are due wait for a connection, other jobs wait, too, but
//! no longer than [`PATIENCE`], so that a steady overload of rolls does not stop messages.
//!
//! A roll that gets its connection takes those that wait along, in one transaction: many offers are due at once after an outage
//! and after a thaw, and together they cost much less.

use futures::FutureExt;
use shared::App;
use shared::distribution::{self, Cause};
use shared::id::AttemptId;
use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit, oneshot, watch};
use tokio::time::timeout;

/// How long a job waits for rolls at most.
const PATIENCE: Duration = Duration::from_secs(1);

/// The most rolls of one transaction. A claim of one of these offers waits for it.
const MOST_TOGETHER: usize = 16;

/// The longest time for a transaction of several rolls. If it takes longer, each is rolled alone: one agent's message that is being
/// stored must not delay the offers of the other agents.
const TOGETHER_WITHIN: Duration = Duration::from_secs(1);

/// The rolls of this process.
#[derive(Debug)]
pub(crate) struct Rolls {
    running: Semaphore,
    /// How many rolls are due and do not run yet, or run together.
    waiting: watch::Sender<usize>,
    /// Those that another roll can take along.
    queue: Mutex<Vec<Queued>>,
}

/// A roll that waits, and how it learns that another has rolled it.
#[derive(Debug)]
struct Queued {
    attempt: AttemptId,
    rolled: oneshot::Sender<()>,
}

/// What a roll does when its wait is over.
pub(crate) enum Turn<'rolls> {
    /// It runs, until the permit is dropped.
    Runs(#[allow(dead_code, reason = "it is held, not read")] Option<SemaphorePermit<'rolls>>),
    /// Another roll has rolled its offer.
    Rolled,
}

impl Rolls {
    /// As many run at once as there are connections for them.
    pub(crate) fn new(connections: usize) -> Self {
        Self {
            running: Semaphore::new(connections),
            waiting: watch::Sender::new(0),
            queue: Mutex::default(),
        }
    }

    /// Waits until a roll that is due can run, or was rolled with others. `attempt`: its attempt, if it can be rolled with others.
    /// `together` rolls several, and returns those that it rolled. The wait has no time limit. It is not in the pool, because the
    /// pool's wait fails after a time.
    pub(crate) async fn start<F, R>(&self, attempt: Option<AttemptId>, together: F) -> Turn<'_>
    where
        F: FnOnce(Vec<AttemptId>) -> R,
        R: Future<Output = HashSet<AttemptId>>,
    {
        if let Ok(permit) = self.running.try_acquire() {
            return Turn::Runs(Some(permit));
        }
        let _waits = Waits::new(&self.waiting);
        let Some(attempt) = attempt else {
            return self.alone().await;
        };
        let mut taken_along = self.enter(attempt);
        let permit = tokio::select! {
            biased;
            rolled = &mut taken_along => return self.after(rolled).await,
            permit = self.running.acquire() => permit.ok(),
        };
        let Some(others) = self.take_along(attempt) else {
            // Another roll has taken it along just now.
            drop(permit);
            return self.after(taken_along.await).await;
        };
        if others.is_empty() {
            return Turn::Runs(permit);
        }
        let attempts = others.iter().map(|one| one.attempt);
        let done = together(attempts.chain([attempt]).collect()).await;
        for one in others {
            if done.contains(&one.attempt) {
                // Its job may have been stopped.
                one.rolled.send(()).ok();
            }
        }
        if done.contains(&attempt) {
            Turn::Rolled
        } else {
            Turn::Runs(permit)
        }
    }

    async fn alone(&self) -> Turn<'_> {
        Turn::Runs(self.running.acquire().await.ok())
    }

    /// What follows when another roll has taken one along.
    async fn after(&self, rolled: Result<(), oneshot::error::RecvError>) -> Turn<'_> {
        match rolled {
            Ok(()) => Turn::Rolled,
            Err(_) => self.alone().await,
        }
    }

    /// Enters a roll into the queue. The receiver fails if the roll was taken along and must be rolled alone after all.
    fn enter(&self, attempt: AttemptId) -> oneshot::Receiver<()> {
        let (rolled, receiver) = oneshot::channel();
        self.queue().push(Queued { attempt, rolled });
        receiver
    }

    /// Takes this roll out of the queue, and others with it. `None` if it is not there.
    fn take_along(&self, attempt: AttemptId) -> Option<Vec<Queued>> {
        let mut queue = self.queue();
        let own = queue.iter().position(|one| one.attempt == attempt)?;
        queue.remove(own);
        let count = queue.len().min(MOST_TOGETHER - 1);
        Some(queue.drain(..count).collect())
    }

    fn queue(&self) -> MutexGuard<'_, Vec<Queued>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no roll waits, but no longer than [`PATIENCE`].
    pub(crate) async fn let_pass(&self) {
        if !self.is_behind() {
            return;
        }
        let mut waiting = self.waiting.subscribe();
        let passed = timeout(PATIENCE, waiting.wait_for(|waiting| *waiting == 0)).await;
        passed.map(|_| ()).ok();
    }

    /// Whether rolls that are due wait.
    pub(crate) fn is_behind(&self) -> bool {
        *self.waiting.borrow() > 0
    }
}

/// Rolls these offers in one transaction. Returns those that were rolled. After a failure that is none of them: each is then rolled
/// alone, so one that fails harms no other.
pub(crate) async fn roll_together(app: &App, attempts: Vec<AttemptId>) -> HashSet<AttemptId> {
    let rolling = distribution::roll_due_together(app, &attempts, Cause::Alarm);
    let why = match timeout(TOGETHER_WITHIN, AssertUnwindSafe(rolling).catch_unwind()).await {
        Ok(Ok(Ok(rolled))) => return rolled.into_iter().map(|one| one.attempt).collect(),
        Ok(Ok(Err(error))) => error.to_string(),
        Ok(Err(_)) => "it panicked".to_owned(),
        Err(_) => "it took too long".to_owned(),
    };
    tracing::warn!(rolls = attempts.len(), why, "rolls.not_together");
    HashSet::new()
}

/// One roll that waits, until this value is dropped.
struct Waits<'rolls>(&'rolls watch::Sender<usize>);

impl<'rolls> Waits<'rolls> {
    fn new(waiting: &'rolls watch::Sender<usize>) -> Self {
        waiting.send_modify(|waiting| *waiting += 1);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::{Rolls, Turn};
    use futures::poll;
    use shared::id::AttemptId;
    use std::collections::HashSet;
    use std::future::ready;
    use std::pin::pin;
    use std::task::Poll;

    async fn none(attempts: Vec<AttemptId>) -> HashSet<AttemptId> {
        panic!("nobody rolls {attempts:?} together");
    }

    #[tokio::test]
    async fn another_job_waits_while_a_roll_that_is_due_waits() {
        let rolls = Rolls::new(1);
        let running = rolls.start(None, none).await;
        assert!(poll!(pin!(rolls.let_pass())).is_ready(), "no roll waits");
        let mut second = pin!(rolls.start(None, none));
        assert!(poll!(second.as_mut()).is_pending());
        assert!(rolls.is_behind());
        let mut other = pin!(rolls.let_pass());
        assert!(poll!(other.as_mut()).is_pending());
        drop(running);
        assert!(poll!(second.as_mut()).is_ready());
        assert!(!rolls.is_behind());
        assert!(poll!(other.as_mut()).is_ready());
    }

    #[tokio::test]
    async fn a_roll_takes_those_that_wait_along() {
        let rolls = Rolls::new(1);
        let running = rolls.start(Some(AttemptId::new()), none).await;
        let [leader, rolled, left] = [AttemptId::new(), AttemptId::new(), AttemptId::new()];
        let mut leading = pin!(rolls.start(Some(leader), |attempts| {
            assert_eq!(
                HashSet::from_iter(attempts),
                HashSet::from([leader, rolled, left])
            );
            ready(HashSet::from([leader, rolled]))
        }));
        let mut taken_along = pin!(rolls.start(Some(rolled), none));
        let mut left_alone = pin!(rolls.start(Some(left), none));
        assert!(poll!(leading.as_mut()).is_pending());
        assert!(poll!(taken_along.as_mut()).is_pending());
        assert!(poll!(left_alone.as_mut()).is_pending());
        drop(running);
        assert!(matches!(poll!(leading.as_mut()), Poll::Ready(Turn::Rolled)));
        assert!(matches!(
            poll!(taken_along.as_mut()),
            Poll::Ready(Turn::Rolled)
        ));
        let alone = poll!(left_alone.as_mut());
        assert!(
            matches!(alone, Poll::Ready(Turn::Runs(Some(_)))),
            "it runs by itself"
        );
    }

    #[tokio::test]
    async fn a_roll_whose_leader_is_stopped_runs_alone() {
        let rolls = Rolls::new(1);
        let running = rolls.start(None, none).await;
        let mut taken_along = pin!(rolls.start(Some(AttemptId::new()), none));
        {
            let never = |_| std::future::pending();
            let mut leading = pin!(rolls.start(Some(AttemptId::new()), never));
            assert!(poll!(leading.as_mut()).is_pending());
            assert!(poll!(taken_along.as_mut()).is_pending());
            drop(running);
            assert!(poll!(leading.as_mut()).is_pending());
            assert!(poll!(taken_along.as_mut()).is_pending());
        }
        let alone = poll!(taken_along.as_mut());
        assert!(matches!(alone, Poll::Ready(Turn::Runs(Some(_)))));
    }
}
