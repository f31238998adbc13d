//! Maintenance: puts back the jobs of dead workers, and plans what is due once a day.

use crate::presence::Reaper;
use crate::process::Process;
use shared::{distribution, meta};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How often dead workers are looked for.
const REAP_EVERY: Duration = Duration::from_millis(500);
/// How often it is asked whether a search or a summary must be planned.
const PLAN_EVERY: Duration = Duration::from_secs(60);
/// A run is stopped after this time, because the database probably does not answer.
const MAX_RUN_TIME: Duration = Duration::from_secs(30);

/// Runs until the process must stop.
pub(crate) async fn run(process: &Process) {
    let mut stop = process.stop.clone();
    let mut next_plan = Instant::now();
    let mut reaper = Reaper::default();
    while !*stop.borrow() {
        let own = process.presence.instance();
        match timeout(MAX_RUN_TIME, reaper.reap(&process.bookkeeping, own)).await {
            Ok(Ok(0)) | Err(_) => {}
            Ok(Ok(jobs)) => {
                tracing::warn!(jobs, "worker.reaped: put back the jobs of a dead worker");
            }
            Ok(Err(error)) => tracing::debug!(%error, "worker.maintenance_failed"),
        }
        if Instant::now() >= next_plan {
            next_plan = Instant::now() + PLAN_EVERY;
            if let Err(error) = meta::plan_reconciliation(&process.app).await {
                tracing::warn!(%error, "worker.no_search_planned: missed leads of forms are not looked for");
            }
            if let Err(error) = distribution::plan_summary(&process.app).await {
                tracing::warn!(%error, "worker.no_summary_planned: managers get no summary");
            }
        }
        tokio::select! {
            () = sleep(REAP_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}
