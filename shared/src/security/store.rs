//! SQL of `security_event`.

use super::{Answered, SecurityEvent, SecurityKind};
use crate::auth::Client;
use crate::id::UserId;
use crate::{App, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

pub(super) async fn insert(
    app: &App,
    kind: SecurityKind,
    user: Option<&UserId>,
    client: &Client,
    answered: Option<&Answered<'_>>,
) -> Result<Uuid> {
    let mut connection = app.pool.acquire().await?;
    let (id, now) = (Uuid::now_v7(), app.clock.now(&mut connection).await?);
    sqlx::query!(
        "insert into security_event (id, at, kind, user_id, ip_address, operation, path, status)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        now,
        kind.as_str(),
        user.map(|user| user.0.as_str()),
        client.ip_address,
        answered.and_then(|answered| answered.operation),
        answered.map(|answered| answered.path),
        answered.and_then(|answered| answered.status).map(i32::from)
    )
    .execute(&mut *connection)
    .await?;
    Ok(id)
}

/// Writes how an operation that began was answered.
pub(super) async fn end(app: &App, id: Uuid, answered: &Answered<'_>) -> Result<()> {
    sqlx::query!(
        "update security_event set operation = $2, status = $3 where id = $1",
        id,
        answered.operation,
        answered.status.map(i32::from)
    )
    .execute(&app.pool)
    .await?;
    Ok(())
}

/// Whether such an event is in the log since this instant.
pub(super) async fn is_written(
    connection: &mut PgConnection,
    kind: SecurityKind,
    (user, client): (Option<&UserId>, &Client),
    since: DateTime<Utc>,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from security_event
                          where at > $1 and kind = $2 and user_id is not distinct from $3 and ip_address = $4) as "written!""#,
        since,
        kind.as_str(),
        user.map(|user| user.0.as_str()),
        client.ip_address
    )
    .fetch_one(connection)
    .await?)
}

pub(super) async fn events(
    connection: &mut PgConnection,
    user: Option<&UserId>,
    before: Option<DateTime<Utc>>,
    limit: i64,
) -> Result<Vec<SecurityEvent>> {
    Ok(sqlx::query_as!(
        SecurityEvent,
        r#"select id, at, kind as "kind: SecurityKind", user_id as "user_id: UserId", ip_address, operation, path, status
           from security_event
           where ($1::text is null or user_id = $1) and ($2::timestamptz is null or at < $2)
           order by at desc, id desc limit $3"#,
        user.map(|user| user.0.as_str()),
        before,
        limit
    )
    .fetch_all(connection)
    .await?)
}

pub(super) async fn delete_old(connection: &mut PgConnection, days: f64) -> Result<u64> {
    let deleted = sqlx::query!(
        "delete from security_event where id in (
             select id from security_event where at < now() - $1::float8 * interval '1 day' limit 1000)",
        days
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}
