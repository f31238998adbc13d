//! Queues and their pauses.

use crate::Result;
use crate::operations::model::{Actor, QueueRow};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::HashSet;

pub(in crate::operations) async fn queues(
    connection: &mut PgConnection,
    never_paused: &[&str],
    now: DateTime<Utc>,
) -> Result<Vec<QueueRow>> {
    Ok(sqlx::query_as!(
        QueueRow,
        r#"with stated as (
               select job_type as queue, run_at, job_state(j, $1) as state from apalis.jobs j),
           counted as (
               select queue,
                      count(*) filter (where state = 'waiting') as waiting,
                      count(*) filter (where state = 'scheduled') as scheduled,
                      count(*) filter (where state = 'retrying') as retrying,
                      count(*) filter (where state = 'running') as running,
                      count(*) filter (where state = 'dead') as dead,
                      extract(epoch from $1 - min(run_at) filter (where state = 'waiting'))::float8 as oldest
               from stated group by queue)
           select queue as "queue!", coalesce(c.waiting, 0) as "waiting!",
                  coalesce(c.scheduled, 0) as "scheduled!", coalesce(c.retrying, 0) as "retrying!",
                  coalesce(c.running, 0) as "running!", coalesce(c.dead, 0) as "dead!",
                  c.oldest as oldest_waiting_seconds, p.paused_at as "paused_at?", p.paused_by as "paused_by?",
                  queue <> all($2::text[]) as "can_pause!"
           from counted c full join job_pause p using (queue) order by 1"#,
        now,
        never_paused as _
    )
    .fetch_all(connection)
    .await?)
}

pub(in crate::operations) async fn paused(
    connection: &mut PgConnection,
) -> Result<HashSet<String>> {
    let rows = sqlx::query_scalar!("select queue from job_pause")
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Returns false if it is paused already.
pub(in crate::operations) async fn pause(
    connection: &mut PgConnection,
    queue: &str,
    by: &Actor,
    now: DateTime<Utc>,
) -> Result<bool> {
    let paused = sqlx::query!(
        "insert into job_pause (queue, paused_at, paused_by) values ($1, $2, $3) on conflict (queue) do nothing",
        queue,
        now,
        by.to_string()
    )
    .execute(connection)
    .await?;
    Ok(paused.rows_affected() > 0)
}

/// Returns false if it is not paused.
pub(in crate::operations) async fn resume(
    connection: &mut PgConnection,
    queue: &str,
) -> Result<bool> {
    let resumed = sqlx::query!("delete from job_pause where queue = $1", queue)
        .execute(connection)
        .await?;
    Ok(resumed.rows_affected() > 0)
}
