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

pub mod carrier;
pub mod config;
#[cfg(feature = "testing")]
pub mod drain;
pub mod jobs;
pub mod outcome;

mod bell;
mod health;
mod presence;
mod queue;
mod sweep;

use bell::Bell;
use config::Settings;
use presence::Presence;
use queue::Terms;
use shared::jobs::{
    CheckAckDeadline, FetchMetaLead, ForwardLeadToSales, HandleDelivery, ReconcileMetaLeads,
    ReleaseHeldLeads, RemindOfAppointment, SendConversion, SendMessage, SyncAppointment,
    WORKER_LOCK_CLASS,
};
use shared::{App, Result, db, distribution, linked_device};
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Connections for apalis's bookkeeping: a fetch and an acknowledgement per queue, and the alarms.
const BOOKKEEPING_CONNECTIONS: u32 = 14;
/// Connections that only rolls use.
const DEADLINE_CONNECTIONS: u32 = 4;
/// An alarm is taken in hand so long before its deadline and rings at the instant: the fetch is over
/// by then. Short, since what a killed worker had in hand is left to the sweep.
const DEADLINES_AHEAD: Duration = Duration::from_millis(200);
/// How many alarms are in hand at once; one that waits costs nothing but its place.
const DEADLINES_IN_HAND: usize = 256;

/// How many calls to Graph, beside messages, or to the calendar are under way at once.
const GRAPH_CALLS: usize = 2;

/// How many held leads are released at once.
const RELEASES: usize = 2;

/// What every part of a worker process needs.
pub(crate) struct Process {
    /// The operations' handle.
    app: App,
    /// Connections for the queue's own bookkeeping.
    bookkeeping: PgPool,
    /// This process among all workers.
    presence: Arc<Presence>,
    /// Says when to stop.
    stop: watch::Receiver<bool>,
}

/// Turns true at SIGTERM or SIGINT: what is at hand is to be finished, and nothing new begun.
pub fn stop_on_signals() -> std::io::Result<watch::Receiver<bool>> {
    let (stopping, stop) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("worker.stopping: finishing what is at hand");
        stopping.send_replace(true);
    });
    Ok(stop)
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
    let app = App {
        instance: Arc::from(format!("worker/{}", presence.instance())),
        ..app
    };
    // Rolls never wait for a connection behind messages that are being sent.
    let deadlines = App {
        pool: distribution::pool_for_rolls(&app, options.clone(), DEADLINE_CONNECTIONS),
        ..app.clone()
    };
    let process = Arc::new(Process {
        app,
        bookkeeping,
        presence: Arc::clone(&presence),
        stop,
    });
    let (host, port) = (settings.worker_host, settings.worker_port);
    health::serve(host, port, "WORKER_PORT", Arc::clone(&process)).await;
    let held = tokio::spawn(Arc::clone(&presence).hold(options, WORKER_LOCK_CLASS));
    let mut told_to_stop = process.stop.clone();
    tokio::select! {
        () = async { wait_for_schema(&process).await; presence.first_held().await } => {}
        _ = told_to_stop.wait_for(|stop| *stop) => return Ok(()),
    }
    let (bell, ringer) = bell::hang(process.bookkeeping.clone());
    tracing::info!(instance = presence.instance(), "worker.started");
    Box::pin(work_all(
        &process,
        &deadlines,
        settings.worker_concurrency,
        &bell,
    ))
    .await;
    ringer.abort();
    presence.release_jobs(&process.bookkeeping).await;
    held.abort();
    tracing::info!(instance = presence.instance(), "worker.stopped");
    Ok(())
}

/// Works every queue, and sweeps, until the process is told to stop.
async fn work_all(process: &Arc<Process>, deadlines: &App, slots: usize, bell: &Bell) {
    let terms = |app: &App, slots, ahead, bell, rings| Terms {
        app: app.clone(),
        slots,
        ahead,
        bell,
        rings,
    };
    let app = &process.app;
    let deadlines = terms(
        deadlines,
        DEADLINES_IN_HAND,
        DEADLINES_AHEAD,
        bell.of::<CheckAckDeadline>(),
        bell.of_a_roll(),
    );
    let forward_bell = bell.of::<ForwardLeadToSales>();
    let forwards = terms(app, slots, Duration::ZERO, forward_bell, Vec::new());
    let message_bell = bell.of::<SendMessage>();
    let messages = terms(app, slots, Duration::ZERO, message_bell, Vec::new());
    let release_bell = bell.of::<ReleaseHeldLeads>();
    let releases = terms(
        app,
        RELEASES,
        Duration::ZERO,
        release_bell,
        bell.of_a_roll(),
    );
    // What a delivery sets off was announced to nobody, as what a roll writes.
    let delivery_rings = vec![
        bell.of::<ForwardLeadToSales>(),
        bell.of::<SendMessage>(),
        bell.of::<CheckAckDeadline>(),
    ];
    let delivery_bell = bell.of::<HandleDelivery>();
    let deliveries = terms(app, slots, Duration::ZERO, delivery_bell, delivery_rings);
    let lead_bell = bell.of::<FetchMetaLead>();
    let leads = terms(
        app,
        GRAPH_CALLS,
        Duration::ZERO,
        lead_bell,
        bell.of_a_roll(),
    );
    let look_bell = bell.of::<ReconcileMetaLeads>();
    let looks = terms(
        app,
        1,
        Duration::ZERO,
        look_bell,
        vec![bell.of::<FetchMetaLead>()],
    );
    let conversion_bell = bell.of::<SendConversion>();
    let conversions = terms(
        app,
        GRAPH_CALLS,
        Duration::ZERO,
        conversion_bell,
        Vec::new(),
    );
    let remind_bell = bell.of::<RemindOfAppointment>();
    let said = vec![bell.of::<SendMessage>()];
    let reminders = terms(app, slots, Duration::ZERO, remind_bell, said);
    let sync_bell = bell.of::<SyncAppointment>();
    let calendar = terms(app, GRAPH_CALLS, Duration::ZERO, sync_bell, Vec::new());
    let outbound = async {
        // The linked device carries its messages itself: carrier.rs.
        if app.provider.name() != linked_device::NAME {
            tokio::join!(
                queue::work::<ForwardLeadToSales>(Arc::clone(process), forwards),
                queue::work::<SendMessage>(Arc::clone(process), messages),
            );
        }
    };
    tokio::join!(
        queue::work::<RemindOfAppointment>(Arc::clone(process), reminders),
        queue::work::<SyncAppointment>(Arc::clone(process), calendar),
        queue::work::<HandleDelivery>(Arc::clone(process), deliveries),
        queue::work::<FetchMetaLead>(Arc::clone(process), leads),
        queue::work::<ReconcileMetaLeads>(Arc::clone(process), looks),
        queue::work::<SendConversion>(Arc::clone(process), conversions),
        queue::work::<CheckAckDeadline>(Arc::clone(process), deadlines),
        outbound,
        queue::work::<ReleaseHeldLeads>(Arc::clone(process), releases),
        sweep::run(Arc::clone(process), bell),
    );
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
