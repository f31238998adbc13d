//! Jobs in apalis's table.

use super::batch::Batch;
use crate::Result;
use crate::jobs::CHANNEL;
use crate::operations::model::{Action, FailedTry, Filter, JobRow, JobState, Page};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use ulid::Ulid;

/// A filter as `jobs_that_fit` and the log of actions have it.
pub(in crate::operations) fn json_of(filter: &Filter, now: DateTime<Utc>) -> Value {
    let before = |seconds: i64| {
        let age = TimeDelta::try_seconds(seconds.max(0)).unwrap_or_default();
        let at = now.checked_sub_signed(age).unwrap_or_default();
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        Ulid::from_parts(millis, u128::MAX).to_string()
    };
    json!({
        "ids": filter.ids,
        "state": filter.state.map(JobState::as_str),
        "queue": filter.queue,
        "errorClass": filter.error_class,
        "payload": filter.payload,
        "idBefore": filter.older_than_seconds.map(before),
    })
}

pub(in crate::operations) async fn jobs(
    connection: &mut PgConnection,
    filter: &Filter,
    page: &Page,
    now: DateTime<Utc>,
) -> Result<Vec<JobRow>> {
    let rows = sqlx::query!(
        r#"select j.id as "id!", j.job_type as "queue!", job_state(j, $2) as "state!", j.job as "payload!",
                  j.attempts as "tried!", j.max_attempts as "tries!", j.run_at as "run_at!", j.done_at,
                  split_part(j.lock_by, '.', 1) as worker, j.last_result ->> 'Err' as reason,
                  j.last_result ->> 'Class' as class, j.metadata -> 'request_id' as request
           from jobs_that_fit($1, $2) j
           where $3::text is null or j.id > $3 order by j.id limit $4"#,
        json_of(filter, now),
        now,
        page.after,
        i64::from(page.limit)
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let state = JobState::from_name(&row.state).unwrap_or(JobState::Dead);
            JobRow {
                enqueued_at: enqueued_at(&row.id),
                id: row.id,
                queue: row.queue,
                state,
                payload: String::from_utf8_lossy(&row.payload).into_owned(),
                tried: row.tried,
                tries: row.tries,
                run_at: row.run_at,
                dead_at: row.done_at.filter(|_| state == JobState::Dead),
                worker: row.worker,
                error_class: row.class,
                reason: row.reason,
                request_id: row.request.filter(|request| !request.is_empty()),
            }
        })
        .collect())
}

/// When a job was enqueued: the first part of its id.
fn enqueued_at(id: &str) -> DateTime<Utc> {
    let millis = Ulid::from_string(id).map_or(0, |id| id.timestamp_ms());
    let millis = i64::try_from(millis).unwrap_or(0);
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

pub(in crate::operations) async fn count(
    connection: &mut PgConnection,
    filter: &Filter,
    action: Option<Action>,
    now: DateTime<Utc>,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from jobs_that_fit($1, $2) j
           where job_can($3, j, $2)"#,
        json_of(filter, now),
        now,
        action.map_or("", Action::as_str)
    )
    .fetch_one(connection)
    .await?)
}

pub(in crate::operations) async fn failures(
    connection: &mut PgConnection,
    id: &str,
) -> Result<Vec<FailedTry>> {
    Ok(sqlx::query_as!(
        FailedTry,
        r#"select tried as "tried!", error_class as "error_class!", reason as "reason!", failed_at as "failed_at!"
           from (select * from job_failure where job_id = $1
                 union all select * from job_failure_former where job_id = $1) failed
           order by failed_at, tried"#,
        id
    )
    .fetch_all(connection)
    .await?)
}

/// Keeps the failed tries of jobs that begin with their first try again.
pub(in crate::operations) async fn keep_former_failures(
    connection: &mut PgConnection,
    jobs: &[String],
) -> Result<()> {
    sqlx::query!(
        "with failed as (
             delete from job_failure where job_id = any($1)
             returning job_id, tried, queue, error_class, reason, failed_at)
         insert into job_failure_former (job_id, tried, queue, error_class, reason, failed_at)
         select job_id, tried, queue, error_class, reason, failed_at from failed",
        jobs
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Has at most `most` jobs run now. A dead letter that is tried again has all its tries.
pub(in crate::operations) async fn run_again(
    connection: &mut PgConnection,
    filter: &Filter,
    action: Action,
    (now, most): (DateTime<Utc>, i64),
) -> Result<Batch> {
    let rows = sqlx::query!(
        "with picked as (
             select j.id from jobs_that_fit($1, $2) j
             where job_can($3, j, $2) order by j.id limit $4),
         locked as (
             select j.id from apalis.jobs j join picked using (id)
             where job_can($3, j, $2) for update of j skip locked)
         update apalis.jobs j
         set status = 'Pending', run_at = $2, lock_by = null, lock_at = null, done_at = null,
             attempts = case when $3 = 'retry' then 0 else j.attempts end
         from locked where j.id = locked.id
         returning j.id, j.job_type, j.job",
        json_of(filter, now),
        now,
        action.as_str(),
        most
    )
    .fetch_all(connection)
    .await?;
    let mut batch = Batch::default();
    for row in rows {
        batch.payloads.push((row.job_type.clone(), row.job));
        batch.add(row.id, row.job_type);
    }
    Ok(batch)
}

/// Discards at most `most` jobs. A dead letter is deleted. Any other job has no tries left: the worker that fetches it
/// discards it as it does after the last failure, with everything that the job's kind does then. If no worker fetched it for a
/// minute, because none knows its queue, it becomes a dead letter here.
pub(in crate::operations) async fn discard(
    connection: &mut PgConnection,
    filter: &Filter,
    (now, most): (DateTime<Utc>, i64),
) -> Result<Batch> {
    let rows = sqlx::query!(
        r#"with picked as (
             select j.id from jobs_that_fit($1, $2) j
             where job_can('discard', j, $2) order by j.id limit $3),
         locked as (
             select j.id, job_state(j, $2) = 'dead' as dead from apalis.jobs j join picked using (id)
             where job_can('discard', j, $2) for update of j skip locked),
         deleted as (
             delete from apalis.jobs j using locked where j.id = locked.id and locked.dead
             returning j.id, j.job_type, j.job),
         changed as (
             update apalis.jobs j
             set status = case when j.attempts < 1000000 then 'Pending' else 'Killed' end,
                 done_at = case when j.attempts < 1000000 then null else $2 end,
                 run_at = least(j.run_at, $2), attempts = 1000000
             from locked where j.id = locked.id and not locked.dead
             returning j.id, j.job_type)
         select id as "id!", job_type as "queue!", job from deleted
         union all select id, job_type, null from changed"#,
        json_of(filter, now),
        now,
        most
    )
    .fetch_all(connection)
    .await?;
    let mut batch = Batch::default();
    for row in rows {
        if let Some(payload) = row.job {
            let payload = String::from_utf8_lossy(&payload);
            let deleted = json!({ "id": row.id, "queue": row.queue, "payload": payload });
            batch.deleted.push(deleted);
        }
        batch.add(row.id, row.queue);
    }
    Ok(batch)
}

/// Wakes the workers of these queues when the transaction commits.
pub(in crate::operations) async fn announce(
    connection: &mut PgConnection,
    queues: &[String],
) -> Result<()> {
    sqlx::query!(
        "select pg_notify($1, queue)::text as announced from unnest($2::text[]) queue",
        CHANNEL,
        queues
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

pub(in crate::operations) async fn delete_old_failures(
    connection: &mut PgConnection,
    days: f64,
) -> Result<u64> {
    let deleted = sqlx::query_scalar!(
        r#"with failures as (
               delete from job_failure where (job_id, tried) in (
                   select job_id, tried from job_failure
                   where failed_at < now() - $1::float8 * interval '1 day' limit 1000)
               returning 1),
           former as (
               delete from job_failure_former where ctid in (
                   select ctid from job_failure_former
                   where failed_at < now() - $1::float8 * interval '1 day' limit 1000)
               returning 1)
           select (select count(*) from failures) + (select count(*) from former) as "deleted!""#,
        days
    )
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(deleted).unwrap_or(0))
}
