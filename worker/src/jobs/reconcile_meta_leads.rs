//! `ReconcileMetaLeads`: leads whose webhook never came.

use super::Perform;
use shared::jobs::ReconcileMetaLeads;
use shared::{App, Result, meta};

impl Perform for ReconcileMetaLeads {
    async fn perform(&self, app: &App) -> Result<()> {
        meta::reconcile(app).await.map(|_| ())
    }

    /// The next look sees what this one did not.
    async fn bury(&self, _: &App, _: &str) -> Result<()> {
        Ok(())
    }
}
