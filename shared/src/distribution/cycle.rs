//! A cycle's beginning, its offers, and its end.
//!
//! The functions here run inside a caller's transaction that holds the lead's lock.

use super::model::{CycleStatus, Opened};
use super::store;
use crate::id::{AttemptId, CycleId, LeadId};
use crate::jobs::{CheckAckDeadline, ForwardLeadToSales, Scheduled, enqueue_all};
use crate::leads::{self, EnquiryKind};
use crate::{App, Result, sales};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// How a cycle stands once it has begun or moved on.
pub(super) enum Course {
    /// Offered to this agent.
    Offered(Opened),
    /// Nobody is in the queue; it waits.
    Held,
    /// The queue ran out.
    Exhausted,
}

/// Begins a cycle: the queue is copied, the lead is on its way, and the first agent is offered it.
pub(super) async fn start(
    app: &App,
    connection: &mut PgConnection,
    lead: LeadId,
    trigger: EnquiryKind,
    now: DateTime<Utc>,
) -> Result<(CycleId, Course)> {
    let queue = sales::active_queue(connection).await?;
    let status = if queue.is_empty() {
        CycleStatus::Held
    } else {
        CycleStatus::Open
    };
    let cycle = store::insert_cycle(connection, lead, trigger, status, now).await?;
    leads::set_distributing(connection, lead, now).await?;
    if queue.is_empty() {
        tracing::error!(%lead, %cycle, "distribution.held: the sales queue is empty");
        return Ok((cycle, Course::Held));
    }
    store::insert_members(connection, cycle, &queue).await?;
    let course = offer_next(app, connection, lead, cycle, now).await?;
    Ok((cycle, course))
}

/// Offers the lead to the next agent of the cycle's queue who can be reached, with a full window
/// from `now`; when there is none, the cycle and the lead are hangus.
pub(super) async fn offer_next(
    app: &App,
    connection: &mut PgConnection,
    lead: LeadId,
    cycle: CycleId,
    now: DateTime<Utc>,
) -> Result<Course> {
    let deadline = now + app.distribution.ack_window;
    loop {
        let attempt = AttemptId::new();
        let Some(new) = store::insert_next(connection, attempt, cycle, now, deadline).await? else {
            break;
        };
        if !new.reachable {
            tracing::warn!(%lead, %cycle, %attempt, sales = %new.sales_id, "distribution.undeliverable: the agent has no number");
            continue;
        }
        let (forward, alarm) = (ForwardLeadToSales { attempt }, CheckAckDeadline { attempt });
        let jobs = [
            Scheduled::new(&forward, now)?,
            Scheduled::new(&alarm, deadline)?,
        ];
        enqueue_all(connection, &jobs, app.announce).await?;
        return Ok(Course::Offered(Opened {
            attempt,
            sales_id: new.sales_id,
            position: new.position,
            ack_deadline_at: deadline,
        }));
    }
    store::close_cycle(connection, cycle, CycleStatus::Hangus, now).await?;
    leads::set_hangus(connection, lead, now).await?;
    Ok(Course::Exhausted)
}

/// Opens the cycles that wait because nobody was in the queue, if somebody is now. Returns how many.
pub async fn release_held(app: &App) -> Result<usize> {
    let mut released = 0;
    loop {
        let mut transaction = app.pool.begin().await?;
        let Some((lead, cycle)) = store::lock_a_held_cycle(&mut transaction).await? else {
            return Ok(released);
        };
        let queue = sales::active_queue(&mut transaction).await?;
        if queue.is_empty() {
            // Said, so that the locks are gone when this returns.
            transaction.rollback().await?;
            return Ok(released);
        }
        let now = app.clock.now(&mut transaction).await?;
        store::insert_members(&mut transaction, cycle, &queue).await?;
        store::open_held_cycle(&mut transaction, cycle).await?;
        offer_next(app, &mut transaction, lead, cycle, now).await?;
        transaction.commit().await?;
        tracing::info!(%lead, %cycle, "distribution.released");
        released += 1;
    }
}
