//! Maintenance: puts back the jobs of dead workers, and deletes old rows.

use crate::presence::Reaper;
use crate::process::Process;
use shared::{distribution, live, meta, whatsapp};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How often dead workers are looked for.
const REAP_EVERY: Duration = Duration::from_millis(500);
/// How often old rows are deleted.
const PRUNE_EVERY: Duration = Duration::from_secs(60);
/// A run is stopped after this time, because the database probably does not answer.
const MAX_RUN_TIME: Duration = Duration::from_secs(30);
/// Dead letters are kept this long, for a person.
const KEEP_DEAD_LETTERS_DAYS: f64 = 30.0;

/// Runs until the process must stop.
pub(crate) async fn run(process: &Process) {
    let mut stop = process.stop.clone();
    let mut next_prune = Instant::now();
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
        if Instant::now() >= next_prune {
            next_prune = Instant::now() + PRUNE_EVERY;
            if let Err(error) = prune(process).await {
                tracing::warn!(%error, "worker.not_pruned");
            }
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

/// Has each owner delete its old rows, and deletes those of the queue. A failure of one does not stop the
/// others.
async fn prune(process: &Process) -> shared::Result<()> {
    let mut connection = process.bookkeeping.acquire().await?;
    let results = [
        ("changes", live::prune(&mut connection).await),
        ("sends", whatsapp::prune(&mut connection).await),
        ("deliveries", meta::prune(&mut connection).await),
        (
            "account events",
            meta::prune_account_events(&mut connection).await,
        ),
        ("jobs", prune_queue(&mut connection).await),
    ];
    for (rows, result) in results {
        if let Err(error) = result {
            tracing::warn!(rows, %error, "worker.not_pruned");
        }
    }
    Ok(())
}

/// Deletes old dead letters, and the names of workers that are gone. Jobs that are done are deleted by
/// their acknowledgement.
async fn prune_queue(connection: &mut sqlx::PgConnection) -> shared::Result<()> {
    sqlx::query!(
        "delete from apalis.jobs
         where status in ('Done', 'Killed') and done_at < now() - $1::float8 * interval '1 day'",
        KEEP_DEAD_LETTERS_DAYS
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from apalis.workers w
         where last_seen < now() - interval '10 minutes'
           and not exists (select from apalis.jobs j where j.lock_by = w.id)"
    )
    .execute(connection)
    .await?;
    Ok(())
}
