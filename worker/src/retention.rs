//! Retention: which rows are deleted when. Each table's owner deletes its own rows, a batch at a time.
//!
//! To add a table that grows: a function of its owner that deletes a batch and returns how many rows it were, a row here, and
//! a row in `docs/operators/retention.md` (a test compares the document with the schema).

use crate::config::Keep;
use crate::process::Process;
use futures::future::BoxFuture;
use shared::{Result, auth, distribution, live, meta, operations, privacy, security, whatsapp};
use sqlx::{PgConnection, PgPool};
use std::time::Duration;
use tokio::time::sleep;

/// How many batches of a kind of rows are deleted in one run, so that the others have their turn.
const MOST_BATCHES: usize = 50;
const MINUTE: Duration = Duration::from_secs(60);
/// The pause between two batches. A batch takes a few milliseconds of the disk that deadlines also write to.
const PAUSE: Duration = Duration::from_millis(50);

/// Deletes a batch of old rows. Returns how many it were.
type Prune = for<'c> fn(&'c mut PgConnection, Keep) -> BoxFuture<'c, Result<u64>>;

/// Every kind of rows that is deleted by its age: its name, every how many minutes it is looked at, and how it is deleted.
/// Those without an index by age are looked at once an hour.
const RULES: [(&str, u64, Prune); 13] = [
    ("changes", 1, |connection, _| {
        Box::pin(live::prune(connection))
    }),
    ("deliveries", 1, |connection, keep| {
        Box::pin(meta::prune(connection, keep.keep_deliveries_days.into()))
    }),
    ("sends that were left", 1, |connection, _| {
        Box::pin(whatsapp::settle_left(connection))
    }),
    ("sends", 10, |connection, keep| {
        Box::pin(whatsapp::prune(
            connection,
            keep.keep_deliveries_days.into(),
        ))
    }),
    ("jobs", 1, |connection, keep| {
        Box::pin(prune_queue(connection, keep.keep_failures_days.into()))
    }),
    ("failures", 10, |connection, keep| {
        let days = keep.keep_failures_days.into();
        Box::pin(operations::prune_failures(connection, days))
    }),
    ("account events", 60, |connection, keep| {
        let days = keep.keep_records_days.into();
        Box::pin(meta::prune_account_events(connection, days))
    }),
    ("forms", 60, |connection, keep| {
        Box::pin(meta::prune_forms(connection, keep.keep_records_days.into()))
    }),
    ("records", 60, |connection, keep| {
        Box::pin(prune_records(connection, keep.keep_records_days.into()))
    }),
    ("messages", 10, |connection, keep| {
        let days = keep.keep_messages_days.into();
        Box::pin(whatsapp::prune_messages(connection, days))
    }),
    ("clients", 60, |connection, keep| {
        let days = keep.keep_closed_leads_days.into();
        Box::pin(privacy::erase_ended(connection, days))
    }),
    ("traces", 10, |connection, _| {
        Box::pin(whatsapp::prune_traces(connection))
    }),
    ("sessions", 60, |connection, _| {
        Box::pin(auth::prune(connection))
    }),
];

/// Deletes what is old until the process must stop. It has a loop of its own, so that a long deletion never keeps the jobs of
/// a dead worker waiting.
pub(crate) async fn run(process: &Process, keep: Keep) {
    let mut stop = process.stop.clone();
    let mut minute = 0;
    while !*stop.borrow() {
        let due = RULES.iter().filter(|(_, every, _)| minute % every == 0);
        let pruning = async {
            for (rows, _, delete) in due {
                match prune(&process.bookkeeping, keep, *delete).await {
                    Ok(0) => {}
                    Ok(deleted) => tracing::info!(rows, deleted, "worker.pruned"),
                    Err(error) => tracing::warn!(rows, %error, "worker.not_pruned"),
                }
            }
            sleep(MINUTE).await;
        };
        tokio::select! {
            () = pruning => minute += 1,
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn prune(pool: &PgPool, keep: Keep, delete: Prune) -> Result<u64> {
    let mut deleted = 0;
    for _ in 0..MOST_BATCHES {
        let batch = delete(&mut *pool.acquire().await?, keep).await?;
        deleted += batch;
        if batch == 0 {
            break;
        }
        sleep(PAUSE).await;
    }
    Ok(deleted)
}

/// Dead letters, and the names of workers that are gone. Jobs that are done are deleted by their acknowledgement.
async fn prune_queue(connection: &mut PgConnection, days: f64) -> Result<u64> {
    let jobs = sqlx::query!(
        "delete from apalis.jobs where id in (
             select id from apalis.jobs
             where status in ('Done', 'Killed') and done_at < now() - $1::float8 * interval '1 day' limit 1000)",
        days
    )
    .execute(&mut *connection)
    .await?;
    let workers = sqlx::query!(
        "delete from apalis.workers w
         where last_seen < now() - interval '10 minutes'
           and not exists (select from apalis.jobs j where j.lock_by = w.id)"
    )
    .execute(connection)
    .await?;
    Ok(jobs.rows_affected() + workers.rows_affected())
}

/// Records of operators and admins, and rows of processes that did not stop by themselves.
async fn prune_records(connection: &mut PgConnection, days: f64) -> Result<u64> {
    let actions = operations::prune_actions(&mut *connection, days).await?;
    let processes = operations::prune_processes(&mut *connection).await?;
    let requests = privacy::prune(&mut *connection, days).await?;
    let digests = whatsapp::prune_digests(&mut *connection).await?;
    let events = security::prune(&mut *connection, days).await?;
    let records = distribution::prune_records(connection, days).await?;
    Ok(actions + processes + requests + digests + events + records)
}
