//! `ForwardLeadToSales`: the offer of an attempt.

use super::Perform;
use shared::jobs::ForwardLeadToSales;
use shared::{App, Result, distribution};

impl Perform for ForwardLeadToSales {
    async fn perform(&self, app: &App) -> Result<()> {
        distribution::forward(app, self.attempt).await
    }

    async fn bury(&self, app: &App, reason: &str) -> Result<()> {
        distribution::give_up_offer(app, self.attempt, reason).await
    }
}
