//! Words written down and not yet acted on.

use super::super::model::{Offer, Word};
use crate::Result;
use crate::id::MessageId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;

/// The first key of the lock between a word's receipt and a roll; the second is the sender's number,
/// hashed. "PLwd" in ASCII.
pub(super) const WORD_LOCK_CLASS: i32 = 0x504C_7764;

/// A word with the time of its receipt.
#[derive(Clone, Debug)]
pub(in super::super) struct InboundEvent {
    /// Its id, and its message's.
    pub(in super::super) id: MessageId,
    /// What was written.
    pub(in super::super) word: Word,
    /// When it was written down, by the one clock.
    pub(in super::super) received_at: DateTime<Utc>,
    /// The time that it counts for.
    pub(in super::super) acknowledged_at: DateTime<Utc>,
}

/// Says that a word of this sender is being written down, until the transaction ends. A roll that
/// must know of it waits; one that has decided is waited for, so that the clock read after this
/// tells which came first.
pub(in super::super) async fn announce_word(
    connection: &mut PgConnection,
    word: &Word,
) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock_shared($1, hashtext($2))::text as announced",
        WORD_LOCK_CLASS,
        word.from.as_str()
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

pub(in super::super) async fn insert_inbound(
    connection: &mut PgConnection,
    id: MessageId,
    word: &Word,
    received_at: DateTime<Utc>,
    acknowledged_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into inbound_event (id, sender, payload, received_at, acknowledged_at)
         values ($1, $2, $3, $4, $5)",
        id.0,
        word.from.as_str(),
        Json(word) as _,
        received_at,
        acknowledged_at
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
           returning payload as "payload: Json<Word>", received_at, acknowledged_at"#,
        id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| InboundEvent {
        id,
        word: row.payload.0,
        received_at: row.received_at,
        acknowledged_at: row.acknowledged_at,
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
        r#"select e.id as "id: MessageId" from inbound_event e
           join distribution_attempt a on a.id = $1
           join "user" u on u.id = a.sales_id
           where e.sender in (u.offer_address, a.offered_to) and e.failures < $3
             and e.acknowledged_at < $2
           order by e.received_at limit 1"#,
        offer.attempt.0,
        offer.ack_deadline_at,
        most_failures
    )
    .fetch_optional(connection)
    .await?)
}
