//! Reads leads, each with one of its offers, in one statement.

use crate::Result;
use crate::distribution::model::{
    AskedSnapshot, Attempt, AttemptStatus, Cycle, CycleStatus, LeadSnapshot, Round,
};
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use crate::leads::{Lead, LeadProgress, LeadStatus, Mark};
use crate::phone::Phone;
use crate::sales::Agent;
use crate::strategy::Strategy;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

struct Row {
    nth: i64,
    lead: LeadId,
    name: Option<String>,
    phone: Option<Phone>,
    status: LeadStatus,
    progress: LeadProgress,
    owner: Option<UserId>,
    locked_at: Option<DateTime<Utc>>,
    source_ads: Option<String>,
    project: Option<String>,
    area: Option<String>,
    mark: Option<Mark>,
    created_at: DateTime<Utc>,
    attempt: Option<AttemptId>,
    attempt_cycle: Option<CycleId>,
    sales: Option<UserId>,
    position: Option<i32>,
    round: Option<Round>,
    code: Option<String>,
    attempt_status: Option<AttemptStatus>,
    reason: Option<String>,
    assigned_at: Option<DateTime<Utc>>,
    ack_deadline_at: Option<DateTime<Utc>>,
    offer_accepted_at: Option<DateTime<Utc>>,
    acknowledged_at: Option<DateTime<Utc>>,
    attempt_closed_at: Option<DateTime<Utc>>,
    cycle: Option<CycleId>,
    cycle_status: Option<CycleStatus>,
    strategy: Option<Strategy>,
    resume_at: Option<DateTime<Utc>>,
    started_at: Option<DateTime<Utc>>,
    cycle_closed_at: Option<DateTime<Utc>>,
    agent_name: Option<String>,
    offer_address: Option<String>,
    disabled: bool,
}

/// Each of these leads with the given attempt, else its latest, that attempt's agent, and its cycle, else the lead's latest. In their
/// order; `None` for a lead that does not exist.
pub(crate) async fn snapshots(
    connection: &mut PgConnection,
    asked: &[AskedSnapshot],
) -> Result<Vec<Option<LeadSnapshot>>> {
    let leads: Vec<LeadId> = asked.iter().map(|one| one.lead).collect();
    let attempts: Vec<Option<AttemptId>> = asked.iter().map(|one| one.attempt).collect();
    // `offset 0` keeps the plan of one lead for each of many.
    let rows = sqlx::query_as!(
        Row,
        r#"select asked_for.nth as "nth!", one.lead as "lead!: LeadId", one.name, one.phone as "phone: Phone",
                  one.status as "status!: LeadStatus", one.progress as "progress!: LeadProgress", one.owner as "owner: UserId",
                  one.locked_at, one.source_ads, one.project, one.area, one.mark as "mark: Mark",
                  one.created_at as "created_at!", one.attempt as "attempt?: AttemptId",
                  one.attempt_cycle as "attempt_cycle?: CycleId", one.sales as "sales?: UserId", one.position as "position?",
                  one.round as "round?: Round", one.code, one.attempt_status as "attempt_status?: AttemptStatus", one.reason,
                  one.assigned_at as "assigned_at?", one.ack_deadline_at as "ack_deadline_at?", one.offer_accepted_at,
                  one.acknowledged_at, one.attempt_closed_at, one.cycle as "cycle?: CycleId",
                  one.cycle_status as "cycle_status?: CycleStatus", one.strategy as "strategy?: Strategy", one.resume_at,
                  one.started_at as "started_at?", one.cycle_closed_at, one.agent_name as "agent_name?", one.offer_address,
                  one.disabled as "disabled!"
           from unnest($1::uuid[], $2::uuid[]) with ordinality as asked_for (lead, attempt, nth)
           cross join lateral (
               select l.id as lead, l.name, l.phone, l.status, l.progress, l.owner_sales_id as owner, l.locked_at,
                      l.source_ads, l.project, l.area, l.mark, l.created_at,
                      a.id as attempt, a.cycle_id as attempt_cycle, a.sales_id as sales, a.position, a.round, a.code,
                      a.status as attempt_status, a.reason, a.assigned_at, a.ack_deadline_at, a.offer_accepted_at,
                      a.acknowledged_at, a.closed_at as attempt_closed_at,
                      c.id as cycle, c.status as cycle_status, c.strategy, c.resume_at, c.started_at,
                      c.closed_at as cycle_closed_at,
                      u.name as agent_name, u.offer_address, u.disabled_at is not null as disabled
               from lead l
               left join lateral (
                   select a.* from distribution_cycle o join distribution_attempt a on a.cycle_id = o.id
                   where o.lead_id = l.id
                   order by (a.id = asked_for.attempt) desc nulls last, o.started_at desc, a.position desc limit 1) a on true
               left join lateral (
                   select o.* from distribution_cycle o where o.lead_id = l.id
                   order by (o.id = a.cycle_id) desc nulls last, o.started_at desc, o.id desc limit 1) c on true
               left join "user" u on u.id = a.sales_id
               where l.id = asked_for.lead offset 0) one"#,
        &leads as _,
        &attempts as _
    )
    .fetch_all(connection)
    .await?;
    let mut found: Vec<Option<LeadSnapshot>> = asked.iter().map(|_| None).collect();
    for row in rows {
        let nth = usize::try_from(row.nth - 1).unwrap_or(usize::MAX);
        if let Some(place) = found.get_mut(nth) {
            *place = Some(row.into_snapshot());
        }
    }
    Ok(found)
}

impl Row {
    fn into_snapshot(self) -> LeadSnapshot {
        let attempt = || {
            Some(Attempt {
                id: self.attempt?,
                cycle_id: self.attempt_cycle?,
                sales_id: self.sales.clone()?,
                position: self.position?,
                status: self.attempt_status?,
                round: self.round?,
                code: self.code.clone(),
                reason: self.reason.clone(),
                assigned_at: self.assigned_at?,
                ack_deadline_at: self.ack_deadline_at?,
                offer_accepted_at: self.offer_accepted_at,
                acknowledged_at: self.acknowledged_at,
                closed_at: self.attempt_closed_at,
            })
        };
        let cycle = || {
            Some(Cycle {
                id: self.cycle?,
                lead_id: self.lead,
                status: self.cycle_status?,
                strategy: self.strategy?,
                resume_at: self.resume_at,
                started_at: self.started_at?,
                closed_at: self.cycle_closed_at,
            })
        };
        let agent = || {
            Some(Agent {
                id: self.sales.clone()?,
                name: self.agent_name.clone()?,
                phone: self.offer_address.as_deref().and_then(Phone::from_e164),
                disabled: self.disabled,
            })
        };
        LeadSnapshot {
            attempt: attempt(),
            cycle: cycle(),
            agent: agent(),
            lead: Lead {
                id: self.lead,
                name: self.name,
                phone: self.phone,
                status: self.status,
                progress: self.progress,
                owner: self.owner,
                locked_at: self.locked_at,
                source_ads: self.source_ads,
                project: self.project,
                area: self.area,
                mark: self.mark,
                created_at: self.created_at,
            },
        }
    }
}
