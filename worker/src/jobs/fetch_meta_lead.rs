//! `FetchMetaLead`: a lead of a Meta form.

use super::Perform;
use shared::jobs::FetchMetaLead;
use shared::{App, Result, meta};

impl Perform for FetchMetaLead {
    async fn perform(&self, app: &App) -> Result<()> {
        meta::fetch_lead(app, &self.lead).await
    }

    async fn bury(&self, app: &App, reason: &str) -> Result<()> {
        meta::give_up_lead(app, &self.lead, reason).await
    }
}
