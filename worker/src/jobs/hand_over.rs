//! `HandOver`: moves the offers, leads and visits of a disabled agent.

use super::run::Perform;
use shared::jobs::HandOver;
use shared::{App, Result, distribution};

impl Perform for HandOver {
    async fn perform(&self, app: &App) -> Result<()> {
        distribution::hand_over(app, self.handover).await
    }
}
