//! The rows of processes. Their times are the database's own, because hosts' clocks differ.

use crate::Result;
use crate::operations::model::ProcessRow;
use chrono::TimeDelta;
use sqlx::PgConnection;
use uuid::Uuid;

/// What a process writes about itself.
pub(in crate::operations) struct Beat<'a> {
    pub(in crate::operations) id: Uuid,
    pub(in crate::operations) kind: &'a str,
    pub(in crate::operations) instance: &'a str,
    pub(in crate::operations) host: &'a str,
    pub(in crate::operations) pid: i32,
    pub(in crate::operations) version: &'a str,
    pub(in crate::operations) schema: i64,
}

pub(in crate::operations) async fn beat(
    connection: &mut PgConnection,
    row: &Beat<'_>,
) -> Result<()> {
    sqlx::query!(
        "insert into process (id, kind, instance, host, pid, version, schema, started_at, seen_at)
         values ($1, $2, $3, $4, $5, $6, $7, now(), now())
         on conflict (id) do update set seen_at = now()",
        row.id,
        row.kind,
        row.instance,
        row.host,
        row.pid,
        row.version,
        row.schema
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in crate::operations) async fn forget(connection: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query!("delete from process where id = $1", id)
        .execute(connection)
        .await?;
    Ok(())
}

pub(in crate::operations) async fn processes(
    connection: &mut PgConnection,
    silent_after: TimeDelta,
) -> Result<Vec<ProcessRow>> {
    Ok(sqlx::query_as!(
        ProcessRow,
        r#"select kind, instance, host, pid, version, schema, started_at, seen_at,
                  seen_at > now() - $1::float8 * interval '1 second' as "alive!"
           from process where seen_at > now() - interval '1 hour'
           order by 9 desc, kind, started_at"#,
        silent_after.as_seconds_f64()
    )
    .fetch_all(connection)
    .await?)
}

pub(in crate::operations) async fn delete_silent(connection: &mut PgConnection) -> Result<u64> {
    let deleted = sqlx::query!("delete from process where seen_at < now() - interval '1 day'")
        .execute(connection)
        .await?;
    Ok(deleted.rows_affected())
}
