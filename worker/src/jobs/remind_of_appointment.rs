//! `RemindOfAppointment`: sends a reminder of a visit. If it is discarded, the sweep sends the reminder.

use super::run::Perform;
use shared::jobs::RemindOfAppointment;
use shared::{App, Result, appointments};

impl Perform for RemindOfAppointment {
    async fn perform(&self, app: &App) -> Result<()> {
        appointments::remind(app, self.reminder).await
    }
}
