//! One queue's apalis worker, which is restarted after every failure.

mod alarm;
mod backend;
mod ended;
mod flag;
mod job_store;

use crate::jobs::run::{MAX_RUN_TIME, Perform, Ran, run};
use crate::process::Process;
use crate::rolls::{self, Rolls};
use apalis::prelude::{AbortError, BoxDynError, Data, WorkerBuilder, WorkerContext, WorkerError};
use apalis_core::backend::ext::poll_strategy::PollWith;
use backend::Queue;
use ended::Ended;
use flag::PollFlag;
use job_store::{Fetched, JobStore, MAX_BATCH};
use shared::id::AttemptId;
use shared::jobs::CheckAckDeadline;
use shared::request_id::with_request_id;
use shared::telemetry::JobSpan;
use shared::together::Turn;
use shared::{App, jobs, metrics};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::Instrument;

/// apalis's own check: a worker without a heartbeat for a minute counts as dead. A shutdown sends
/// no heartbeats but takes less than a minute, so the worker does not count as dead.
const HEARTBEAT: Duration = Duration::from_secs(5);
const MISSED_HEARTBEATS: u32 = 12;
/// The pause before a failed worker is started again. It doubles while the worker keeps failing.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The granularity of tokio's timer. The rest of a wait is spent yielding.
const TIMER_TICK: Duration = Duration::from_millis(1);

/// How one process works a queue.
#[derive(Clone)]
pub(crate) struct QueueConfig {
    /// The operations' handle for its jobs.
    pub(crate) app: App,
    /// How many of its jobs run at once.
    pub(crate) slots: usize,
    /// How long before it is due a job is fetched, to be run at the instant.
    pub(crate) ahead: Duration,
    /// Whether its jobs are rolls.
    pub(crate) is_roll: bool,
    /// The rolls of this process. Other jobs let them pass.
    pub(crate) rolls: Arc<Rolls>,
    /// Woken when one of its jobs is announced.
    pub(crate) wakeup: Arc<Notify>,
    /// Woken after each of its jobs. NOTIFY does not announce the jobs of an offer that
    /// a worker makes. The other queues only start sooner.
    pub(crate) wakes: Vec<Arc<Notify>>,
}

/// Works a queue until the process must stop. An apalis worker ends at the first database error. Then a new
/// one, with a new name, replaces it.
pub(crate) async fn work<J: Perform>(process: Arc<Process>, config: QueueConfig) {
    let mut stop = process.stop.clone();
    let mut pause = FIRST_PAUSE;
    while !*stop.borrow() {
        let name = process.presence.worker_name(J::QUEUE);
        let started = Instant::now();
        let ended = work_once::<J>(&process, &name, &config).await;
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

/// Runs one apalis worker until it ends. Returns why it ended.
async fn work_once<J: Perform>(process: &Arc<Process>, name: &str, config: &QueueConfig) -> String {
    let slots = Arc::new(Semaphore::new(config.slots));
    let store = JobStore {
        pool: process.bookkeeping.clone(),
        queue: J::QUEUE,
        ahead: config.ahead,
        slots: Arc::clone(&slots),
        fewest: fewest_free(config),
        orphaned_after: HEARTBEAT * MISSED_HEARTBEATS,
        flag: PollFlag::new(),
        paused: process.paused.clone(),
    };
    let (alarm, mut deaf) = alarm::set(
        process.bookkeeping.clone(),
        J::QUEUE,
        config.ahead,
        Arc::clone(&config.wakeup),
        store.flag.clone(),
    );
    let context = WorkerContext::new(name);
    let job_context = Arc::new(JobContext {
        app: config.app.clone(),
        is_roll: config.is_roll,
        rolls: Arc::clone(&config.rolls),
        wakes: config.wakes.clone(),
    });
    let worker = WorkerBuilder::new(context.clone())
        .backend(PollWith::new(Queue::new(store, HEARTBEAT), alarm))
        .data(job_context)
        .build(handle::<J>);

    let mut stop = process.stop.clone();
    let mut running = pin!(worker.run());
    let ended = tokio::select! {
        ended = &mut running => Some(describe(ended)),
        _ = &mut deaf => Some("it did not answer its alarm".to_owned()),
        _ = stop.wait_for(|stop| *stop) => None,
    };
    if let Some(reason) = ended {
        wait_for_running_jobs(config, &slots).await;
        return reason;
    }
    if let Err(error) = context.stop() {
        return format!("it could not be stopped: {error}");
    }
    let ended = describe(running.await);
    wait_for_running_jobs(config, &slots).await;
    ended
}

/// How many slots must be free before jobs are fetched. Most of the rolls that a process has fetched wait for a connection or
/// for their instant, so it fetches a batch of them, and not the next one after each. Another job that takes long must not keep the
/// others waiting.
fn fewest_free(config: &QueueConfig) -> usize {
    if config.is_roll {
        (config.slots / 4).clamp(1, MAX_BATCH)
    } else {
        1
    }
}

/// Waits for the running jobs, which go on after their apalis worker has ended. Their rows are put back
/// afterwards. Without the wait, another worker would run the same jobs at the same time.
async fn wait_for_running_jobs(config: &QueueConfig, slots: &Semaphore) {
    let all = u32::try_from(config.slots).unwrap_or(u32::MAX);
    timeout(MAX_RUN_TIME, slots.acquire_many(all)).await.ok();
}

fn describe(ended: Result<(), WorkerError>) -> String {
    match ended {
        Ok(()) => "it ended".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// What a job needs to run.
struct JobContext {
    app: App,
    is_roll: bool,
    rolls: Arc<Rolls>,
    wakes: Vec<Arc<Notify>>,
}

/// Runs one job when it is due, and reports the result to apalis.
///
/// The job is its own tokio task. apalis polls all jobs of a worker in one task, and only when it is not
/// busy with its bookkeeping, so a roll would wait for the commit of an acknowledgement.
async fn handle<J: Perform>(
    job: Fetched,
    job_context: Data<Arc<JobContext>>,
) -> Result<(), BoxDynError> {
    let job_context = Arc::clone(&job_context);
    let ran = tokio::spawn(async move { run_fetched::<J>(job, &job_context).await }).await?;
    // The acknowledgement writes when the job runs again: see `job_store`.
    match Ended::of(&ran.outcome, ran.failure) {
        None => Ok(()),
        Some(ended) if ended.again_in.is_none() => {
            Err(Box::new(AbortError::new(ended.to_string())))
        }
        Some(ended) => Err(ended.to_string().into()),
    }
}

async fn run_fetched<J: Perform>(job: Fetched, job_context: &JobContext) -> Ran {
    until(job.due).await;
    let app = &job_context.app;
    let turn = if job_context.is_roll {
        let roll_together = |attempts| rolls::roll_together(app, attempts);
        job_context.rolls.start(roll_of(&job), roll_together).await
    } else {
        job_context.rolls.let_pass().await;
        Turn::Alone(None)
    };
    metrics::job_begins(J::QUEUE, job.late + job.due.elapsed());
    let started = Instant::now();
    let span = tracing::info_span!("job", queue = J::QUEUE, id = job.id, request = job.request);
    let cause = (job.trace.as_deref(), jobs::waited(&job.id));
    let traced = JobSpan::begin(J::QUEUE, &job.id, &job.request, cause);
    let work = async {
        match &turn {
            Turn::Alone(_) => run::<J>(app, &job.payload, job.tried).await,
            Turn::Done(()) => Ran::DONE,
        }
    };
    let work = work.instrument(traced.span()).instrument(span);
    let ran = with_request_id(job.request.clone(), work).await;
    traced.ended(ran.outcome.as_str());
    metrics::job_ended(J::QUEUE, ran.outcome.as_str(), started.elapsed());
    for wakeup in &job_context.wakes {
        wakeup.notify_one();
    }
    ran
}

/// Whose roll a job is, if it can run with others. One that failed before runs alone.
fn roll_of(job: &Fetched) -> Option<AttemptId> {
    let check = serde_json::from_slice::<CheckAckDeadline>(&job.payload).ok()?;
    (job.tried == 1).then_some(check.attempt)
}

/// Waits until an instant, more exactly than tokio's timer does.
async fn until(due: Instant) {
    if let Some(tick_before) = due.checked_sub(TIMER_TICK) {
        sleep_until(tick_before).await;
    }
    while Instant::now() < due {
        tokio::task::yield_now().await;
    }
}
