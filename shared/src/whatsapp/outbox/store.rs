//! SQL of the sends.

use crate::Result;
use crate::address::Address;
use crate::id::{AttemptId, MessageId, SendId};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

/// The limits of a person.
pub(super) struct Contact {
    pub(super) last_heard_at: Option<DateTime<Utc>>,
    pub(super) next_send_at: Option<DateTime<Utc>>,
}

pub(super) async fn lock_contact(
    connection: &mut PgConnection,
    provider: &str,
    address: &Address,
) -> Result<Contact> {
    sqlx::query!(
        "insert into wa_contact (provider, address) values ($1, $2) on conflict do nothing",
        provider,
        address.as_str()
    )
    .execute(&mut *connection)
    .await?;
    Ok(sqlx::query_as!(
        Contact,
        "select last_heard_at, next_send_at from wa_contact where provider = $1 and address = $2 for update",
        provider,
        address.as_str()
    )
    .fetch_one(connection)
    .await?)
}

pub(super) async fn close_window(
    connection: &mut PgConnection,
    provider: &str,
    address: &Address,
) -> Result<()> {
    sqlx::query!(
        "update wa_contact set last_heard_at = null where provider = $1 and address = $2",
        provider,
        address.as_str()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A message that waits to be sent.
pub(super) struct Waiting {
    pub(super) id: MessageId,
    pub(super) kind: String,
    pub(super) attempt: Option<AttemptId>,
    pub(super) body: String,
    pub(super) line: Option<String>,
    pub(super) parameters: Option<Vec<String>>,
    /// The send with an unknown outcome, and when it began.
    pub(super) unsettled: Option<(SendId, DateTime<Utc>)>,
    /// The send for which no status came in time.
    pub(super) lost: Option<SendId>,
    /// Whether an open offer to the same person is queued, which goes first.
    pub(super) offer_waits: bool,
}

pub(super) async fn waiting(
    connection: &mut PgConnection,
    message: MessageId,
) -> Result<Option<Waiting>> {
    let row = sqlx::query!(
        r#"select m.kind, case when m.kind = 'offer' then m.attempt_id end as "attempt: AttemptId", m.body, m.line,
                  m.parameters, case when s.settled_at is null then s.id end as "send: SendId",
                  s.started_at as "started_at?",
                  case s.outcome when 'unsent' then s.resend_of when 'lost' then s.id end as "lost: SendId",
                  m.kind <> 'offer' and exists (
                      select from wa_message o join distribution_attempt a on a.id = o.attempt_id and coalesce(a.status = 'open', false)
                      where o.to_wa = m.to_wa and o.direction = 'out' and o.delivery_status = 'queued'
                        and coalesce(o.kind = 'offer', false) and o.send_id is null) as "offer_waits!"
           from wa_message m
           left join wa_send s on s.id = m.send_id
           where m.id = $1 and m.direction = 'out' and coalesce(m.delivery_status = 'queued', false)"#,
        message.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Waiting {
        id: message,
        kind: row.kind,
        attempt: row.attempt,
        body: row.body,
        line: row.line,
        parameters: row.parameters,
        unsettled: row.send.zip(row.started_at),
        lost: row.lost,
        offer_waits: row.offer_waits,
    }))
}

/// The other queued offers to the same agent that can still be claimed, oldest first.
pub(super) async fn waiting_offers(
    connection: &mut PgConnection,
    to: &Address,
    but: MessageId,
    now: DateTime<Utc>,
    most: i64,
) -> Result<Vec<Waiting>> {
    let rows = sqlx::query!(
        r#"select m.id as "id: MessageId", m.kind, m.attempt_id as "attempt: AttemptId", m.body, m.line, m.parameters
           from wa_message m
           join distribution_attempt a on a.id = m.attempt_id
           left join wa_send s on s.id = m.send_id and (s.settled_at is null or s.outcome = 'accepted')
           where m.to_wa = $1 and m.id <> $2 and m.direction = 'out' and m.kind = 'offer'
             and m.delivery_status = 'queued' and s.id is null
             and coalesce(a.status = 'open', false) and a.ack_deadline_at > $3
           order by m.created_at limit $4"#,
        to.as_str(),
        but.0,
        now,
        most
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Waiting {
            id: row.id,
            kind: row.kind,
            attempt: row.attempt,
            body: row.body,
            line: row.line,
            parameters: row.parameters,
            unsettled: None,
            lost: None,
            offer_waits: false,
        })
        .collect())
}

/// Takes the next place in the bucket. Returns when a place is free if the bucket is full.
pub(super) async fn pace(
    connection: &mut PgConnection,
    provider: &str,
    now: DateTime<Utc>,
    interval: TimeDelta,
    burst: TimeDelta,
) -> Result<Option<DateTime<Utc>>> {
    sqlx::query!(
        "insert into wa_pace (provider, next_at) values ($1, $2) on conflict do nothing",
        provider,
        now
    )
    .execute(&mut *connection)
    .await?;
    let next_at = sqlx::query_scalar!(
        "select next_at from wa_pace where provider = $1 for update",
        provider
    )
    .fetch_one(&mut *connection)
    .await?;
    if next_at > now + burst {
        return Ok(Some(next_at - burst));
    }
    sqlx::query!(
        "update wa_pace set next_at = $2 where provider = $1",
        provider,
        next_at.max(now) + interval
    )
    .execute(connection)
    .await?;
    Ok(None)
}

/// A send to record before the call.
pub(super) struct NewSend<'a> {
    /// Its id, which the provider repeats in statuses.
    pub(super) id: SendId,
    /// The provider's name.
    pub(super) provider: &'a str,
    /// The recipient.
    pub(super) to: &'a Address,
    /// The form in which it is sent.
    pub(super) form: &'a str,
    /// The earlier send without a known outcome.
    pub(super) resend_of: Option<SendId>,
}

/// Records a send, and when the next message to its recipient can be sent.
pub(super) async fn begin(
    connection: &mut PgConnection,
    send: &NewSend<'_>,
    now: DateTime<Utc>,
    next_send_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "with pause as (update wa_contact set next_send_at = $7 where provider = $2 and address = $3)
         insert into wa_send (id, provider, to_wa, form, started_at, resend_of) values ($1, $2, $3, $4, $5, $6)",
        send.id.0,
        send.provider,
        send.to.as_str(),
        send.form,
        now,
        send.resend_of.map(|id| id.0),
        next_send_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Names the send in its messages. Returns `false` if one of them does not wait any more: it was recalled or erased since it was read.
pub(super) async fn attach(
    connection: &mut PgConnection,
    send: SendId,
    messages: &[MessageId],
) -> Result<bool> {
    let ids: Vec<uuid::Uuid> = messages.iter().map(|message| message.0).collect();
    let attached = sqlx::query!(
        "update wa_message set send_id = $1 where id = any($2) and coalesce(delivery_status = 'queued', false)",
        send.0,
        &ids
    )
    .execute(connection)
    .await?;
    Ok(usize::try_from(attached.rows_affected()) == Ok(ids.len()))
}

/// Stores the outcome of a send: `unsent` or `lost`.
pub(super) async fn settle(
    connection: &mut PgConnection,
    send: SendId,
    outcome: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update wa_send set outcome = $2, settled_at = $3 where id = $1 and coalesce(settled_at is null, false)",
        send.0,
        outcome,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Marks the send and all its messages as refused permanently.
pub(super) async fn settle_refused(
    connection: &mut PgConnection,
    send: SendId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "with call as (update wa_send set outcome = 'refused', settled_at = $3
                       where id = $1 and coalesce(settled_at is null, false))
         update wa_message set delivery_status = 'failed', delivery_error = $2
         where send_id = $1 and coalesce(delivery_status = 'queued', false)",
        send.0,
        reason,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores the id under which the provider is about to receive the message.
pub(super) async fn announce(
    connection: &mut PgConnection,
    message: MessageId,
    id: &str,
) -> Result<()> {
    sqlx::query!(
        "update wa_message set provider_message_id = $2
         where id = $1 and provider_message_id is distinct from $2",
        message.0,
        id
    )
    .execute(connection)
    .await?;
    Ok(())
}
