//! The sweep: handles what no job handled. Every worker sweeps. Rows that another worker has locked are
//! skipped.

use crate::process::Process;
use crate::rolls::Rolls;
use crate::wakeups::Wakeups;
use chrono::TimeDelta;
use futures::FutureExt;
use shared::appointments;
use shared::distribution::{self, Cause};
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// The sweep rolls an attempt this long after its deadline. By then its job has usually rolled it.
const AFTER_DEADLINE: Duration = Duration::from_millis(250);
/// The same while rolls wait for a connection: then their jobs are late and not lost.
const AFTER_DEADLINE_WHEN_BEHIND: Duration = Duration::from_secs(2);
/// The pause after a sweep that left something overdue.
const MIN_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause after sweeps that failed one after the other: a database that cannot work is not asked, and the log not
/// filled, ten times a second.
const MAX_PAUSE: Duration = Duration::from_secs(2);
/// A sweep is stopped after this time, because the database probably does not answer.
const MAX_RUN_TIME: Duration = Duration::from_secs(30);
/// How often the next deadline is read. The rolls of other workers are not announced.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// When to look again if the next deadline cannot be read.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Sweeps until the process must stop. Between two sweeps it sleeps until 250 ms after the next deadline.
/// It never sleeps longer than `DISTRIBUTION_POLL_MS`.
pub(crate) async fn run(process: &Process, rolls: &Rolls, wakeups: &Wakeups) {
    let deadline_announced = wakeups.of_sweep();
    let mut stop = process.stop.clone();
    let mut pause = MIN_PAUSE;
    while !*stop.borrow() {
        let sweep = AssertUnwindSafe(sweep_once(process, rolls)).catch_unwind();
        let swept = tokio::select! {
            swept = timeout(MAX_RUN_TIME, sweep) => swept,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let failed = !matches!(swept, Ok(Ok(Ok(_))));
        match swept {
            Ok(Ok(Ok(false))) => {}
            Ok(Ok(Ok(true))) => wakeups.notify_all(),
            Ok(Err(_)) => tracing::error!("sweep.failed: it panicked"),
            Ok(Ok(Err(error))) => {
                tracing::warn!(%error, "sweep.failed");
                // It may have rolled offers before it failed.
                wakeups.notify_all();
            }
            Err(_) => tracing::warn!("sweep.failed: it took too long"),
        }
        pause = if failed {
            (pause * 2).min(MAX_PAUSE)
        } else {
            MIN_PAUSE
        };
        let earliest = Instant::now() + pause;
        let latest = Instant::now() + process.app.distribution.poll;
        loop {
            // Read again at every wakeup: jobs have handled most deadlines by then.
            let due = next_sweep(process)
                .await
                .clamp(earliest, latest.max(earliest));
            if due <= Instant::now() {
                break;
            }
            tokio::select! {
                () = sleep_until(due.min(Instant::now() + LOOK_EVERY)) => {}
                // The announced deadline may be earlier than the one that we wait for.
                () = deadline_announced.notified() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }
}

/// When the next sweep is due: a little after the next deadline, even if that has passed.
async fn next_sweep(process: &Process) -> Instant {
    let asked = timeout(
        MAX_RUN_TIME,
        distribution::time_to_next_deadline(&process.app),
    )
    .await;
    match asked {
        Ok(Ok(Some(time))) => {
            let grace = TimeDelta::from_std(AFTER_DEADLINE).unwrap_or_default();
            Instant::now() + (time + grace).to_std().unwrap_or_default()
        }
        Ok(Ok(None)) => Instant::now() + process.app.distribution.poll,
        Ok(Err(_)) | Err(_) => Instant::now() + LOOK_AGAIN_AFTER,
    }
}

/// Sweeps once. Returns whether jobs may have been enqueued without an announcement.
async fn sweep_once(process: &Process, rolls: &Rolls) -> shared::Result<bool> {
    // Offers roll also if messages cannot be stored: a full disk stops these first.
    let handled = distribution::handle_unhandled(&process.app).await;
    let overdue_by = if rolls.is_behind() {
        AFTER_DEADLINE_WHEN_BEHIND
    } else {
        AFTER_DEADLINE
    };
    let rolled = distribution::roll_all_due(&process.app, overdue_by, Cause::Sweep).await?;
    if let Some(first) = rolled.first() {
        // One line, however late the system is.
        tracing::warn!(rolled = rolled.len(), first = %first.attempt, "sweep.rolled: no job had");
    }
    let released = distribution::release_held(&process.app).await?;
    let reminded = appointments::remind_all_due(&process.app).await?;
    Ok(handled? > 0 || !rolled.is_empty() || released > 0 || reminded > 0)
}
