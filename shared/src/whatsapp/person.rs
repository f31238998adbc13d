//! One person's messages, shown and erased.

use super::store;
use crate::Result;
use crate::leads::{Candidates, Person};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// Rows that are or may be of people, or name them.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(super) messages: Candidates,
    /// Sends to them.
    pub(super) sends: Vec<Uuid>,
}

/// The rows of a person's messages, as JSON by table.
pub(crate) async fn person_rows(connection: &mut PgConnection, person: &Person) -> Result<Value> {
    store::person_rows(connection, person).await
}

/// Searches for the rows of these people, and for messages that may name them. Reads every message, and locks nothing.
pub(crate) async fn search(
    connection: &mut PgConnection,
    people: &[Person],
    now: DateTime<Utc>,
) -> Result<Named> {
    let none = Candidates::none(now);
    Ok(Named {
        messages: none.with(store::search(connection, people).await?),
        sends: store::search_sends(connection, people).await?,
    })
}

/// Erases the words of every message from, to or about a person, and replaces their numbers and names in other messages. Of
/// messages from before the search, it looks only at those in `named`. What waits to be sent is not sent. Returns how many messages
/// were erased, and how many changed.
pub(crate) async fn erase_person(
    connection: &mut PgConnection,
    person: &Person,
    named: &Named,
    now: DateTime<Utc>,
) -> Result<(u64, u64)> {
    let Named { messages, sends } = named;
    store::remember_digests(connection, (person, messages), now).await?;
    let erased = store::erase_messages(connection, person, messages).await?;
    store::erase_sends(connection, person, (sends, messages.since)).await?;
    let changed = store::erase_mentions(connection, person, messages).await?;
    Ok((erased, changed))
}
