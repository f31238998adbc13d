//! SQL that deletes old messages and sends.

use crate::Result;
use sqlx::{Connection, PgConnection};

/// Settles a batch of sends without an outcome whose messages nobody sends again: those of an offer that went to the next agent,
/// for example. A status that comes late still says what became of them. Returns how many.
pub(in crate::whatsapp) async fn settle_left_sends(connection: &mut PgConnection) -> Result<u64> {
    let settled = sqlx::query!(
        "update wa_send set settled_at = now(), outcome = 'lost' where id in (
             select s.id from wa_send s
             where s.settled_at is null and s.started_at < now() - interval '10 minutes'
               and (select m.id from wa_message m
                    where m.send_id = s.id and coalesce(m.delivery_status = 'queued', false) limit 1) is null
             limit 1000)"
    )
    .execute(connection)
    .await?;
    Ok(settled.rows_affected())
}

pub(in crate::whatsapp) async fn delete_old_sends(
    connection: &mut PgConnection,
    days: f64,
) -> Result<u64> {
    let deleted = sqlx::query!(
        "delete from wa_send where id in (
             select s.id from wa_send s
             where outcome <> 'accepted' and settled_at < now() - $1::float8 * interval '1 day'
               and not exists (select from wa_message m where m.send_id = s.id)
               and not exists (select from wa_send again where again.resend_of = s.id)
             limit 1000)",
        days
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}

/// A message that still waits to be sent stays, however old it is.
pub(in crate::whatsapp) async fn delete_old_messages(
    connection: &mut PgConnection,
    days: f64,
) -> Result<u64> {
    let mut transaction = connection.begin().await?;
    let deleted = sqlx::query!(
        "with old as (
             delete from wa_message where id in (
                 select id from wa_message
                 where created_at < now() - $1::float8 * interval '1 day' and delivery_status <> 'queued'
                 order by created_at limit 1000)
             returning provider, provider_message_id, send_id),
         corrections as (
             delete from wa_correction c using old
             where c.provider = old.provider and c.original_id = old.provider_message_id)
         select count(*) as \"count!\", array_agg(distinct send_id) filter (where send_id is not null) as sends from old",
        days
    )
    .fetch_one(&mut *transaction)
    .await?;
    sqlx::query!(
        "delete from wa_send s where id = any($1) and settled_at is not null
            and not exists (select from wa_message m where m.send_id = s.id)
            and not exists (select from wa_send again where again.resend_of = s.id)",
        &deleted.sends.unwrap_or_default()
    )
    .execute(&mut *transaction)
    .await?;
    // Also of messages that are not stored.
    let corrections = sqlx::query!(
        "delete from wa_correction where (provider, id) in (
             select provider, id from wa_correction where at < now() - $1::float8 * interval '1 day'
             order by at limit 1000)",
        days
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(u64::try_from(deleted.count).unwrap_or(0) + corrections.rows_affected())
}
