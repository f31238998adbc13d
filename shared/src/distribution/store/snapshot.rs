//! Reads a lead with one of its offers, in one statement.

use crate::distribution::model::{Attempt, AttemptStatus, Cycle, CycleStatus, LeadSnapshot, Round};
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use crate::leads::{Lead, LeadProgress, LeadStatus, Mark};
use crate::phone::Phone;
use crate::sales::Agent;
use crate::strategy::Strategy;
use crate::{Error, Result};
use sqlx::PgConnection;

/// The lead with the given attempt, else its latest, that attempt's agent, and its cycle, else the lead's latest.
pub(crate) async fn snapshot(
    connection: &mut PgConnection,
    lead: LeadId,
    attempt: Option<AttemptId>,
) -> Result<LeadSnapshot> {
    let row = sqlx::query!(
        r#"select l.id as "id: LeadId", l.name, l.phone as "phone: Phone", l.status as "status: LeadStatus",
                  l.progress as "progress: LeadProgress", l.owner_sales_id as "owner: UserId", l.locked_at,
                  l.source_ads, l.project, l.area, l.mark as "mark: Mark", l.created_at,
                  a.id as "attempt?: AttemptId", a.cycle_id as "attempt_cycle?: CycleId",
                  a.sales_id as "sales?: UserId", a.position as "position?", a.round as "round?: Round", a.code,
                  a.status as "attempt_status?: AttemptStatus", a.reason, a.assigned_at as "assigned_at?",
                  a.ack_deadline_at as "ack_deadline_at?", a.offer_accepted_at, a.acknowledged_at,
                  a.closed_at as attempt_closed_at,
                  c.id as "cycle?: CycleId", c.status as "cycle_status?: CycleStatus",
                  c.strategy as "strategy?: Strategy", c.resume_at, c.started_at as "started_at?",
                  c.closed_at as cycle_closed_at,
                  u.name as "agent_name?", u.offer_address, u.disabled_at is not null as "disabled!"
           from lead l
           left join lateral (
               select a.* from distribution_cycle o join distribution_attempt a on a.cycle_id = o.id
               where o.lead_id = l.id
               order by (a.id = $2) desc nulls last, o.started_at desc, a.position desc limit 1) a on true
           left join lateral (
               select o.* from distribution_cycle o where o.lead_id = l.id
               order by (o.id = a.cycle_id) desc nulls last, o.started_at desc, o.id desc limit 1) c on true
           left join "user" u on u.id = a.sales_id
           where l.id = $1"#,
        lead.0,
        attempt.map(|attempt| attempt.0)
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Error::NotFound { what: "lead" })?;
    let attempt = || {
        Some(Attempt {
            id: row.attempt?,
            cycle_id: row.attempt_cycle?,
            sales_id: row.sales.clone()?,
            position: row.position?,
            status: row.attempt_status?,
            round: row.round?,
            code: row.code,
            reason: row.reason,
            assigned_at: row.assigned_at?,
            ack_deadline_at: row.ack_deadline_at?,
            offer_accepted_at: row.offer_accepted_at,
            acknowledged_at: row.acknowledged_at,
            closed_at: row.attempt_closed_at,
        })
    };
    let cycle = || {
        Some(Cycle {
            id: row.cycle?,
            lead_id: row.id,
            status: row.cycle_status?,
            strategy: row.strategy?,
            resume_at: row.resume_at,
            started_at: row.started_at?,
            closed_at: row.cycle_closed_at,
        })
    };
    let agent = || {
        Some(Agent {
            id: row.sales.clone()?,
            name: row.agent_name?,
            phone: row.offer_address.as_deref().and_then(Phone::from_e164),
            disabled: row.disabled,
        })
    };
    Ok(LeadSnapshot {
        attempt: attempt(),
        cycle: cycle(),
        agent: agent(),
        lead: Lead {
            id: row.id,
            name: row.name,
            phone: row.phone,
            status: row.status,
            progress: row.progress,
            owner: row.owner,
            locked_at: row.locked_at,
            source_ads: row.source_ads,
            project: row.project,
            area: row.area,
            mark: row.mark,
            created_at: row.created_at,
        },
    })
}
