//! SQL of the visits.

use super::model::{Planned, Recipient};
use super::{Appointment, AppointmentFilter, AppointmentStatus, CalendarState, Done};
use crate::auth::User;
use crate::id::{AppointmentId, LeadId, MessageId, ReminderId, UserId};
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

type Times = (DateTime<Utc>, DateTime<Utc>);

/// The exclusion constraint's word is a conflict; anything else is what it is.
fn conflict(error: sqlx::Error) -> Error {
    let constraint = error
        .as_database_error()
        .and_then(|error| error.constraint());
    if constraint == Some("appointment_one_at_a_time") {
        Error::Conflict {
            code: "appointment_conflict",
        }
    } else {
        error.into()
    }
}

pub(super) async fn check_agent(connection: &mut PgConnection, agent: &UserId) -> Result<()> {
    sqlx::query_scalar!(
        r#"select id from "user" where id = $1 and disabled_at is null"#,
        agent.0
    )
    .fetch_optional(connection)
    .await?
    .map(drop)
    .ok_or_else(|| Error::invalid("salesId", "is nobody's"))
}

#[allow(clippy::too_many_arguments, reason = "a row's columns, once")]
pub(super) async fn insert(
    connection: &mut PgConnection,
    id: AppointmentId,
    lead: LeadId,
    agent: &UserId,
    (starts_at, ends_at): Times,
    place: Option<String>,
    note: Option<String>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into appointment (id, lead_id, sales_id, starts_at, ends_at, place, note, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        id.0,
        lead.0,
        agent.0,
        starts_at,
        ends_at,
        place,
        note,
        now
    )
    .execute(connection)
    .await
    .map_err(conflict)?;
    Ok(())
}

/// Returns the new version.
pub(super) async fn update(
    connection: &mut PgConnection,
    id: AppointmentId,
    (starts_at, ends_at): Times,
    place: Option<String>,
    note: Option<String>,
    now: DateTime<Utc>,
) -> Result<i32> {
    sqlx::query_scalar!(
        "update appointment set starts_at = $2, ends_at = $3, place = $4, note = $5, updated_at = $6,
                version = version + 1, calendar_state = 'pending'
         where id = $1 returning version",
        id.0,
        starts_at,
        ends_at,
        place,
        note,
        now
    )
    .fetch_one(connection)
    .await
    .map_err(conflict)
}

pub(super) async fn cancel(
    connection: &mut PgConnection,
    id: AppointmentId,
    now: DateTime<Utc>,
) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "update appointment set status = 'cancelled', cancelled_at = $2, updated_at = $2,
                version = version + 1, calendar_state = 'pending'
         where id = $1 returning version",
        id.0,
        now
    )
    .fetch_one(connection)
    .await?)
}

pub(super) async fn record(
    connection: &mut PgConnection,
    id: AppointmentId,
    by: &User,
    kind: &str,
    (starts_at, ends_at): Times,
    note: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into appointment_change (appointment_id, at, by_user_id, kind, starts_at, ends_at, note)
         values ($1, $2, $3, $4, $5, $6, $7)",
        id.0,
        now,
        by.id.0,
        kind,
        starts_at,
        ends_at,
        note
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn lock(connection: &mut PgConnection, id: AppointmentId) -> Result<()> {
    sqlx::query!("select id from appointment where id = $1 for update", id.0)
        .fetch_optional(connection)
        .await?;
    Ok(())
}

pub(super) async fn one(
    connection: &mut PgConnection,
    scope: Option<&UserId>,
    id: AppointmentId,
) -> Result<Appointment> {
    sqlx::query_as!(
        Appointment,
        r#"select a.id as "id: AppointmentId", a.lead_id as "lead_id: LeadId", l.name as lead_name,
                  a.sales_id as "sales_id: UserId", u.name as sales_name, a.starts_at, a.ends_at, a.place, a.note,
                  a.status as "status: AppointmentStatus", a.version, a.calendar_state as "calendar_state: CalendarState",
                  a.calendar_event_id, a.calendar_error, a.created_at, a.updated_at
           from appointment a join lead l on l.id = a.lead_id join "user" u on u.id = a.sales_id
           where a.id = $1 and ($2::text is null or a.sales_id = $2 or l.owner_sales_id = $2)"#,
        id.0,
        scope.map(|user| user.0.as_str())
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Error::NotFound {
        what: "appointment",
    })
}

pub(super) async fn list(
    connection: &mut PgConnection,
    scope: Option<&UserId>,
    filter: &AppointmentFilter,
) -> Result<Vec<Appointment>> {
    Ok(sqlx::query_as!(
        Appointment,
        r#"select a.id as "id: AppointmentId", a.lead_id as "lead_id: LeadId", l.name as lead_name,
                  a.sales_id as "sales_id: UserId", u.name as sales_name, a.starts_at, a.ends_at, a.place, a.note,
                  a.status as "status: AppointmentStatus", a.version, a.calendar_state as "calendar_state: CalendarState",
                  a.calendar_event_id, a.calendar_error, a.created_at, a.updated_at
           from appointment a join lead l on l.id = a.lead_id join "user" u on u.id = a.sales_id
           where ($1::text is null or a.sales_id = $1 or l.owner_sales_id = $1)
             and ($2::uuid is null or a.lead_id = $2) and ($3::text is null or a.sales_id = $3)
             and ($4::timestamptz is null or a.ends_at > $4) and ($5::timestamptz is null or a.starts_at < $5)
             and ($6 or a.status = 'booked')
           order by a.starts_at, a.id limit 1000"#,
        scope.map(|user| user.0.as_str()),
        filter.lead.map(|lead| lead.0),
        filter.agent.as_ref().map(|agent| agent.0.as_str()),
        filter.from,
        filter.to,
        filter.with_cancelled
    )
    .fetch_all(connection)
    .await?)
}

pub(super) async fn history(connection: &mut PgConnection, id: AppointmentId) -> Result<Vec<Done>> {
    Ok(sqlx::query_as!(
        Done,
        r#"select c.at, c.by_user_id, u.name as "by_name?", c.kind, c.starts_at, c.ends_at, c.note
           from appointment_change c left join "user" u on u.id = c.by_user_id
           where c.appointment_id = $1 order by c.id"#,
        id.0
    )
    .fetch_all(connection)
    .await?)
}

pub(super) async fn insert_reminder(
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

pub(super) async fn void_reminders(
    connection: &mut PgConnection,
    appointment: AppointmentId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "with recalled as (
             update wa_message set delivery_status = 'failed', delivery_error = $2
             where delivery_status = 'queued' and send_id is null
               and id in (select message_id from appointment_reminder where appointment_id = $1))
         update appointment_reminder set state = 'void', reason = $2, ended_at = $3
         where appointment_id = $1 and state = 'waiting'",
        appointment.0,
        reason,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A reminder that waits, with its visit.
pub(super) struct Reminder {
    pub(super) appointment: AppointmentId,
    pub(super) recipient: Recipient,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) due_at: DateTime<Utc>,
    pub(super) visit_starts_at: DateTime<Utc>,
    pub(super) status: AppointmentStatus,
    pub(super) lead: LeadId,
    pub(super) sales_id: UserId,
    pub(super) place: Option<String>,
}

/// Both rows, locked in the order that a change of the visit takes them in.
pub(super) async fn lock_reminder(
    connection: &mut PgConnection,
    id: ReminderId,
) -> Result<Option<Reminder>> {
    Ok(sqlx::query_as!(
        Reminder,
        r#"select a.id as "appointment: AppointmentId", r.recipient as "recipient: Recipient", r.starts_at, r.due_at,
                  a.starts_at as visit_starts_at, a.status as "status: AppointmentStatus", a.lead_id as "lead: LeadId",
                  a.sales_id as "sales_id: UserId", a.place
           from appointment_reminder r join appointment a on a.id = r.appointment_id
           where r.id = $1 and r.state = 'waiting' for update of a, r"#,
        id.0
    )
    .fetch_optional(connection)
    .await?)
}

pub(super) async fn end_reminder(
    connection: &mut PgConnection,
    id: ReminderId,
    state: &str,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update appointment_reminder set state = $2, reason = $3, ended_at = $4 where id = $1 and state = 'waiting'",
        id.0,
        state,
        reason,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn lead_of_reminder(
    connection: &mut PgConnection,
    id: ReminderId,
) -> Result<Option<LeadId>> {
    Ok(sqlx::query_scalar!(
        r#"select a.lead_id as "lead: LeadId" from appointment_reminder r join appointment a on a.id = r.appointment_id
           where r.id = $1 and r.state = 'waiting'"#,
        id.0
    )
    .fetch_optional(connection)
    .await?)
}

pub(super) async fn set_message(
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

pub(super) async fn put_off(
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

pub(super) async fn due_reminders(
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

/// A visit that the calendar does not show as it is.
pub(super) struct Shown {
    pub(super) status: AppointmentStatus,
    pub(super) version: i32,
    pub(super) event_id: Option<String>,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) ends_at: DateTime<Utc>,
    pub(super) place: Option<String>,
    pub(super) note: Option<String>,
    pub(super) lead_name: Option<String>,
    pub(super) lead_phone: Option<String>,
    pub(super) sales_name: String,
}

/// Whether the calendar is to be written now.
pub(super) enum ToBeShown {
    /// By whoever asked, who has it to themselves.
    Now(Shown),
    /// Somebody else is at it.
    Busy,
    /// It agrees already.
    Nothing,
}

pub(super) async fn to_be_shown(
    connection: &mut PgConnection,
    id: AppointmentId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<ToBeShown> {
    let taken = sqlx::query_as!(
        Shown,
        r#"update appointment a set calendar_busy_until = $3
           from lead l, "user" u
           where a.id = $1 and a.calendar_version < a.version and l.id = a.lead_id and u.id = a.sales_id
             and (a.calendar_busy_until is null or a.calendar_busy_until <= $2)
           returning a.status as "status: AppointmentStatus", a.version, a.calendar_event_id as event_id, a.starts_at,
                     a.ends_at, a.place, a.note, l.name as lead_name, l.phone as lead_phone, u.name as sales_name"#,
        id.0,
        now,
        until
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(shown) = taken {
        return Ok(ToBeShown::Now(shown));
    }
    let waits = sqlx::query_scalar!(
        r#"select exists (select from appointment where id = $1 and calendar_version < version) as "waits!""#,
        id.0
    )
    .fetch_one(connection)
    .await?;
    Ok(if waits {
        ToBeShown::Busy
    } else {
        ToBeShown::Nothing
    })
}

/// The calendar shows that version; a later one has a job of its own.
pub(super) async fn set_shown(
    connection: &mut PgConnection,
    id: AppointmentId,
    version: i32,
    event_id: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update appointment
         set calendar_version = greatest(calendar_version, $2), calendar_event_id = coalesce($3, calendar_event_id),
             calendar_state = case when version = $2 then 'synced' else calendar_state end, calendar_error = null,
             calendar_synced_at = $4, calendar_busy_until = null
         where id = $1",
        id.0,
        version,
        event_id,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn set_not_shown(
    connection: &mut PgConnection,
    id: AppointmentId,
    reason: &str,
    given_up: bool,
) -> Result<()> {
    sqlx::query!(
        "update appointment set calendar_state = case when $3 then 'failed' else 'failing' end, calendar_error = $2,
                calendar_busy_until = null
         where id = $1 and calendar_version < version",
        id.0,
        reason,
        given_up
    )
    .execute(connection)
    .await?;
    Ok(())
}
