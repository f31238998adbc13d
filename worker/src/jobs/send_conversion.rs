//! `SendConversion`: reports the outcome of a lead to Meta. If it is discarded, its row stays unreported,
//! for a person.

use super::run::Perform;
use shared::jobs::SendConversion;
use shared::{App, Result, meta};

impl Perform for SendConversion {
    async fn perform(&self, app: &App) -> Result<()> {
        meta::send_conversion(app, self.conversion).await
    }
}
