//! The catalogue of background jobs: every payload, its queue, how often it is tried. A job is
//! written in the transaction that decided on it and runs in the `worker`.
//!
//! A queue is named for its kind and the version of its payload. A worker subscribes only to kinds
//! it knows, so a newer api never hands an old worker a job that it cannot read.

use crate::Result;
use crate::id::{AppointmentId, AttemptId, CycleId, DeliveryId, MessageId, ReminderId};
use crate::telemetry;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use std::time::Duration;
use ulid::Ulid;
use uuid::Uuid;

/// The channel on which [`enqueue`] announces a job; the message is the queue's name.
pub const CHANNEL: &str = "property_lounge_jobs";

/// A job due within this time is announced; one due later is found by looking. Workers look at
/// least this often ([`crate::config::Distribution::poll`] is bounded by it).
pub const ANNOUNCE_WITHIN: Duration = Duration::from_secs(60);

/// Who is told of a job when its transaction commits.
///
/// PostgreSQL lets only one transaction at a time commit with a NOTIFY, its wait for the disk
/// included: at a hundred rolls a second they would queue for one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announce {
    /// Every worker, by NOTIFY.
    Everyone,
    /// Nobody: the writer is a worker and will look for the job itself. Should it die first, another
    /// finds the job by looking.
    Nobody,
}

/// A kind of background job.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The queue: the kind, and the version of its payload.
    const QUEUE: &'static str;
    /// How often it is tried before it is laid aside as a dead letter.
    const TRIES: i32;

    /// The same key twice in a queue is one job.
    fn idempotency_key(&self, run_at: DateTime<Utc>) -> String;
}

/// Offers an attempt's lead to its agent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ForwardLeadToSales {
    /// The offer to send.
    pub attempt: AttemptId,
    /// How often it had been sent before and failed.
    #[serde(default)]
    pub nth: i32,
}

/// Rings at an attempt's deadline. Only an alarm clock: the deadline itself is a column.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckAckDeadline {
    /// The offer whose time may be up.
    pub attempt: AttemptId,
}

/// Carries out an outbound row of `wa_message`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendMessage {
    /// The row to send.
    pub message: MessageId,
    /// How often it had been sent before and failed.
    #[serde(default)]
    pub nth: i32,
}

/// Offers leads that were held until somebody can take them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReleaseHeldLeads {
    /// This one, whose time has come; `None`: all of them are looked at again, something about the
    /// agents having changed.
    pub cycle: Option<CycleId>,
}

/// Acts on what a webhook delivered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HandleDelivery {
    /// The delivery, stored as it came.
    pub delivery: DeliveryId,
}

/// Fetches a lead of a Meta form from Graph and takes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FetchMetaLead {
    /// Meta's id of it.
    pub lead: String,
}

/// Looks for leads of Meta's forms whose webhook never came.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReconcileMetaLeads {}

/// Tells Meta what became of a lead.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendConversion {
    /// The row of `conversion_event`.
    pub conversion: Uuid,
}

/// Says a reminder of a visit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemindOfAppointment {
    /// The reminder whose time has come.
    pub reminder: ReminderId,
}

/// Brings the calendar to agree with a visit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SyncAppointment {
    /// The visit.
    pub appointment: AppointmentId,
    /// Its version when the job was written; the calendar gets the latest.
    pub version: i32,
}

impl Job for RemindOfAppointment {
    const QUEUE: &'static str = "remind-of-appointment.v1";
    const TRIES: i32 = 12;

    /// A reminder that is put off gets an alarm of its own.
    fn idempotency_key(&self, run_at: DateTime<Utc>) -> String {
        format!("{}@{}", self.reminder, run_at.timestamp_micros())
    }
}

impl Job for SyncAppointment {
    const QUEUE: &'static str = "sync-appointment.v1";
    // Over a day, with the longest backoff.
    const TRIES: i32 = 300;

    fn idempotency_key(&self, _: DateTime<Utc>) -> String {
        format!("{}/{}", self.appointment, self.version)
    }
}

impl Job for HandleDelivery {
    const QUEUE: &'static str = "handle-delivery.v1";
    const TRIES: i32 = 12;

    fn idempotency_key(&self, _: DateTime<Utc>) -> String {
        self.delivery.to_string()
    }
}

impl Job for FetchMetaLead {
    const QUEUE: &'static str = "fetch-meta-lead.v1";
    // Over a day, with the longest backoff.
    const TRIES: i32 = 300;

    fn idempotency_key(&self, _: DateTime<Utc>) -> String {
        self.lead.clone()
    }
}

impl Job for ReconcileMetaLeads {
    const QUEUE: &'static str = "reconcile-meta-leads.v1";
    const TRIES: i32 = 3;

    /// One at a time, whoever asks for it.
    fn idempotency_key(&self, run_at: DateTime<Utc>) -> String {
        run_at.timestamp().to_string()
    }
}

impl Job for SendConversion {
    const QUEUE: &'static str = "send-conversion.v1";
    const TRIES: i32 = 100;

    fn idempotency_key(&self, _: DateTime<Utc>) -> String {
        self.conversion.to_string()
    }
}

impl Job for ForwardLeadToSales {
    const QUEUE: &'static str = "forward-lead-to-sales.v1";
    const TRIES: i32 = 12;

    fn idempotency_key(&self, _: DateTime<Utc>) -> String {
        nth(&self.attempt, self.nth)
    }
}

impl Job for CheckAckDeadline {
    const QUEUE: &'static str = "check-ack-deadline.v1";
    const TRIES: i32 = 12;

    /// A moved deadline gets an alarm of its own.
    fn idempotency_key(&self, run_at: DateTime<Utc>) -> String {
        format!("{}@{}", self.attempt, run_at.timestamp_micros())
    }
}

impl Job for SendMessage {
    const QUEUE: &'static str = "send-message.v1";
    const TRIES: i32 = 12;

    fn idempotency_key(&self, _: DateTime<Utc>) -> String {
        nth(&self.message, self.nth)
    }
}

impl Job for ReleaseHeldLeads {
    const QUEUE: &'static str = "release-held-leads.v1";
    const TRIES: i32 = 12;

    fn idempotency_key(&self, run_at: DateTime<Utc>) -> String {
        match self.cycle {
            Some(cycle) => format!("{cycle}@{}", run_at.timestamp_micros()),
            // Whatever changed before it runs is seen by it; what changes later needs another.
            None => Uuid::now_v7().to_string(),
        }
    }
}

/// The key of a row's n-th job.
fn nth(row: &impl std::fmt::Display, nth: i32) -> String {
    if nth == 0 {
        row.to_string()
    } else {
        format!("{row}/{nth}")
    }
}

/// A job with the time that it is due at, ready to be written.
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

/// Writes one job and announces it: [`enqueue_all`].
pub async fn enqueue<J: Job>(
    connection: &mut PgConnection,
    job: &J,
    run_at: DateTime<Utc>,
) -> Result<()> {
    let jobs = [Scheduled::new(job, run_at)?];
    enqueue_all(connection, &jobs, Announce::Everyone).await
}

/// Writes jobs in the caller's transaction, to run when they are due or soon after. They exist when
/// that transaction commits, and only then. A job of the same key that waits already is left as it is.
///
/// Not apalis's own push, which floors `run_at` to a whole second and aborts the caller's
/// transaction on a key it has seen (`docs/decisions/0003-apalis.md`).
pub async fn enqueue_all(
    connection: &mut PgConnection,
    jobs: &[Scheduled],
    announce: Announce,
) -> Result<()> {
    let ids: Vec<&str> = jobs.iter().map(|job| job.id.as_str()).collect();
    let queues: Vec<&str> = jobs.iter().map(|job| job.queue).collect();
    let payloads: Vec<&[u8]> = jobs.iter().map(|job| job.payload.as_slice()).collect();
    let times: Vec<DateTime<Utc>> = jobs.iter().map(|job| job.run_at).collect();
    let tries: Vec<i32> = jobs.iter().map(|job| job.tries).collect();
    let keys: Vec<&str> = jobs.iter().map(|job| job.key.as_str()).collect();
    sqlx::query!(
        "with written as (
             insert into apalis.jobs (id, job_type, job, run_at, max_attempts, priority, idempotency_key, metadata)
             select id, queue, payload, due, tries, 0, key, hstore('request_id', $7)
             from unnest($1::text[], $2::text[], $3::bytea[], $4::timestamptz[], $5::int[], $6::text[])
                  as job (id, queue, payload, due, tries, key)
             on conflict (job_type, idempotency_key) do nothing
             returning job_type, run_at
         )
         select pg_notify($8, job_type)::text as announced from written
         where $10::bool and run_at <= clock_timestamp() + $9::float8 * interval '1 second'",
        &ids as _,
        &queues as _,
        &payloads as _,
        &times,
        &tries,
        &keys as _,
        telemetry::request_id().unwrap_or_default(),
        CHANNEL,
        ANNOUNCE_WITHIN.as_secs_f64(),
        announce == Announce::Everyone,
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// The first key of the advisory lock that every worker process holds while it lives; the second is
/// the worker's number. "PLwk" in ASCII.
pub const WORKER_LOCK_CLASS: i32 = 0x504C_776B;

/// How many worker processes are alive: the database lets go of a dead one's lock at once.
pub async fn workers_alive(connection: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from pg_locks
           where locktype = 'advisory' and granted and objsubid = 2 and classid::bigint = $1
             and database = (select oid from pg_database where datname = current_database())"#,
        i64::from(WORKER_LOCK_CLASS)
    )
    .fetch_one(connection)
    .await?)
}
