//! Stopping a lead: an admin calls it off or marks it as a test or junk, or the client wants no messages.

use super::withdraw::{Notice, WithdrawReason, notify, withdraw_open_offers};
use crate::distribution::event::{Event, EventKind};
use crate::distribution::offers::ended_text::stopped_text;
use crate::distribution::store;
use crate::id::{CycleId, LeadId, UserId};
use crate::jobs::{ReleaseHeldLeads, enqueue};
use crate::leads::{self, Lead, LeadStatus, Mark};
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::OutboundKind;
use crate::{App, Error, Result, sales};
use serde_json::json;
use uuid::Uuid;

/// Stops the distribution of a lead and closes it. With a mark, also a lead that is not being distributed, and its
/// owner is told. The agents whose offers are open are told.
///
/// Fails with the conflict `not_distributing` if there is nothing to stop.
pub async fn stop(app: &App, by: &UserId, id: LeadId, mark: Option<Mark>) -> Result<()> {
    let app = app.announcing();
    let mut transaction = app.begin().await?;
    let lead = leads::lock(&mut transaction, id).await?;
    if mark.is_none() && lead.status != LeadStatus::Distributing {
        return Err(Error::Conflict {
            code: "not_distributing",
        });
    }
    let mut work = UnitOfWork::start(&app, &mut transaction, Cause::Admin).await?;
    let why = match mark {
        None => WithdrawReason::Stopped,
        Some(Mark::Test) => WithdrawReason::Test,
        Some(Mark::Junk) => WithdrawReason::Junk,
        Some(Mark::Suspect) => return Err(Error::invalid("mark", "must be test or junk")),
    };
    if mark.is_some() {
        tell_owner(&mut work, &lead, why).await?;
    }
    end_distribution(&mut work, &lead, why).await?;
    leads::close(work.connection, &lead, mark, by, work.now).await?;
    // An agent with a cap can be available now.
    enqueue(work.connection, &ReleaseHeldLeads { queue: None }, work.now).await?;
    transaction.commit().await?;
    tracing::info!(lead = %id, by = %by, why = why.as_str(), "distribution.stopped");
    Ok(())
}

/// The client wants no messages: what is being distributed is stopped, and the owner is told. The lead must be locked.
pub(crate) async fn stop_for_client(work: &mut UnitOfWork<'_>, lead: &Lead) -> Result<()> {
    let why = WithdrawReason::OptedOut;
    tell_owner(work, lead, why).await?;
    if lead.status != LeadStatus::Distributing {
        return Ok(());
    }
    end_distribution(work, lead, why).await?;
    leads::close_quietly(work.connection, lead.id, work.now).await
}

/// Withdraws the open offers and cancels the open cycle.
async fn end_distribution(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    why: WithdrawReason,
) -> Result<()> {
    withdraw_open_offers(work, lead, "", why).await?;
    end_cycles(work, lead, why).await
}

/// Cancels the open cycle.
pub(super) async fn end_cycles(
    work: &mut UnitOfWork<'_>,
    lead: &Lead,
    why: WithdrawReason,
) -> Result<()> {
    let none = CycleId(Uuid::nil());
    let cancelled = store::end_cycles(work.connection, lead.id, none, work.now).await?;
    let events: Vec<Event> = cancelled
        .into_iter()
        .map(|cycle| {
            Event::new(EventKind::Cancelled)
                .of(lead.id, cycle)
                .with(json!({ "reason": why.as_str() }))
        })
        .collect();
    store::log(work, &events).await
}

/// Tells the owner, if the lead has one who is not disabled.
async fn tell_owner(work: &mut UnitOfWork<'_>, lead: &Lead, why: WithdrawReason) -> Result<()> {
    let Some(owner) = lead
        .owner
        .as_ref()
        .filter(|_| lead.status == LeadStatus::Claimed)
    else {
        return Ok(());
    };
    let owner = sales::by_id(work.connection, owner).await?;
    let Some(cycle) = store::latest_cycle(work.connection, lead.id).await? else {
        return Ok(());
    };
    if owner.disabled {
        return Ok(());
    }
    let body = stopped_text(work.app, lead.display_name(), why.as_str());
    let notice = Notice {
        lead,
        agent: &owner,
        kind: OutboundKind::LeadStopped,
        cycle,
        attempt: None,
    };
    notify(work, &notice, body).await
}
