//! `SyncAppointment`: the calendar follows a visit.

use super::Perform;
use shared::jobs::SyncAppointment;
use shared::{App, Result, appointments};

impl Perform for SyncAppointment {
    async fn perform(&self, app: &App) -> Result<()> {
        appointments::sync(app, self.appointment).await
    }

    async fn bury(&self, app: &App, reason: &str) -> Result<()> {
        appointments::give_up_sync(app, self.appointment, reason).await
    }
}
