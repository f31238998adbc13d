//! Jobs, queues and processes, as an operator sees them.

use crate::id::UserId;
use chrono::{DateTime, Utc};
use std::fmt;

/// What a job does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It is due, and no worker has fetched it.
    Waiting,
    /// Its time has not come.
    Scheduled,
    /// It failed and is tried again later.
    Retrying,
    /// A worker has it.
    Running,
    /// It was discarded, and waits for a person.
    Dead,
}

impl JobState {
    /// The name in statements and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Scheduled => "scheduled",
            Self::Retrying => "retrying",
            Self::Running => "running",
            Self::Dead => "dead",
        }
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Waiting,
            Self::Scheduled,
            Self::Retrying,
            Self::Running,
            Self::Dead,
        ]
        .into_iter()
        .find(|state| state.as_str() == name)
    }
}

/// Which jobs. A part that is absent fits every job.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// These jobs only.
    pub ids: Option<Vec<String>>,
    /// In this state.
    pub state: Option<JobState>,
    /// Of this queue.
    pub queue: Option<String>,
    /// Whose last failure had this class.
    pub error_class: Option<String>,
    /// Whose payload contains this text, for example the id of a lead's offer.
    pub payload: Option<String>,
    /// That were enqueued at least this many seconds ago.
    pub older_than_seconds: Option<i64>,
}

/// What an operator does with jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Dead letters run again, with all their tries.
    Retry,
    /// Jobs whose time has not come run now.
    RunNow,
    /// Jobs that wait become dead letters; dead letters are deleted.
    Discard,
}

impl Action {
    /// The name in the log and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::RunNow => "run_now",
            Self::Discard => "discard",
        }
    }
}

/// Who acts.
#[derive(Clone, Debug)]
pub enum Actor {
    /// A signed-in user.
    User(UserId),
    /// A person at a terminal: `name@host`.
    Terminal(String),
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(formatter, "user {}", user.0),
            Self::Terminal(who) => write!(formatter, "terminal {who}"),
        }
    }
}

/// A job.
#[derive(Clone, Debug)]
pub struct JobRow {
    /// Its id, a ULID: its first part is when it was enqueued.
    pub id: String,
    /// Its queue.
    pub queue: String,
    /// Its state.
    pub state: JobState,
    /// Its payload, as JSON: ids.
    pub payload: String,
    /// How often it was tried.
    pub tried: i32,
    /// How often it can be tried.
    pub tries: i32,
    /// When it is due.
    pub run_at: DateTime<Utc>,
    /// When it was enqueued.
    pub enqueued_at: DateTime<Utc>,
    /// When it became a dead letter.
    pub dead_at: Option<DateTime<Utc>>,
    /// The worker that has it, or had it last.
    pub worker: Option<String>,
    /// The class of its last failure.
    pub error_class: Option<String>,
    /// Its last failure. Numbers are masked.
    pub reason: Option<String>,
    /// The request in which it was enqueued.
    pub request_id: Option<String>,
}

/// A try of a job that failed.
#[derive(Clone, Debug)]
pub struct FailedTry {
    /// Which try, from 1.
    pub tried: i32,
    /// The class of the failure.
    pub error_class: String,
    /// The failure. Numbers are masked.
    pub reason: String,
    /// When.
    pub failed_at: DateTime<Utc>,
}

/// A part of a list.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Only jobs after this id.
    pub after: Option<String>,
    /// How many at most.
    pub limit: u16,
}

/// A queue with its jobs.
#[derive(Clone, Debug, Default)]
pub struct QueueRow {
    /// Its name.
    pub queue: String,
    /// How many jobs are due and not fetched.
    pub waiting: i64,
    /// How many jobs have a time that has not come.
    pub scheduled: i64,
    /// How many failed and are tried again later.
    pub retrying: i64,
    /// How many run.
    pub running: i64,
    /// How many are dead letters.
    pub dead: i64,
    /// For how many seconds the oldest of those that wait has been due.
    pub oldest_waiting_seconds: Option<f64>,
    /// Since when it is paused.
    pub paused_at: Option<DateTime<Utc>>,
    /// Who paused it.
    pub paused_by: Option<String>,
    /// Whether it can be paused.
    pub can_pause: bool,
}

/// What kind of process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessKind {
    /// The HTTP server.
    Api,
    /// A worker.
    Worker,
    /// The linked device.
    Device,
}

impl ProcessKind {
    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Worker => "worker",
            Self::Device => "device",
        }
    }
}

/// A process that runs, or ran until a moment ago.
#[derive(Clone, Debug)]
pub struct ProcessRow {
    /// `api`, `worker` or `device`.
    pub kind: String,
    /// Its name in the event log: `worker/4711`.
    pub instance: String,
    /// Its host.
    pub host: String,
    /// Its number on that host.
    pub pid: i32,
    /// Its version.
    pub version: String,
    /// The last migration that it knows.
    pub schema: i64,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it was heard of last.
    pub seen_at: DateTime<Utc>,
    /// Whether it was heard of lately.
    pub alive: bool,
}

/// An action of an operator.
#[derive(Clone, Debug)]
pub struct Done {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by_whom: String,
    /// What: `retry`, `run_now`, `discard`, `pause`, `resume` or `retry_unheard`.
    pub action: String,
    /// With what.
    pub subject: serde_json::Value,
    /// How many rows it changed.
    pub rows: i64,
}

/// A send whose outcome is not known.
#[derive(Clone, Debug)]
pub struct Unsettled {
    /// The send.
    pub id: uuid::Uuid,
    /// The provider.
    pub provider: String,
    /// The form in which it was sent.
    pub form: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
}

/// A message that could not be handled.
#[derive(Clone, Debug)]
pub struct Unheard {
    /// The message.
    pub id: uuid::Uuid,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// How often it could not be handled.
    pub failures: i32,
}

/// A message that failed for good.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The message.
    pub id: uuid::Uuid,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// Why it failed. Numbers are masked.
    pub reason: String,
}

/// How much waits for a person.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trouble {
    /// Dead letters.
    pub jobs_dead: i64,
    /// Sends whose outcome is not known.
    pub sends_unsettled: i64,
    /// Messages that could not be handled five times.
    pub messages_unheard: i64,
    /// Parts of deliveries that could not be read.
    pub deliveries_unread: i64,
    /// Leads of forms that could not be taken.
    pub meta_leads_unusable: i64,
    /// Messages that failed for good in the last day. Not offers: the next agents were asked. Not those of dead letters.
    pub messages_failed_1d: i64,
}

impl Trouble {
    /// How many rows only a person can settle. A send without an outcome settles by itself.
    pub fn for_a_person(&self) -> i64 {
        self.jobs_dead
            + self.messages_unheard
            + self.deliveries_unread
            + self.meta_leads_unusable
            + self.messages_failed_1d
    }
}

/// What was under way at the instant of a backup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnderWay {
    /// Messages and offers that were queued.
    pub messages: i64,
    /// Sends without an outcome.
    pub sends: i64,
    /// Reminders and summaries whose time has come since.
    pub reminders: i64,
    /// Messages and deliveries that were received and not handled. They are handled when a worker runs, because a lead that
    /// is answered twice is better than one that is lost.
    pub inbound: i64,
}
