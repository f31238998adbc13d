//! The background door: runs jobs when they are due, and sweeps for deadlines that no alarm rang for.
//!
//! ```text
//! bell ──► alarm ──► apalis worker (one per queue) ──► jobs::perform ──► an operation of `shared`
//!  │        └ sleeps until the next job is due              └ outcome: done · again at · dead
//!  └────► sweep ──► what no alarm rang for, jobs of dead workers, done jobs
//! presence ──► a lock that the database lets go of when this process dies
//! ```
//!
//! Any number of workers may run; none leads.

pub mod config;
#[cfg(feature = "testing")]
pub mod drain;
pub mod jobs;
pub mod outcome;

mod alarm;
mod bell;
mod health;
mod presence;
mod queue;
mod sweep;

use config::Settings;
use presence::Presence;
use shared::jobs::{CheckAckDeadline, ForwardLeadToSales, SendMessage};
use shared::{App, Result, db};
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Connections for apalis's bookkeeping: a fetch and an acknowledgement per queue, and the alarms.
const BOOKKEEPING_CONNECTIONS: u32 = 8;

/// What every part of a worker process needs.
pub(crate) struct Process {
    /// The operations' handle.
    app: App,
    /// Connections for the queue's own bookkeeping.
    bookkeeping: PgPool,
    /// How many jobs of one queue run at once.
    concurrency: usize,
    /// This process among all workers.
    presence: Arc<Presence>,
    /// Says when to stop.
    stop: watch::Receiver<bool>,
}

/// Runs a worker until `stop` turns true; then takes no new job, finishes those it has, and returns.
/// While the database is away it keeps trying.
pub async fn run(settings: &Settings, app: App, stop: watch::Receiver<bool>) -> Result<()> {
    let options = db::options(
        &settings.database.database_url,
        "property-lounge-worker-queue",
    )?;
    let bookkeeping = db::bookkeeping_pool(options.clone(), BOOKKEEPING_CONNECTIONS);
    let presence = Arc::new(Presence::new());
    let process = Arc::new(Process {
        app,
        bookkeeping,
        concurrency: settings.worker_concurrency,
        presence: Arc::clone(&presence),
        stop,
    });
    health::serve(settings, Arc::clone(&process)).await;
    let held = tokio::spawn(Arc::clone(&presence).hold(options));
    let mut told_to_stop = process.stop.clone();
    tokio::select! {
        () = async { wait_for_schema(&process).await; presence.first_held().await } => {}
        _ = told_to_stop.wait_for(|stop| *stop) => return Ok(()),
    }
    let (bell, ringer) = bell::hang(process.bookkeeping.clone());
    tracing::info!(instance = presence.instance(), "worker.started");
    let queues = async {
        tokio::join!(
            queue::work::<CheckAckDeadline>(Arc::clone(&process), bell.of::<CheckAckDeadline>()),
            queue::work::<ForwardLeadToSales>(
                Arc::clone(&process),
                bell.of::<ForwardLeadToSales>()
            ),
            queue::work::<SendMessage>(Arc::clone(&process), bell.of::<SendMessage>()),
            sweep::run(Arc::clone(&process), bell.sweeps()),
        )
    };
    queues.await;
    ringer.abort();
    presence.release_jobs(&process.bookkeeping).await;
    held.abort();
    tracing::info!(instance = presence.instance(), "worker.stopped");
    Ok(())
}

/// Waits until somebody has migrated the database: an older schema has no tables to work on.
async fn wait_for_schema(process: &Process) {
    let mut told = false;
    loop {
        match db::is_migrated(&process.app.pool).await {
            Ok(true) => return,
            Ok(false) if !told => {
                tracing::warn!("worker.waiting: the database is not migrated; run `api migrate`");
            }
            Err(error) if !told => tracing::warn!(%error, "worker.waiting: the database is away"),
            _ => {}
        }
        told = true;
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
