//! What a calendar must be able to do.

use crate::Result;
use async_trait::async_trait;
use chrono::{DateTime, FixedOffset};

/// A visit as the calendar shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarEvent {
    /// Our id of the event, so that writing twice creates one event.
    pub id: String,
    /// The visit.
    pub appointment: String,
    /// The title.
    pub summary: String,
    /// The description.
    pub description: String,
    /// The place.
    pub location: Option<String>,
    /// When it begins, in the company's zone.
    pub starts_at: DateTime<FixedOffset>,
    /// When it ends.
    pub ends_at: DateTime<FixedOffset>,
    /// The IANA name of the company's zone.
    pub timezone: &'static str,
}

/// A calendar. Both calls can be repeated.
#[async_trait]
pub trait Calendar: Send + Sync + 'static {
    /// Writes the event, new or changed. Returns the calendar's id of it. Fails with `Error::Provider`.
    async fn put(&self, event: &CalendarEvent) -> Result<String>;

    /// Deletes the event, if it exists.
    async fn remove(&self, event_id: &str) -> Result<()>;
}
