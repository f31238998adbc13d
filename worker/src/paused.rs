//! The queues that an operator has paused, as this process last read them.

use shared::{Result, operations};
use sqlx::PgPool;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// The pause after a failed read.
const AFTER_FAILURE: Duration = Duration::from_millis(250);

/// The queues that are paused. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Paused(Arc<watch::Sender<HashSet<String>>>);

impl Paused {
    /// Nothing is paused.
    pub(crate) fn none() -> Self {
        Self(Arc::new(watch::Sender::new(HashSet::new())))
    }

    /// Whether this queue is paused.
    pub(crate) fn has(&self, queue: &str) -> bool {
        self.0.borrow().contains(queue)
    }

    /// Reads the pauses for the first time. While the database is unreachable it tries again, because a paused job must not
    /// run in the meantime.
    pub(crate) async fn first_read(&self, pool: &PgPool) {
        while let Err(error) = self.read(pool).await {
            tracing::warn!(%error, "worker.pauses_unknown");
            sleep(AFTER_FAILURE).await;
        }
    }

    /// Reads the pauses again. Returns the queues whose pause has ended.
    pub(crate) async fn read(&self, pool: &PgPool) -> Result<Vec<String>> {
        let now = operations::paused_queues(&mut *pool.acquire().await?).await?;
        let ended = self.0.borrow().difference(&now).cloned().collect();
        self.0.send_if_modified(|paused| {
            let differs = *paused != now;
            *paused = now;
            differs
        });
        Ok(ended)
    }
}
