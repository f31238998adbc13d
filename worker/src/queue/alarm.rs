//! When to look for work: exactly when the next job is due, or when one is announced.
//!
//! apalis's own strategies poll on a tick or lose wake-ups (`docs/decisions/0003-apalis.md`). This
//! one asks the database when the next job of its queue is due, sleeps exactly until then, or until
//! the bell rings, and wakes the worker. Should a wake-up fall between two fetches, the job is
//! still due at the next question and the worker is woken again.

use super::call::Call;
use apalis_core::backend::ext::poll_strategy::{PollSnapshot, PollStrategy};
use sqlx::PgPool;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout};

/// The longest time between two looks at the queue.
const LONGEST_NAP: Duration = Duration::from_secs(1);
/// The shortest: doubled while a job stays due, since then the worker is busy and looks for itself
/// when it finishes one.
const SHORTEST_NAP: Duration = Duration::from_millis(5);
const LONGEST_RECHECK: Duration = Duration::from_millis(80);
/// A database that does not answer within this is away.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// A worker that has not looked for jobs for so long while one was due does not hear; it is
/// restarted. Longer than any job runs: a worker whose hands are full looks when one is free.
const DEAF_AFTER: Duration = Duration::from_secs(60);

/// A poll strategy that wakes its worker when a job is due.
pub(crate) struct Alarm {
    wakes: mpsc::Receiver<()>,
    clockwork: AbortHandle,
}

/// Sets an alarm on a queue. The second value completes if the worker has gone deaf.
pub(crate) fn set(
    pool: PgPool,
    queue: &'static str,
    ahead: Duration,
    bell: Arc<Notify>,
    call: Call,
) -> (Alarm, tokio::task::JoinHandle<()>) {
    // One wake-up that waits is as good as many.
    let (wake, wakes) = mpsc::channel(1);
    let clockwork = tokio::spawn(tick(pool, queue, ahead, bell, call, wake));
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
    bell: Arc<Notify>,
    call: Call,
    wake: mpsc::Sender<()>,
) {
    let ring = || {
        call.call();
        wake.try_send(()).ok();
    };
    // Jobs that are taken ahead of time may be taken a few at a time.
    let shortest_nap = SHORTEST_NAP.max(ahead / 4);
    let mut recheck = shortest_nap;
    let mut due_since: Option<Instant> = None;
    loop {
        let asked_at = Instant::now();
        let asked = timeout(ANSWER_WITHIN, time_to_next_job(&pool, queue, ahead)).await;
        let nap = match asked.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
            Ok(Some(wait)) if wait.is_zero() => {
                ring();
                let due_for = due_since.get_or_insert_with(Instant::now).elapsed();
                if due_for > DEAF_AFTER && call.unheard_for() > DEAF_AFTER {
                    tracing::error!(queue, "worker.deaf");
                    return;
                }
                let nap = recheck;
                recheck = (recheck * 2).min(LONGEST_RECHECK.max(shortest_nap));
                nap
            }
            Ok(wait) => {
                due_since = None;
                recheck = shortest_nap;
                wait.unwrap_or(LONGEST_NAP).clamp(shortest_nap, LONGEST_NAP)
            }
            Err(error) => {
                tracing::warn!(queue, %error, "worker.alarm_unsure");
                due_since = None;
                LONGEST_NAP
            }
        };
        // An announced job is fetched at once; when the next one is due is asked a little later, for
        // all those that are announced meanwhile.
        let may_ask_at = asked_at + shortest_nap;
        let mut ask_at = Instant::now() + nap;
        loop {
            tokio::select! {
                () = sleep_until(ask_at) => break,
                () = bell.notified() => {
                    ring();
                    ask_at = ask_at.min(may_ask_at);
                }
            }
        }
    }
}

/// How long until the next job of the queue is to be taken in hand; zero if one is.
async fn time_to_next_job(
    pool: &PgPool,
    queue: &str,
    ahead: Duration,
) -> sqlx::Result<Option<Duration>> {
    // `priority = 0`, which every job of ours has, lets apalis's index give the first row at once.
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
        let mut rang = false;
        // Polled until pending, so that the waker is registered.
        while let Poll::Ready(Some(())) = self.wakes.poll_recv(context) {
            rang = true;
        }
        if rang {
            // The fetch under way may have begun before this job was due: have it polled once more.
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
