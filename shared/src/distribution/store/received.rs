//! Messages that were received and are not handled yet: `inbound_event`.

use crate::Result;
use crate::address::Address;
use crate::distribution::model::{InboundMessage, Offer, ReceivedMessage};
use crate::id::{DeliveryId, MessageId};
use crate::phone::Phone;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;

/// The first key of the advisory lock that a receipt and a roll both take. The second key is the hash
/// of the sender's number. `PLwd` in ASCII.
pub(crate) const SENDER_LOCK_CLASS: i32 = 0x504C_7764;

/// Takes a shared lock on each sender until the transaction ends. A roll of a sender's offer waits
/// for this transaction, and this transaction waits for a roll that has started. So the clock that is
/// read after this call tells which of the two came first.
pub(crate) async fn lock_senders(
    connection: &mut PgConnection,
    messages: &[InboundMessage],
) -> Result<()> {
    let mut senders: Vec<String> = messages
        .iter()
        .map(|message| message.from.as_str().to_owned())
        .collect();
    senders.sort_unstable();
    senders.dedup();
    sqlx::query!(
        "select pg_advisory_xact_lock_shared($1, hashtext(sender))::text as announced
         from unnest($2::text[]) sender",
        SENDER_LOCK_CLASS,
        &senders
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

pub(crate) async fn insert_received(
    connection: &mut PgConnection,
    id: MessageId,
    message: &InboundMessage,
    delivery: Option<DeliveryId>,
    (received_at, acknowledged_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<()> {
    sqlx::query!(
        "insert into inbound_event (id, sender, payload, received_at, acknowledged_at, delivery_id)
         values ($1, $2, $3, $4, $5, $6)",
        id.0,
        message.from.as_str(),
        Json(message) as _,
        received_at,
        acknowledged_at,
        delivery.map(|delivery| delivery.0)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The messages of a delivery that are not handled, in the order in which they were written.
pub(crate) async fn unhandled_of_delivery(
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

/// The number of the person with one of these addresses. An agent is found before a client.
pub(crate) async fn known_number(
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

/// Removes and returns the row. The row comes back if the transaction does not commit.
pub(crate) async fn take_received(
    connection: &mut PgConnection,
    id: MessageId,
) -> Result<Option<ReceivedMessage>> {
    let row = sqlx::query!(
        r#"delete from inbound_event where id = $1
           returning payload as "payload: Json<InboundMessage>", received_at, acknowledged_at"#,
        id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| ReceivedMessage {
        id,
        message: row.payload.0,
        received_at: row.received_at,
        acknowledged_at: row.acknowledged_at,
    }))
}

pub(crate) async fn count_message_failure(
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

/// The messages that were received before an instant and are not handled, oldest first.
pub(crate) async fn unhandled_before(
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

/// A message of the offer's agent that came before the deadline and is not handled.
pub(crate) async fn message_in_time(
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
