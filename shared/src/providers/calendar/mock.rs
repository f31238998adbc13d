//! The calendar of `GOOGLE_CALENDAR_MOCK=true`, the default: it writes nothing.

use super::port::{Calendar, CalendarEvent};
use crate::Result;
use async_trait::async_trait;

/// A calendar that writes nothing and gives each appointment a mock event id, as the previous server did.
pub struct MockCalendar;

#[async_trait]
impl Calendar for MockCalendar {
    async fn put(&self, event: &CalendarEvent) -> Result<String> {
        Ok(format!("mock-{}", event.appointment))
    }

    async fn remove(&self, _: &str) -> Result<()> {
        Ok(())
    }
}
