//! `EnterLeadList`: enters the next rows of a list of leads.

use super::run::Perform;
use shared::jobs::EnterLeadList;
use shared::{App, Result, distribution};

impl Perform for EnterLeadList {
    async fn perform(&self, app: &App) -> Result<()> {
        distribution::enter_list(app, self.list, self.nth).await
    }
}
