//! The log of what operators did.

use crate::Result;
use crate::operations::model::{Actor, Done};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// Records an action, or a batch of it: who, what, with what.
pub(in crate::operations) async fn record(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    (by, action, subject): (&Actor, &str, &Value),
    rows: i64,
) -> Result<()> {
    sqlx::query!(
        "insert into operator_action (id, at, by_whom, action, subject, rows) values ($1, $2, $3, $4, $5, $6)",
        Uuid::now_v7(),
        now,
        by.to_string(),
        action,
        subject,
        rows
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The payloads of deleted dead letters stay in the table.
pub(in crate::operations) async fn actions(
    connection: &mut PgConnection,
    limit: i64,
) -> Result<Vec<Done>> {
    Ok(sqlx::query_as!(
        Done,
        r#"select at, by_whom, action, subject - 'deleted' as "subject!", rows from operator_action order by at desc, id limit $1"#,
        limit
    )
    .fetch_all(connection)
    .await?)
}

pub(in crate::operations) async fn delete_old_actions(
    connection: &mut PgConnection,
    days: f64,
) -> Result<u64> {
    let deleted = sqlx::query!(
        "delete from operator_action where id in (
             select id from operator_action where at < now() - $1::float8 * interval '1 day' limit 1000)",
        days
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}
