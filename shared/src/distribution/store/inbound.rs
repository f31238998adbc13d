//! Words written down and not yet acted on.

use super::super::model::{Offer, Word};
use crate::Result;
use crate::id::MessageId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;

/// A word with the time of its receipt.
#[derive(Clone, Debug)]
pub(in super::super) struct InboundEvent {
    /// Its id, and its message's.
    pub(in super::super) id: MessageId,
    /// What was written.
    pub(in super::super) word: Word,
    /// When it was written down, by the one clock.
    pub(in super::super) received_at: DateTime<Utc>,
}

pub(in super::super) async fn insert_inbound(
    connection: &mut PgConnection,
    id: MessageId,
    word: &Word,
    received_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into inbound_event (id, sender, payload, received_at) values ($1, $2, $3, $4)",
        id.0,
        word.from.as_str(),
        Json(word) as _,
        received_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes the record, which comes back if the transaction does not commit.
pub(in super::super) async fn take_inbound(
    connection: &mut PgConnection,
    id: MessageId,
) -> Result<Option<InboundEvent>> {
    let row = sqlx::query!(
        r#"delete from inbound_event where id = $1
           returning payload as "payload: Json<Word>", received_at"#,
        id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| InboundEvent {
        id,
        word: row.payload.0,
        received_at: row.received_at,
    }))
}

pub(in super::super) async fn count_failure(
    connection: &mut PgConnection,
    id: MessageId,
) -> Result<()> {
    sqlx::query!(
        "update inbound_event set failures = failures + 1 where id = $1",
        id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in super::super) async fn inbound_before(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
    most_failures: i32,
) -> Result<Vec<MessageId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: MessageId" from inbound_event
           where received_at < $1 and failures < $2 order by received_at limit 100"#,
        before,
        most_failures
    )
    .fetch_all(connection)
    .await?)
}

/// A word of the offer's agent that was in time and has not been acted on.
pub(in super::super) async fn word_in_time(
    connection: &mut PgConnection,
    offer: &Offer,
    most_failures: i32,
) -> Result<Option<MessageId>> {
    Ok(sqlx::query_scalar!(
        r#"select e.id as "id: MessageId" from inbound_event e join "user" u on u.phone = e.sender
           where u.id = $1 and e.failures < $3
             and least(e.received_at, (e.payload ->> 'sent_at')::timestamptz) < $2
           order by e.received_at limit 1"#,
        offer.sales_id.0,
        offer.ack_deadline_at,
        most_failures
    )
    .fetch_optional(connection)
    .await?)
}
