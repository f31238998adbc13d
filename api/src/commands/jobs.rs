//! `api jobs`: jobs, queues and processes at a terminal.

use super::actor::actor;
use super::print;
use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use shared::operations::{self, Action, Filter, JobRow, JobState, Page};
use shared::{App, Error};

/// What `api jobs` does.
#[derive(Clone, Debug, Subcommand)]
pub enum Jobs {
    /// List the queues with their jobs and pauses.
    Queues,
    /// List jobs, the oldest first.
    List {
        /// Which jobs.
        #[command(flatten)]
        filter: FilterOptions,
        /// How many at most.
        #[arg(long, default_value_t = 50)]
        limit: u16,
        /// Only jobs after this id.
        #[arg(long)]
        after: Option<String>,
    },
    /// Show one job with its failed tries.
    Show {
        /// The job.
        id: String,
    },
    /// Have dead letters run again, with all their tries.
    Retry(Change),
    /// Have jobs run now whose time has not come.
    RunNow(Change),
    /// Make jobs that do not run dead letters; delete dead letters.
    Discard(Change),
    /// Stop fetching the jobs of a queue.
    Pause {
        /// The queue: `send-message.v1`.
        queue: String,
    },
    /// End the pause of a queue.
    Resume {
        /// The queue: `send-message.v1`.
        queue: String,
    },
    /// List the processes with their hosts and versions.
    Processes,
    /// List what operators did, newest first.
    Actions,
}

/// A change of every job that fits.
#[derive(Args, Clone, Debug)]
pub struct Change {
    /// Which jobs.
    #[command(flatten)]
    filter: FilterOptions,
    /// Change them. Without it, they are only counted.
    #[arg(long)]
    yes: bool,
}

/// Which jobs. A part that is absent fits every job.
#[derive(Args, Clone, Debug, Default)]
pub struct FilterOptions {
    /// These jobs only.
    #[arg(long)]
    id: Vec<String>,
    /// `waiting`, `scheduled`, `retrying`, `running` or `dead`.
    #[arg(long, value_parser = state)]
    state: Option<JobState>,
    /// The queue: `send-message.v1`.
    #[arg(long)]
    queue: Option<String>,
    /// The class of the last failure: `provider_refused`, `database` …
    #[arg(long)]
    error_class: Option<String>,
    /// A part of the payload, for example an id.
    #[arg(long)]
    payload: Option<String>,
    /// Enqueued at least this many seconds ago.
    #[arg(long)]
    older_than_seconds: Option<i64>,
}

fn state(given: &str) -> Result<JobState, String> {
    JobState::from_name(given)
        .ok_or_else(|| "must be waiting, scheduled, retrying, running or dead".to_owned())
}

impl FilterOptions {
    fn filter(&self) -> Filter {
        Filter {
            ids: (!self.id.is_empty()).then(|| self.id.clone()),
            state: self.state,
            queue: self.queue.clone(),
            error_class: self.error_class.clone(),
            payload: self.payload.clone(),
            older_than_seconds: self.older_than_seconds,
        }
    }
}

/// Runs one of the commands. Fails if the database does, if there is no such job, or if more jobs fit than were counted.
pub async fn run(app: &App, command: &Jobs, as_json: bool) -> anyhow::Result<()> {
    match command {
        Jobs::Queues => queues(app, as_json).await,
        Jobs::List {
            filter,
            limit,
            after,
        } => {
            let page = Page {
                after: after.clone(),
                limit: *limit,
            };
            let jobs = operations::list(app, &filter.filter(), &page).await?;
            show_jobs(&jobs, as_json)
        }
        Jobs::Show { id } => show(app, id, as_json).await,
        Jobs::Retry(change) => act(app, Action::Retry, change, as_json).await,
        Jobs::RunNow(change) => act(app, Action::RunNow, change, as_json).await,
        Jobs::Discard(change) => act(app, Action::Discard, change, as_json).await,
        Jobs::Pause { queue } => {
            operations::pause(app, &actor(), queue).await?;
            queues(app, as_json).await
        }
        Jobs::Resume { queue } => {
            operations::resume(app, &actor(), queue).await?;
            queues(app, as_json).await
        }
        Jobs::Processes => processes(app, as_json).await,
        Jobs::Actions => actions(app, as_json).await,
    }
}

async fn queues(app: &App, as_json: bool) -> anyhow::Result<()> {
    let queues = operations::queues(app).await?;
    let number = |number: i64| number.to_string();
    let rows: Vec<Vec<String>> = queues
        .iter()
        .map(|row| {
            vec![
                row.queue.clone(),
                number(row.waiting),
                number(row.scheduled),
                number(row.retrying),
                number(row.running),
                number(row.dead),
                row.oldest_waiting_seconds
                    .map_or_else(String::new, |seconds| format!("{seconds:.1} s")),
                row.paused_by.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let head = [
        "queue",
        "waiting",
        "scheduled",
        "retrying",
        "running",
        "dead",
        "oldest",
        "paused by",
    ];
    if as_json {
        return Ok(print::json(&records(&head, &rows))?);
    }
    Ok(print::table(&head, &rows)?)
}

/// Rows as JSON objects, whose keys are the heads of the columns.
fn records(head: &[&str], rows: &[Vec<String>]) -> Value {
    let record = |row: &Vec<String>| {
        let fields = head.iter().zip(row);
        fields
            .map(|(name, value)| ((*name).replace(' ', "_"), json!(value)))
            .collect::<serde_json::Map<String, Value>>()
    };
    rows.iter().map(record).map(Value::Object).collect()
}

const JOB: [&str; 8] = [
    "id", "queue", "state", "tried", "due", "class", "reason", "payload",
];

fn cells(job: &JobRow) -> Vec<String> {
    vec![
        job.id.clone(),
        job.queue.clone(),
        job.state.as_str().to_owned(),
        format!("{}/{}", job.tried, job.tries),
        time(job.run_at),
        job.error_class.clone().unwrap_or_default(),
        job.reason.clone().unwrap_or_default(),
        job.payload.clone(),
    ]
}

fn show_jobs(jobs: &[JobRow], as_json: bool) -> anyhow::Result<()> {
    let rows: Vec<Vec<String>> = jobs.iter().map(cells).collect();
    if as_json {
        return Ok(print::json(&records(&JOB, &rows))?);
    }
    Ok(print::table(&JOB, &rows)?)
}

async fn show(app: &App, id: &str, as_json: bool) -> anyhow::Result<()> {
    let shown = operations::job(app, id).await?;
    let shown = shown.ok_or(Error::NotFound { what: "job" })?;
    let head = ["try", "failed at", "class", "reason"];
    let failures: Vec<Vec<String>> = shown
        .failures
        .iter()
        .map(|failed| {
            vec![
                failed.tried.to_string(),
                time(failed.failed_at),
                failed.error_class.clone(),
                failed.reason.clone(),
            ]
        })
        .collect();
    if as_json {
        let job = records(&JOB, &[cells(&shown.job)]);
        let value = json!({ "job": job[0], "failures": records(&head, &failures) });
        return Ok(print::json(&value)?);
    }
    print::table(&JOB, &[cells(&shown.job)])?;
    print::line("")?;
    Ok(print::table(&head, &failures)?)
}

async fn act(app: &App, action: Action, change: &Change, as_json: bool) -> anyhow::Result<()> {
    let filter = change.filter.filter();
    let counted = operations::count(app, &filter, Some(action)).await?;
    let jobs = if change.yes {
        operations::act(app, &actor(), action, &filter, counted)
            .await
            .context("nothing more was changed")?
    } else {
        counted
    };
    if as_json {
        let value = json!({ "action": action.as_str(), "jobs": jobs, "done": change.yes });
        return Ok(print::json(&value)?);
    }
    let word = action.as_str().replace('_', " ");
    Ok(print::line(&if change.yes {
        format!("{word}: {jobs} jobs")
    } else {
        format!("{word}: {jobs} jobs fit; add --yes to do it")
    })?)
}

async fn processes(app: &App, as_json: bool) -> anyhow::Result<()> {
    let rows: Vec<Vec<String>> = operations::processes(app)
        .await?
        .into_iter()
        .map(|row| {
            let alive = if row.alive { "yes" } else { "no" };
            vec![
                row.kind,
                row.instance,
                row.host,
                row.pid.to_string(),
                row.version,
                row.schema.to_string(),
                time(row.started_at),
                time(row.seen_at),
                alive.to_owned(),
            ]
        })
        .collect();
    let head = [
        "kind",
        "instance",
        "host",
        "pid",
        "version",
        "schema",
        "started at",
        "heard of",
        "alive",
    ];
    if as_json {
        return Ok(print::json(&records(&head, &rows))?);
    }
    Ok(print::table(&head, &rows)?)
}

async fn actions(app: &App, as_json: bool) -> anyhow::Result<()> {
    let rows: Vec<Vec<String>> = operations::actions(app, 200)
        .await?
        .into_iter()
        .map(|done| {
            vec![
                time(done.at),
                done.by_whom,
                done.action,
                done.rows.to_string(),
                done.subject.to_string(),
            ]
        })
        .collect();
    let head = ["at", "by", "action", "rows", "subject"];
    if as_json {
        return Ok(print::json(&records(&head, &rows))?);
    }
    Ok(print::table(&head, &rows)?)
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
