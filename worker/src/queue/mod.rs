//! One queue's apalis worker, kept running through every failure.

mod alarm;
mod backend;
mod call;
mod ledger;

use crate::Process;
use crate::jobs::{self, Perform};
use crate::outcome::Outcome;
use apalis::prelude::{AbortError, BoxDynError, Data, WorkerBuilder, WorkerContext, WorkerError};
use apalis_core::backend::ext::poll_strategy::PollWith;
use backend::Queue;
use call::Call;
use ledger::{Fetched, Ledger};
use shared::App;
use shared::telemetry::with_request_id;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::Instrument;

/// apalis's second net: a worker whose heartbeat is missing for a minute is taken for dead. Longer
/// than a drain, during which there is none.
const HEARTBEAT: Duration = Duration::from_secs(5);
const MISSED_HEARTBEATS: u32 = 12;
/// The pause before a worker that failed is started again, doubled while it keeps failing.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The granularity of tokio's timer; the rest of a wait is spent yielding.
const TIMER_TICK: Duration = Duration::from_millis(1);

/// How a queue is worked.
#[derive(Clone)]
pub(crate) struct Terms {
    /// The operations' handle of its jobs.
    pub(crate) app: App,
    /// How many of its jobs are in hand at once.
    pub(crate) slots: usize,
    /// How long before it is due a job is taken in hand, to be run at the instant.
    pub(crate) ahead: Duration,
    /// Rings when one of its jobs is announced.
    pub(crate) bell: Arc<Notify>,
    /// Rung after each of its jobs: what that may have written was announced to nobody.
    pub(crate) rings: Vec<Arc<Notify>>,
}

/// Works a queue until the process is told to stop. An apalis worker ends at the first error of its
/// database; a new one, under a new name, takes its place.
pub(crate) async fn work<J: Perform>(process: Arc<Process>, terms: Terms) {
    let mut stop = process.stop.clone();
    let mut pause = FIRST_PAUSE;
    while !*stop.borrow() {
        let name = process.presence.worker_name(J::QUEUE);
        let started = Instant::now();
        let ended = work_once::<J>(&process, &name, &terms).await;
        process
            .presence
            .release_worker(&process.bookkeeping, &name)
            .await;
        if *stop.borrow() {
            return;
        }
        if started.elapsed() > LONGEST_PAUSE {
            pause = FIRST_PAUSE;
        }
        tracing::warn!(
            queue = J::QUEUE,
            reason = ended,
            pause_ms = pause.as_millis(),
            "worker.restarting"
        );
        tokio::select! {
            () = sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Runs one apalis worker to its end, and says why it ended.
async fn work_once<J: Perform>(process: &Arc<Process>, name: &str, terms: &Terms) -> String {
    let slots = Arc::new(Semaphore::new(terms.slots));
    let ledger = Ledger {
        pool: process.bookkeeping.clone(),
        queue: J::QUEUE,
        ahead: terms.ahead,
        slots: Arc::clone(&slots),
        orphaned_after: HEARTBEAT * MISSED_HEARTBEATS,
        call: Call::new(),
    };
    let (alarm, mut deaf) = alarm::set(
        process.bookkeeping.clone(),
        J::QUEUE,
        terms.ahead,
        Arc::clone(&terms.bell),
        ledger.call.clone(),
    );
    let context = WorkerContext::new(name);
    let hands = Arc::new(Hands {
        app: terms.app.clone(),
        process: Arc::clone(process),
        rings: terms.rings.clone(),
    });
    let worker = WorkerBuilder::new(context.clone())
        .backend(PollWith::new(Queue::new(ledger, HEARTBEAT), alarm))
        .data(hands)
        .build(handle::<J>);

    let mut stop = process.stop.clone();
    let mut running = pin!(worker.run());
    let ended = tokio::select! {
        ended = &mut running => Some(describe(ended)),
        _ = &mut deaf => Some("it did not hear its alarm".to_owned()),
        _ = stop.wait_for(|stop| *stop) => None,
    };
    if let Some(reason) = ended {
        let_go(terms, &slots).await;
        return reason;
    }
    if let Err(error) = context.stop() {
        return format!("it could not be stopped: {error}");
    }
    let ended = describe(running.await);
    let_go(terms, &slots).await;
    ended
}

/// Waits for the jobs in hand, which run on when their apalis worker has ended: their rows are put
/// back afterwards, and would be run twice at once.
async fn let_go(terms: &Terms, slots: &Semaphore) {
    let all = u32::try_from(terms.slots).unwrap_or(u32::MAX);
    timeout(jobs::LONGEST_RUN, slots.acquire_many(all))
        .await
        .ok();
}

fn describe(ended: Result<(), WorkerError>) -> String {
    match ended {
        Ok(()) => "it ended".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// What a job is done with.
struct Hands {
    app: App,
    process: Arc<Process>,
    rings: Vec<Arc<Notify>>,
}

/// Runs one job when it is due, and tells apalis what became of it.
///
/// The job is a task of its own: apalis polls all the jobs of a worker in one task, and only when it
/// is not busy with its own bookkeeping, so that a roll would wait for an acknowledgement's commit.
async fn handle<J: Perform>(job: Fetched, hands: Data<Arc<Hands>>) -> Result<(), BoxDynError> {
    let hands = Arc::clone(&hands);
    let outcome = tokio::spawn(async move { run::<J>(job, &hands).await }).await??;
    match outcome {
        Outcome::Done => Ok(()),
        Outcome::Again(_) | Outcome::Later(_) => Err("to be tried again".into()),
        Outcome::Dead => Err(Box::new(AbortError::new("a dead letter"))),
    }
}

async fn run<J: Perform>(job: Fetched, hands: &Hands) -> sqlx::Result<Outcome> {
    until(job.due).await;
    let span = tracing::info_span!("job", queue = J::QUEUE, id = job.id, request = job.request);
    let work = jobs::run::<J>(&hands.app, &job.payload, job.tried).instrument(span);
    let outcome = with_request_id(job.request.clone(), work).await;
    for bell in &hands.rings {
        bell.notify_one();
    }
    if let Outcome::Again(wait) = outcome {
        // apalis has no delay of its own: a failed job is fetched again once `run_at` has come.
        sqlx::query!(
            "update apalis.jobs set run_at = clock_timestamp() + $2::float8 * interval '1 second' where id = $1",
            job.id,
            wait.as_secs_f64()
        )
        .execute(&hands.process.bookkeeping)
        .await?;
    }
    if let Outcome::Later(wait) = outcome {
        // Put back as it was taken: what apalis writes about this run finds the row no longer ours.
        sqlx::query!(
            "update apalis.jobs set status = 'Pending', lock_by = null, lock_at = null,
                    run_at = clock_timestamp() + $2::float8 * interval '1 second'
             where id = $1",
            job.id,
            wait.as_secs_f64()
        )
        .execute(&hands.process.bookkeeping)
        .await?;
    }
    Ok(outcome)
}

/// Waits until an instant, and not a tick of the timer longer.
async fn until(due: Instant) {
    if let Some(tick_before) = due.checked_sub(TIMER_TICK) {
        sleep_until(tick_before).await;
    }
    while Instant::now() < due {
        tokio::task::yield_now().await;
    }
}
