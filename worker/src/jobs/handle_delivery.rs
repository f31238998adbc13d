//! `HandleDelivery`: handles a webhook delivery.

use super::run::Perform;
use crate::outcome::Missing;
use shared::jobs::HandleDelivery;
use shared::{App, Result, meta};

impl Perform for HandleDelivery {
    // A merge may have moved a lead's rows. The next try finds them.
    const MISSING: Missing = Missing::Retry;

    async fn perform(&self, app: &App) -> Result<()> {
        meta::handle_delivery(app, self.delivery).await
    }

    async fn on_discarded(&self, app: &App, reason: &str) -> Result<()> {
        meta::give_up_delivery(app, self.delivery, reason).await
    }
}
