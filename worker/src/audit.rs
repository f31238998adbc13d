//! Runs the audit every few seconds, and looks whether the linked device is unreachable.

use crate::process::Process;
use shared::{App, distribution, linked_device};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How often the audit runs.
const AUDIT_EVERY: Duration = Duration::from_secs(5);
/// How often the linked device is looked at.
const WATCH_EVERY: Duration = Duration::from_secs(2);
/// A run is stopped after this time, because the database probably does not answer.
const MAX_RUN_TIME: Duration = Duration::from_secs(30);

/// Runs both until the process must stop.
pub(crate) async fn run(process: &Process) {
    tokio::join!(audit_rules(process), watch_device(process));
}

/// Runs the audit. The operation logs breaches and repairs them.
async fn audit_rules(process: &Process) {
    let mut stop = process.stop.clone();
    while !*stop.borrow() {
        tokio::select! {
            () = sleep(AUDIT_EVERY) => {}
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
    distribution::audit(app, provider_ends_freeze).await?;
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
