//! The rolls of this process: how many run at once, and what waits for them.
//!
//! Workers that live at the same time share the rolls that run at once. More of them would only wait for each other in the database:
//! three workers with four rolls each did two thirds of what one did alone (`docs/operators/capacity.md`).
//!
//! A deadline comes before everything else. While rolls that are due wait for a connection, other jobs wait, too, but
//! no longer than [`PATIENCE`], so that a steady overload of rolls does not stop messages.

use crate::process::Process;
use shared::jobs::workers_alive;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::{sleep, timeout};

/// How often the workers that live are counted.
const COUNT_EVERY: Duration = Duration::from_secs(5);

/// How long a job waits for rolls at most.
const PATIENCE: Duration = Duration::from_secs(1);

/// The rolls of this process.
#[derive(Debug)]
pub(crate) struct Rolls {
    running: Semaphore,
    /// How many can run at once if this worker is alone.
    connections: usize,
    /// How many can run at once now.
    width: Mutex<usize>,
    /// How many rolls are due and do not run.
    waiting: watch::Sender<usize>,
}

impl Rolls {
    /// As many run at once as there are connections for them.
    pub(crate) fn new(connections: usize) -> Self {
        Self {
            running: Semaphore::new(connections),
            connections,
            width: Mutex::new(connections),
            waiting: watch::Sender::new(0),
        }
    }

    /// Shares the rolls that run at once with the other workers, until the process must stop. While the database is away, the last
    /// count holds.
    pub(crate) async fn share(&self, process: &Process) {
        let mut stop = process.stop.clone();
        loop {
            let counted = async {
                let mut connection = process.bookkeeping.acquire().await?;
                workers_alive(&mut connection).await
            };
            match counted.await {
                Ok(workers) => self.share_with(usize::try_from(workers).unwrap_or(1)),
                Err(error) => tracing::debug!(%error, "worker.workers_not_counted"),
            }
            tokio::select! {
                () = sleep(COUNT_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// As many run at once as this worker's share with so many alive, and one at least. A roll that runs is finished first.
    fn share_with(&self, workers: usize) {
        let wanted = self.connections.div_ceil(workers.max(1));
        let mut width = self.width.lock().unwrap_or_else(PoisonError::into_inner);
        if wanted > *width {
            self.running.add_permits(wanted - *width);
            *width = wanted;
        } else {
            *width -= self.running.forget_permits(*width - wanted);
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
    async fn workers_share_the_rolls_that_run_at_once() {
        let rolls = Rolls::new(4);
        rolls.share_with(3);
        let _running = [rolls.start().await, rolls.start().await];
        assert!(poll!(pin!(rolls.start())).is_pending(), "two of six");
        rolls.share_with(100);
        rolls.share_with(1);
        let _more = [rolls.start().await, rolls.start().await];
        assert!(poll!(pin!(rolls.start())).is_pending(), "alone again");
        rolls.share_with(0);
        assert!(poll!(pin!(rolls.start())).is_pending());
    }

    #[tokio::test]
    async fn a_roll_that_runs_is_finished_before_its_place_is_anothers() {
        let rolls = Rolls::new(4);
        let mut running = Vec::new();
        for _ in 0..4 {
            running.push(rolls.start().await);
        }
        rolls.share_with(4);
        drop(running);
        rolls.share_with(4);
        let _one = rolls.start().await;
        assert!(poll!(pin!(rolls.start())).is_pending());
    }

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
