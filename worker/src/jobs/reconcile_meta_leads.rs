//! `ReconcileMetaLeads`: looks for leads whose webhook never came. If it is discarded, the next job looks
//! for the same leads.

use super::run::Perform;
use shared::jobs::ReconcileMetaLeads;
use shared::{App, Result, meta};

impl Perform for ReconcileMetaLeads {
    async fn perform(&self, app: &App) -> Result<()> {
        meta::reconcile(app).await.map(|_| ())
    }
}
