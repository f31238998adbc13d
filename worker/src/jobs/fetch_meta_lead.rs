//! `FetchMetaLead`: fetches a lead of a Meta form.

use super::run::Perform;
use crate::outcome::Missing;
use shared::jobs::FetchMetaLead;
use shared::{App, Result, meta};

impl Perform for FetchMetaLead {
    // A merge may have moved the lead's rows. The next try finds them.
    const MISSING: Missing = Missing::Retry;

    async fn perform(&self, app: &App) -> Result<()> {
        meta::fetch_lead(app, &self.lead).await
    }

    async fn on_discarded(&self, app: &App, reason: &str) -> Result<()> {
        meta::give_up_lead(app, &self.lead, reason).await
    }
}
