//! Messages that were received and are not handled yet: `inbound_event`.

use crate::Result;
use crate::address::Address;
use crate::distribution::model::{InboundMessage, Offer, ReceivedMessage};
use crate::id::{AttemptId, DeliveryId, MessageId};
use crate::leads::Person;
use crate::phone::Phone;
use crate::whatsapp::Recipient;
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};

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

/// Stores one message in a transaction of its own, with one statement: takes the sender's shared lock, as
/// [`lock_senders`] does, and then reads the clock.
///
/// Does not wait for the disk. The sender is told nothing before the message is handled, and the commit of that transaction writes
/// this one, too.
pub(crate) async fn receive_one(
    pool: &PgPool,
    id: MessageId,
    message: &InboundMessage,
    fixed_now: Option<DateTime<Utc>>,
) -> Result<()> {
    // PostgreSQL evaluates a select list in its order: wait, then read the clock.
    sqlx::query!(
        "insert into inbound_event (id, sender, payload, received_at, acknowledged_at)
         select $1, $2, $3, at, least(at, $4)
         from (select set_config('synchronous_commit', 'off', true) as soon_on_disk,
                      pg_advisory_xact_lock_shared($6, hashtext($2))::text as announced,
                      coalesce($5::timestamptz, clock_timestamp()) as at offset 0) receipt",
        id.0,
        message.from.as_str(),
        Json(message) as _,
        message.sent_at,
        fixed_now,
        SENDER_LOCK_CLASS
    )
    .execute(pool)
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

/// The number of the person who has this address, or this second address, now.
///
/// An agent's present number is theirs, whatever was learnt of it before. Then an agent counts by an id, and by a
/// former number that no other person writes from. A client counts by an id only if no number came.
pub(crate) async fn known_number(
    connection: &mut PgConnection,
    address: &Address,
    other: Option<&Address>,
) -> Result<Option<Phone>> {
    let number = address.phone();
    let id = if number.is_some() {
        other
    } else {
        Some(address)
    };
    let found = sqlx::query_scalar!(
        r#"select known.number as "number!" from (
               select offer_address as number, 0 as rank from "user" where offer_address = $1
               union all
               select u.offer_address, 1 from wa_identity i join "user" u on u.id = i.user_id where i.address = $2
               union all
               select u.offer_address, 2 from wa_identity i join "user" u on u.id = i.user_id
               where i.address = $1
                 and ($2::text is null or exists (select from wa_identity k where k.address = $2 and k.user_id = u.id))
               union all
               select l.phone, 3 from wa_identity i join lead l on l.id = i.lead_id
               where i.address = $2 and $1::text is null) known
           where known.number is not null order by known.rank limit 1"#,
        number.as_ref().map(Phone::as_str),
        id.map(Address::as_str)
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.as_deref().and_then(Phone::from_e164))
}

/// The number of an attempt's agent, or else the one to which the offer went. `None` if the agent is known by another id of the
/// same kind as `id` (`lid:…`, `bsuid:…`).
pub(crate) async fn number_of_agent_of(
    connection: &mut PgConnection,
    attempt: AttemptId,
    id: &Address,
) -> Result<Option<Phone>> {
    let number = sqlx::query_scalar!(
        r#"select coalesce(u.offer_address, a.offered_to) as "number?"
           from distribution_attempt a join "user" u on u.id = a.sales_id
           where a.id = $1
             and not exists (select from wa_identity i where i.user_id = u.id and i.address <> $2
                             and split_part(i.address, ':', 1) = split_part($2, ':', 1))"#,
        attempt.0,
        id.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(number.flatten().as_deref().and_then(Phone::from_e164))
}

/// Learns that a number and an id are one person's, as a status of our message reported.
pub(crate) async fn learn_recipient(
    connection: &mut PgConnection,
    recipient: &Recipient,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        r#"with agent as (
               insert into wa_identity as i (address, user_id, first_seen_at)
               select $2, id, $3 from "user" where offer_address = $1
               on conflict (address) do update set user_id = excluded.user_id, lead_id = null, first_seen_at = $3
               where i.user_id is distinct from excluded.user_id
               returning 1)
           insert into wa_identity (address, lead_id, first_seen_at)
           select $2, id, $3 from lead
           where phone = $1 and not exists (select from "user" where offer_address = $1)
             and not exists (select from agent)
           on conflict do nothing"#,
        recipient.phone.as_str(),
        recipient.id.as_str(),
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The message with this provider's id, locked, if it is received and not handled yet.
pub(crate) async fn lock_received_as(
    connection: &mut PgConnection,
    provider_message_id: &str,
) -> Result<Option<ReceivedMessage>> {
    let row = sqlx::query!(
        r#"select id as "id: MessageId", payload as "payload: Json<InboundMessage>", received_at, acknowledged_at
           from inbound_event where payload ->> 'message_id' = $1 order by received_at limit 1 for update"#,
        provider_message_id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| ReceivedMessage {
        id: row.id,
        message: row.payload.0,
        received_at: row.received_at,
        acknowledged_at: row.acknowledged_at,
    }))
}

/// Replaces the text of a message that is not handled yet, and the time that counts. A text that came later was
/// received later.
pub(crate) async fn rewrite_received(
    connection: &mut PgConnection,
    id: MessageId,
    message: &InboundMessage,
    acknowledged_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update inbound_event set payload = $2, acknowledged_at = $3, received_at = greatest(received_at, $3) where id = $1",
        id.0,
        Json(message) as _,
        acknowledged_at
    )
    .execute(connection)
    .await?;
    Ok(())
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

/// Locks those of these messages that are not handled and that no other process has locked.
pub(crate) async fn lock_received(
    connection: &mut PgConnection,
    ids: &[MessageId],
) -> Result<Vec<ReceivedMessage>> {
    let rows = sqlx::query!(
        r#"select id as "id: MessageId", payload as "payload: Json<InboundMessage>", received_at, acknowledged_at
           from inbound_event where id = any($1) order by received_at, id for update skip locked"#,
        ids as _
    )
    .fetch_all(connection)
    .await?;
    let received = rows.into_iter().map(|row| ReceivedMessage {
        id: row.id,
        message: row.payload.0,
        received_at: row.received_at,
        acknowledged_at: row.acknowledged_at,
    });
    Ok(received.collect())
}

/// These messages are handled.
pub(crate) async fn remove_received(
    connection: &mut PgConnection,
    ids: &[MessageId],
) -> Result<()> {
    sqlx::query!("delete from inbound_event where id = any($1)", ids as _)
        .execute(connection)
        .await?;
    Ok(())
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

/// Deletes what these senders wrote and nobody handled yet. Waits for a handling that is under way.
pub(crate) async fn delete_received(
    connection: &mut PgConnection,
    senders: &[String],
    now: DateTime<Utc>,
) -> Result<u64> {
    let deleted = sqlx::query_scalar!(
        r#"with gone as (delete from inbound_event where sender = any($1) returning payload ->> 'message_id' as message),
                digests as (
                    insert into erased_message (digest, erased_at)
                    select sha256(convert_to(message, 'UTF8')), $2 from gone where message is not null
                    on conflict do nothing)
           select count(*) as "deleted!" from gone"#,
        senders,
        now
    )
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(deleted).unwrap_or(0))
}

/// Replaces what names a person in messages of others that could not be handled and wait for somebody.
pub(crate) async fn erase_received(connection: &mut PgConnection, person: &Person) -> Result<()> {
    sqlx::query!(
        "update inbound_event set payload = jsonb_set(payload, '{body}', to_jsonb(without_person(payload ->> 'body', $2)))
         where payload ->> 'body' ~ any($1)",
        &person.numbers(),
        &person.words()
    )
    .execute(connection)
    .await?;
    Ok(())
}
