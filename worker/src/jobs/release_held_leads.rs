//! `ReleaseHeldLeads`: offers held leads. If it is discarded, the sweep releases what is due.

use super::run::Perform;
use shared::jobs::ReleaseHeldLeads;
use shared::{App, Result, distribution};

impl Perform for ReleaseHeldLeads {
    async fn perform(&self, app: &App) -> Result<()> {
        match self.cycle {
            Some(cycle) => distribution::release(app, cycle).await.map(|_| ()),
            None => distribution::reconsider_held(app).await.map(|_| ()),
        }
    }
}
