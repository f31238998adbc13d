//! SQL of the reminders.

use super::super::model::{Planned, Recipient};
use super::super::{AppointmentStatus, VisitOutcome};
use crate::Result;
use crate::id::{AppointmentId, LeadId, MessageId, ReminderId, UserId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

pub(in super::super) async fn insert_reminder(
    connection: &mut PgConnection,
    id: ReminderId,
    appointment: AppointmentId,
    planned: &Planned,
    starts_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into appointment_reminder (id, appointment_id, recipient, minutes_before, starts_at, due_at)
         values ($1, $2, $3, $4, $5, $6)",
        id.0,
        appointment.0,
        planned.recipient as _,
        planned.minutes_before,
        starts_at,
        planned.due_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends the waiting reminders of a visit, and recalls those of their messages that the provider cannot
/// have. A message whose send has no known outcome is not sent again.
pub(in super::super) async fn void_reminders(
    connection: &mut PgConnection,
    appointment: AppointmentId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "with recalled as (
             update wa_message m
             set delivery_error = $2, expires_at = $3,
                 delivery_status = case when exists (select from wa_send s where s.id = m.send_id
                                                     and (s.settled_at is null or s.outcome = 'accepted'))
                                        then m.delivery_status else 'failed' end
             where coalesce(delivery_status = 'queued', false)
               and id in (select message_id from appointment_reminder where appointment_id = $1))
         update appointment_reminder set state = 'void', reason = $2, ended_at = $3
         where appointment_id = $1 and coalesce(state = 'waiting', false)",
        appointment.0,
        reason,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Recalls the messages about a visit that name its former agent and are not sent yet: to the agent, and to the client. What was
/// recalled is due again, for the new agent.
pub(in super::super) async fn recall_messages_of_agent(
    connection: &mut PgConnection,
    appointment: AppointmentId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "with recalled as (
             update wa_message m
             set delivery_error = 'handed over', expires_at = $2,
                 delivery_status = case when exists (select from wa_send s where s.id = m.send_id
                                                     and (s.settled_at is null or s.outcome = 'accepted'))
                                        then m.delivery_status else 'failed' end
             where coalesce(delivery_status = 'queued', false)
               and id in (select message_id from appointment_reminder where appointment_id = $1)
             returning id, delivery_status)
         update appointment_reminder r set state = 'waiting', reason = null, ended_at = null, message_id = null
         from recalled where r.message_id = recalled.id and recalled.delivery_status = 'failed'",
        appointment.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A reminder that is not sent, with its visit.
pub(in super::super) struct Reminder {
    pub(in super::super) appointment: AppointmentId,
    pub(in super::super) recipient: Recipient,
    pub(in super::super) starts_at: DateTime<Utc>,
    pub(in super::super) due_at: DateTime<Utc>,
    pub(in super::super) visit_starts_at: DateTime<Utc>,
    pub(in super::super) visit_ends_at: DateTime<Utc>,
    pub(in super::super) status: AppointmentStatus,
    pub(in super::super) outcome: Option<VisitOutcome>,
    pub(in super::super) lead: LeadId,
    pub(in super::super) sales_id: UserId,
    pub(in super::super) place: Option<String>,
}

/// Locks both rows, in the order that a change of the visit uses.
pub(in super::super) async fn lock_reminder(
    connection: &mut PgConnection,
    id: ReminderId,
) -> Result<Option<Reminder>> {
    Ok(sqlx::query_as!(
        Reminder,
        r#"select a.id as "appointment: AppointmentId", r.recipient as "recipient: Recipient", r.starts_at, r.due_at,
                  a.starts_at as visit_starts_at, a.ends_at as visit_ends_at,
                  a.status as "status: AppointmentStatus", a.outcome as "outcome: VisitOutcome", a.lead_id as "lead: LeadId",
                  a.sales_id as "sales_id: UserId", a.place
           from appointment_reminder r join appointment a on a.id = r.appointment_id
           where r.id = $1 and coalesce(r.state = 'waiting', false) for update of a, r"#,
        id.0
    )
    .fetch_optional(connection)
    .await?)
}

pub(in super::super) async fn end_reminder(
    connection: &mut PgConnection,
    id: ReminderId,
    state: &str,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update appointment_reminder set state = $2, reason = $3, ended_at = $4 where id = $1 and coalesce(state = 'waiting', false)",
        id.0,
        state,
        reason,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in super::super) async fn lead_of_reminder(
    connection: &mut PgConnection,
    id: ReminderId,
) -> Result<Option<LeadId>> {
    Ok(sqlx::query_scalar!(
        r#"select a.lead_id as "lead: LeadId" from appointment_reminder r join appointment a on a.id = r.appointment_id
           where r.id = $1 and coalesce(r.state = 'waiting', false)"#,
        id.0
    )
    .fetch_optional(connection)
    .await?)
}

pub(in super::super) async fn set_message(
    connection: &mut PgConnection,
    id: ReminderId,
    message: MessageId,
) -> Result<()> {
    sqlx::query!(
        "update appointment_reminder set message_id = $2 where id = $1",
        id.0,
        message.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in super::super) async fn put_off(
    connection: &mut PgConnection,
    id: ReminderId,
    due_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update appointment_reminder set due_at = $2 where id = $1",
        id.0,
        due_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in super::super) async fn due_reminders(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
) -> Result<Vec<ReminderId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: ReminderId" from appointment_reminder
           where state = 'waiting' and due_at <= $1 order by due_at limit 100"#,
        before
    )
    .fetch_all(connection)
    .await?)
}
