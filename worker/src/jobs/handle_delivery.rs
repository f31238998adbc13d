//! `HandleDelivery`: what a webhook delivered.

use super::Perform;
use shared::jobs::HandleDelivery;
use shared::{App, Result, meta};

impl Perform for HandleDelivery {
    async fn perform(&self, app: &App) -> Result<()> {
        meta::handle_delivery(app, self.delivery).await
    }

    async fn bury(&self, app: &App, reason: &str) -> Result<()> {
        meta::give_up_delivery(app, self.delivery, reason).await
    }
}
