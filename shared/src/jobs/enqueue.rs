//! Enqueuing: a job is inserted in the caller's transaction.

use super::job::Job;
use super::origin::Origin;
use crate::Result;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::time::Duration;
use ulid::Ulid;
use uuid::Uuid;

/// The NOTIFY channel on which [`enqueue`] announces a job. The payload is the name of the queue.
pub const CHANNEL: &str = "property_lounge_jobs";

/// A job that is due within this time is announced. Workers find a later job when they poll: they poll
/// at least this often ([`crate::config::Distribution::poll`] is limited to it).
pub const ANNOUNCE_WITHIN: Duration = Duration::from_secs(60);

/// Whether a job is announced when its transaction commits.
///
/// PostgreSQL commits transactions with a NOTIFY one at a time, including their wait for the disk. At a
/// hundred rolls a second they would wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announce {
    /// Every worker is notified.
    Everyone,
    /// No worker is notified. The writer is a worker and wakes its own queues. If it dies first, another
    /// worker finds the job when it polls.
    Nobody,
}

/// A job with its due time, ready to be inserted.
pub struct Scheduled {
    id: String,
    queue: &'static str,
    payload: Vec<u8>,
    run_at: DateTime<Utc>,
    tries: i32,
    key: String,
}

impl Scheduled {
    /// `job`, due at `run_at`.
    pub fn new<J: Job>(job: &J, run_at: DateTime<Utc>) -> Result<Self> {
        Ok(Self {
            id: Ulid::from(Uuid::now_v7().as_u128()).to_string(),
            queue: J::QUEUE,
            payload: serde_json::to_vec(job).map_err(|error| sqlx::Error::Encode(error.into()))?,
            run_at,
            tries: J::TRIES,
            key: job.idempotency_key(run_at),
        })
    }
}

/// How long ago a job with this id was enqueued: the id begins with that time. Zero if it does not.
pub fn waited(id: &str) -> Duration {
    let now = Ulid::from(Uuid::now_v7().as_u128()).timestamp_ms();
    let enqueued = Ulid::from_string(id).map_or(now, |id| id.timestamp_ms());
    Duration::from_millis(now.saturating_sub(enqueued))
}

/// Jobs as the columns of `apalis.jobs`, for statements that insert them with other rows.
pub(crate) struct JobColumns<'job> {
    pub(crate) ids: Vec<&'job str>,
    pub(crate) queues: Vec<&'job str>,
    pub(crate) payloads: Vec<&'job [u8]>,
    pub(crate) times: Vec<DateTime<Utc>>,
    pub(crate) tries: Vec<i32>,
    pub(crate) keys: Vec<&'job str>,
}

impl<'job> JobColumns<'job> {
    pub(crate) fn of(jobs: &'job [Scheduled]) -> Self {
        Self {
            ids: jobs.iter().map(|job| job.id.as_str()).collect(),
            queues: jobs.iter().map(|job| job.queue).collect(),
            payloads: jobs.iter().map(|job| job.payload.as_slice()).collect(),
            times: jobs.iter().map(|job| job.run_at).collect(),
            tries: jobs.iter().map(|job| job.tries).collect(),
            keys: jobs.iter().map(|job| job.key.as_str()).collect(),
        }
    }
}

/// Inserts one job and announces it. See [`enqueue_all`].
pub async fn enqueue<J: Job>(
    connection: &mut PgConnection,
    job: &J,
    run_at: DateTime<Utc>,
) -> Result<()> {
    let jobs = [Scheduled::new(job, run_at)?];
    enqueue_all(connection, &jobs, Announce::Everyone).await
}

/// As [`enqueue`], also if the job is a dead letter: a person asked for it again, or it was announced again.
pub async fn enqueue_again<J: Job>(
    connection: &mut PgConnection,
    job: &J,
    run_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "delete from apalis.jobs where job_type = $1 and idempotency_key = $2 and status = 'Killed'",
        J::QUEUE,
        job.idempotency_key(run_at)
    )
    .execute(&mut *connection)
    .await?;
    enqueue(connection, job, run_at).await
}

/// Inserts jobs in the caller's transaction. They exist once that transaction commits, and run when
/// they are due or soon after. A job whose key exists already is not inserted.
///
/// apalis's own push rounds `run_at` down to a whole second and fails on a key that exists, which aborts
/// the caller's transaction (ADR 3).
pub async fn enqueue_all(
    connection: &mut PgConnection,
    jobs: &[Scheduled],
    announce: Announce,
) -> Result<()> {
    let (jobs, origin) = (JobColumns::of(jobs), Origin::here());
    sqlx::query!(
        "with written as (
             insert into apalis.jobs (id, job_type, job, run_at, max_attempts, priority, idempotency_key, metadata)
             select id, queue, payload, due, tries, 0, key, hstore($7::text[], $11::text[])
             from unnest($1::text[], $2::text[], $3::bytea[], $4::timestamptz[], $5::int[], $6::text[])
                  as job (id, queue, payload, due, tries, key)
             on conflict (job_type, idempotency_key) do nothing
             returning job_type, run_at
         )
         select pg_notify($8, job_type)::text as announced from written
         where $10::bool and run_at <= clock_timestamp() + $9::float8 * interval '1 second'",
        &jobs.ids as _,
        &jobs.queues as _,
        &jobs.payloads as _,
        &jobs.times,
        &jobs.tries,
        &jobs.keys as _,
        &origin.keys as _,
        CHANNEL,
        ANNOUNCE_WITHIN.as_secs_f64(),
        announce == Announce::Everyone,
        &origin.values,
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}
