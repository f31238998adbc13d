//! `SyncAppointment`: writes a visit to the calendar.

use super::run::Perform;
use shared::jobs::SyncAppointment;
use shared::{App, Result, appointments};

impl Perform for SyncAppointment {
    async fn perform(&self, app: &App) -> Result<()> {
        appointments::sync(app, self.appointment).await
    }

    async fn on_discarded(&self, app: &App, reason: &str) -> Result<()> {
        appointments::give_up_sync(app, self.appointment, reason).await
    }
}
