//! SQL of `privacy_request`.

use super::model::{Request, RequestKind};
use crate::Result;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// A request that is being carried out.
pub(super) struct NewRequest<'a> {
    pub(super) kind: RequestKind,
    pub(super) by_whom: &'a str,
    pub(super) reason: Option<&'a str>,
    pub(super) leads: &'a [Uuid],
    pub(super) counts: &'a Value,
}

pub(super) async fn record(
    connection: &mut PgConnection,
    request: &NewRequest<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into privacy_request (id, at, kind, by_whom, reason, leads, counts) values ($1, $2, $3, $4, $5, $6, $7)",
        Uuid::now_v7(),
        now,
        request.kind.as_str(),
        request.by_whom,
        request.reason,
        request.leads,
        request.counts
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn requests(connection: &mut PgConnection, limit: i64) -> Result<Vec<Request>> {
    Ok(sqlx::query_as!(
        Request,
        r#"select id, at, kind as "kind: RequestKind", by_whom, reason, leads, counts from privacy_request
           order by at desc, id desc limit $1"#,
        limit
    )
    .fetch_all(connection)
    .await?)
}

pub(super) async fn requests_of(connection: &mut PgConnection, leads: &[Uuid]) -> Result<Value> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(jsonb_agg(jsonb_build_object('at', r.at, 'kind', r.kind) order by r.at), '[]') as "rows!"
           from privacy_request r where r.leads && $1"#,
        leads
    )
    .fetch_one(connection)
    .await?)
}

pub(super) async fn delete_old(connection: &mut PgConnection, days: f64) -> Result<u64> {
    let deleted = sqlx::query!(
        "delete from privacy_request where id in (
             select id from privacy_request where at < now() - $1::float8 * interval '1 day' limit 1000)",
        days
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}

/// A text without the person's numbers and names.
pub(super) async fn without_person(
    connection: &mut PgConnection,
    text: &str,
    patterns: &[String],
) -> Result<String> {
    Ok(sqlx::query_scalar!(
        r#"select without_person($1, $2) as "text!""#,
        text,
        patterns
    )
    .fetch_one(connection)
    .await?)
}

/// The database's clock.
pub(super) async fn now(connection: &mut PgConnection) -> Result<DateTime<Utc>> {
    Ok(sqlx::query_scalar!(r#"select now() as "now!""#)
        .fetch_one(connection)
        .await?)
}
