//! The queue's bookkeeping in apalis's own tables, a statement each: who has which job.
//!
//! apalis's `Persistence`, written by us where apalis-postgres's costs a transaction of three round
//! trips: the fetch and the acknowledgement of a job are the price of every roll
//! (`docs/decisions/0003-apalis.md` has the figures). Runs on connections whose commits do not wait
//! for the disk: what may be lost is who had a job, and every job may run twice.

use super::call::Call;
use apalis_core::backend::persistence::{Persistence, TaskEvent};
use apalis_core::task::Task;
use apalis_core::task::builder::TaskBuilder;
use apalis_core::task::status::Status;
use apalis_core::task::task_id::TaskId;
use apalis_core::worker::context::WorkerContext;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// The most jobs taken at once, so that workers share a burst.
const LARGEST_BATCH: usize = 16;

/// No job is in hand for so long: it runs for 30 s at most. One that seems to be was acknowledged in
/// a commit that a crash of the server lost.
const LONGEST_IN_HAND: Duration = Duration::from_secs(120);

/// A job in hand.
#[derive(Clone, Debug)]
pub(super) struct Fetched {
    /// Its row.
    pub(super) id: String,
    /// What it says, as it is stored.
    pub(super) payload: Vec<u8>,
    /// Which try this is, from 1.
    pub(super) tried: usize,
    /// When it is due, on this process's own monotonic clock.
    pub(super) due: Instant,
    /// The request that it was enqueued in.
    pub(super) request: String,
    /// Its place among those that run at once, given back when it is dropped.
    _slot: Arc<OwnedSemaphorePermit>,
}

/// One worker's hold on a queue.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    pub(super) pool: PgPool,
    pub(super) queue: &'static str,
    /// How long before it is due a job is taken in hand.
    pub(super) ahead: Duration,
    /// The places for jobs that run at once.
    pub(super) slots: Arc<Semaphore>,
    /// A worker whose heartbeat is older is taken for dead.
    pub(super) orphaned_after: Duration,
    /// Whether to look for jobs.
    pub(super) call: Call,
}

impl Persistence for Ledger {
    type Compact = Fetched;
    type Response = ();
    type Error = sqlx::Error;

    async fn register(&mut self, worker: &WorkerContext) -> sqlx::Result<()> {
        sqlx::query!(
            "insert into apalis.workers (id, worker_type, storage_name, layers, last_seen)
             values ($1, $2, 'property-lounge', '', now())
             on conflict (id) do update set last_seen = now()",
            worker.name(),
            self.queue
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The second net under `presence`: jobs of workers that have not been seen for a while, and jobs
    /// that have been in hand for longer than any job runs.
    async fn heartbeat(&mut self, worker: &WorkerContext) -> sqlx::Result<()> {
        self.register(worker).await?;
        sqlx::query!(
            "update apalis.jobs j set status = 'Pending', lock_by = null, lock_at = null, attempts = attempts + 1
             from apalis.workers w
             where w.id = j.lock_by and j.job_type = $1 and j.status in ('Queued', 'Running')
               and (w.last_seen < now() - $2::float8 * interval '1 second'
                    or j.lock_at < now() - $3::float8 * interval '1 second')",
            self.queue,
            self.orphaned_after.as_secs_f64(),
            LONGEST_IN_HAND.as_secs_f64()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn fetch_next(&mut self, worker: &WorkerContext) -> sqlx::Result<Vec<Task<Fetched>>> {
        self.call.heard();
        let room = self.slots.available_permits().min(LARGEST_BATCH);
        // apalis comes here after every job that ends, too, which is no reason to ask the database.
        if room == 0 || !self.call.take() {
            return Ok(Vec::new());
        }
        let rows = sqlx::query!(
            r#"with due as (
                   select id from apalis.jobs
                   where job_type = $1 and priority = 0
                     and (status = 'Pending' or (status = 'Failed' and attempts < max_attempts))
                     and run_at <= now() + $2::float8 * interval '1 second'
                   order by run_at limit $3 for update skip locked)
               update apalis.jobs j set status = 'Running', lock_by = $4, lock_at = now()
               from due where j.id = due.id
               returning j.id, j.job, j.attempts, j.metadata -> 'request_id' as request,
                         extract(epoch from j.run_at - clock_timestamp())::float8 as "wait!""#,
            self.queue,
            self.ahead.as_secs_f64(),
            i64::try_from(room).unwrap_or(1),
            worker.name()
        )
        .fetch_all(&self.pool)
        .await?;
        let fetched_at = Instant::now();
        if rows.len() == room {
            self.call.call();
        }
        let mut tasks = Vec::with_capacity(rows.len());
        for row in rows {
            // Only this fetch takes slots, and it took no more jobs than there are.
            let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() else {
                break;
            };
            let tried = usize::try_from(row.attempts).unwrap_or(0);
            let wait = Duration::try_from_secs_f64(row.wait).unwrap_or_default();
            let id: TaskId = row
                .id
                .parse()
                .map_err(|_| sqlx::Error::Decode("a job's id is not apalis's".into()))?;
            let fetched = Fetched {
                id: row.id,
                payload: row.job,
                tried: tried + 1,
                due: fetched_at + wait,
                request: row.request.unwrap_or_default(),
                _slot: Arc::new(slot),
            };
            tasks.push(TaskBuilder::new(fetched).task_id(id).attempt(tried).build());
        }
        Ok(tasks)
    }

    async fn reenqueue_abandoned(
        &mut self,
        tasks: Vec<Task<Fetched>>,
        worker: &WorkerContext,
    ) -> sqlx::Result<u64> {
        let ids: Vec<String> = tasks.iter().map(|task| task.args.id.clone()).collect();
        let put_back = sqlx::query!(
            "update apalis.jobs set status = 'Pending', lock_by = null, lock_at = null
             where id = any($1) and lock_by = $2",
            &ids,
            worker.name()
        )
        .execute(&self.pool)
        .await?;
        Ok(put_back.rows_affected())
    }

    /// A job that is done is removed, so that the table holds only what is to be done, and fetching
    /// stays fast; a failed one waits for its next try; a dead letter is kept.
    async fn handle_events(
        &mut self,
        events: Vec<TaskEvent<()>>,
        worker: &WorkerContext,
    ) -> sqlx::Result<()> {
        let (mut done, mut others) = (Vec::new(), Outcomes::default());
        for event in events {
            let TaskEvent::Complete(result) = event else {
                continue;
            };
            if result.status == Status::Done {
                done.push(result.task_id.to_string());
            } else {
                others.ids.push(result.task_id.to_string());
                others.statuses.push(result.status.to_string());
                others
                    .attempts
                    .push(i32::try_from(result.attempt).unwrap_or(i32::MAX));
                others.reasons.push(result.result.err().unwrap_or_default());
            }
        }
        if !done.is_empty() {
            sqlx::query!(
                "delete from apalis.jobs where id = any($1) and lock_by = $2",
                &done,
                worker.name()
            )
            .execute(&self.pool)
            .await?;
        }
        if !others.ids.is_empty() {
            others.write(&self.pool, worker.name()).await?;
        }
        Ok(())
    }

    async fn push_tasks(&mut self, _: Vec<Task<Fetched>>) -> sqlx::Result<()> {
        // Jobs are written in the transactions that decide on them: shared::jobs::enqueue.
        Err(sqlx::Error::Protocol(
            "this queue is only taken from".to_owned(),
        ))
    }
}

/// Jobs that are not done, side by side as a statement takes them.
#[derive(Default)]
struct Outcomes {
    ids: Vec<String>,
    statuses: Vec<String>,
    attempts: Vec<i32>,
    reasons: Vec<String>,
}

impl Outcomes {
    async fn write(&self, pool: &PgPool, worker: &str) -> sqlx::Result<()> {
        sqlx::query!(
            "update apalis.jobs j
             set status = o.status, attempts = o.attempts, done_at = now(),
                 last_result = jsonb_build_object('Err', o.reason),
                 lock_by = case when o.status = 'Killed' then j.lock_by end
             from unnest($1::text[], $2::text[], $3::int[], $4::text[]) as o (id, status, attempts, reason)
             where j.id = o.id and j.lock_by = $5",
            &self.ids,
            &self.statuses,
            &self.attempts,
            &self.reasons,
            worker
        )
        .execute(pool)
        .await?;
        Ok(())
    }
}
