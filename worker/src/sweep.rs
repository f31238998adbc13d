//! The net under the alarms: finds what no alarm rang for. Every worker sweeps; none leads, because
//! rows that another is at are passed over.

use crate::Process;
use crate::bell::Bell;
use crate::presence::Reaper;
use chrono::TimeDelta;
use shared::distribution::{self, Cause};
use shared::{appointments, linked_device, meta};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// How long after a deadline the sweep sees to it: an alarm that rang has long rolled it by then.
const AFTER_DEADLINE: Duration = Duration::from_millis(250);
/// The pause after a sweep that left something overdue.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// A sweep that takes longer waits for a database that does not answer.
const LONGEST_SWEEP: Duration = Duration::from_secs(30);
/// How often the next deadline is asked for: another worker's roll announces its own to nobody.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often the rules are asserted.
const AUDIT_EVERY: Duration = Duration::from_secs(5);
/// How often the linked device is looked at.
const WATCH_EVERY: Duration = Duration::from_secs(2);
/// How often dead workers are looked for.
const REAP_EVERY: Duration = Duration::from_millis(500);
/// How often what is old is removed.
const REMOVE_EVERY: Duration = Duration::from_secs(60);
/// When to look again while the next deadline cannot be told.
const UNSURE: Duration = Duration::from_secs(1);
/// Dead letters are kept for a person to look at.
const KEEP_DEAD_DAYS: f64 = 30.0;

/// For so long a screen that lost its connection can continue where it was.
const KEEP_CHANGES_MINUTES: f64 = 60.0;
/// Deliveries that have been acted on are kept as long as Meta may deliver them again.
const KEEP_DELIVERIES_DAYS: f64 = 7.0;

/// Sweeps until the process is told to stop.
pub(crate) async fn run(process: Arc<Process>, bell: &Bell) {
    tokio::join!(
        sweep(&process, bell),
        keep_house(&process),
        audit(&process),
        watch(&process)
    );
}

/// Rolls overdue attempts, acts on words left unheard and releases held leads; then sleeps until
/// the earlier of `DISTRIBUTION_POLL_MS` and the next deadline + 250 ms.
async fn sweep(process: &Process, bell: &Bell) {
    let deadlines = bell.sweeps();
    let mut stop = process.stop.clone();
    while !*stop.borrow() {
        let swept = tokio::select! {
            swept = timeout(LONGEST_SWEEP, sweep_once(process)) => swept,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match swept {
            Ok(Ok(false)) => {}
            Ok(Ok(true)) => bell.ring_all(),
            Ok(Err(error)) => tracing::warn!(%error, "sweep.failed"),
            Err(_) => tracing::warn!("sweep.failed: it took too long"),
        }
        let earliest = Instant::now() + SHORTEST_PAUSE;
        let latest = Instant::now() + process.app.distribution.poll;
        loop {
            // Asked again on waking: alarms have mostly seen to it by then.
            let due = next_sweep(process)
                .await
                .clamp(earliest, latest.max(earliest));
            if due <= Instant::now() {
                break;
            }
            tokio::select! {
                () = sleep_until(due.min(Instant::now() + LOOK_EVERY)) => {}
                // A new deadline may be nearer than the one slept for.
                () = deadlines.notified() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }
}

/// A little after the next deadline, even if that has passed: bells do not put it off.
async fn next_sweep(process: &Process) -> Instant {
    let asked = timeout(
        LONGEST_SWEEP,
        distribution::time_to_next_deadline(&process.app),
    )
    .await;
    match asked {
        Ok(Ok(Some(time))) => {
            let grace = TimeDelta::from_std(AFTER_DEADLINE).unwrap_or_default();
            Instant::now() + (time + grace).to_std().unwrap_or_default()
        }
        Ok(Ok(None)) => Instant::now() + process.app.distribution.poll,
        Ok(Err(_)) | Err(_) => Instant::now() + UNSURE,
    }
}

/// Whether it may have made an offer, whose jobs were announced to nobody.
async fn sweep_once(process: &Process) -> shared::Result<bool> {
    let heard = distribution::hear_what_was_left(&process.app).await?;
    let rolled = distribution::roll_all_due(&process.app, AFTER_DEADLINE, Cause::Sweep).await?;
    for rolled in &rolled {
        tracing::warn!(attempt = %rolled.attempt, "sweep.rolled: no alarm had");
    }
    let released = distribution::release_held(&process.app).await?;
    let reminded = appointments::remind_all_due(&process.app).await?;
    Ok(heard > 0 || !rolled.is_empty() || released > 0 || reminded > 0)
}

/// Asserts the rules every few seconds; breaches are logged and mended by the operation.
async fn audit(process: &Process) {
    let mut stop = process.stop.clone();
    while !*stop.borrow() {
        tokio::select! {
            () = sleep(AUDIT_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        match timeout(LONGEST_SWEEP, Box::pin(distribution::audit(&process.app))).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "audit.failed"),
            Err(_) => tracing::warn!("audit.failed: it took too long"),
        }
    }
}

/// Looks every few seconds whether the linked device is away; nothing with another provider.
async fn watch(process: &Process) {
    let mut stop = process.stop.clone();
    while !*stop.borrow() {
        match timeout(LONGEST_SWEEP, linked_device::watch(&process.app)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "linked_device.unwatched"),
            Err(_) => tracing::warn!("linked_device.unwatched: it took too long"),
        }
        tokio::select! {
            () = sleep(WATCH_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn keep_house(process: &Process) {
    let mut stop = process.stop.clone();
    let mut next_removal = Instant::now();
    let mut reaper = Reaper::default();
    while !*stop.borrow() {
        let own = process.presence.instance();
        match timeout(LONGEST_SWEEP, reaper.reap(&process.bookkeeping, own)).await {
            Ok(Ok(0)) | Err(_) => {}
            Ok(Ok(jobs)) => {
                tracing::warn!(jobs, "worker.reaped: put back the jobs of a dead worker");
            }
            Ok(Err(error)) => tracing::debug!(%error, "worker.housekeeping_failed"),
        }
        if Instant::now() >= next_removal {
            next_removal = Instant::now() + REMOVE_EVERY;
            if let Err(error) = remove_old(process).await {
                tracing::debug!(%error, "worker.housekeeping_failed");
            }
            if let Err(error) = meta::plan_reconciliation(&process.app).await {
                tracing::debug!(%error, "worker.housekeeping_failed");
            }
        }
        tokio::select! {
            () = sleep(REAP_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Removes old dead letters, and the names of workers that have gone. Jobs that are done are removed
/// by their acknowledgement.
async fn remove_old(process: &Process) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from apalis.jobs
         where status in ('Done', 'Killed') and done_at < now() - $1::float8 * interval '1 day'",
        KEEP_DEAD_DAYS
    )
    .execute(&process.bookkeeping)
    .await?;
    sqlx::query!(
        // In the order that they are read in: what is kept has no holes.
        "delete from live_change
         where xid < coalesce((select min(xid) from live_change
                               where written_at >= now() - $1::float8 * interval '1 minute'),
                              pg_snapshot_xmin(pg_current_snapshot()))",
        KEEP_CHANGES_MINUTES
    )
    .execute(&process.bookkeeping)
    .await?;
    // During an outage each try is one.
    sqlx::query!(
        "delete from wa_send s
         where outcome = 'unsent' and settled_at < now() - $1::float8 * interval '1 day'
           and not exists (select from wa_message m where m.send_id = s.id)",
        KEEP_DELIVERIES_DAYS
    )
    .execute(&process.bookkeeping)
    .await?;
    sqlx::query!(
        "delete from webhook_delivery where handled_at < now() - $1::float8 * interval '1 day'",
        KEEP_DELIVERIES_DAYS
    )
    .execute(&process.bookkeeping)
    .await?;
    sqlx::query!(
        "delete from apalis.workers w
         where last_seen < now() - interval '10 minutes'
           and not exists (select from apalis.jobs j where j.lock_by = w.id)"
    )
    .execute(&process.bookkeeping)
    .await?;
    Ok(())
}
