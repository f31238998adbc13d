//! Operations: jobs, queues of jobs and processes, for the people who run the system. No client's data.

use super::model::{Timestamp, wire_enum};
use super::tag::Tag;
use crate::auth::{OperatorOnly, Viewer};
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Enum, Object, OpenApi};
use serde_json::Value;
use shared::operations::{self, Actor, Filter, JobRow, Page};
use shared::{App, Error};
use uuid::Uuid;

pub struct Operations;

wire_enum! {
    /// What a job does.
    JobState("snake_case") from operations::JobState {
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
}

wire_enum! {
    /// What to do with jobs.
    JobAction("snake_case") from operations::Action {
        /// Dead letters run again, with all their tries.
        Retry,
        /// Jobs whose time has not come run now.
        RunNow,
        /// Jobs that do not run become dead letters; dead letters are deleted.
        Discard,
    }
}

/// A job.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct BackgroundJob {
    id: String,
    queue: String,
    state: JobState,
    /// Its payload: ids.
    payload: Any<Value>,
    /// How often it was tried.
    tried: i32,
    /// How often it can be tried.
    tries: i32,
    /// When it is due.
    run_at: Timestamp,
    enqueued_at: Timestamp,
    /// When it became a dead letter.
    dead_at: Option<Timestamp>,
    /// The number of the worker that has it, or had it last.
    worker: Option<String>,
    /// The class of its last failure: `provider_refused`, `database`, `worker` (it panicked or hung) …
    error_class: Option<String>,
    /// Its last failure. Long numbers are masked.
    reason: Option<String>,
    /// The request in which it was enqueued.
    request_id: Option<String>,
}

/// A try of a job that failed.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct FailedTry {
    /// Which try, from 1.
    tried: i32,
    error_class: String,
    reason: String,
    failed_at: Timestamp,
}

/// A job with its failed tries.
#[derive(Object)]
struct BackgroundJobDetail {
    job: BackgroundJob,
    failures: Vec<FailedTry>,
}

/// Which jobs. A part that is absent fits every job.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct JobFilter {
    /// These jobs only.
    #[oai(validator(max_items = 500))]
    ids: Option<Vec<String>>,
    state: Option<JobState>,
    queue: Option<String>,
    error_class: Option<String>,
    /// Jobs whose payload contains this text, for example an id.
    payload: Option<String>,
    /// Jobs that were enqueued at least this many seconds ago.
    older_than_seconds: Option<i64>,
}

/// An action with every job that fits.
#[derive(Object)]
struct JobsToChange {
    action: JobAction,
    filter: JobFilter,
    /// How many jobs were counted. If more fit now, nothing is done.
    #[oai(validator(minimum(value = "0")))]
    expected: i64,
}

/// A question how many jobs an action would change.
#[derive(Object)]
struct JobsToCount {
    /// Without it, every job that fits is counted.
    action: Option<JobAction>,
    filter: JobFilter,
}

/// How many jobs.
#[derive(Object)]
struct JobCount {
    jobs: i64,
}

#[OpenApi]
impl Operations {
    /// Jobs, the oldest first
    #[oai(path = "/api/operations/jobs", method = "get", operation_id = "jobs", tag = Tag::Operations)]
    #[allow(clippy::too_many_arguments, reason = "one for each part of the filter")]
    async fn jobs(
        &self,
        app: Data<&App>,
        _operator: OperatorOnly,
        state: Query<Option<JobState>>,
        queue: Query<Option<String>>,
        /// The class of the last failure.
        #[oai(name = "errorClass")]
        error_class: Query<Option<String>>,
        /// A part of the payload.
        payload: Query<Option<String>>,
        /// Enqueued at least this many seconds ago.
        #[oai(name = "olderThanSeconds")]
        older_than_seconds: Query<Option<i64>>,
        /// Only jobs after this id.
        after: Query<Option<String>>,
        /// How many at most.
        #[oai(
            default = "fifty",
            validator(minimum(value = "1"), maximum(value = "500"))
        )]
        limit: Query<u16>,
    ) -> Result<Vec<BackgroundJob>> {
        let filter = Filter {
            ids: None,
            state: state.0.map(Into::into),
            queue: queue.0,
            error_class: error_class.0,
            payload: payload.0,
            older_than_seconds: older_than_seconds.0,
        };
        let page = Page {
            after: after.0,
            limit: limit.0,
        };
        let jobs = operations::list(&app, &filter, &page).await?;
        Ok(Json(jobs.into_iter().map(Into::into).collect()))
    }

    /// One job with its failed tries
    ///
    /// 404: it is done, or never was.
    #[oai(path = "/api/operations/jobs/:id", method = "get", operation_id = "job", tag = Tag::Operations)]
    async fn job(
        &self,
        app: Data<&App>,
        _operator: OperatorOnly,
        id: Path<String>,
    ) -> Result<BackgroundJobDetail> {
        let shown = operations::job(&app, &id).await?;
        let shown = shown.ok_or(Error::NotFound { what: "job" })?;
        Ok(Json(BackgroundJobDetail {
            job: shown.job.into(),
            failures: shown.failures.into_iter().map(Into::into).collect(),
        }))
    }

    /// How many jobs an action would change
    #[oai(path = "/api/operations/jobs/count", method = "post", operation_id = "countJobs", tag = Tag::Operations)]
    async fn count(
        &self,
        app: Data<&App>,
        _operator: OperatorOnly,
        body: Json<JobsToCount>,
    ) -> Result<JobCount> {
        let JobsToCount { action, filter } = body.0;
        let jobs = operations::count(&app, &filter.into(), action.map(Into::into)).await?;
        Ok(Json(JobCount { jobs }))
    }

    /// Try again, run now or discard every job that fits
    ///
    /// In batches. A job that runs is not changed. If more jobs fit than were counted: 409 `count_changed`.
    #[oai(path = "/api/operations/jobs/act", method = "post", operation_id = "changeJobs", tag = Tag::Operations)]
    async fn act(
        &self,
        app: Data<&App>,
        operator: OperatorOnly,
        body: Json<JobsToChange>,
    ) -> Result<JobCount> {
        let given = body.0;
        let by = actor(&operator.0);
        let filter = given.filter.into();
        let jobs = operations::act(&app, &by, given.action.into(), &filter, given.expected).await?;
        Ok(Json(JobCount { jobs }))
    }

    /// Have a message handled again that was left after five failures
    #[oai(path = "/api/operations/unheard/:id/retry", method = "post", operation_id = "retryUnheardMessage", tag = Tag::Operations)]
    async fn retry_unheard(
        &self,
        app: Data<&App>,
        operator: OperatorOnly,
        id: Path<Uuid>,
    ) -> Result<JobCount> {
        operations::retry_unheard(&app, &actor(&operator.0), id.0).await?;
        Ok(Json(JobCount { jobs: 1 }))
    }
}

fn fifty() -> u16 {
    50
}

/// Who acts, for the log of operators.
pub(super) fn actor(viewer: &Viewer) -> Actor {
    Actor::User(viewer.user.id.clone())
}

impl From<JobFilter> for Filter {
    fn from(given: JobFilter) -> Self {
        Self {
            ids: given.ids,
            state: given.state.map(Into::into),
            queue: given.queue,
            error_class: given.error_class,
            payload: given.payload,
            older_than_seconds: given.older_than_seconds,
        }
    }
}

impl From<JobRow> for BackgroundJob {
    fn from(job: JobRow) -> Self {
        let payload = serde_json::from_str(&job.payload).unwrap_or(Value::String(job.payload));
        Self {
            id: job.id,
            queue: job.queue,
            state: job.state.into(),
            payload: Any(payload),
            tried: job.tried,
            tries: job.tries,
            run_at: Timestamp(job.run_at),
            enqueued_at: Timestamp(job.enqueued_at),
            dead_at: job.dead_at.map(Timestamp),
            worker: job.worker,
            error_class: job.error_class,
            reason: job.reason,
            request_id: job.request_id,
        }
    }
}

impl From<operations::FailedTry> for FailedTry {
    fn from(failed: operations::FailedTry) -> Self {
        Self {
            tried: failed.tried,
            error_class: failed.error_class,
            reason: failed.reason,
            failed_at: Timestamp(failed.failed_at),
        }
    }
}
