//! Running one job: what a handler implements, and what becomes of the job afterwards.

use crate::outcome::{Missing, Outcome, after_failure};
use futures::FutureExt;
use shared::error::ProviderFailure;
use shared::jobs::{Job, JobFailure};
use shared::{App, Error, Result};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// A job that runs longer than this hangs. It is stopped and tried again.
pub(crate) const MAX_RUN_TIME: Duration = Duration::from_secs(30);

/// A job that this worker can run.
#[allow(
    async_fn_in_trait,
    reason = "every implementation is in this crate, and Send"
)]
pub(crate) trait Perform: Job {
    /// What becomes of the job if a row that it needs does not exist.
    const MISSING: Missing = Missing::Done;

    /// Runs the job. A second run must change nothing.
    ///
    /// The error decides what becomes of the job: see [`after_failure`].
    fn perform(&self, app: &App) -> impl Future<Output = Result<()>> + Send;

    /// Cleans up after the job was discarded. By default there is nothing to clean up.
    fn on_discarded(&self, app: &App, reason: &str) -> impl Future<Output = Result<()>> + Send {
        let _ = (app, reason);
        async { Ok(()) }
    }
}

/// What became of a job, and why if it failed.
pub(crate) struct Ran {
    /// What becomes of it.
    pub(crate) outcome: Outcome,
    /// Why this try failed. `None` if it did not.
    pub(crate) failure: Option<JobFailure>,
}

impl Ran {
    /// It is done.
    pub(crate) const DONE: Self = Self {
        outcome: Outcome::Done,
        failure: None,
    };
}

/// Runs one job from its stored payload. This is its `tried`-th try, from 1.
///
/// A panic, an unreadable payload or a call that hangs ends this job and no other.
pub(crate) async fn run<J: Perform>(app: &App, payload: &[u8], tried: usize) -> Ran {
    let tries = usize::try_from(J::TRIES).unwrap_or(1);
    let Ok(job) = serde_json::from_slice::<J>(payload) else {
        let reason = "this version cannot read its payload";
        tracing::error!(queue = J::QUEUE, reason, "job.discarded");
        return Ran {
            outcome: Outcome::Discard,
            failure: Some(JobFailure::new("unreadable", reason)),
        };
    };
    // Each of the earlier workers died while it ran the job, or an operator discards it.
    if tried > tries {
        let reason = "its workers died while they ran it, or an operator discarded it";
        return discard(app, &job, JobFailure::new("no_tries_left", reason)).await;
    }
    let error = match guarded(app, &job).await {
        Ok(()) => return Ran::DONE,
        Err(error) => error,
    };
    let outcome = after_failure(&error, J::MISSING, tried, tries, rand::random());
    match outcome {
        Outcome::Done => tracing::warn!(queue = J::QUEUE, %error, "job.moot"),
        Outcome::Retry(wait) => {
            tracing::warn!(queue = J::QUEUE, tried, wait_ms = wait.as_millis(), %error, "job.retry");
        }
        Outcome::Snooze(_) => tracing::debug!(queue = J::QUEUE, %error, "job.snoozed"),
        Outcome::Discard => return discard(app, &job, JobFailure::of(&error)).await,
    }
    Ran {
        outcome,
        failure: Some(JobFailure::of(&error)),
    }
}

async fn guarded<J: Perform>(app: &App, job: &J) -> Result<()> {
    let failed = |reason: &str| {
        Err(Error::provider(
            "worker",
            ProviderFailure::UNAVAILABLE,
            reason,
        ))
    };
    let performed = AssertUnwindSafe(job.perform(app)).catch_unwind();
    match tokio::time::timeout(MAX_RUN_TIME, performed).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => failed("the job panicked"),
        Err(_) => failed("the job hung"),
    }
}

async fn discard<J: Perform>(app: &App, job: &J, failure: JobFailure) -> Ran {
    let reason = failure.reason.as_str();
    tracing::error!(queue = J::QUEUE, reason, "job.discarded");
    if let Err(error) = job.on_discarded(app, reason).await {
        tracing::error!(queue = J::QUEUE, %error, "job.not_cleaned_up");
    }
    Ran {
        outcome: Outcome::Discard,
        failure: Some(failure),
    }
}
