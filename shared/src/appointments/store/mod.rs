//! SQL of the visits.

mod calendar;
mod handover;
mod outcome;
mod person;
mod reminders;

pub(super) use calendar::{Shown, ToBeShown, set_not_shown, set_shown, to_be_shown};
pub(super) use handover::{hand_over, visits_of_others};
pub(super) use outcome::{asked, in_the_way, name_visit, set_outcome};
pub(super) use person::{erase_visits, person_rows};
pub(super) use reminders::{
    Reminder, due_reminders, end_reminder, insert_reminder, lead_of_reminder, lock_reminder,
    put_off, recall_messages_of_agent, set_message, void_reminders,
};

use super::{Appointment, AppointmentFilter, AppointmentStatus, CalendarState, Done, VisitOutcome};
use crate::id::{AppointmentId, LeadId, UserId};
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

type Times = (DateTime<Utc>, DateTime<Utc>);

/// What a booking sets and a change can change.
pub(super) struct Details {
    /// When the visit begins and ends.
    pub(super) times: Times,
    /// The place.
    pub(super) place: Option<String>,
    /// A note of the agent.
    pub(super) note: Option<String>,
}

/// A change of a visit, for its history.
pub(super) struct ChangeRecord<'a> {
    /// The user who made it.
    pub(super) by: &'a UserId,
    /// `booked`, `moved`, `changed`, `cancelled`, or the result of the visit.
    pub(super) kind: &'a str,
    /// When the visit begins and ends after the change.
    pub(super) times: Times,
    /// The reason that the user gave.
    pub(super) note: Option<&'a str>,
}

/// Maps a violation of the exclusion constraint to a conflict.
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

pub(super) async fn insert(
    connection: &mut PgConnection,
    id: AppointmentId,
    (lead, agent): (LeadId, &UserId),
    details: &Details,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into appointment (id, lead_id, sales_id, starts_at, ends_at, place, note, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        id.0,
        lead.0,
        agent.0,
        details.times.0,
        details.times.1,
        details.place,
        details.note,
        now
    )
    .execute(connection)
    .await
    .map_err(conflict)?;
    Ok(())
}

/// Returns the new version. A visit that moves has no outcome any more: it did not take place yet.
pub(super) async fn update(
    connection: &mut PgConnection,
    id: AppointmentId,
    details: &Details,
    now: DateTime<Utc>,
) -> Result<i32> {
    sqlx::query_scalar!(
        "update appointment set starts_at = $2, ends_at = $3, place = $4, note = $5, updated_at = $6,
                version = version + 1, calendar_state = 'pending',
                outcome = case when starts_at = $2 then outcome end,
                outcome_at = case when starts_at = $2 then outcome_at end
         where id = $1 returning version",
        id.0,
        details.times.0,
        details.times.1,
        details.place,
        details.note,
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
    change: &ChangeRecord<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into appointment_change (appointment_id, at, by_user_id, kind, starts_at, ends_at, note)
         values ($1, $2, $3, $4, $5, $6, $7)",
        id.0,
        now,
        change.by.0,
        change.kind,
        change.times.0,
        change.times.1,
        change.note
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
                  a.status as "status: AppointmentStatus", a.outcome as "outcome: VisitOutcome", a.version, a.calendar_state as "calendar_state: CalendarState",
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
                  a.status as "status: AppointmentStatus", a.outcome as "outcome: VisitOutcome", a.version, a.calendar_state as "calendar_state: CalendarState",
                  a.calendar_event_id, a.calendar_error, a.created_at, a.updated_at
           from appointment a join lead l on l.id = a.lead_id join "user" u on u.id = a.sales_id
           where ($1::text is null or a.sales_id = $1 or l.owner_sales_id = $1)
             and ($2::uuid is null or a.lead_id = $2) and ($3::text is null or a.sales_id = $3)
             and ($4::timestamptz is null or a.ends_at > $4) and ($5::timestamptz is null or a.starts_at < $5)
             and ($6 or a.status = 'booked')
             and (not $7 or (a.status = 'booked' and l.owner_sales_id <> a.sales_id))
           order by a.starts_at, a.id limit 1000"#,
        scope.map(|user| user.0.as_str()),
        filter.lead.map(|lead| lead.0),
        filter.agent.as_ref().map(|agent| agent.0.as_str()),
        filter.from,
        filter.to,
        filter.with_cancelled,
        filter.with_former_agent
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
