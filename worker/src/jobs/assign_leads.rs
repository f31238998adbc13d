//! `AssignLeads`: carries out a bulk assignment.

use super::run::Perform;
use shared::jobs::AssignLeads;
use shared::{App, Result, distribution};

impl Perform for AssignLeads {
    async fn perform(&self, app: &App) -> Result<()> {
        distribution::carry_out_bulk(app, self.bulk, self.nth).await
    }
}
