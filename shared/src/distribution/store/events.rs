//! The append-only log.

use crate::Result;
use crate::distribution::event::{Event, LoggedEvent};
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use crate::unit_of_work::UnitOfWork;
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// Events as the columns of `distribution_event`.
pub(super) struct EventColumns<'event> {
    pub(super) kinds: Vec<&'event str>,
    pub(super) leads: Vec<Option<Uuid>>,
    pub(super) cycles: Vec<Option<Uuid>>,
    pub(super) attempts: Vec<Option<Uuid>>,
    pub(super) sales: Vec<Option<&'event str>>,
    pub(super) lateness: Vec<Option<i64>>,
    pub(super) details: Vec<Option<&'event serde_json::Value>>,
}

impl<'event> EventColumns<'event> {
    pub(super) fn of(events: &'event [Event]) -> Self {
        let sales = |event: &'event Event| event.sales_id.as_ref().map(|id| id.0.as_str());
        let lateness = |event: &Event| event.lateness.and_then(|late| late.num_microseconds());
        Self {
            kinds: events.iter().map(|event| event.kind.as_str()).collect(),
            leads: events
                .iter()
                .map(|event| event.lead.map(|id| id.0))
                .collect(),
            cycles: events
                .iter()
                .map(|event| event.cycle.map(|id| id.0))
                .collect(),
            attempts: events
                .iter()
                .map(|event| event.attempt.map(|id| id.0))
                .collect(),
            sales: events.iter().map(sales).collect(),
            lateness: events.iter().map(lateness).collect(),
            details: events.iter().map(|event| event.detail.as_ref()).collect(),
        }
    }
}

/// Logs events in their order, in one statement, with the time and the cause of the unit of work.
pub(crate) async fn log(work: &mut UnitOfWork<'_>, events: &[Event]) -> Result<()> {
    let events = EventColumns::of(events);
    sqlx::query!(
        "insert into distribution_event
             (at, kind, cause, lead_id, cycle_id, attempt_id, sales_id, lateness_us, detail, worker)
         select $1, kind, $3, lead, cycle, attempt, sales, lateness, detail, $10
         from unnest($2::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::bigint[], $9::jsonb[])
              with ordinality as event (kind, lead, cycle, attempt, sales, lateness, detail, n)
         order by n",
        work.now,
        &events.kinds as _,
        work.cause.as_str(),
        &events.leads as _,
        &events.cycles as _,
        &events.attempts as _,
        &events.sales as _,
        &events.lateness as _,
        &events.details as _,
        &*work.app.instance
    )
    .execute(&mut *work.connection)
    .await?;
    Ok(())
}

/// Everything logged about a lead, in order.
pub(crate) async fn of_lead(
    connection: &mut PgConnection,
    lead: LeadId,
) -> Result<Vec<LoggedEvent>> {
    Ok(sqlx::query_as!(
        LoggedEvent,
        r#"select e.id, e.at, e.kind, e.cause, e.cycle_id as "cycle_id: CycleId",
                  e.attempt_id as "attempt_id: AttemptId", e.sales_id as "sales_id: UserId",
                  u.name as "sales_name?", e.lateness_us, e.worker, e.detail
           from distribution_event e left join "user" u on u.id = e.sales_id
           where e.lead_id = $1 order by e.id"#,
        lead.0
    )
    .fetch_all(connection)
    .await?)
}

/// The name of every user, by id.
pub(crate) async fn names_of_everybody(
    connection: &mut PgConnection,
) -> Result<HashMap<UserId, String>> {
    let rows = sqlx::query!(r#"select id as "id: UserId", name from "user""#)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Logs the state of an attempt whose row was changed without the log.
pub(crate) async fn log_current_state(
    connection: &mut PgConnection,
    attempt: AttemptId,
    instance: &str,
) -> Result<()> {
    sqlx::query!(
        "insert into distribution_event (at, kind, cause, lead_id, cycle_id, attempt_id, sales_id, worker, detail)
         select coalesce(a.closed_at, a.assigned_at), case a.status when 'open' then 'offered' else a.status end,
                'audit', c.lead_id, c.id, a.id, a.sales_id, $2, jsonb_build_object('by', 'hand')
         from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id where a.id = $1",
        attempt.0,
        instance
    )
    .execute(connection)
    .await?;
    Ok(())
}
