//! The job store: which worker has which job, in apalis's own tables, with one statement each.
//!
//! This implements apalis's `Persistence`. apalis-postgres needs a transaction of three round trips for a
//! fetch or an acknowledgement, and every roll pays for both (figures: ADR 3). The connections commit
//! without waiting for the disk. A crash can lose who had a job, and every job may run twice.

use super::ended::Ended;
use super::flag::PollFlag;
use crate::paused::Paused;
use apalis_core::backend::TaskResult;
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

/// The most jobs in one fetch, so that workers share a burst.
pub(super) const MAX_BATCH: usize = 16;

/// If a job was fetched longer ago than this, a crash of the server lost the commit of its acknowledgement: a job runs for at most
/// 30 s.
const MAX_FETCHED_TIME: Duration = Duration::from_secs(120);

/// A fetched job.
#[derive(Clone, Debug)]
pub(super) struct Fetched {
    /// Its row.
    pub(super) id: String,
    /// Its payload, as it is stored.
    pub(super) payload: Vec<u8>,
    /// Which try this is, from 1.
    pub(super) tried: usize,
    /// When it is due, on this process's own monotonic clock.
    pub(super) due: Instant,
    /// For how long it had been due when it was fetched.
    pub(super) late: Duration,
    /// The request that it was enqueued in.
    pub(super) request: String,
    /// The trace that it was enqueued in, as a `traceparent`.
    pub(super) trace: Option<String>,
    /// Its slot, which is given back when this value is dropped.
    _slot: Arc<OwnedSemaphorePermit>,
}

/// One worker's access to its queue.
#[derive(Clone, Debug)]
pub(super) struct JobStore {
    pub(super) pool: PgPool,
    pub(super) queue: &'static str,
    /// How long before it is due a job is fetched.
    pub(super) ahead: Duration,
    /// The slots for jobs that run at once.
    pub(super) slots: Arc<Semaphore>,
    /// How many of them must be free before jobs are fetched.
    pub(super) fewest: usize,
    /// A worker whose heartbeat is older counts as dead.
    pub(super) orphaned_after: Duration,
    /// Whether to fetch jobs.
    pub(super) flag: PollFlag,
    /// The queues that an operator has paused.
    pub(super) paused: Paused,
}

impl Persistence for JobStore {
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

    /// The second check beside `presence`: puts back the jobs of workers without a heartbeat, and jobs
    /// that were fetched longer ago than any job runs.
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
            MAX_FETCHED_TIME.as_secs_f64()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn fetch_next(&mut self, worker: &WorkerContext) -> sqlx::Result<Vec<Task<Fetched>>> {
        self.flag.polled();
        let room = self.slots.available_permits().min(MAX_BATCH);
        // apalis calls this after every job, too. That is no reason for a query.
        if room < self.fewest || self.paused.has(self.queue) || !self.flag.take() {
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
               returning j.id, j.job, j.attempts, j.metadata -> 'request_id' as request, j.metadata -> 'traceparent' as trace,
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
            self.flag.set();
        }
        let mut tasks = Vec::with_capacity(rows.len());
        for row in rows {
            // Only this fetch takes slots, and it fetched no more jobs than there are slots.
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
                late: Duration::try_from_secs_f64(-row.wait).unwrap_or_default(),
                request: row.request.unwrap_or_default(),
                trace: row.trace,
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

    /// Deletes jobs that are done, so that the table stays small and a fetch stays fast. Failed jobs wait
    /// for their next try. Dead letters are kept.
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
                others.add(result);
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
            others.write(&self.pool, self.queue, worker.name()).await?;
        }
        Ok(())
    }

    async fn push_tasks(&mut self, _: Vec<Task<Fetched>>) -> sqlx::Result<()> {
        // Jobs are inserted in the caller's transaction: shared::jobs::enqueue.
        Err(sqlx::Error::Protocol(
            "jobs are enqueued by shared::jobs::enqueue".to_owned(),
        ))
    }
}

/// Jobs that failed, run again or were discarded, as columns of one statement.
#[derive(Default)]
struct Outcomes {
    ids: Vec<String>,
    tried: Vec<i32>,
    /// Whether the try counts.
    count: Vec<bool>,
    classes: Vec<String>,
    reasons: Vec<String>,
    /// Seconds until the job runs again. `None`: it is a dead letter.
    waits: Vec<Option<f64>>,
}

impl Outcomes {
    /// Adds the acknowledgement of a job that is not done.
    fn add(&mut self, result: TaskResult<()>) {
        let ended = Ended::read(&result.result.err().unwrap_or_default());
        self.ids.push(result.task_id.to_string());
        self.tried
            .push(i32::try_from(result.attempt).unwrap_or(i32::MAX));
        self.count.push(ended.counts);
        self.classes.push(ended.failure.class);
        self.reasons.push(ended.failure.reason);
        self.waits.push(ended.again_in);
    }

    /// A job that runs again is `Pending`; only a try that counts is added to its attempts, and to its failed tries.
    async fn write(&self, pool: &PgPool, queue: &str, worker: &str) -> sqlx::Result<()> {
        sqlx::query!(
            "with ended as (
                 select * from unnest($1::text[], $2::int[], $3::bool[], $4::text[], $5::text[], $6::float8[])
                      as o (id, tried, counts, class, reason, wait)),
             failed as (
                 insert into job_failure (job_id, tried, queue, error_class, reason, failed_at)
                 select id, tried, $8, class, reason, now() from ended where counts
                 on conflict (job_id, tried) do update
                 set error_class = excluded.error_class, reason = excluded.reason, failed_at = excluded.failed_at)
             update apalis.jobs j
             set status = case when o.wait is null then 'Killed' else 'Pending' end,
                 attempts = case when o.counts then o.tried else o.tried - 1 end,
                 done_at = case when o.wait is null then now() end,
                 run_at = coalesce(clock_timestamp() + o.wait * interval '1 second', j.run_at),
                 last_result = jsonb_build_object('Err', o.reason, 'Class', o.class),
                 lock_by = case when o.wait is null then j.lock_by end,
                 lock_at = case when o.wait is null then j.lock_at end
             from ended o
             where j.id = o.id and j.lock_by = $7",
            &self.ids,
            &self.tried,
            &self.count,
            &self.classes,
            &self.reasons,
            &self.waits as _,
            worker,
            queue
        )
        .execute(pool)
        .await?;
        Ok(())
    }
}
