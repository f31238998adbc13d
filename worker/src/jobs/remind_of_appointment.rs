//! `RemindOfAppointment`: a word before a visit.

use super::Perform;
use shared::jobs::RemindOfAppointment;
use shared::{App, Result, appointments};

impl Perform for RemindOfAppointment {
    async fn perform(&self, app: &App) -> Result<()> {
        appointments::remind(app, self.reminder).await
    }

    /// The sweep says what this one did not.
    async fn bury(&self, _: &App, _: &str) -> Result<()> {
        Ok(())
    }
}
