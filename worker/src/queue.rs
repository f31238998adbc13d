//! One queue's apalis worker, kept running through every failure.

use crate::jobs::{self, Perform};
use crate::outcome::Outcome;
use crate::{Process, alarm};
use apalis::prelude::{
    AbortError, Attempt, BoxDynError, Data, TaskId, WorkerBuilder, WorkerBuilderExt, WorkerContext,
};
use apalis_core::backend::codec::Codec;
use apalis_core::backend::ext::poll_strategy::PollWith;
use apalis_core::backend::ext::with_codec::WithCodec;
use apalis_core::task::metadata::MetadataStore;
use apalis_postgres::{Config, PostgresStorage};
use shared::telemetry::with_request_id;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tracing::Instrument;

/// apalis's second net: a worker whose heartbeat is missing three times over is taken for dead.
const HEARTBEAT: Duration = Duration::from_secs(5);
const MISSED_HEARTBEATS: usize = 3;
/// The pause before a worker that failed is started again, doubled while it keeps failing.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Works a queue until the process is told to stop. An apalis worker ends at the first error of its
/// database; a new one, under a new name, takes its place.
pub(crate) async fn work<J: Perform>(process: Arc<Process>, bell: Arc<Notify>) {
    let mut stop = process.stop.clone();
    let mut pause = FIRST_PAUSE;
    while !*stop.borrow() {
        let name = process.presence.worker_name(J::QUEUE);
        let started = Instant::now();
        let ended = work_once::<J>(&process, &name, Arc::clone(&bell)).await;
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
async fn work_once<J: Perform>(process: &Arc<Process>, name: &str, bell: Arc<Notify>) -> String {
    let config = Config::default()
        .queue(J::QUEUE)
        .batch_size(1)
        .heartbeat_interval(HEARTBEAT)
        .missed_heartbeats(MISSED_HEARTBEATS)
        // The fetch marks the job as ours already; a second mark would cost a transaction.
        .lock_tasks(false);
    let storage = PostgresStorage::<Vec<u8>>::new(&process.bookkeeping).with_config(config);
    let (alarm, mut deaf) = alarm::set(process.bookkeeping.clone(), J::QUEUE, bell);
    let context = WorkerContext::new(name);
    let worker = WorkerBuilder::new(context.clone())
        .backend(PollWith::new(WithCodec::new(storage, Raw), alarm))
        .concurrency(process.concurrency)
        .data(Arc::clone(process))
        .build(handle::<J>);

    let mut stop = process.stop.clone();
    let mut running = pin!(worker.run());
    tokio::select! {
        ended = &mut running => return describe(ended),
        _ = &mut deaf => return "it did not hear its alarm".to_owned(),
        _ = stop.wait_for(|stop| *stop) => {}
    }
    if let Err(error) = context.stop() {
        return format!("it could not be stopped: {error}");
    }
    describe(running.await)
}

fn describe(ended: Result<(), apalis::prelude::WorkerError>) -> String {
    match ended {
        Ok(()) => "it ended".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// Runs one job and tells apalis what became of it.
async fn handle<J: Perform>(
    payload: Vec<u8>,
    id: TaskId,
    attempt: Attempt,
    metadata: MetadataStore,
    process: Data<Arc<Process>>,
) -> Result<(), BoxDynError> {
    let request = metadata.get("request_id").unwrap_or_default().to_owned();
    let span = tracing::info_span!("job", queue = J::QUEUE, id = %id, request);
    let work = jobs::run::<J>(&process.app, &payload, attempt.current()).instrument(span);
    match with_request_id(request, work).await {
        Outcome::Done => Ok(()),
        Outcome::Again(wait) => {
            // apalis has no delay of its own: a failed job is fetched again once `run_at` has come.
            sqlx::query!(
                "update apalis.jobs set run_at = clock_timestamp() + $2::float8 * interval '1 second' where id = $1",
                id.to_string(),
                wait.as_secs_f64()
            )
            .execute(&process.bookkeeping)
            .await?;
            Err("to be tried again".into())
        }
        Outcome::Dead => Err(Box::new(AbortError::new("a dead letter"))),
    }
}

/// Hands a payload over as it is stored: decoding is the job's affair, so that one that cannot be
/// decoded ends as a dead letter and not with its worker.
#[derive(Clone, Debug)]
struct Raw;

impl Codec<Vec<u8>> for Raw {
    type Error = Infallible;
    type Compact = Vec<u8>;

    fn encode(&self, payload: &Vec<u8>) -> Result<Vec<u8>, Infallible> {
        Ok(payload.clone())
    }

    fn decode(&self, stored: &Vec<u8>) -> Result<Vec<u8>, Infallible> {
        Ok(stored.clone())
    }
}
