//! `SendConversion`: what became of a lead, told to Meta.

use super::Perform;
use shared::jobs::SendConversion;
use shared::{App, Result, meta};

impl Perform for SendConversion {
    async fn perform(&self, app: &App) -> Result<()> {
        meta::send_conversion(app, self.conversion).await
    }

    /// Its row stays untold, for a person to look at.
    async fn bury(&self, _: &App, _: &str) -> Result<()> {
        Ok(())
    }
}
