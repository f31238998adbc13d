//! The decision of an admin about a conflict: which of two leads of one person stays, or both.

use super::merge::{merge_into, refuse_loss};
use super::withdraw::{Notice, notify};
use crate::distribution::offers::ended_text::handed_on_text;
use crate::distribution::store::{self, Conflict};
use crate::id::{LeadId, UserId};
use crate::leads::{self, Lead};
use crate::sales;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::OutboundKind;
use crate::{App, Error, Result};
use uuid::Uuid;

/// The conflicts that nobody has decided, oldest first.
pub async fn conflicts(app: &App) -> Result<Vec<Conflict>> {
    let mut connection = app.pool.acquire().await?;
    store::open_conflicts(&mut connection).await
}

/// Decides a conflict. With `keep`, the other lead is merged into it, and its owner is told who continues.
/// Without, both leads stay as they are.
///
/// Fails with `NotFound` if there is no such conflict that is not decided, with `Invalid` if `keep` is none of its leads, and with
/// the conflicts `other_is_claimed` and `other_is_distributed` if only the other lead has an owner or is being distributed by now.
pub async fn decide(app: &App, id: Uuid, keep: Option<LeadId>, by: &UserId) -> Result<()> {
    let mut transaction = app.begin().await?;
    let found = store::conflict(&mut transaction, id).await?;
    let Some(conflict) = found else {
        return Err(Error::NotFound { what: "conflict" });
    };
    let leads_of = [conflict.one, conflict.other];
    if keep.is_some_and(|keep| !leads_of.contains(&keep)) {
        return Err(Error::invalid("keep", "is none of the two leads"));
    }
    // In the order of the ids, as every operation locks leads.
    let one = leads::lock(&mut transaction, conflict.one).await?;
    let other = leads::lock(&mut transaction, conflict.other).await?;
    let mut work = UnitOfWork::start(app, &mut transaction, Cause::Admin).await?;
    if !store::decide_conflict(work.connection, id, keep, (by, work.now)).await? {
        return Err(Error::NotFound { what: "conflict" });
    }
    if let Some(keep) = keep {
        let (keep, lose) = if one.id == keep {
            (one, other)
        } else {
            (other, one)
        };
        refuse_loss(work.connection, &keep, &lose).await?;
        tell_who_continues(&mut work, &keep, &lose).await?;
        merge_into(&mut work, &keep, &lose).await?;
    }
    Ok(transaction.commit().await?)
}

/// Tells the owner of `lose` who continues with the client, if that is somebody else.
pub(super) async fn tell_who_continues(
    work: &mut UnitOfWork<'_>,
    keep: &Lead,
    lose: &Lead,
) -> Result<()> {
    let (Some(owner), Some(loser)) = (&keep.owner, &lose.owner) else {
        return Ok(());
    };
    if owner == loser {
        return Ok(());
    }
    let Some(cycle) = store::latest_cycle(work.connection, lose.id).await? else {
        return Ok(());
    };
    let owner = sales::by_id(work.connection, owner).await?;
    let loser = sales::by_id(work.connection, loser).await?;
    let body = handed_on_text(work.app, lose, &owner.name);
    let notice = Notice {
        lead: lose,
        agent: &loser,
        kind: OutboundKind::Withdrawn,
        cycle,
        attempt: None,
    };
    notify(work, &notice, body).await
}
