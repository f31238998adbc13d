//! SQL of one person's visits.

use crate::Result;
use crate::id::AppointmentId;
use crate::leads::Person;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

pub(in crate::appointments) async fn person_rows(
    connection: &mut PgConnection,
    person: &Person,
) -> Result<Value> {
    Ok(sqlx::query_scalar!(
        r#"select jsonb_build_object(
               'visits', (select jsonb_agg(to_jsonb(a) order by a.starts_at) from appointment a where a.lead_id = any($1)),
               'visitChanges', (select jsonb_agg(to_jsonb(c) order by c.id) from appointment_change c
                                join appointment a on a.id = c.appointment_id where a.lead_id = any($1))) as "rows!""#,
        &person.lead_ids()
    )
    .fetch_one(connection)
    .await?)
}

/// A visit after its erasure.
pub(in crate::appointments) struct Erased {
    pub(in crate::appointments) id: AppointmentId,
    pub(in crate::appointments) version: i32,
    /// It had not ended, and is cancelled.
    pub(in crate::appointments) was_ahead: bool,
    /// The calendar has an event of it, or is about to have one.
    pub(in crate::appointments) in_calendar: bool,
}

/// Erases the places and notes of a person's visits, and cancels those that are ahead.
pub(in crate::appointments) async fn erase_visits(
    connection: &mut PgConnection,
    person: &Person,
    now: DateTime<Utc>,
) -> Result<Vec<Erased>> {
    let leads = person.lead_ids();
    let erased = sqlx::query_as!(
        Erased,
        r#"with was as (
               select id, status = 'booked' and ends_at > $2 as ahead,
                      calendar_event_id is not null or calendar_state = 'pending' or status = 'booked' and ends_at > $2 as shown
               from appointment where lead_id = any($1))
           update appointment a
           set place = null, note = null, calendar_error = null, version = version + was.shown::integer, updated_at = $2,
               calendar_state = case when was.shown then 'pending' else calendar_state end,
               status = case when was.ahead then 'cancelled' else status end,
               cancelled_at = case when was.ahead then $2 else cancelled_at end
           from was where was.id = a.id
           returning a.id as "id: AppointmentId", version, was.ahead as "was_ahead!", was.shown as "in_calendar!""#,
        &leads,
        now
    )
    .fetch_all(&mut *connection)
    .await?;
    sqlx::query!(
        "update appointment_change set note = null
         where note is not null and appointment_id in (select id from appointment where lead_id = any($1))",
        &leads
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into appointment_change (appointment_id, at, kind, starts_at, ends_at)
         select id, $2, 'cancelled', starts_at, ends_at from appointment where id = any($1)",
        &erased
            .iter()
            .filter(|visit| visit.was_ahead)
            .map(|visit| visit.id.0)
            .collect::<Vec<_>>(),
        now
    )
    .execute(connection)
    .await?;
    Ok(erased)
}
