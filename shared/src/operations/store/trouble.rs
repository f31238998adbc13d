//! What waits for a person.

use crate::Result;
use crate::operations::model::{Trouble, Unheard, Unsettled};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

pub(in crate::operations) async fn trouble(
    connection: &mut PgConnection,
    max_failures: i32,
    now: DateTime<Utc>,
) -> Result<Trouble> {
    Ok(sqlx::query_as!(
        Trouble,
        r#"select (select count(*) from apalis.jobs where status = 'Killed') as "jobs_dead!",
                  (select count(*) from wa_send where settled_at is null) as "sends_unsettled!",
                  (select count(*) from inbound_event where failures >= $1) as "messages_unheard!",
                  (select count(*) from webhook_unread where closed_at is null) as "deliveries_unread!",
                  (select count(*) from meta_lead where state = 'unusable') as "meta_leads_unusable!",
                  (select count(*) from wa_message where delivery_status = 'failed'
                   and created_at > $2::timestamptz - interval '1 day') as "messages_failed_1d!""#,
        max_failures,
        now
    )
    .fetch_one(connection)
    .await?)
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
