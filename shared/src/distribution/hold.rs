//! Leads that wait because nobody can be asked: outside all working hours, or with nobody there.
//!
//! What waits until a known time is released then by a durable job, one lead after the other with
//! the queue's stagger between them, so that a morning does not open with forty offers at once. What
//! waits for somebody to come back is looked at when anything about the agents changes, and by the
//! sweep.

use super::cycle::{self, Course};
use super::event::{Cause, Event, EventKind};
use super::store;
use crate::id::{CycleId, LeadId};
use crate::jobs::{ReleaseHeldLeads, enqueue};
use crate::sales::{self, Origin};
use crate::{App, Result};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::PgConnection;
use std::collections::HashMap;

/// Holds a cycle, until about `until` if that is known. The lead must be locked.
pub(super) async fn hold(
    app: &App,
    connection: &mut PgConnection,
    lead: LeadId,
    cycle: CycleId,
    until: Option<DateTime<Utc>>,
    cause: Cause,
    now: DateTime<Utc>,
) -> Result<()> {
    let resume_at = match until {
        Some(until) => Some(store::next_release(connection, cycle, until).await?),
        None => None,
    };
    store::hold_cycle(connection, cycle, resume_at).await?;
    if let Some(resume_at) = resume_at {
        enqueue(
            connection,
            &ReleaseHeldLeads { cycle: Some(cycle) },
            resume_at,
        )
        .await?;
    }
    let held = Event::new(EventKind::Held, cause, now)
        .of(lead, cycle)
        .with(json!({ "resumeAt": resume_at }));
    store::record(app, connection, &[held]).await
}

/// Offers one held lead, if its time has come and somebody can be asked. Safe at any time, any
/// number of times. `true` if it was offered, or nobody was left to ask.
pub async fn release(app: &App, cycle: CycleId) -> Result<bool> {
    release_if(app, cycle, Cause::Alarm, false).await
}

/// Looks at every held lead again, oldest first: something about the agents has changed. The first
/// of a queue that can be offered is; those after it follow with the queue's stagger. Returns how
/// many were offered.
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
            put_off(app, one.cycle, wait).await?;
            *before += 1;
        }
    }
    Ok(released.into_values().filter(|count| *count > 0).count())
}

/// Releases what is due and what waits for an empty queue to be filled. Returns how many.
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
    let now = app.clock.now(&mut transaction).await?;
    if !before_its_time && held.resume_at.is_some_and(|resume_at| now < resume_at) {
        transaction.rollback().await?;
        return Ok(false);
    }
    if !held.has_members && !fill(&mut transaction, &held, cycle).await? {
        transaction.rollback().await?;
        return Ok(false);
    }
    store::open_held_cycle(&mut transaction, cycle).await?;
    let released = Event::new(EventKind::Released, cause, now).of(held.lead, cycle);
    store::record(&app, &mut transaction, &[released]).await?;
    let course = cycle::offer_next(&app, &mut transaction, held.lead, cycle, cause, now).await?;
    if matches!(course, Course::Held) && (before_its_time || held.resume_at.is_none()) {
        // It waits as it did; a look that changed nothing is not history.
        transaction.rollback().await?;
        return Ok(false);
    }
    transaction.commit().await?;
    tracing::info!(lead = %held.lead, %cycle, "distribution.released");
    Ok(!matches!(course, Course::Held))
}

/// Copies the queue, as it is now, into a cycle that began when it was empty. `false`: it still is.
async fn fill(
    connection: &mut PgConnection,
    held: &store::HeldCycle,
    cycle: CycleId,
) -> Result<bool> {
    let queue = match held.queue {
        Some(queue) => queue,
        // Its queue was deleted meanwhile.
        None => sales::route(connection, &Origin::default()).await?.queue,
    };
    let seats = sales::active_queue(connection, queue).await?;
    store::insert_members(connection, cycle, &seats, None).await?;
    Ok(!seats.is_empty())
}

/// Releases a held lead no earlier than `wait` from now.
async fn put_off(app: &App, cycle: CycleId, wait: TimeDelta) -> Result<()> {
    let mut transaction = app.pool.begin().await?;
    if store::lock_held_cycle(&mut transaction, cycle)
        .await?
        .is_none()
    {
        return Ok(transaction.rollback().await?);
    }
    let resume_at = app.clock.now(&mut transaction).await? + wait;
    store::hold_cycle(&mut transaction, cycle, Some(resume_at)).await?;
    enqueue(
        &mut transaction,
        &ReleaseHeldLeads { cycle: Some(cycle) },
        resume_at,
    )
    .await?;
    Ok(transaction.commit().await?)
}
