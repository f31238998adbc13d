//! Words written down and not yet acted on.

use super::super::model::{Offer, Word};
use crate::Result;
use crate::id::{DeliveryId, MessageId};
use crate::phone::Phone;
use crate::whatsapp::Address;
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

/// Says that words of these senders are being written down, until the transaction ends. A roll that
/// must know of one waits; one that has decided is waited for, so that the clock read after this
/// tells which came first.
pub(in super::super) async fn announce_words(
    connection: &mut PgConnection,
    words: &[Word],
) -> Result<()> {
    let mut senders: Vec<String> = words
        .iter()
        .map(|word| word.from.as_str().to_owned())
        .collect();
    senders.sort_unstable();
    senders.dedup();
    sqlx::query!(
        "select pg_advisory_xact_lock_shared($1, hashtext(sender))::text as announced
         from unnest($2::text[]) sender",
        WORD_LOCK_CLASS,
        &senders
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

pub(in super::super) async fn insert_inbound(
    connection: &mut PgConnection,
    id: MessageId,
    word: &Word,
    delivery: Option<DeliveryId>,
    received_at: DateTime<Utc>,
    acknowledged_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into inbound_event (id, sender, payload, received_at, acknowledged_at, delivery_id)
         values ($1, $2, $3, $4, $5, $6)",
        id.0,
        word.from.as_str(),
        Json(word) as _,
        received_at,
        acknowledged_at,
        delivery.map(|delivery| delivery.0)
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in super::super) async fn inbound_of(
    connection: &mut PgConnection,
    delivery: DeliveryId,
    most_failures: i32,
) -> Result<Vec<MessageId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: MessageId" from inbound_event
           where delivery_id = $1 and failures < $2 order by acknowledged_at, id"#,
        delivery.0,
        most_failures
    )
    .fetch_all(connection)
    .await?)
}

/// The number of the person whom one of these keys names: an agent's before a client's.
pub(in super::super) async fn known_number(
    connection: &mut PgConnection,
    keys: [Option<&Address>; 2],
) -> Result<Option<Phone>> {
    let keys: Vec<String> = keys
        .into_iter()
        .flatten()
        .map(|key| key.as_str().to_owned())
        .collect();
    let found = sqlx::query_scalar!(
        r#"select coalesce(u.offer_address, l.phone) as "phone!"
           from wa_identity i
           left join "user" u on u.id = i.user_id
           left join lead l on l.id = i.lead_id
           where i.address = any($1) and coalesce(u.offer_address, l.phone) is not null
             -- A client's own number stands; an agent is known by any of their keys.
             and (i.user_id is not null or not exists (select from unnest($1) key where key like '+%'))
           order by i.user_id is null limit 1"#,
        &keys
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.as_deref().and_then(Phone::from_e164))
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
