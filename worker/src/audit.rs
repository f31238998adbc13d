//! Runs the audit every few seconds in one of all workers, and looks whether the linked device is unreachable.

use crate::process::Process;
use chrono::TimeDelta;
use shared::{App, distribution, linked_device, metrics};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How often the audit runs, in one of all workers.
const AUDIT_EVERY: TimeDelta = TimeDelta::seconds(5);
/// How often a worker asks whether the audit is due.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// A worker that dies in the audit holds the next one up for this long.
const LEASE: TimeDelta = TimeDelta::seconds(30);
/// How often the linked device is looked at.
const WATCH_EVERY: Duration = Duration::from_secs(2);
/// A run is stopped after this time, because the database probably does not answer.
const MAX_RUN_TIME: Duration = Duration::from_secs(30);

/// Runs both until the process must stop.
pub(crate) async fn run(process: &Process) {
    tokio::join!(audit_rules(process), watch_device(process));
}

/// Runs the audit when it is due. The operation logs breaches and repairs them.
async fn audit_rules(process: &Process) {
    let mut stop = process.stop.clone();
    while !*stop.borrow() {
        tokio::select! {
            () = sleep(ASK_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        match timeout(MAX_RUN_TIME, Box::pin(audit_once(&process.app))).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "audit.failed"),
            Err(_) => tracing::warn!("audit.failed: it took too long"),
        }
    }
}

async fn audit_once(app: &App) -> shared::Result<()> {
    let provider_ends_freeze = linked_device::ends_its_freeze(app).await?;
    let audited =
        distribution::audit_in_turn(app, provider_ends_freeze, (AUDIT_EVERY, LEASE)).await?;
    if let Some(breaches) = audited {
        for breach in breaches {
            metrics::breached(breach.as_str());
        }
        metrics::audited();
    }
    Ok(())
}

/// Freezes offers if the linked device is unreachable. Does nothing with another provider.
async fn watch_device(process: &Process) {
    let mut stop = process.stop.clone();
    while !*stop.borrow() {
        match timeout(MAX_RUN_TIME, linked_device::watch(&process.app)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "linked_device.not_watched"),
            Err(_) => tracing::warn!("linked_device.not_watched: it took too long"),
        }
        tokio::select! {
            () = sleep(WATCH_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}
