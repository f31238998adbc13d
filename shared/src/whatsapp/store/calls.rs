//! SQL of failed calls, and the provider's ids.

use crate::Result;
use crate::id::MessageId;
use crate::whatsapp::model::FailedCalls;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::HashSet;

pub(in super::super) async fn count_failed_call(
    connection: &mut PgConnection,
    message: MessageId,
    is_unknown: bool,
    fixed_now: Option<DateTime<Utc>>,
) -> Result<FailedCalls> {
    let counted = sqlx::query_as!(
        FailedCalls,
        r#"update wa_message set calls = calls + 1, unknown_calls = unknown_calls + $2::boolean::int
           where id = $1
           returning calls, unknown_calls as unknown,
                     created_at <= coalesce($3, clock_timestamp()) - interval '1 day' as "is_a_day_old!""#,
        message.0,
        is_unknown,
        fixed_now
    )
    .fetch_optional(connection)
    .await?;
    Ok(counted.unwrap_or_default())
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
