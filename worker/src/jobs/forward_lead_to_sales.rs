//! `ForwardLeadToSales`: sends an attempt's offer.

use super::run::Perform;
use shared::jobs::ForwardLeadToSales;
use shared::{App, Result, distribution};

impl Perform for ForwardLeadToSales {
    async fn perform(&self, app: &App) -> Result<()> {
        distribution::forward(app, self.attempt).await
    }

    async fn on_discarded(&self, app: &App, reason: &str) -> Result<()> {
        distribution::give_up_offer(app, self.attempt, reason).await
    }
}
