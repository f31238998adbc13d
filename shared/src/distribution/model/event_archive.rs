//! A file of old events.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A file to which events moved.
#[derive(Clone, Debug)]
pub struct EventArchive {
    /// The archive.
    pub id: Uuid,
    /// Events of leads with no later event than this moved.
    pub before: DateTime<Utc>,
    /// The file, as it was named when it was written.
    pub file: String,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// How many events it has.
    pub events: i64,
    /// How many of them are deleted from the database. Fewer: the command was interrupted, or a lead was distributed again.
    pub deleted: i64,
    /// The time of its first event.
    pub first_at: DateTime<Utc>,
    /// The time of its last event.
    pub last_at: DateTime<Utc>,
    /// When it was written.
    pub made_at: DateTime<Utc>,
    /// Who wrote it.
    pub made_by: String,
}
