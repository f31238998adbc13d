//! SQL of visits that go to another agent.

use crate::Result;
use crate::id::{AppointmentId, LeadId, UserId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// The booked visits of a lead that have not begun and are not this agent's, locked.
pub(in super::super) async fn visits_of_others(
    connection: &mut PgConnection,
    lead: LeadId,
    agent: &UserId,
    now: DateTime<Utc>,
) -> Result<Vec<AppointmentId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: AppointmentId" from appointment
           where lead_id = $1 and sales_id <> $2 and status = 'booked' and starts_at > $3
           order by starts_at, id for update"#,
        lead.0,
        agent.0,
        now
    )
    .fetch_all(connection)
    .await?)
}

/// Gives a visit to another agent, and records it. Returns the new version. `None` if the agent has
/// another visit then, and nothing changed.
pub(in super::super) async fn hand_over(
    connection: &mut PgConnection,
    id: AppointmentId,
    agent: &UserId,
    now: DateTime<Utc>,
) -> Result<Option<i32>> {
    Ok(sqlx::query_scalar!(
        r#"with moved as (
               update appointment a set sales_id = $2, updated_at = $3, version = version + 1, calendar_state = 'pending'
               where id = $1
                 and not exists (select from appointment other
                                 where other.sales_id = $2 and other.status = 'booked' and other.id <> a.id
                                   and tstzrange(other.starts_at, other.ends_at) && tstzrange(a.starts_at, a.ends_at))
               returning id, version, starts_at, ends_at),
           recorded as (
               insert into appointment_change (appointment_id, at, kind, starts_at, ends_at)
               select id, $3, 'handed_over', starts_at, ends_at from moved)
           select version from moved"#,
        id.0,
        agent.0,
        now
    )
    .fetch_optional(connection)
    .await?)
}
