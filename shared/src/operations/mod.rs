//! What the people who run the system do: look at jobs and processes, try jobs again, discard them, pause queues.
//!
//! Nothing here shows a client's name, number or words: payloads of jobs are ids, and the numbers in the reasons of failures
//! are masked. Every action is one row of `operator_action`, with who did it.

mod jobs;
mod model;
mod processes;
mod queues;
mod restore;
mod revive;
mod store;
mod trouble;

pub use jobs::{Shown, act, count, job, list};
pub use model::{
    Action, Actor, Done, Failed, FailedTry, Filter, JobRow, JobState, Page, ProcessKind,
    ProcessRow, QueueRow, Trouble, UnderWay, Unheard, Unsettled,
};
pub use processes::{Beating, processes};
pub use queues::{pause, paused_queues, queues, resume};
pub use restore::{after_restore, under_way};
pub use trouble::{failed, retry_unheard, trouble, unheard, unsettled};

use crate::{App, Result};

/// The last actions of operators, newest first.
pub async fn actions(app: &App, limit: u16) -> Result<Vec<Done>> {
    let mut connection = app.pool.acquire().await?;
    store::actions(&mut connection, i64::from(limit)).await
}

/// Deletes a batch of failed tries of jobs that are this many days old. Returns how many.
pub async fn prune_failures(connection: &mut sqlx::PgConnection, days: f64) -> Result<u64> {
    store::delete_old_failures(connection, days).await
}

/// Deletes a batch of actions of operators that are this many days old. Returns how many.
pub async fn prune_actions(connection: &mut sqlx::PgConnection, days: f64) -> Result<u64> {
    store::delete_old_actions(connection, days).await
}

/// Deletes processes that were heard of a day ago. Returns how many.
pub async fn prune_processes(connection: &mut sqlx::PgConnection) -> Result<u64> {
    store::delete_silent(connection).await
}
