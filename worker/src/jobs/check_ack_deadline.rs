//! `CheckAckDeadline`: the alarm at an attempt's deadline.

use super::Perform;
use shared::jobs::CheckAckDeadline;
use shared::{App, Result, distribution};

impl Perform for CheckAckDeadline {
    /// An alarm that finds its deadline moved has nothing to do: the move set an alarm of its own.
    async fn perform(&self, app: &App) -> Result<()> {
        distribution::check_deadline(app, self.attempt).await?;
        Ok(())
    }

    /// The sweep rolls what no alarm did.
    async fn bury(&self, _: &App, _: &str) -> Result<()> {
        Ok(())
    }
}
