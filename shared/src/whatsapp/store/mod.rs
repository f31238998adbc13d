//! SQL of the messages.

mod calls;
mod corrections;
mod insert;
mod notices;
mod old;
mod person;
mod shown;
mod traces;

pub(super) use calls::{count_failed_call, ours_of};
pub(super) use corrections::{insert_correction, insert_echo, was_an_answer};
pub(super) use insert::{insert_in, insert_out};
pub(super) use notices::{
    client_texts_since, collecting_notice, extend_notice, hints_since, last_list, last_notice,
    not_before, text_of,
};
pub(super) use old::{delete_old_messages, delete_old_sends, settle_left_sends};
pub(super) use person::{
    delete_old_digests, erase_mentions, erase_messages, erase_sends, person_rows, remember_digests,
    search, search_sends,
};
pub(super) use shown::{of_lead, recent};
pub(super) use traces::{delete_old_traces, set_trace, trace_of};

use super::{AcceptedMessage, Draft, PastOutcome, Queued};
use crate::Result;
use crate::address::Address;
use crate::id::{AttemptId, LeadId, MessageId, SendId};
use crate::leads::ERASED;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

pub(super) async fn queued(
    connection: &mut PgConnection,
    message: MessageId,
) -> Result<Option<Queued>> {
    Ok(sqlx::query_as!(
        Queued,
        r#"select id as "id: MessageId", to_wa as "to: Address", body,
                  case when kind = 'offer' then attempt_id end as "attempt: AttemptId", expires_at from wa_message
           where id = $1 and direction = 'out' and coalesce(delivery_status = 'queued', false)"#,
        message.0
    )
    .fetch_optional(connection)
    .await?)
}

pub(super) async fn queued_offer(
    connection: &mut PgConnection,
    attempt: AttemptId,
) -> Result<Option<Queued>> {
    Ok(sqlx::query_as!(
        Queued,
        r#"select id as "id: MessageId", to_wa as "to: Address", body,
                  case when kind = 'offer' then attempt_id end as "attempt: AttemptId", expires_at from wa_message
           where attempt_id = $1 and kind = 'offer' and direction = 'out' and coalesce(delivery_status = 'queued', false)"#,
        attempt.0
    )
    .fetch_optional(connection)
    .await?)
}

pub(super) async fn unhelpful_replies(
    connection: &mut PgConnection,
    address: &Address,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from wa_message
           where direction = 'out' and kind in ('nothing_open', 'ambiguous', 'help', 'queue', 'manager_answer') and to_wa = $1
             and created_at > coalesce(
                 (select max(created_at) from wa_message
                  where direction = 'in' and outcome in ('accepted', 'declined', 'assigned') and from_wa = $1),
                 '-infinity')"#,
        address.as_str()
    )
    .fetch_one(connection)
    .await?)
}

pub(super) async fn rewrite(
    connection: &mut PgConnection,
    message: MessageId,
    draft: &Draft,
) -> Result<()> {
    sqlx::query!(
        "update wa_message set body = $2, line = $3, parameters = $4
         where id = $1 and direction = 'out' and coalesce(delivery_status = 'queued', false) and body <> $2",
        message.0,
        draft.body,
        draft.short.as_ref().map(|short| short.line.as_str()),
        draft
            .short
            .as_ref()
            .map(|short| short.parameters.as_slice()) as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns those that were neither accepted before nor queued again since the send.
pub(super) async fn set_accepted(
    connection: &mut PgConnection,
    messages: &[&AcceptedMessage],
    now: Option<DateTime<Utc>>,
) -> Result<Vec<MessageId>> {
    let ids: Vec<MessageId> = messages.iter().map(|message| message.id).collect();
    let receipts: Vec<&str> = messages
        .iter()
        .map(|message| message.provider_message_id.as_str())
        .collect();
    let sends: Vec<Option<SendId>> = messages.iter().map(|message| message.send).collect();
    // A status that a webhook reported meanwhile is later and stays, and so does the send's id.
    Ok(sqlx::query_scalar!(
        r#"update wa_message m
           set delivery_status = case when m.delivery_status = 'queued' then 'accepted' else m.delivery_status end,
               provider_message_id = accepted.receipt, accepted_at = coalesce(m.accepted_at, $4, clock_timestamp())
           from unnest($1::uuid[], $2::text[], $3::uuid[]) as accepted (id, receipt, send)
           where m.id = any($1) and m.id = accepted.id and m.send_id is not distinct from accepted.send
             and (m.accepted_at is null or accepted.send is not null)
           returning m.id as "id: MessageId""#,
        &ids as _,
        &receipts as _,
        &sends as _,
        now
    )
    .fetch_all(connection)
    .await?)
}

/// Marks the send and all its messages as accepted, in one statement, so that none is sent again while
/// another is not recorded yet.
pub(super) async fn settle_accepted(
    connection: &mut PgConnection,
    send: SendId,
    provider_message_id: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update wa_message
         set delivery_status = case when delivery_status = 'queued' then 'accepted' else delivery_status end,
             provider_message_id = $2, accepted_at = coalesce(accepted_at, $3)
         where send_id = $1",
        send.0,
        provider_message_id,
        now
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update wa_send set outcome = 'accepted', settled_at = $3, provider_message_id = $2
         where id = $1 and coalesce(settled_at is null, false)",
        send.0,
        provider_message_id,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn set_failed(
    connection: &mut PgConnection,
    message: MessageId,
    reason: &str,
) -> Result<()> {
    sqlx::query!(
        "update wa_message set delivery_status = 'failed', delivery_error = $2
         where id = $1 and coalesce(delivery_status = 'queued', false)",
        message.0,
        reason
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn recall_offer(
    connection: &mut PgConnection,
    attempt: AttemptId,
    reason: &str,
) -> Result<()> {
    sqlx::query!(
        "update wa_message set delivery_status = 'failed', delivery_error = $2
         where attempt_id = $1 and kind = 'offer' and coalesce(delivery_status = 'queued', false)",
        attempt.0,
        reason
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn offer_was_written(
    connection: &mut PgConnection,
    attempt: AttemptId,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from wa_message
                          where attempt_id = $1 and kind = 'offer' and delivery_status <> 'failed') as "written!""#,
        attempt.0
    )
    .fetch_one(connection)
    .await?)
}

pub(super) async fn offer_failed(
    connection: &mut PgConnection,
    attempt: AttemptId,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from wa_message
                          where attempt_id = $1 and kind = 'offer' and coalesce(delivery_status = 'failed', false)) as "failed!""#,
        attempt.0
    )
    .fetch_one(connection)
    .await?)
}

pub(super) async fn attempt_of_offer(
    connection: &mut PgConnection,
    provider_message_id: &str,
) -> Result<Option<AttemptId>> {
    Ok(sqlx::query_scalar!(
        r#"select (array_agg(attempt_id))[1] as "attempt_id!: AttemptId" from wa_message
           where provider_message_id = $1 and direction = 'out' and coalesce(kind = 'offer', false)
           having count(*) = 1"#,
        provider_message_id
    )
    .fetch_optional(connection)
    .await?)
}

pub(super) async fn past_outcome(
    connection: &mut PgConnection,
    id: MessageId,
    provider: &str,
    provider_message_id: Option<&str>,
) -> Result<Option<PastOutcome>> {
    Ok(sqlx::query_as!(
        PastOutcome,
        r#"select id as "id!: MessageId", coalesce(outcome, '') as "outcome!",
                  lead_id as "lead_id: LeadId", attempt_id as "attempt_id: AttemptId"
           from (select * from wa_message where direction = 'in' and id = $1
                 union all
                 select * from wa_message
                 where direction = 'in' and provider = $2 and provider_message_id = $3) past
           order by created_at limit 1"#,
        id.0,
        provider,
        provider_message_id
    )
    .fetch_optional(connection)
    .await?)
}

/// The person wrote: for 24 hours they can be sent any message.
pub(super) async fn open_window(
    connection: &mut PgConnection,
    provider: &str,
    address: &Address,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into wa_contact as c (provider, address, last_heard_at) values ($1, $2, $3)
         on conflict (provider, address) do update set last_heard_at = greatest(c.last_heard_at, $3)",
        provider,
        address.as_str(),
        at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// When the person wrote last.
pub(super) async fn last_heard(
    connection: &mut PgConnection,
    provider: &str,
    address: &Address,
) -> Result<Option<DateTime<Utc>>> {
    let heard = sqlx::query_scalar!(
        "select last_heard_at from wa_contact where provider = $1 and address = $2",
        provider,
        address.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(heard.flatten())
}

pub(super) async fn expire(
    connection: &mut PgConnection,
    message: MessageId,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update wa_message set expires_at = $2 where id = $1",
        message.0,
        at
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn requeue_failed(
    connection: &mut PgConnection,
    messages: &[MessageId],
) -> Result<()> {
    let ids: Vec<uuid::Uuid> = messages.iter().map(|message| message.0).collect();
    sqlx::query!(
        "update wa_message set delivery_status = 'queued', delivery_error = null
         where id = any($1) and direction = 'out' and delivery_status = 'failed' and kind <> 'offer' and body <> $2
           and accepted_at is null and (expires_at is null or expires_at > clock_timestamp())",
        &ids,
        ERASED
    )
    .execute(connection)
    .await?;
    Ok(())
}
