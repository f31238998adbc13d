//! The worker processes that are alive.

use crate::Result;
use sqlx::PgConnection;

/// The first key of the advisory lock that every worker process holds while it lives. The second key is
/// the number of the process. `PLwk` in ASCII.
pub const WORKER_LOCK_CLASS: i32 = 0x504C_776B;

/// The number of worker processes that are alive. PostgreSQL releases the lock of a dead process at
/// once.
pub async fn workers_alive(connection: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from pg_locks
           where locktype = 'advisory' and granted and objsubid = 2 and classid::bigint = $1
             and database = (select oid from pg_database where datname = current_database())"#,
        i64::from(WORKER_LOCK_CLASS)
    )
    .fetch_one(connection)
    .await?)
}
