//! `CheckAckDeadline`: the alarm at an attempt's deadline.

use super::Perform;
use shared::distribution::{self, Cause, Checked};
use shared::jobs::CheckAckDeadline;
use shared::{App, Result};
use std::time::Duration;

/// As much earlier than the database's clock as an alarm may ring.
const MOMENT: Duration = Duration::from_millis(100);

impl Perform for CheckAckDeadline {
    /// An alarm that finds its deadline moved has nothing to do: the move set an alarm of its own.
    /// One that rang a moment early, its host's clock being quicker, waits that moment.
    async fn perform(&self, app: &App) -> Result<()> {
        while let Checked::NotDue(wait) =
            distribution::check_deadline(app, self.attempt, Cause::Alarm).await?
        {
            if wait > MOMENT {
                break;
            }
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// The sweep rolls what no alarm did.
    async fn bury(&self, _: &App, _: &str) -> Result<()> {
        Ok(())
    }
}
