//! SQL of the traces that messages were sent in.

use crate::Result;
use crate::id::MessageId;
use sqlx::PgConnection;
use uuid::Uuid;

/// A message that is sent again belongs to the trace of the last time.
pub(in crate::whatsapp) async fn set_trace(
    connection: &mut PgConnection,
    messages: &[MessageId],
    traceparent: &str,
) -> Result<()> {
    let messages: Vec<Uuid> = messages.iter().map(|message| message.0).collect();
    sqlx::query!(
        "insert into message_trace (message_id, traceparent) select id, $2 from unnest($1::uuid[]) as sent (id)
         on conflict (message_id) do update set traceparent = excluded.traceparent, at = excluded.at",
        &messages,
        traceparent
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The trace of the first of these messages that has one.
pub(in crate::whatsapp) async fn trace_of(
    connection: &mut PgConnection,
    messages: &[MessageId],
) -> Result<Option<String>> {
    let messages: Vec<Uuid> = messages.iter().map(|message| message.0).collect();
    Ok(sqlx::query_scalar!(
        "select traceparent from message_trace where message_id = any($1) order by message_id limit 1",
        &messages
    )
    .fetch_optional(connection)
    .await?)
}

/// WhatsApp reports that a message was read while it is days old.
pub(in crate::whatsapp) async fn delete_old_traces(connection: &mut PgConnection) -> Result<u64> {
    let deleted = sqlx::query!(
        "delete from message_trace where message_id in (
             select message_id from message_trace where at < now() - interval '7 days' order by at limit 1000)"
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}
