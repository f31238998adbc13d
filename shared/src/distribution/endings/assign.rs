//! Assignment: an admin or a manager gives a lead to an agent, or an agent takes a hangus lead that
//! they were late for.

use super::withdraw::{Notice, WithdrawReason, notify, withdraw_open_offers};
use crate::distribution::event::{Event, EventKind};
use crate::distribution::model::CycleStatus;
use crate::distribution::offers::client_notice;
use crate::distribution::offers::ended_text::handed_on_text;
use crate::distribution::offers::owner_text::owner_text;
use crate::distribution::store;
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use crate::leads::{self, Lead, LeadStatus};
use crate::sales::{self, Agent};
use crate::texts::Text;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::OutboundKind;
use crate::{App, Error, Result, appointments};
use serde_json::json;

/// A lead that was assigned to an agent.
#[derive(Clone, Debug)]
pub struct Assigned {
    /// The lead.
    pub lead: LeadId,
    /// The attempt that records the assignment.
    pub attempt: AttemptId,
    /// The agent who owns the lead now.
    pub sales_id: UserId,
}

/// Assigns a lead to an agent, whatever its status. Open offers are withdrawn. Their agents and the
/// former owner are notified. Assigning a lead to its owner changes nothing.
///
/// Fails with `NotFound` if the lead or the agent does not exist, and with the conflict
/// `agent_disabled` if the agent's user is disabled, and `lead_erased` if the lead's client was erased and it is not sold or lost.
pub async fn assign(app: &App, lead: LeadId, agent: &UserId, by: &UserId) -> Result<Assigned> {
    let app = app.announcing();
    let mut transaction = app.begin().await?;
    let lead = leads::lock(&mut transaction, lead).await?;
    let agent = sales::by_id(&mut transaction, agent).await?;
    let mut work = UnitOfWork::start(&app, &mut transaction, Cause::Admin).await?;
    let assigned = assign_locked(&mut work, &lead, &agent, json!({ "by": by })).await?;
    transaction.commit().await?;
    tracing::info!(lead = %lead.id, sales = %agent.id, "distribution.assigned");
    Ok(assigned)
}

/// As [`assign`], in the caller's transaction, which holds the lead's lock.
pub(crate) async fn assign_locked(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    agent: &Agent,
    why: serde_json::Value,
) -> Result<Assigned> {
    let (assigned, cycle) = match assign_quietly(work, lead, agent, why).await? {
        (assigned, Some(cycle)) => (assigned, cycle),
        (assigned, None) => return Ok(assigned),
    };
    if let Some(owner) = &lead.owner {
        tell_former_owner(work, lead, owner, &agent.name, cycle).await?;
    }
    client_notice::tell_who_serves(work, lead, agent, cycle).await?;
    // The words of the cycle that ended: the agent may not have been offered the lead.
    let body = owner_text(work, Text::Assigned, lead, Some(cycle)).await?;
    let notice = Notice {
        lead,
        agent,
        kind: OutboundKind::Assigned,
        cycle,
        attempt: Some(assigned.attempt),
    };
    notify(work, &notice, body).await?;
    Ok(assigned)
}

/// As [`assign_locked`], and tells neither the new owner, nor the former owner, nor the client. Returns also the cycle
/// that the assignment ended: `None` if the agent owned the lead already and nothing changed.
pub(crate) async fn assign_quietly(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    agent: &Agent,
    why: serde_json::Value,
) -> Result<(Assigned, Option<CycleId>)> {
    let assigned = |attempt| Assigned {
        lead: lead.id,
        attempt,
        sales_id: agent.id.clone(),
    };
    if agent.disabled {
        return Err(Error::Conflict {
            code: "agent_disabled",
        });
    }
    if lead.owner.as_ref() == Some(&agent.id)
        && let Some(attempt) = store::winning_attempt(work.connection, lead.id).await?
    {
        return Ok((assigned(attempt), None));
    }
    // A sold lead of an erased client can still go to a colleague, with the other leads of its owner.
    if lead.status != LeadStatus::Claimed {
        leads::refuse_erased(work.connection, lead.id).await?;
    }
    let cycle = close_cycle_of(work, lead).await?;
    withdraw_open_offers(work, lead, &agent.name, WithdrawReason::ByHand).await?;
    let attempt = AttemptId::new();
    let times = (work.now, work.deadline_of_an_offer());
    store::insert_assigned(work.connection, attempt, cycle, agent, times).await?;
    leads::set_claimed(work.connection, lead.id, &agent.id, work.now).await?;
    appointments::follow_owner(work, lead.id, &agent.id).await?;
    let event = Event::new(EventKind::Assigned)
        .of(lead.id, cycle)
        .to(attempt, &agent.id)
        .with(why);
    store::log(work, &[event]).await?;
    Ok((assigned(attempt), Some(cycle)))
}

/// Tells the former owner, unless they are disabled.
async fn tell_former_owner(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    owner: &UserId,
    new_owner: &str,
    cycle: CycleId,
) -> Result<()> {
    let owner = sales::by_id(work.connection, owner).await?;
    if owner.disabled {
        return Ok(());
    }
    let body = handed_on_text(work.app, lead, new_owner);
    let notice = Notice {
        lead,
        agent: &owner,
        kind: OutboundKind::Withdrawn,
        cycle,
        attempt: None,
    };
    notify(work, &notice, body).await
}

/// The cycle that the assignment ends: the one that is running, or the last one if it is hangus, or a
/// new one.
async fn close_cycle_of(work: &mut UnitOfWork<'_>, lead: &Lead) -> Result<CycleId> {
    let now = work.now;
    if let Some(cycle) = store::lock_assignable_cycle(work.connection, lead.id).await? {
        store::end_cycle_by_hand(work.connection, cycle, now).await?;
        return Ok(cycle);
    }
    store::insert_cycle_by_hand(work.connection, lead.id, CycleStatus::Assigned, now).await
}
