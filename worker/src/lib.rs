//! The worker process: runs jobs when they are due, and sweeps for what no job handled.
//!
//! ```text
//! wakeups ──► alarm ──► apalis worker (one per queue) ──► handler ──► an operation of `shared`
//!    │          └ sleeps until the next job is due           └ outcome: done, retry, snooze, discard
//!    └─────► sweep ──► deadlines and messages that no job handled
//! maintenance ──► jobs of dead workers, old rows
//! presence ──► an advisory lock that PostgreSQL releases when this process dies
//! ```
//!
//! Any number of workers can run. They are all equal.

pub mod config;
#[cfg(feature = "testing")]
pub mod drain;
mod jobs;
pub mod outbound;
pub mod outcome;

mod audit;
mod health;
mod heartbeat;
mod maintenance;
mod paused;
mod pauses;
mod presence;
mod process;
mod queue;
mod registry;
mod retention;
mod rolls;
mod sweep;
mod wakeups;

use config::Settings;
use futures::future::BoxFuture;
use health::Place;
use paused::Paused;
use presence::Presence;
use process::Process;
use queue::QueueConfig;
use registry::{JOBS, JobKind, SENDS, Slots};
use rolls::Rolls;
use shared::jobs::WORKER_LOCK_CLASS;
use shared::operations::{Beating, ProcessKind};
use shared::providers::qr_local;
use shared::{App, Result, db, distribution, metrics};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use wakeups::Wakeups;

/// Returns a value that turns true at SIGTERM or SIGINT. Fails if the signals cannot be handled.
pub fn stop_on_signals() -> std::io::Result<watch::Receiver<bool>> {
    let (stopping, stop) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("worker.stopping: running jobs are finished first");
        stopping.send_replace(true);
    });
    Ok(stop)
}

/// Runs a worker until `stop` turns true. Then it fetches no more jobs, finishes the running ones, and
/// returns. While the database is unreachable it keeps trying. Fails only if `DATABASE_URL` is wrong.
pub fn run(
    settings: &Settings,
    app: App,
    stop: watch::Receiver<bool>,
) -> BoxFuture<'_, Result<()>> {
    // Boxed here, so that its code is built once, in this crate, and not by everything that runs a worker (ADR 13).
    Box::pin(run_until_stopped(settings, app, stop))
}

async fn run_until_stopped(
    settings: &Settings,
    app: App,
    stop: watch::Receiver<bool>,
) -> Result<()> {
    let options = db::options(
        &settings.common.database.database_url,
        "property-lounge-worker-queue",
    )?;
    let bookkeeping = db::bookkeeping_pool(options.clone(), settings.bookkeeping_connections());
    let presence = Arc::new(Presence::new());
    let app = App {
        instance: Arc::from(format!("worker/{}", presence.instance())),
        ..app
    };
    // A roll never waits for a connection that sends messages.
    let roll_app = App {
        pool: distribution::pool_for_rolls(&app, options.clone(), settings.worker_roll_connections),
        ..app.clone()
    };
    let rolls = Arc::new(Rolls::new(settings.roll_slots()));
    let apps = Apps {
        app: app.clone(),
        rolls: roll_app,
        running: Arc::clone(&rolls),
    };
    let process = Arc::new(Process {
        app,
        bookkeeping,
        presence: Arc::clone(&presence),
        paused: Paused::none(),
        stop,
    });
    for (name, pool) in [
        ("work", &process.app.pool),
        ("rolls", &apps.rolls.pool),
        ("bookkeeping", &process.bookkeeping),
    ] {
        metrics::watch_pool(name, pool);
    }
    let at = Place {
        host: settings.worker_host,
        port: settings.worker_port,
        setting: "WORKER_PORT",
    };
    let telemetry = settings.common.telemetry.clone();
    health::serve(at, telemetry, Arc::clone(&process)).await;
    let held = tokio::spawn(Arc::clone(&presence).hold(options, WORKER_LOCK_CLASS));
    let mut must_stop = process.stop.clone();
    tokio::select! {
        () = async {
            wait_for_schema(&process).await;
            process.paused.first_read(&process.bookkeeping).await;
            presence.first_held().await;
            distribution::open_all(&apps.rolls.pool).await;
        } => {}
        _ = must_stop.wait_for(|stop| *stop) => return Ok(()),
    }
    let beating = Beating::new(ProcessKind::Worker, Arc::clone(&process.app.instance));
    let (wakeups, listening) = wakeups::listen(process.bookkeeping.clone());
    tracing::info!(instance = presence.instance(), "worker.started");
    let queues = JOBS
        .iter()
        .filter(|job| !(job.sends_messages && process.app.provider.name() == qr_local::NAME))
        .map(|job| {
            let config = queue_config(job, &apps, settings, &wakeups);
            (job.work)(Arc::clone(&process), config)
        });
    tokio::join!(
        futures::future::join_all(queues),
        Box::pin(sweep::run(&process, &rolls, &wakeups)),
        Box::pin(audit::run(&process)),
        Box::pin(maintenance::run(&process)),
        Box::pin(retention::run(&process, settings.keep)),
        Box::pin(pauses::watch(&process, &wakeups)),
        beating.run(&process.bookkeeping, process.stop.clone()),
        Box::pin(heartbeat::run(&process, settings.heartbeat_url.as_ref())),
    );
    listening.abort();
    presence.release_jobs(&process.bookkeeping).await;
    held.abort();
    tracing::info!(instance = presence.instance(), "worker.stopped");
    Ok(())
}

/// The operations' handles of a worker.
struct Apps {
    /// For most jobs.
    app: App,
    /// For rolls: with its own connections.
    rolls: App,
    /// The rolls that run and wait.
    running: Arc<Rolls>,
}

fn queue_config(job: &JobKind, apps: &Apps, settings: &Settings, wakeups: &Wakeups) -> QueueConfig {
    let rolls = job.on_roll_connections;
    QueueConfig {
        app: if rolls { &apps.rolls } else { &apps.app }.clone(),
        slots: match job.slots {
            Slots::Configured => settings.worker_concurrency,
            Slots::Sends => settings.worker_concurrency * SENDS,
            Slots::Fixed(slots) => slots,
            Slots::PerRollConnection(slots) => slots * settings.roll_slots(),
        },
        ahead: job.ahead,
        is_roll: rolls,
        rolls: Arc::clone(&apps.running),
        wakeup: wakeups.of(job.queue),
        wakes: job.wakes.iter().map(|queue| wakeups.of(queue)).collect(),
    }
}

/// Waits until the database is migrated. An older schema may not have the tables.
async fn wait_for_schema(process: &Process) {
    let mut logged = false;
    loop {
        match db::is_migrated(&process.app.pool).await {
            Ok(true) => return,
            Ok(false) if !logged => {
                tracing::warn!("worker.waiting: the database is not migrated; run `api migrate`");
            }
            Err(error) if !logged => {
                tracing::warn!(%error, "worker.waiting: the database is unreachable");
            }
            _ => {}
        }
        logged = true;
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
