//! What was under way at the instant of a backup.

use crate::Result;
use crate::jobs::{ForwardLeadToSales, Job, RemindOfAppointment, SendMessage, SendSummary};
use crate::operations::model::UnderWay;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Why a message failed that was queued at the instant of the backup.
const REASON: &str = "the database was restored: this may have been sent before";

pub(in crate::operations) async fn under_way(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<UnderWay> {
    Ok(sqlx::query_as!(
        UnderWay,
        r#"select (select count(*) from wa_message where direction = 'out' and delivery_status = 'queued') as "messages!",
                  (select count(*) from wa_send where settled_at is null) as "sends!",
                  (select count(*) from appointment_reminder where state = 'waiting' and due_at <= $1)
                  + (select count(*) from apalis.jobs where job_type = $2 and status <> 'Killed' and run_at <= $1)
                      as "reminders!",
                  (select count(*) from inbound_event)
                  + (select count(*) from webhook_delivery where handled_at is null) as "inbound!""#,
        now,
        SendSummary::QUEUE
    )
    .fetch_one(connection)
    .await?)
}

/// Returns the messages.
pub(in crate::operations) async fn end_under_way(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "with sends as (
             update wa_send set settled_at = $1, outcome = 'lost' where settled_at is null),
         reminders as (
             update appointment_reminder set state = 'void', reason = 'restored', ended_at = $1
             where state = 'waiting' and due_at <= $1),
         jobs as (
             delete from apalis.jobs
             where status <> 'Killed' and (job_type in ($2, $3) or (job_type in ($4, $5) and run_at <= $1)))
         update wa_message set delivery_status = 'failed', delivery_error = $6
         where direction = 'out' and delivery_status = 'queued' returning id",
        now,
        SendMessage::QUEUE,
        ForwardLeadToSales::QUEUE,
        RemindOfAppointment::QUEUE,
        SendSummary::QUEUE,
        REASON
    )
    .fetch_all(connection)
    .await?)
}
