//! Bulk assignment: an admin gives many leads to one agent at once.
//!
//! It begins ten seconds after the admin asked for it, so that a slip can be taken back before anybody is told. A job
//! assigns the leads, each in its own transaction. The agent and every former owner get one summary each.

use super::lead_lines::lines_of;
use crate::distribution::endings::assign::assign_quietly;
use crate::distribution::offers::client_notice;
use crate::distribution::store::{self, BegunBulk, BulkAssignment, BulkResult, NewBulk};
use crate::id::{LeadId, UserId};
use crate::jobs::{AssignLeads, enqueue};
use crate::leads;
use crate::sales::{self, Agent};
use crate::texts::Text;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::{self, Draft, OutboundKind};
use crate::{App, Error, Result};
use chrono::TimeDelta;
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The most leads of one bulk assignment.
pub const MOST_LEADS: usize = 5_000;
/// How many leads one job assigns: a job that runs for half a minute counts as hanging.
const BATCH: usize = 200;
/// How long an admin can take it back.
const UNDO_FOR: TimeDelta = TimeDelta::seconds(10);

/// Stores a bulk assignment of these leads, which begins in ten seconds.
///
/// Fails with `NotFound` if the agent does not exist, with the conflict `agent_disabled` if they are disabled, and with
/// `Invalid` if there are no leads, or more than [`MOST_LEADS`].
pub async fn assign_in_bulk(
    app: &App,
    agent: &UserId,
    leads: &[LeadId],
    by: &UserId,
) -> Result<BulkAssignment> {
    if leads.is_empty() {
        return Err(Error::invalid("filter", "matches no lead of somebody else"));
    }
    if leads.len() > MOST_LEADS {
        let most = format!("matches more than {MOST_LEADS} leads: choose fewer");
        return Err(Error::invalid("filter", most));
    }
    let mut transaction = app.begin().await?;
    if sales::by_id(&mut transaction, agent).await?.disabled {
        return Err(Error::Conflict {
            code: "agent_disabled",
        });
    }
    let now = app.clock.now(&mut transaction).await?;
    let id = Uuid::now_v7();
    let new = NewBulk {
        sales_id: agent,
        by,
        leads,
        now,
        begins_at: now + UNDO_FOR,
    };
    store::insert_bulk(&mut transaction, id, &new).await?;
    let job = AssignLeads { bulk: id, nth: 0 };
    enqueue(&mut transaction, &job, new.begins_at).await?;
    transaction.commit().await?;
    tracing::info!(bulk = %id, sales = %agent, by = %by, leads = leads.len(), "distribution.bulk_asked");
    bulk_assignment(app, id).await
}

/// A bulk assignment. Fails with `NotFound` if there is none.
pub async fn bulk_assignment(app: &App, id: Uuid) -> Result<BulkAssignment> {
    let mut connection = app.pool.acquire().await?;
    let bulk = store::bulk(&mut connection, id).await?;
    bulk.ok_or(Error::NotFound {
        what: "bulk assignment",
    })
}

/// Takes a bulk assignment back before it begins. Fails with the conflict `begun` if it has begun. Taking it back twice
/// changes nothing.
pub async fn cancel_bulk(app: &App, id: Uuid) -> Result<BulkAssignment> {
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    store::cancel_bulk(&mut transaction, id, now).await?;
    transaction.commit().await?;
    let bulk = bulk_assignment(app, id).await?;
    if bulk.cancelled_at.is_none() {
        return Err(Error::Conflict { code: "begun" });
    }
    Ok(bulk)
}

/// Carries out a bulk assignment: assigns the next leads, each in its own transaction, and enqueues the next batch, or ends it.
/// Safe any number of times. Does nothing if it was cancelled or has ended.
pub async fn carry_out_bulk(app: &App, id: Uuid, nth: i32) -> Result<()> {
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let begun = store::begin_bulk(&mut transaction, id, now).await?;
    transaction.commit().await?;
    let Some(bulk) = begun else {
        return Ok(());
    };
    for _ in 0..BATCH {
        if !assign_next(app, id, &bulk).await? {
            return end(app, id, &bulk).await;
        }
    }
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let next = AssignLeads {
        bulk: id,
        nth: nth + 1,
    };
    enqueue(&mut transaction, &next, now).await?;
    Ok(transaction.commit().await?)
}

/// Assigns the next lead, or records why not. Returns `false` if none is left.
async fn assign_next(app: &App, id: Uuid, bulk: &BegunBulk) -> Result<bool> {
    let app = app.announcing();
    let mut transaction = app.begin().await?;
    let Some(lead) = store::next_bulk_lead(&mut transaction, id).await? else {
        return Ok(false);
    };
    let key = (id, lead);
    let lead = match leads::lock(&mut transaction, lead).await {
        Err(Error::NotFound { .. }) => {
            store::set_bulk_result(&mut transaction, key, BulkResult::Gone, None).await?;
            transaction.commit().await?;
            return Ok(true);
        }
        lead => lead?,
    };
    let agent = sales::by_id(&mut transaction, &bulk.sales_id).await?;
    let mut work = UnitOfWork::start(&app, &mut transaction, Cause::Admin).await?;
    let why = json!({ "reason": "bulk", "by": bulk.by });
    // A disabled agent and an erased lead are refused before anything is written.
    let (result, cycle) = match assign_quietly(&mut work, &lead, &agent, why).await {
        Ok((_, Some(cycle))) => (BulkResult::Assigned, Some(cycle)),
        Ok((_, None)) => (BulkResult::AlreadyTheirs, None),
        Err(Error::Conflict {
            code: "agent_disabled",
        }) => (BulkResult::Refused, None),
        Err(Error::Conflict {
            code: "lead_erased",
        }) => (BulkResult::Gone, None),
        Err(error) => return Err(error),
    };
    if let Some(cycle) = cycle {
        client_notice::tell_who_serves(&mut work, &lead, &agent, cycle).await?;
    }
    let owner = lead.owner.as_ref();
    // Another run of this job was quicker: what this one wrote is taken back.
    if store::set_bulk_result(work.connection, key, result, owner).await? {
        transaction.commit().await?;
    }
    Ok(true)
}

/// Ends the bulk assignment and tells the agents, in one transaction.
async fn end(app: &App, id: Uuid, bulk: &BegunBulk) -> Result<()> {
    let mut transaction = app.begin().await?;
    let mut work = UnitOfWork::start(app, &mut transaction, Cause::Admin).await?;
    let assigned = store::bulk_leads(work.connection, id).await?;
    let count = assigned.len();
    if !store::end_bulk(work.connection, id, work.now).await? {
        return Ok(transaction.rollback().await?);
    }
    let agent = sales::by_id(work.connection, &bulk.sales_id).await?;
    let all: Vec<LeadId> = assigned.iter().map(|(lead, _)| *lead).collect();
    tell(&mut work, &agent, Text::AssignedMany, (&agent, &all)).await?;
    let mut by_owner: BTreeMap<String, Vec<LeadId>> = BTreeMap::new();
    for (lead, owner) in assigned {
        if let Some(owner) = owner {
            by_owner.entry(owner.0).or_default().push(lead);
        }
    }
    for (owner, leads) in by_owner {
        let owner = sales::by_id(work.connection, &UserId(owner)).await?;
        tell(&mut work, &owner, Text::HandedAway, (&agent, &leads)).await?;
    }
    transaction.commit().await?;
    tracing::info!(bulk = %id, sales = %bulk.sales_id, assigned = count, "distribution.bulk_assigned");
    Ok(())
}

/// Tells a person which leads `agent` has now. A person who is disabled or has no number is not told.
async fn tell(
    work: &mut UnitOfWork<'_>,
    to: &Agent,
    text: Text,
    (agent, leads): (&Agent, &[LeadId]),
) -> Result<()> {
    let Some(phone) = to.phone.as_ref().filter(|_| !to.disabled) else {
        return Ok(());
    };
    if leads.is_empty() {
        return Ok(());
    }
    let lines = lines_of(work, leads).await?;
    let values = [
        ("count", &*leads.len().to_string()),
        ("agent", agent.name.as_str()),
        ("leads", lines.as_str()),
    ];
    let body = work.app.texts.render(text, &values);
    let draft = Draft::new(OutboundKind::HandedOver, phone, body);
    whatsapp::queue_message(work, &draft).await?;
    Ok(())
}
