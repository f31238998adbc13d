//! `SendSummary`: sends each manager the figures of a day.

use super::run::Perform;
use shared::jobs::SendSummary;
use shared::{App, Result, distribution};

impl Perform for SendSummary {
    async fn perform(&self, app: &App) -> Result<()> {
        distribution::send_summary(app, self.day).await
    }
}
