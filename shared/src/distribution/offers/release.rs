//! Releasing held leads: an agent is available again.

use super::cycle::{self, OfferResult};
use crate::distribution::event::{Event, EventKind};
use crate::distribution::store;
use crate::id::CycleId;
use crate::jobs::{ReleaseHeldLeads, enqueue};
use crate::sales::{self, Origin};
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::{App, Result};
use chrono::TimeDelta;
use sqlx::PgConnection;
use std::collections::HashMap;

/// Offers one held lead, if its time has come and an agent is available. Safe to call at any time
/// and any number of times.
///
/// Returns `true` if the lead was offered, or if no agent was left and it became hangus.
pub async fn release(app: &App, cycle: CycleId) -> Result<bool> {
    release_if(app, cycle, Cause::Alarm, false).await
}

/// Looks at every held lead again, oldest first, because something about the agents has changed.
///
/// Offers the first lead of each queue that can be offered. The other leads of that queue follow,
/// one after the other, with the queue's stagger between them. Returns how many were offered.
pub async fn reconsider_held(app: &App) -> Result<usize> {
    let mut connection = app.pool.acquire().await?;
    let held = store::held_cycles(&mut connection).await?;
    drop(connection);
    let mut released: HashMap<_, i32> = HashMap::new();
    for one in held {
        let before = released.entry(one.queue).or_default();
        if *before == 0 {
            if release_if(app, one.cycle, Cause::Admin, true).await? {
                *before += 1;
            }
        } else {
            let wait = TimeDelta::seconds(i64::from(one.stagger_seconds) * i64::from(*before));
            postpone(app, one.cycle, wait).await?;
            *before += 1;
        }
    }
    Ok(released.into_values().filter(|count| *count > 0).count())
}

/// Releases the leads that are due, and those that waited for an empty queue which has agents now.
/// Returns how many were offered.
pub async fn release_held(app: &App) -> Result<usize> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    let due = store::releasable_cycles(&mut connection, now).await?;
    drop(connection);
    let mut released = 0;
    for cycle in due {
        if release_if(app, cycle, Cause::Sweep, false).await? {
            released += 1;
        }
    }
    Ok(released)
}

async fn release_if(
    app: &App,
    cycle: CycleId,
    cause: Cause,
    before_its_time: bool,
) -> Result<bool> {
    let app = app.announcing();
    let mut transaction = app.pool.begin().await?;
    let Some(held) = store::lock_held_cycle(&mut transaction, cycle).await? else {
        transaction.rollback().await?;
        return Ok(false);
    };
    let mut work = UnitOfWork::start(&app, &mut transaction, cause).await?;
    let is_due = held.resume_at.is_none_or(|resume_at| work.now >= resume_at);
    let may_be_offered = (before_its_time || is_due)
        && (held.has_members || copy_queue(work.connection, &held, cycle).await?);
    if !may_be_offered {
        transaction.rollback().await?;
        return Ok(false);
    }
    store::open_held_cycle(work.connection, cycle).await?;
    let released = Event::new(EventKind::Released).of(held.lead, cycle);
    store::log(&mut work, &[released]).await?;
    let result = cycle::offer_next(&mut work, held.lead, cycle).await?;
    let held_again = matches!(result, OfferResult::Held);
    if held_again && (before_its_time || held.resume_at.is_none()) {
        // Nothing changed, so nothing is logged.
        transaction.rollback().await?;
        return Ok(false);
    }
    transaction.commit().await?;
    tracing::info!(lead = %held.lead, %cycle, "distribution.released");
    Ok(!held_again)
}

/// Copies the queue, as it is now, into a cycle that started while the queue was empty. Returns
/// `false` if the queue is still empty.
async fn copy_queue(
    connection: &mut PgConnection,
    held: &store::HeldCycle,
    cycle: CycleId,
) -> Result<bool> {
    let queue = match held.queue {
        Some(queue) => queue,
        // The queue was deleted in the meantime.
        None => sales::route(connection, &Origin::default()).await?.queue,
    };
    let places = sales::active_queue(connection, queue).await?;
    store::insert_members(connection, cycle, &places, None).await?;
    Ok(!places.is_empty())
}

/// Sets the release of a held lead to `wait` from now.
async fn postpone(app: &App, cycle: CycleId, wait: TimeDelta) -> Result<()> {
    let mut transaction = app.pool.begin().await?;
    let held = store::lock_held_cycle(&mut transaction, cycle).await?;
    if held.is_none() {
        return Ok(transaction.rollback().await?);
    }
    let resume_at = app.clock.now(&mut transaction).await? + wait;
    store::hold_cycle(&mut transaction, cycle, Some(resume_at)).await?;
    let job = ReleaseHeldLeads { cycle: Some(cycle) };
    enqueue(&mut transaction, &job, resume_at).await?;
    Ok(transaction.commit().await?)
}
