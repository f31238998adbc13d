//! Wakeups: listens for the announcements of jobs (`LISTEN`) and wakes the queue of each.

use crate::registry::JOBS;
use shared::jobs::{CHANNEL, CheckAckDeadline, Job};
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// How long to wait before listening again after the connection was lost.
const RELISTEN_AFTER: Duration = Duration::from_millis(500);

/// One wakeup a queue, and one for the sweep, which watches the deadlines.
pub(crate) struct Wakeups {
    queues: Vec<(&'static str, Arc<Notify>)>,
    sweep: Arc<Notify>,
}

/// Starts to listen. The task runs until it is aborted.
pub(crate) fn listen(pool: PgPool) -> (Arc<Wakeups>, JoinHandle<()>) {
    let queue = |job: &crate::registry::JobKind| (job.queue, Arc::default());
    let wakeups = Arc::new(Wakeups {
        queues: JOBS.iter().map(queue).collect(),
        sweep: Arc::default(),
    });
    let listening = tokio::spawn(listen_forever(pool, Arc::clone(&wakeups)));
    (wakeups, listening)
}

impl Wakeups {
    /// The wakeup of a queue.
    pub(crate) fn of(&self, queue: &str) -> Arc<Notify> {
        self.queues
            .iter()
            .find(|(name, _)| *name == queue)
            .map(|(_, notify)| Arc::clone(notify))
            .expect("every queue of the registry has its wakeup")
    }

    /// The wakeup of the sweep: a deadline was announced.
    pub(crate) fn of_sweep(&self) -> Arc<Notify> {
        Arc::clone(&self.sweep)
    }

    /// Wakes a queue. A queue that this worker does not know is left alone.
    pub(crate) fn notify(&self, queue: &str) {
        for (name, notify) in &self.queues {
            if *name == queue {
                notify.notify_one();
            }
        }
        if queue == CheckAckDeadline::QUEUE {
            self.sweep.notify_one();
        }
    }

    /// Wakes every queue, because there may be a job in any of them.
    pub(crate) fn notify_all(&self) {
        for (queue, _) in &self.queues {
            self.notify(queue);
        }
    }
}

async fn listen_forever(pool: PgPool, wakeups: Arc<Wakeups>) {
    loop {
        if let Err(error) = listen_once(&pool, &wakeups).await {
            tracing::warn!(%error, "worker.not_listening");
        }
        tokio::time::sleep(RELISTEN_AFTER).await;
    }
}

async fn listen_once(pool: &PgPool, wakeups: &Wakeups) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    // Announcements that came before are lost, so every queue polls once.
    wakeups.notify_all();
    loop {
        match listener.try_recv().await? {
            Some(announcement) => wakeups.notify(announcement.payload()),
            // The connection was lost and made again.
            None => wakeups.notify_all(),
        }
    }
}
