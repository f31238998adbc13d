//! Two leads that turn out to be one person.

use super::assign::{Taken, take_from_holders};
use super::event::{Cause, Event, EventKind};
use super::store;
use crate::id::{CycleId, LeadId};
use crate::leads::{self, Lead};
use crate::phone::Phone;
use crate::{App, Result, sales};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

/// Makes one of them, in the caller's transaction, and returns it locked. The one that has an owner
/// stays, or else the one that is being offered, or else the older; the other's offers are taken back.
pub(super) async fn merge(
    app: &App,
    connection: &mut PgConnection,
    one: LeadId,
    other: LeadId,
) -> Result<Lead> {
    // Locks are taken in one order, whichever word came first.
    let (first, second) = (one.min(other), one.max(other));
    let (first, second) = (
        leads::lock(connection, first).await?,
        leads::lock(connection, second).await?,
    );
    let first_open = store::lock_open_cycle(connection, first.id)
        .await?
        .is_some();
    let second_open = store::lock_open_cycle(connection, second.id)
        .await?
        .is_some();
    let rank =
        |lead: &Lead, open: bool| (lead.owner.is_none(), !open, lead.locked_at, lead.created_at);
    let (keep, lose) = if rank(&first, first_open) <= rank(&second, second_open) {
        (first, second)
    } else {
        (second, first)
    };
    let now = app.clock.now(connection).await?;
    let taker = match &keep.owner {
        Some(owner) => sales::by_id(connection, owner).await?.name,
        None => "agent lain".to_owned(),
    };
    let cause = Cause::Enquiry;
    take_from_holders(app, connection, &lose, &taker, Taken::Merged, cause, now).await?;
    let mut events = Vec::new();
    let none = CycleId(Uuid::nil());
    for called_off in store::end_cycles(connection, lose.id, none, now).await? {
        events.push(Event::new(EventKind::Cancelled, cause, now).of(lose.id, called_off));
    }
    let detail = json!({ "merged": lose.id, "into": keep.id });
    events.push(
        Event::new(EventKind::Merged, cause, now)
            .about(keep.id)
            .with(detail),
    );
    store::record(app, connection, &events).await?;
    let lead = leads::absorb(connection, keep.id, lose.id, now).await?;
    tracing::info!(lead = %keep.id, merged = %lose.id, "leads.merged");
    Ok(lead)
}

/// A client's or an agent's number is another one now, WhatsApp says. Safe to hear twice.
pub async fn change_number(app: &App, old: &Phone, new: &Phone) -> Result<()> {
    if old == new {
        return Ok(());
    }
    let mut transaction = app.pool.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    if let Some(agent) = sales::change_number(&mut transaction, old, new, now).await? {
        tracing::warn!(sales = %agent, "whatsapp.agent_changed_number: offers follow");
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
