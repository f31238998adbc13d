//! `ReleaseHeldLeads`: leads that waited for somebody to be there.

use super::Perform;
use shared::jobs::ReleaseHeldLeads;
use shared::{App, Result, distribution};

impl Perform for ReleaseHeldLeads {
    async fn perform(&self, app: &App) -> Result<()> {
        match self.cycle {
            Some(cycle) => distribution::release(app, cycle).await.map(|_| ()),
            None => distribution::reconsider_held(app).await.map(|_| ()),
        }
    }

    /// The sweep releases what is due, and the audit tells of it.
    async fn bury(&self, _: &App, _: &str) -> Result<()> {
        Ok(())
    }
}
