//! SQL of the results of visits.

use super::super::VisitOutcome;
use super::super::asked::AskedVisit;
use crate::Result;
use crate::id::{AppointmentId, LeadId, UserId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A visit that is in the way of another one.
pub(in super::super) struct InTheWay {
    pub(in super::super) lead_name: Option<String>,
    pub(in super::super) starts_at: DateTime<Utc>,
    pub(in super::super) ends_at: DateTime<Utc>,
}

/// The agent's first visit at this time, but for this one.
pub(in super::super) async fn in_the_way(
    connection: &mut PgConnection,
    agent: &UserId,
    but: AppointmentId,
    (starts_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Option<InTheWay>> {
    Ok(sqlx::query_as!(
        InTheWay,
        "select l.name as lead_name, a.starts_at, a.ends_at from appointment a join lead l on l.id = a.lead_id
         where a.sales_id = $1 and a.id <> $2 and a.status = 'booked'
           and tstzrange(a.starts_at, a.ends_at) && tstzrange($3, $4)
         order by a.starts_at limit 1",
        agent.0,
        but.0,
        starts_at,
        ends_at
    )
    .fetch_optional(connection)
    .await?)
}

/// The code by which the agent names the visit. Given now if it has none.
pub(in super::super) async fn name_visit(
    connection: &mut PgConnection,
    id: AppointmentId,
) -> Result<String> {
    Ok(sqlx::query_scalar!(
        r#"update appointment set code = coalesce(code, 'K' || nextval('offer_code')) where id = $1
           returning code as "code!""#,
        id.0
    )
    .fetch_one(connection)
    .await?)
}

pub(in super::super) async fn set_outcome(
    connection: &mut PgConnection,
    id: AppointmentId,
    outcome: VisitOutcome,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update appointment set outcome = $2, outcome_at = $3, updated_at = $3 where id = $1",
        id.0,
        outcome as _,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The visits of an agent that have no outcome and that the agent was asked about since an instant, or the one with this
/// code whenever that was; the latest first.
pub(in super::super) async fn asked(
    connection: &mut PgConnection,
    agent: &UserId,
    code: Option<&str>,
    since: DateTime<Utc>,
) -> Result<Vec<AskedVisit>> {
    Ok(sqlx::query_as!(
        AskedVisit,
        r#"select a.id as "id: AppointmentId", a.lead_id as "lead: LeadId", a.code as "code!", a.starts_at
           from appointment a
           where a.sales_id = $1 and a.status = 'booked' and a.outcome is null and a.code is not null
             and ($2::text is null or a.code = $2)
             and exists (select from appointment_reminder r
                         where r.appointment_id = a.id and r.recipient = 'outcome' and r.state = 'said'
                           and r.starts_at = a.starts_at and ($2::text is not null or r.ended_at >= $3))
           order by a.starts_at desc, a.id"#,
        agent.0,
        code,
        since
    )
    .fetch_all(connection)
    .await?)
}
