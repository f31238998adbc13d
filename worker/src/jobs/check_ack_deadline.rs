//! `CheckAckDeadline`: checks an attempt at its deadline. If it is discarded, the sweep rolls the attempt.

use super::run::Perform;
use shared::distribution::{self, Cause, Checked};
use shared::jobs::CheckAckDeadline;
use shared::{App, Result};
use std::time::Duration;

/// A job that runs at most this much before the deadline waits for it.
const MAX_EARLY: Duration = Duration::from_millis(100);

impl Perform for CheckAckDeadline {
    /// Rolls the attempt if it is due. A job whose deadline was moved does nothing: the move enqueued
    /// another job. A job that runs a moment early, because the clock of its host is ahead, waits.
    async fn perform(&self, app: &App) -> Result<()> {
        while let Checked::NotDue(wait) =
            distribution::check_deadline(app, self.attempt, Cause::Alarm).await?
        {
            if wait > MAX_EARLY {
                break;
            }
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }
}
