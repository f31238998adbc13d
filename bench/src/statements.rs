//! What PostgreSQL did during a measurement: `pg_stat_statements` and the log that it writes.

use serde::Serialize;
use sqlx::{PgPool, Row};

/// What a number of leads cost in PostgreSQL. A statement's time and log include those of the statements that its triggers run, so
/// only those that were sent are summed; all are counted.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Cost {
    /// Statements a lead, those of triggers and key checks included.
    pub(crate) statements: f64,
    /// Milliseconds in PostgreSQL's executor and planner a lead.
    pub(crate) milliseconds: f64,
    /// Bytes of the write-ahead log a lead.
    pub(crate) wal_bytes: f64,
}

/// Starts to count. Does nothing if this PostgreSQL has no `pg_stat_statements`.
pub(crate) async fn reset(pool: &PgPool) -> anyhow::Result<()> {
    if is_counted(pool).await? {
        for statement in [
            "create extension if not exists pg_stat_statements",
            "select pg_stat_statements_reset()",
        ] {
            sqlx::query(statement).execute(pool).await?;
        }
    }
    Ok(())
}

/// What `leads` leads have cost each since [`reset`]; `None` if it was not counted.
pub(crate) async fn cost(pool: &PgPool, leads: usize) -> anyhow::Result<Option<Cost>> {
    if leads == 0 || !is_counted(pool).await? {
        return Ok(None);
    }
    let row = sqlx::query(
        "select sum(calls)::float8 / $1,
                (sum(total_exec_time + total_plan_time) filter (where toplevel))::float8 / $1,
                (sum(wal_bytes) filter (where toplevel))::float8 / $1
         from pg_stat_statements s join pg_database d on d.oid = s.dbid and d.datname = current_database()
         where query not like '%pg_stat_statements%'",
    )
    .bind(i32::try_from(leads)?)
    .fetch_one(pool)
    .await?;
    Ok(Some(Cost {
        statements: row.get(0),
        milliseconds: row.get(1),
        wal_bytes: row.get(2),
    }))
}

/// The statements that took most of the time, as lines for a person.
pub(crate) async fn top(pool: &PgPool, leads: usize, count: i32) -> anyhow::Result<Vec<String>> {
    if leads == 0 || !is_counted(pool).await? {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_scalar(
        "select format('%8s ms a lead %6s calls a lead %8s ms a call %7s blocks  %s',
                       round((total_exec_time / $1)::numeric, 3), round(calls::numeric / $1, 2),
                       round((mean_exec_time)::numeric, 3),
                       (shared_blks_hit + shared_blks_read) / greatest(calls, 1),
                       left(regexp_replace(query, '\\s+', ' ', 'g'), 110))
         from pg_stat_statements s join pg_database d on d.oid = s.dbid and d.datname = current_database()
         where toplevel order by total_exec_time desc limit $2",
    )
    .bind(i32::try_from(leads)?)
    .bind(count)
    .fetch_all(pool)
    .await?)
}

async fn is_counted(pool: &PgPool) -> anyhow::Result<bool> {
    Ok(sqlx::query_scalar(
        "select current_setting('shared_preload_libraries') like '%pg_stat_statements%'",
    )
    .fetch_one(pool)
    .await?)
}
