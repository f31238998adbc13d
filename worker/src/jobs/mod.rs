//! What each job does: one operation of `shared` each.

mod check_ack_deadline;
mod fetch_meta_lead;
mod forward_lead_to_sales;
mod handle_delivery;
mod reconcile_meta_leads;
mod release_held_leads;
mod remind_of_appointment;
mod send_conversion;
mod send_message;
mod sync_appointment;

use crate::outcome::{Outcome, after_failure};
use futures::FutureExt;
use shared::jobs::Job;
use shared::{App, Error, Result};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// A job that runs longer than this has hung; it is tried again.
pub(crate) const LONGEST_RUN: Duration = Duration::from_secs(30);

/// A job that this worker knows how to do.
#[allow(
    async_fn_in_trait,
    reason = "every implementation is in this crate, and Send"
)]
pub trait Perform: Job {
    /// Does it. Doing it twice changes nothing.
    fn perform(&self, app: &App) -> impl Future<Output = Result<()>> + Send;

    /// Cleans up after it was given up.
    fn bury(&self, app: &App, reason: &str) -> impl Future<Output = Result<()>> + Send;
}

/// Runs one job from its stored payload, this being the `tried`-th try. Whatever happens inside, a
/// panic, a payload that cannot be read, a call that hangs, ends this job and no other.
pub async fn run<J: Perform>(app: &App, payload: &[u8], tried: usize) -> Outcome {
    let tries = usize::try_from(J::TRIES).unwrap_or(1);
    let Ok(job) = serde_json::from_slice::<J>(payload) else {
        tracing::error!(queue = J::QUEUE, "job.unreadable");
        return Outcome::Dead;
    };
    // A job whose tries ran out with its workers' lives.
    if tried > tries {
        return bury(
            app,
            &job,
            "it was being run when its worker died, too often",
        )
        .await;
    }
    let error = match guarded(app, &job).await {
        Ok(()) => return Outcome::Done,
        Err(error) => error,
    };
    let outcome = after_failure(&error, tried, tries, rand::random());
    match outcome {
        Outcome::Done => tracing::warn!(queue = J::QUEUE, %error, "job.moot"),
        Outcome::Again(wait) => {
            tracing::warn!(queue = J::QUEUE, tried, wait_ms = wait.as_millis(), %error, "job.again");
        }
        Outcome::Later(_) => tracing::debug!(queue = J::QUEUE, %error, "job.waits"),
        Outcome::Dead => return bury(app, &job, &error.to_string()).await,
    }
    outcome
}

async fn guarded<J: Perform>(app: &App, job: &J) -> Result<()> {
    let unavailable = |reason: &str| Error::Unavailable {
        provider: "worker",
        retry_after: None,
        reason: reason.to_owned(),
    };
    let performed = AssertUnwindSafe(job.perform(app)).catch_unwind();
    match tokio::time::timeout(LONGEST_RUN, performed).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(unavailable("the job panicked")),
        Err(_) => Err(unavailable("the job hung")),
    }
}

async fn bury<J: Perform>(app: &App, job: &J, reason: &str) -> Outcome {
    tracing::error!(queue = J::QUEUE, reason, "job.dead");
    if let Err(error) = job.bury(app, reason).await {
        tracing::error!(queue = J::QUEUE, %error, "job.unburied");
    }
    Outcome::Dead
}
