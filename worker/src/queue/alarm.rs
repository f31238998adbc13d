//! The alarm: wakes a worker exactly when the next job is due, or when a job is announced.
//!
//! apalis's own poll strategies poll on a tick or lose wakeups (ADR 3). This one asks the database when
//! the next job of its queue is due, sleeps until then or until a wakeup, and wakes the worker. If a wakeup
//! falls between two fetches, the job is still due at the next question, and the worker is woken again.

use super::flag::PollFlag;
use apalis_core::backend::ext::poll_strategy::{PollSnapshot, PollStrategy};
use sqlx::PgPool;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout};

/// The longest time between two questions.
const MAX_SLEEP: Duration = Duration::from_secs(1);
/// The shortest time. It doubles while a job stays due: then the worker is busy, and fetches by itself
/// when it finishes a job.
const MIN_SLEEP: Duration = Duration::from_millis(5);
const MAX_RECHECK: Duration = Duration::from_millis(80);
/// A database that does not answer within this time is unreachable.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// A worker that has not fetched for this time while a job was due is stuck and is restarted. No job runs
/// this long, and a busy worker fetches when a slot is free.
const STUCK_AFTER: Duration = Duration::from_secs(60);

/// A poll strategy that wakes its worker when a job is due.
pub(crate) struct Alarm {
    wakes: mpsc::Receiver<()>,
    clockwork: AbortHandle,
}

/// Sets an alarm on a queue. The second value completes if the worker is stuck.
pub(crate) fn set(
    pool: PgPool,
    queue: &'static str,
    ahead: Duration,
    wakeup: Arc<Notify>,
    flag: PollFlag,
) -> (Alarm, tokio::task::JoinHandle<()>) {
    // One waiting wakeup is enough.
    let (wake, wakes) = mpsc::channel(1);
    let clockwork = tokio::spawn(tick(pool, queue, ahead, wakeup, flag, wake));
    let alarm = Alarm {
        wakes,
        clockwork: clockwork.abort_handle(),
    };
    (alarm, clockwork)
}

async fn tick(
    pool: PgPool,
    queue: &'static str,
    ahead: Duration,
    wakeup: Arc<Notify>,
    flag: PollFlag,
    wake: mpsc::Sender<()>,
) {
    let wake_worker = || {
        flag.set();
        wake.try_send(()).ok();
    };
    // Jobs that are fetched ahead may be fetched a few at a time.
    let min_sleep = MIN_SLEEP.max(ahead / 4);
    let mut recheck = min_sleep;
    let mut due_since: Option<Instant> = None;
    loop {
        let asked_at = Instant::now();
        let asked = timeout(ANSWER_WITHIN, time_to_next_job(&pool, queue, ahead)).await;
        let sleep = match asked.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
            Ok(Some(wait)) if wait.is_zero() => {
                wake_worker();
                let due_for = due_since.get_or_insert_with(Instant::now).elapsed();
                if due_for > STUCK_AFTER && flag.not_polled_for() > STUCK_AFTER {
                    tracing::error!(queue, "worker.stuck");
                    return;
                }
                let sleep = recheck;
                recheck = (recheck * 2).min(MAX_RECHECK.max(min_sleep));
                sleep
            }
            Ok(wait) => {
                due_since = None;
                recheck = min_sleep;
                wait.unwrap_or(MAX_SLEEP).clamp(min_sleep, MAX_SLEEP)
            }
            Err(error) => {
                tracing::warn!(queue, %error, "worker.next_job_unknown");
                due_since = None;
                MAX_SLEEP
            }
        };
        // An announced job is fetched at once. The question when the next job is due comes a little
        // later, for all jobs that are announced in between.
        let may_ask_at = asked_at + min_sleep;
        let mut ask_at = Instant::now() + sleep;
        loop {
            tokio::select! {
                () = sleep_until(ask_at) => break,
                () = wakeup.notified() => {
                    wake_worker();
                    ask_at = ask_at.min(may_ask_at);
                }
            }
        }
    }
}

/// The time until the next job of the queue must be fetched. Zero if one is due. `None` if there is none.
async fn time_to_next_job(
    pool: &PgPool,
    queue: &str,
    ahead: Duration,
) -> sqlx::Result<Option<Duration>> {
    // Every job of ours has `priority = 0`. The condition lets apalis's index find the first row.
    let seconds = sqlx::query_scalar!(
        r#"select extract(epoch from run_at - clock_timestamp())::float8 as "seconds!"
           from apalis.jobs
           where job_type = $1 and priority = 0
             and (status = 'Pending' or (status = 'Failed' and attempts < max_attempts))
           order by run_at limit 1"#,
        queue
    )
    .fetch_optional(pool)
    .await?;
    Ok(seconds.map(|seconds| {
        Duration::try_from_secs_f64(seconds)
            .unwrap_or_default()
            .saturating_sub(ahead)
    }))
}

impl PollStrategy for Alarm {
    fn poll_drive(&mut self, context: &mut Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        let mut woken = false;
        // Polled until pending, so that the waker is registered.
        while let Poll::Ready(Some(())) = self.wakes.poll_recv(context) {
            woken = true;
        }
        if woken {
            // The current fetch may have started before this job was due, so it is polled once more.
            context.waker().wake_by_ref();
            return Poll::Ready(Some(()));
        }
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.clockwork.abort();
    }
}
