//! SQL of the visits in the calendar.

use super::super::AppointmentStatus;
use crate::Result;
use crate::id::AppointmentId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A visit that the calendar does not show correctly.
pub(in super::super) struct Shown {
    pub(in super::super) status: AppointmentStatus,
    pub(in super::super) version: i32,
    pub(in super::super) event_id: Option<String>,
    pub(in super::super) starts_at: DateTime<Utc>,
    pub(in super::super) ends_at: DateTime<Utc>,
    pub(in super::super) place: Option<String>,
    pub(in super::super) note: Option<String>,
    pub(in super::super) lead_name: Option<String>,
    pub(in super::super) lead_phone: Option<String>,
    pub(in super::super) sales_name: String,
}

/// Whether a job can write the calendar now.
pub(in super::super) enum ToBeShown {
    /// This job writes, and no other.
    Now(Shown),
    /// Another job writes.
    Busy,
    /// The calendar is up to date.
    Nothing,
}

pub(in super::super) async fn to_be_shown(
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

/// The calendar shows this version. A later version has its own job.
pub(in super::super) async fn set_shown(
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

pub(in super::super) async fn set_not_shown(
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
