//! What runs: queues of jobs with their pauses, processes, what waits for a person, and what operators did.

use super::model::Timestamp;
use super::operations::actor;
use super::tag::Tag;
use crate::auth::OperatorOnly;
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use shared::App;
use shared::operations::{self, ProcessRow, QueueRow};
use uuid::Uuid;

/// How many rows a list has at most.
const MOST_ROWS: u16 = 200;

pub struct Running;

/// A queue with its jobs.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct JobQueue {
    queue: String,
    /// Due, and not fetched.
    waiting: i64,
    /// Their time has not come.
    scheduled: i64,
    /// Failed, and tried again later.
    retrying: i64,
    running: i64,
    /// Discarded, for a person.
    dead: i64,
    /// For how many seconds the oldest of those that wait has been due.
    oldest_waiting_seconds: Option<f64>,
    paused_at: Option<Timestamp>,
    paused_by: Option<String>,
    /// Whether it can be paused. Queues that offers, deadlines and reminders need cannot.
    can_pause: bool,
}

/// A process that runs, or ran within the last hour and did not stop by itself.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct Process {
    /// `api`, `worker` or `device`.
    kind: String,
    /// Its name in the event log: `worker/4711`.
    instance: String,
    host: String,
    pid: i32,
    version: String,
    /// The last migration that it knows.
    schema: i64,
    started_at: Timestamp,
    seen_at: Timestamp,
    /// Whether it was heard of in the last 35 seconds.
    alive: bool,
}

/// How much waits for a person, with the rows that an operator can see.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct Trouble {
    jobs_dead: i64,
    sends_unsettled: i64,
    messages_unheard: i64,
    /// `GET /api/webhooks/unread`, for admins.
    deliveries_unread: i64,
    /// `GET /api/meta/unusable-leads`, for admins.
    meta_leads_unusable: i64,
    /// `GET /api/messages?failed=true`, for admins.
    messages_failed_1d: i64,
    /// The oldest sends whose outcome is not known.
    unsettled: Vec<UnsettledSend>,
    /// The oldest messages that could not be handled five times.
    unheard: Vec<UnheardMessage>,
}

/// A send whose outcome is not known. A status settles it; after a minute without one it is sent again.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct UnsettledSend {
    id: Uuid,
    provider: String,
    /// `text`, `buttons`, `list` or `template`.
    form: String,
    started_at: Timestamp,
}

/// A message that could not be handled five times.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct UnheardMessage {
    id: Uuid,
    received_at: Timestamp,
    failures: i32,
}

/// What an operator did.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct OperatorAction {
    at: Timestamp,
    /// `user` with their id, or `terminal` with the name of the account and the host.
    by_whom: String,
    /// `retry`, `run_now`, `discard`, `pause`, `resume` or `retry_unheard`.
    action: String,
    subject: Any<Value>,
    /// How many rows it changed.
    rows: i64,
}

#[OpenApi]
impl Running {
    /// Queues that have a job or are paused
    #[oai(path = "/api/operations/queues", method = "get", operation_id = "jobQueues", tag = Tag::Operations)]
    async fn queues(&self, app: Data<&App>, _operator: OperatorOnly) -> Result<Vec<JobQueue>> {
        the_queues(&app).await
    }

    /// Pause a queue
    ///
    /// Within two seconds no worker fetches its jobs. Those that run are finished. A queue that offers, deadlines
    /// or reminders need: 409 `never_paused`.
    #[oai(path = "/api/operations/queues/:id/pause", method = "post", operation_id = "pauseJobQueue", tag = Tag::Operations)]
    async fn pause(
        &self,
        app: Data<&App>,
        operator: OperatorOnly,
        id: Path<String>,
    ) -> Result<Vec<JobQueue>> {
        operations::pause(&app, &actor(&operator.0), &id).await?;
        the_queues(&app).await
    }

    /// End the pause of a queue
    #[oai(path = "/api/operations/queues/:id/resume", method = "post", operation_id = "resumeJobQueue", tag = Tag::Operations)]
    async fn resume(
        &self,
        app: Data<&App>,
        operator: OperatorOnly,
        id: Path<String>,
    ) -> Result<Vec<JobQueue>> {
        operations::resume(&app, &actor(&operator.0), &id).await?;
        the_queues(&app).await
    }

    /// Processes, with their versions and hosts
    #[oai(path = "/api/operations/processes", method = "get", operation_id = "processes", tag = Tag::Operations)]
    async fn processes(&self, app: Data<&App>, _operator: OperatorOnly) -> Result<Vec<Process>> {
        let processes = operations::processes(&app).await?;
        Ok(Json(processes.into_iter().map(Into::into).collect()))
    }

    /// What waits for a person
    #[oai(path = "/api/operations/trouble", method = "get", operation_id = "trouble", tag = Tag::Operations)]
    async fn trouble(&self, app: Data<&App>, _operator: OperatorOnly) -> Result<Trouble> {
        let counts = operations::trouble(&app).await?;
        let unsettled = operations::unsettled(&app, MOST_ROWS).await?;
        let unheard = operations::unheard(&app, MOST_ROWS).await?;
        Ok(Json(Trouble {
            jobs_dead: counts.jobs_dead,
            sends_unsettled: counts.sends_unsettled,
            messages_unheard: counts.messages_unheard,
            deliveries_unread: counts.deliveries_unread,
            meta_leads_unusable: counts.meta_leads_unusable,
            messages_failed_1d: counts.messages_failed_1d,
            unsettled: unsettled.into_iter().map(Into::into).collect(),
            unheard: unheard.into_iter().map(Into::into).collect(),
        }))
    }

    /// What operators did, newest first
    #[oai(path = "/api/operations/actions", method = "get", operation_id = "operatorActions", tag = Tag::Operations)]
    async fn actions(
        &self,
        app: Data<&App>,
        _operator: OperatorOnly,
    ) -> Result<Vec<OperatorAction>> {
        let actions = operations::actions(&app, MOST_ROWS).await?;
        Ok(Json(actions.into_iter().map(Into::into).collect()))
    }
}

async fn the_queues(app: &App) -> Result<Vec<JobQueue>> {
    let queues = operations::queues(app).await?;
    Ok(Json(queues.into_iter().map(Into::into).collect()))
}

impl From<QueueRow> for JobQueue {
    fn from(row: QueueRow) -> Self {
        Self {
            queue: row.queue,
            waiting: row.waiting,
            scheduled: row.scheduled,
            retrying: row.retrying,
            running: row.running,
            dead: row.dead,
            oldest_waiting_seconds: row.oldest_waiting_seconds,
            paused_at: row.paused_at.map(Timestamp),
            paused_by: row.paused_by,
            can_pause: row.can_pause,
        }
    }
}

impl From<ProcessRow> for Process {
    fn from(row: ProcessRow) -> Self {
        Self {
            kind: row.kind,
            instance: row.instance,
            host: row.host,
            pid: row.pid,
            version: row.version,
            schema: row.schema,
            started_at: Timestamp(row.started_at),
            seen_at: Timestamp(row.seen_at),
            alive: row.alive,
        }
    }
}

impl From<operations::Unsettled> for UnsettledSend {
    fn from(row: operations::Unsettled) -> Self {
        Self {
            id: row.id,
            provider: row.provider,
            form: row.form,
            started_at: Timestamp(row.started_at),
        }
    }
}

impl From<operations::Unheard> for UnheardMessage {
    fn from(row: operations::Unheard) -> Self {
        Self {
            id: row.id,
            received_at: Timestamp(row.received_at),
            failures: row.failures,
        }
    }
}

impl From<operations::Done> for OperatorAction {
    fn from(done: operations::Done) -> Self {
        Self {
            at: Timestamp(done.at),
            by_whom: done.by_whom,
            action: done.action,
            subject: Any(done.subject),
            rows: done.rows,
        }
    }
}
