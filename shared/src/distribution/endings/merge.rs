//! Merging two leads that turn out to be one person.

use super::conflict;
use super::withdraw::{WithdrawReason, withdraw_open_offers};
use crate::distribution::event::{Event, EventKind};
use crate::distribution::store;
use crate::id::{CycleId, LeadId};
use crate::leads::{self, Lead, LeadStatus};
use crate::phone::Phone;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::{App, Error, Result, appointments, sales};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

/// Merges two leads in the caller's transaction and returns the lead that stays, locked.
///
/// A claimed lead stays, or else the one that is being distributed, or else the older one. The open
/// offers of the other lead are withdrawn. If both are claimed by different agents, nothing is merged:
/// the conflict is stored, both owners and the managers are told, and `one` is returned.
pub(crate) async fn merge(
    app: &App,
    connection: &mut PgConnection,
    one: LeadId,
    other: LeadId,
) -> Result<Lead> {
    // Every operation locks leads in the order of their ids.
    let (first, second) = (one.min(other), one.max(other));
    let (first, second) = (
        leads::lock(connection, first).await?,
        leads::lock(connection, second).await?,
    );
    let first_cycle = store::lock_open_cycle(connection, first.id).await?;
    let second_cycle = store::lock_open_cycle(connection, second.id).await?;
    let mut work = UnitOfWork::start(app, connection, Cause::Enquiry).await?;
    let is_claimed = |lead: &Lead| lead.status == LeadStatus::Claimed;
    if is_claimed(&first) && is_claimed(&second) && first.owner != second.owner {
        conflict::report(&mut work, &first, &second).await?;
        return Ok(if first.id == one { first } else { second });
    }
    let rank = |lead: &Lead, cycle: Option<CycleId>| {
        (
            !is_claimed(lead),
            cycle.is_none(),
            lead.locked_at.is_none(),
            lead.locked_at,
            lead.created_at,
        )
    };
    let (keep, lose) = if rank(&first, first_cycle) <= rank(&second, second_cycle) {
        (first, second)
    } else {
        (second, first)
    };
    merge_into(&mut work, &keep, &lose).await
}

/// Refuses a merge by hand that would end what only `lose` has: its owner, who works with the client, or the agents who are being
/// asked about the client. Both must be locked.
///
/// Fails with the conflicts `other_is_claimed` and `other_is_distributed`: the leads can be merged the other way round.
pub(super) async fn refuse_loss(
    connection: &mut PgConnection,
    keep: &Lead,
    lose: &Lead,
) -> Result<()> {
    let refused = |code| Err(Error::Conflict { code });
    if lose.owner.is_some() && keep.owner.is_none() {
        return refused("other_is_claimed");
    }
    let kept = store::lock_open_cycle(connection, keep.id).await?;
    let lost = store::lock_open_cycle(connection, lose.id).await?;
    let goes_on = keep.status == LeadStatus::Claimed || kept.is_some();
    if lost.is_some() && !goes_on {
        return refused("other_is_distributed");
    }
    Ok(())
}

/// Merges `lose` into `keep` and returns `keep` with what it gained. Both must be locked.
pub(crate) async fn merge_into(
    work: &mut UnitOfWork<'_>,
    keep: &Lead,
    lose: &Lead,
) -> Result<Lead> {
    let owner = match &keep.owner {
        Some(owner) => sales::by_id(work.connection, owner).await?.name,
        None => "agent lain".to_owned(),
    };
    withdraw_open_offers(work, lose, &owner, WithdrawReason::Merged).await?;
    let none = CycleId(Uuid::nil());
    let cancelled = store::end_cycles(work.connection, lose.id, none, work.now).await?;
    let mut events: Vec<Event> = cancelled
        .into_iter()
        .map(|cycle| Event::new(EventKind::Cancelled).of(lose.id, cycle))
        .collect();
    let detail = json!({ "merged": lose.id, "into": keep.id });
    events.push(Event::new(EventKind::Merged).about(keep.id).with(detail));
    store::log(work, &events).await?;
    let lead = leads::absorb(work.connection, keep.id, lose.id, work.now).await?;
    if let Some(owner) = &lead.owner {
        appointments::follow_owner(work, lead.id, owner).await?;
    }
    tracing::info!(lead = %keep.id, merged = %lose.id, "leads.merged");
    Ok(lead)
}

/// WhatsApp reports that a person has another number now. Safe any number of times.
///
/// An agent's offers go to the new number. A client's lead gets the new number, and is merged with
/// the lead of that number if there is one.
pub async fn change_number(app: &App, old: &Phone, new: &Phone) -> Result<()> {
    if old == new {
        return Ok(());
    }
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let queues = sales::change_manager_number(&mut transaction, old, new).await?;
    if queues > 0 {
        tracing::warn!(
            queues,
            "whatsapp.manager_changed_number: alerts go to the new number"
        );
    }
    if let Some(agent) = sales::change_number(&mut transaction, old, new, now).await? {
        tracing::warn!(sales = %agent, "whatsapp.agent_changed_number: offers go to the new number");
        return Ok(transaction.commit().await?);
    }
    let Some(lead) = leads::by_phone(&mut transaction, old).await? else {
        return Ok(transaction.commit().await?);
    };
    let lead = match leads::by_phone(&mut transaction, new).await? {
        Some(other) => {
            let kept = merge(app, &mut transaction, lead, other).await?;
            if leads::by_phone(&mut transaction, new)
                .await?
                .is_some_and(|owner| owner != kept.id)
            {
                // Both leads are claimed. A person decides.
                return Ok(transaction.commit().await?);
            }
            kept
        }
        None => leads::lock(&mut transaction, lead).await?,
    };
    leads::set_phone(&mut transaction, lead.id, new, now).await?;
    transaction.commit().await?;
    tracing::info!(lead = %lead.id, "whatsapp.client_changed_number");
    Ok(())
}
