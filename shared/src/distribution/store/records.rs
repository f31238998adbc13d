//! Old records of what people did to many leads at once, and of what the audit found.

use crate::Result;
use sqlx::PgConnection;

/// Bulk assignments and handovers that ended, uploaded lists that are done, summaries, and breaches that were not found
/// again. Their leads stay.
pub(crate) async fn delete_old_records(connection: &mut PgConnection, days: f64) -> Result<u64> {
    let deleted = sqlx::query!(
        "with bulks as (
             delete from bulk_assignment where id in (
                 select id from bulk_assignment
                 where coalesce(ended_at, cancelled_at) < now() - $1::float8 * interval '1 day' limit 50)
             returning id::text),
         handovers as (
             delete from agent_handover where id in (
                 select id from agent_handover where ended_at < now() - $1::float8 * interval '1 day' limit 50)
             returning id::text),
         lists as (
             delete from lead_list where id in (
                 select id from lead_list
                 where coalesce(ended_at, created_at) < now() - $1::float8 * interval '1 day' and state <> 'running'
                 limit 5)
             returning id::text),
         summaries as (
             delete from summary_sent where day < (now() - $1::float8 * interval '1 day')::date returning address),
         breaches as (
             delete from audit_breach where last_seen_at < now() - $1::float8 * interval '1 day' returning rule)
         select id from bulks union all select id from handovers union all select id from lists
         union all select address from summaries union all select rule from breaches",
        days
    )
    .fetch_all(connection)
    .await?;
    Ok(u64::try_from(deleted.len()).unwrap_or(u64::MAX))
}
