//! Merging two leads that turn out to be one person.

use super::withdraw::{WithdrawReason, withdraw_open_offers};
use crate::distribution::event::{Event, EventKind};
use crate::distribution::store;
use crate::id::{CycleId, LeadId};
use crate::leads::{self, Lead};
use crate::phone::Phone;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::{App, Result, sales};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

/// Merges two leads in the caller's transaction and returns the lead that stays, locked.
///
/// The lead with an owner stays, or else the one that is being distributed, or else the older one.
/// The open offers of the other lead are withdrawn.
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
    let rank = |lead: &Lead, cycle: Option<CycleId>| {
        (
            lead.owner.is_none(),
            cycle.is_none(),
            lead.locked_at,
            lead.created_at,
        )
    };
    let (keep, lose) = if rank(&first, first_cycle) <= rank(&second, second_cycle) {
        (first, second)
    } else {
        (second, first)
    };
    let mut work = UnitOfWork::start(app, connection, Cause::Enquiry).await?;
    let owner = match &keep.owner {
        Some(owner) => sales::by_id(work.connection, owner).await?.name,
        None => "agent lain".to_owned(),
    };
    withdraw_open_offers(&mut work, &lose, &owner, WithdrawReason::Merged).await?;
    let none = CycleId(Uuid::nil());
    let cancelled = store::end_cycles(work.connection, lose.id, none, work.now).await?;
    let mut events: Vec<Event> = cancelled
        .into_iter()
        .map(|cycle| Event::new(EventKind::Cancelled).of(lose.id, cycle))
        .collect();
    let detail = json!({ "merged": lose.id, "into": keep.id });
    events.push(Event::new(EventKind::Merged).about(keep.id).with(detail));
    store::log(&mut work, &events).await?;
    let lead = leads::absorb(work.connection, keep.id, lose.id, work.now).await?;
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
    let mut transaction = app.pool.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    if let Some(agent) = sales::change_number(&mut transaction, old, new, now).await? {
        tracing::warn!(sales = %agent, "whatsapp.agent_changed_number: offers go to the new number");
        return Ok(transaction.commit().await?);
    }
    let Some(lead) = leads::by_phone(&mut transaction, old).await? else {
        return Ok(());
    };
    let lead = match leads::by_phone(&mut transaction, new).await? {
        Some(other) => merge(app, &mut transaction, lead, other).await?,
        None => leads::lock(&mut transaction, lead).await?,
    };
    leads::set_phone(&mut transaction, lead.id, new, now).await?;
    transaction.commit().await?;
    tracing::info!(lead = %lead.id, "whatsapp.client_changed_number");
    Ok(())
}
