//! SQL of failed calls, queued messages, and the provider's ids.

use crate::Result;
use crate::id::MessageId;
use sqlx::PgConnection;
use std::collections::HashSet;

pub(in super::super) async fn count_failed_call(
    connection: &mut PgConnection,
    message: MessageId,
) -> Result<i32> {
    let calls = sqlx::query_scalar!(
        "update wa_message set calls = calls + 1 where id = $1 returning calls",
        message.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(calls.unwrap_or(0))
}

pub(in super::super) async fn count_queued(connection: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from wa_message where direction = 'out' and delivery_status = 'queued'"#
    )
    .fetch_one(connection)
    .await?)
}

pub(in super::super) async fn ours_of(
    connection: &mut PgConnection,
    provider_message_ids: &[String],
) -> Result<HashSet<String>> {
    let ids = sqlx::query_scalar!(
        r#"select distinct provider_message_id as "id!" from wa_message
           where provider_message_id = any($1) and direction = 'out'"#,
        provider_message_ids
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().collect())
}
