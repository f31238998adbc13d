//! `ReleaseHeldLeads`: looks at held leads. If it is discarded, the sweep looks.

use super::run::Perform;
use shared::jobs::ReleaseHeldLeads;
use shared::{App, Result, distribution};

impl Perform for ReleaseHeldLeads {
    async fn perform(&self, app: &App) -> Result<()> {
        match self.queue {
            Some(queue) => distribution::release_held_of(app, queue).await.map(|_| ()),
            None => distribution::reconsider_held(app).await.map(|_| ()),
        }
    }
}
