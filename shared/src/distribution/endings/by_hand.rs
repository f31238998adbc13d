//! An admin merges two leads of one person, and can undo a merge within a day.

use super::decide::tell_who_continues;
use super::merge::{merge_into, refuse_loss};
use crate::auth::User;
use crate::distribution::event::{Event, EventKind};
use crate::distribution::model::Trigger;
use crate::distribution::offers::cycle;
use crate::distribution::store;
use crate::id::LeadId;
use crate::leads::{self, Lead, LeadStatus, Merge};
use crate::sales::Origin;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::{App, Error, Result, appointments};
use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

/// For how long a merge can be undone.
const UNDO_WITHIN: TimeDelta = TimeDelta::days(1);

/// Merges the lead `lose` into `keep`. If both have owners, the owner of `lose` is told who continues.
///
/// Fails with `Invalid` if they are one lead, with `NotFound`, with the conflict `lead_erased`, with the conflict
/// `other_is_claimed` if only `lose` has an owner, who would lose it to nobody, and with `other_is_distributed` if agents are asked
/// about `lose` only.
pub async fn merge_by_hand(app: &App, by: &User, keep: LeadId, lose: LeadId) -> Result<()> {
    if keep == lose {
        return Err(Error::invalid("leadId", "is the lead itself"));
    }
    let mut transaction = app.begin().await?;
    // In the order of the ids, as every operation locks leads.
    let first = leads::lock(&mut transaction, keep.min(lose)).await?;
    let second = leads::lock(&mut transaction, keep.max(lose)).await?;
    let (keep, lose) = if first.id == keep {
        (first, second)
    } else {
        (second, first)
    };
    for lead in [keep.id, lose.id] {
        leads::refuse_erased(&mut transaction, lead).await?;
    }
    refuse_loss(&mut transaction, &keep, &lose).await?;
    let mut work = UnitOfWork::start(app, &mut transaction, Cause::Admin).await?;
    tell_who_continues(&mut work, &keep, &lose).await?;
    merge_into(&mut work, &keep, &lose).await?;
    transaction.commit().await?;
    tracing::info!(lead = %keep.id, merged = %lose.id, by = %by.id, "leads.merged_by_hand");
    Ok(())
}

/// The merges into a lead that can be undone: the latest first. Only the first can be undone now.
pub async fn merges(app: &App, keep: LeadId) -> Result<Vec<Merge>> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    leads::merges_into(&mut connection, keep, now - UNDO_WITHIN).await
}

/// Undoes the latest merge into a lead: the merged lead is back with its history. If it was being distributed then, it is
/// distributed anew. Returns the lead that is back.
///
/// Fails with the conflict `nothing_to_undo` if this is not the latest merge of the last day.
pub async fn undo_merge(app: &App, by: &User, keep: LeadId, id: Uuid) -> Result<LeadId> {
    let app = app.announcing();
    let mut transaction = app.begin().await?;
    let kept = leads::lock(&mut transaction, keep).await?;
    let mut work = UnitOfWork::start(&app, &mut transaction, Cause::Admin).await?;
    let since = work.now - UNDO_WITHIN;
    let merges = leads::merges_into(work.connection, kept.id, since).await?;
    let Some(merge) = merges.first().filter(|merge| merge.id == id) else {
        return Err(Error::Conflict {
            code: "nothing_to_undo",
        });
    };
    let back = leads::undo_merge(work.connection, merge, &by.id, work.now).await?;
    let detail = json!({ "split": back.id, "from": kept.id, "by": by.id });
    let events = [
        Event::new(EventKind::Split)
            .about(kept.id)
            .with(detail.clone()),
        Event::new(EventKind::Split).about(back.id).with(detail),
    ];
    store::log(&mut work, &events).await?;
    resume(&mut work, &back).await?;
    transaction.commit().await?;
    tracing::info!(lead = %keep, split = %back.id, by = %by.id, "leads.merge_undone");
    Ok(back.id)
}

/// The lead goes on where the merge stopped it.
async fn resume(work: &mut UnitOfWork<'_>, back: &Lead) -> Result<()> {
    if let Some(owner) = &back.owner {
        return appointments::follow_owner(work, back.id, owner).await;
    }
    if back.status == LeadStatus::Distributing {
        let origin = Origin {
            project: back.project.clone(),
            campaign: None,
            source: back.source_ads.clone(),
            words: None,
        };
        cycle::start(work, back, &origin, Trigger::Admin).await?;
    }
    Ok(())
}
