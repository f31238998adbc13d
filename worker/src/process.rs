//! What every part of a worker process needs.

use crate::paused::Paused;
use crate::presence::Presence;
use shared::App;
use sqlx::PgPool;
use std::sync::Arc;
use tokio::sync::watch;

/// What every part of a worker process needs.
pub(crate) struct Process {
    /// The operations' handle.
    pub(crate) app: App,
    /// Connections for the queue's own bookkeeping.
    pub(crate) bookkeeping: PgPool,
    /// This process among all workers.
    pub(crate) presence: Arc<Presence>,
    /// The queues that an operator has paused.
    pub(crate) paused: Paused,
    /// Turns true when the process must stop.
    pub(crate) stop: watch::Receiver<bool>,
}
