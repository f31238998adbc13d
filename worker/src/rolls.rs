//! The rolls of this process: how many run at once, and what waits for them.
//!
//! A deadline comes before everything else. While rolls that are due wait for a connection, other jobs wait, too, but
//! no longer than [`PATIENCE`], so that a steady overload of rolls does not stop messages.
//!
//! A roll that gets its connection takes those that wait along, in one transaction ([`Together`]): many offers are due at once after
//! an outage and after a thaw, and together they cost much less.

use shared::App;
use shared::distribution::{self, Cause};
use shared::id::AttemptId;
use shared::together::{Together, Turn, try_together};
use std::collections::HashSet;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// How long a job waits for rolls at most.
const PATIENCE: Duration = Duration::from_secs(1);

/// The most rolls of one transaction. A claim of one of these offers waits for it.
const MOST_TOGETHER: usize = 16;

/// The rolls of this process.
#[derive(Debug)]
pub(crate) struct Rolls {
    running: Together<AttemptId>,
    /// How many rolls are due and do not run yet, or run together.
    waiting: watch::Sender<usize>,
}

impl Rolls {
    /// As many run at once as there are connections for them.
    pub(crate) fn new(connections: usize) -> Self {
        Self {
            running: Together::new(connections, MOST_TOGETHER),
            waiting: watch::Sender::new(0),
        }
    }

    /// Waits until a roll that is due can run, or was rolled with others. `attempt`: its attempt, if it can be rolled with others.
    /// `together` rolls several ([`roll_together`]). The wait has no time limit. It is not in the pool, because the pool's wait fails
    /// after a time.
    pub(crate) async fn start<F, D>(&self, attempt: Option<AttemptId>, together: F) -> Turn<'_>
    where
        F: FnOnce(Vec<AttemptId>) -> D,
        D: Future<Output = Vec<Option<()>>>,
    {
        if let Some(turn) = self.running.try_alone() {
            return turn;
        }
        let _waits = Waits::new(&self.waiting);
        if let Some(attempt) = attempt {
            let turn = self.running.start(attempt, together).await;
            if !matches!(turn, Turn::Alone(None)) {
                return turn;
            }
        }
        // Every roll that runs needs a connection.
        self.running.alone().await
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

/// Rolls these offers in one transaction. Returns a value for each that was rolled, and `None` for each that was not.
pub(crate) async fn roll_together(app: &App, attempts: Vec<AttemptId>) -> Vec<Option<()>> {
    let rolling = Box::pin(distribution::roll_due_together(
        app,
        &attempts,
        Cause::Alarm,
    ));
    let rolled = try_together("rolls", attempts.len(), rolling).await;
    let rolled = rolled.into_iter().flatten().map(|one| one.attempt);
    let rolled: HashSet<AttemptId> = rolled.collect();
    attempts
        .iter()
        .map(|attempt| rolled.contains(attempt).then_some(()))
        .collect()
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
    use super::Rolls;
    use futures::poll;
    use shared::id::AttemptId;
    use std::pin::pin;

    async fn none(attempts: Vec<AttemptId>) -> Vec<Option<()>> {
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
}
