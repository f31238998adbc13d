//! One person's visits, shown and erased.

use super::calendar::follow_in_calendar;
use super::store;
use crate::Result;
use crate::leads::Person;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

/// The rows of a person's visits, as JSON by table.
pub(crate) async fn person_rows(connection: &mut PgConnection, person: &Person) -> Result<Value> {
    store::person_rows(connection, person).await
}

/// Erases the places and notes of a person's visits, and cancels those that are ahead. Jobs write the calendar again, where
/// past visits name nobody then. The leads must be erased in the same transaction. Returns how many visits.
pub(crate) async fn erase_person(
    connection: &mut PgConnection,
    person: &Person,
    now: DateTime<Utc>,
) -> Result<usize> {
    let visits = store::erase_visits(connection, person, now).await?;
    for visit in &visits {
        store::void_reminders(connection, visit.id, "erased", now).await?;
        if visit.in_calendar {
            follow_in_calendar(connection, visit.id, visit.version, now).await?;
        }
    }
    Ok(visits.len())
}
