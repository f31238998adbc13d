//! What waits for a person.

use crate::Result;
use crate::jobs::{Job, SendMessage};
use crate::operations::model::{Failed, Unheard, Unsettled};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// How many messages could not be handled, and how many failed for good in the last day. Offers that failed do not count: the
/// next agents were asked. Nor do messages whose job is a dead letter, which counts itself: a job's key begins with the message's id.
pub(in crate::operations) async fn failed_messages(
    connection: &mut PgConnection,
    max_failures: i32,
    now: DateTime<Utc>,
) -> Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"select (select count(*) from inbound_event where failures >= $1) as "unheard!",
                  (select count(*) from wa_message m where delivery_status = 'failed' and kind <> 'offer'
                   and created_at > $2::timestamptz - interval '1 day'
                   and m.id::text not in (select left(idempotency_key, 36) from apalis.jobs
                                          where job_type = $3 and status = 'Killed' and idempotency_key is not null))
                      as "failed!""#,
        max_failures,
        now,
        SendMessage::QUEUE
    )
    .fetch_one(connection)
    .await?;
    Ok((row.unheard, row.failed))
}

pub(in crate::operations) async fn unsettled(
    connection: &mut PgConnection,
    limit: i64,
) -> Result<Vec<Unsettled>> {
    Ok(sqlx::query_as!(
        Unsettled,
        "select id, provider, form, started_at from wa_send where settled_at is null order by started_at limit $1",
        limit
    )
    .fetch_all(connection)
    .await?)
}

pub(in crate::operations) async fn failed(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Failed>> {
    Ok(sqlx::query_as!(
        Failed,
        r#"select id, created_at, coalesce(delivery_error, '') as "reason!"
           from wa_message m
           where delivery_status = 'failed' and kind <> 'offer' and created_at > $1::timestamptz - interval '1 day'
             and m.id::text not in (select left(idempotency_key, 36) from apalis.jobs
                                    where job_type = $3 and status = 'Killed' and idempotency_key is not null)
           order by created_at desc, id desc limit $2"#,
        now,
        limit,
        SendMessage::QUEUE
    )
    .fetch_all(connection)
    .await?)
}

pub(in crate::operations) async fn unheard(
    connection: &mut PgConnection,
    max_failures: i32,
    limit: i64,
) -> Result<Vec<Unheard>> {
    Ok(sqlx::query_as!(
        Unheard,
        "select id, received_at, failures from inbound_event where failures >= $1 order by received_at limit $2",
        max_failures,
        limit
    )
    .fetch_all(connection)
    .await?)
}

pub(in crate::operations) async fn retry_unheard(
    connection: &mut PgConnection,
    message: Uuid,
    max_failures: i32,
) -> Result<bool> {
    let changed = sqlx::query!(
        "update inbound_event set failures = 0 where id = $1 and failures >= $2",
        message,
        max_failures
    )
    .execute(connection)
    .await?;
    Ok(changed.rows_affected() > 0)
}
