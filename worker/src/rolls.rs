//! The rolls of this process: how many run at once, and what waits for them.
//!
//! A deadline comes before everything else. While rolls that are due wait for a connection, other jobs wait, too, but
//! no longer than [`PATIENCE`], so that a steady overload of rolls does not stop messages.

use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::timeout;

/// How long a job waits for rolls at most.
const PATIENCE: Duration = Duration::from_secs(1);

/// The rolls of this process.
#[derive(Debug)]
pub(crate) struct Rolls {
    running: Semaphore,
    /// How many rolls are due and do not run.
    waiting: watch::Sender<usize>,
}

impl Rolls {
    /// As many run at once as there are connections for them.
    pub(crate) fn new(connections: usize) -> Self {
        Self {
            running: Semaphore::new(connections),
            waiting: watch::Sender::new(0),
        }
    }

    /// Waits until a roll that is due can run. It runs until the permit is dropped. The wait has no limit of time,
    /// and is here and not in the pool, where it would fail.
    pub(crate) async fn start(&self) -> Option<SemaphorePermit<'_>> {
        if let Ok(permit) = self.running.try_acquire() {
            return Some(permit);
        }
        let _waits = Waits::new(&self.waiting);
        self.running.acquire().await.ok()
    }

    /// Waits until no roll waits.
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
    use std::pin::pin;

    #[tokio::test]
    async fn another_job_waits_while_a_roll_that_is_due_waits() {
        let rolls = Rolls::new(1);
        let running = rolls.start().await;
        assert!(poll!(pin!(rolls.let_pass())).is_ready(), "no roll waits");
        let mut second = pin!(rolls.start());
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
