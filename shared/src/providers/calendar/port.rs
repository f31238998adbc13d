//! What a calendar must be able to do.

use crate::Result;
use async_trait::async_trait;
use chrono::{DateTime, FixedOffset};

/// A visit as the calendar shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarEvent {
    /// Our name for it there, which makes writing it twice one event.
    pub id: String,
    /// The appointment.
    pub appointment: String,
    /// In a line.
    pub summary: String,
    /// More of it.
    pub description: String,
    /// Where.
    pub location: Option<String>,
    /// From when, by the company's clock.
    pub starts_at: DateTime<FixedOffset>,
    /// Until when.
    pub ends_at: DateTime<FixedOffset>,
    /// The company's zone, by its IANA name.
    pub timezone: &'static str,
}

/// A calendar. Both calls may be repeated.
#[async_trait]
pub trait Calendar: Send + Sync + 'static {
    /// Writes the event, new or changed; returns the calendar's id of it.
    async fn put(&self, event: &CalendarEvent) -> Result<String>;

    /// Removes it, if it is there.
    async fn remove(&self, event_id: &str) -> Result<()>;
}
