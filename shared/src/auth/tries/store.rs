//! SQL of tries.

use crate::Result;
use crate::id::UserId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::postgres::types::PgInterval;

pub(super) async fn user_of_email(
    connection: &mut PgConnection,
    email: &str,
) -> Result<Option<UserId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: UserId" from "user" where lower(email) = lower($1) order by email = $1 desc, id limit 1"#,
        email
    )
    .fetch_optional(connection)
    .await?)
}

/// Counts a try, or returns until when none is accepted. `waits`: the seconds after the first try, the second, …
pub(super) async fn count(
    connection: &mut PgConnection,
    account: &str,
    waits: &[i32],
    now: DateTime<Utc>,
    forgotten_after: PgInterval,
) -> Result<Option<DateTime<Utc>>> {
    let counted = sqlx::query_scalar!(
        r#"insert into sign_in_try as known (account, failures, last_at, blocked_until)
           values ($1, 1, $3::timestamptz, $3::timestamptz + make_interval(secs => ($2::int[])[1]))
           on conflict (account) do update
           set (failures, last_at, blocked_until) =
               (select tries, $3::timestamptz, $3::timestamptz + make_interval(secs => ($2::int[])[least(tries, cardinality($2))])
                from (select case when known.last_at < $3::timestamptz - $4::interval then 1 else known.failures + 1 end) counted (tries))
           where known.blocked_until <= $3::timestamptz
           returning failures"#,
        account,
        waits,
        now,
        forgotten_after
    )
    .fetch_optional(&mut *connection)
    .await?;
    if counted.is_some() {
        return Ok(None);
    }
    Ok(sqlx::query_scalar!(
        "select blocked_until from sign_in_try where account = $1",
        account
    )
    .fetch_optional(connection)
    .await?)
}

pub(super) async fn forget(connection: &mut PgConnection, account: &str) -> Result<()> {
    sqlx::query!("delete from sign_in_try where account = $1", account)
        .execute(connection)
        .await?;
    Ok(())
}
