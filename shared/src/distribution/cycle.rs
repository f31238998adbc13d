//! A cycle's beginning, its offers, and its end.
//!
//! The functions here run inside a caller's transaction that holds the lead's lock.

use super::event::{Cause, Event, EventKind};
use super::model::{CycleStatus, Offer, Opened, Round};
use super::store::{self, Board, NewAttempt};
use super::turn::Presence;
use super::{hold, last_round, manager, turn};
use crate::id::{AttemptId, CycleId, LeadId};
use crate::jobs::{CheckAckDeadline, ForwardLeadToSales, Scheduled, enqueue_all};
use crate::leads::{self, EnquiryKind, Lead};
use crate::sales::Origin;
use crate::{App, Result, sales};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;

/// How a cycle stands once it has begun or moved on.
pub(super) enum Course {
    /// Offered to this agent, or in the last round to this one first.
    Offered(Opened),
    /// Nobody can be asked now; it waits.
    Held,
    /// Nobody is left to ask.
    Exhausted,
}

/// Begins a cycle in the queue that the enquiry goes to: the queue is copied, the lead is on its
/// way, and the first agent is offered it. A client whose lead was closed goes first to the agent
/// who had them.
pub(super) async fn start(
    app: &App,
    connection: &mut PgConnection,
    lead: &Lead,
    origin: &Origin,
    trigger: EnquiryKind,
    now: DateTime<Utc>,
) -> Result<(CycleId, Course)> {
    let route = sales::route(connection, origin).await?;
    let queue = sales::active_queue(connection, route.queue).await?;
    let sticky = match &lead.owner {
        Some(owner) => sales::active_seat(connection, owner).await?,
        None => None,
    };
    let new = store::NewCycle {
        lead: lead.id,
        trigger,
        route,
        sticky: sticky.as_ref().map(|seat| &seat.sales_id),
    };
    let cycle = store::insert_cycle(connection, &new, now).await?;
    leads::set_distributing(connection, lead.id, now).await?;
    let started = Event::new(EventKind::Started, Cause::Enquiry, now)
        .of(lead.id, cycle)
        .with(json!({ "queue": route.queue, "strategy": route.strategy.as_str(), "trigger": trigger }));
    store::record(app, connection, &[started]).await?;
    if queue.is_empty() && sticky.is_none() {
        tracing::error!(lead = %lead.id, %cycle, "distribution.held: the sales queue is empty");
        hold::hold(app, connection, lead.id, cycle, None, Cause::Enquiry, now).await?;
        manager::alert_held(app, connection, lead.id, cycle, now).await?;
        return Ok((cycle, Course::Held));
    }
    store::insert_members(connection, cycle, &queue, sticky.as_ref()).await?;
    let course = offer_next(app, connection, lead.id, cycle, Cause::Enquiry, now).await?;
    Ok((cycle, course))
}

/// Offers the lead to whoever is next and can be asked, with a full window from `now`. If nobody is
/// on duty it is held; if nobody is left, everybody is asked at once where the queue has a last
/// round; and then the cycle and the lead are hangus.
pub(super) async fn offer_next(
    app: &App,
    connection: &mut PgConnection,
    lead: LeadId,
    cycle: CycleId,
    cause: Cause,
    now: DateTime<Utc>,
) -> Result<Course> {
    let board = store::board(connection, cycle, now).await?;
    let decision = turn::decide(&board.rules, &board.contenders);
    let attempt = AttemptId::new();
    let mut new: Vec<NewAttempt<'_>> = decision
        .unreachable
        .iter()
        .map(|index| NewAttempt::unreachable(&board.contenders[*index]))
        .collect();
    if let Some(index) = decision.chosen {
        new.push(NewAttempt::open(attempt, &board.contenders[index]));
    }
    let mut events = log_of_unreachable(&new, lead, cycle, cause, now);
    let position = if new.is_empty() {
        0
    } else {
        let deadline = now + app.distribution.ack_window;
        store::insert_attempts(connection, cycle, &new, "turn", now, deadline).await?
    };
    let Some(index) = decision.chosen else {
        store::record(app, connection, &events).await?;
        return nobody_is_next(app, connection, lead, cycle, cause, now, &board).await;
    };
    if let Some(queue) = board.queue.filter(|_| !decision.credits.is_empty()) {
        store::set_credits(connection, queue, &decision.credits).await?;
    }
    let agent = &board.contenders[index].sales_id;
    let why = json!({
        "rule": decision.rule, "position": position,
        "eligible": decision.eligible, "skipped": decision.skipped,
    });
    let offered = Event::new(EventKind::Offered, cause, now);
    events.push(offered.of(lead, cycle).to(attempt, agent).with(why));
    store::record(app, connection, &events).await?;
    let deadline = now + app.distribution.ack_window;
    enqueue_all(
        connection,
        &jobs_of_offer(attempt, now, deadline)?,
        app.announce,
    )
    .await?;
    Ok(Course::Offered(Opened {
        attempt,
        sales_id: agent.clone(),
        position,
        ack_deadline_at: deadline,
    }))
}

/// What carries an offer out and ends it.
pub(super) fn jobs_of_offer(
    attempt: AttemptId,
    now: DateTime<Utc>,
    deadline: DateTime<Utc>,
) -> Result<[Scheduled; 2]> {
    Ok([
        Scheduled::new(&ForwardLeadToSales { attempt, nth: 0 }, now)?,
        Scheduled::new(&CheckAckDeadline { attempt }, deadline)?,
    ])
}

fn log_of_unreachable(
    new: &[NewAttempt<'_>],
    lead: LeadId,
    cycle: CycleId,
    cause: Cause,
    now: DateTime<Utc>,
) -> Vec<Event> {
    new.iter()
        .filter(|attempt| !attempt.open)
        .map(|one| {
            let (attempt, sales) = (one.id, &one.contender.sales_id);
            tracing::warn!(%lead, %cycle, %attempt, %sales, "distribution.undeliverable: the agent has no number");
            Event::new(EventKind::Undeliverable, cause, now)
                .of(lead, cycle)
                .to(attempt, sales)
                .with(json!({ "reason": "no_number" }))
        })
        .collect()
}

/// Nobody who was not asked yet can be: hold, ask everybody at once, or give up.
async fn nobody_is_next(
    app: &App,
    connection: &mut PgConnection,
    lead: LeadId,
    cycle: CycleId,
    cause: Cause,
    now: DateTime<Utc>,
    board: &Board,
) -> Result<Course> {
    let nobody_was_asked = board
        .contenders
        .iter()
        .all(|contender| contender.asked.is_none());
    match turn::presence(&board.contenders) {
        // Once somebody was asked, only a return that is known is worth the wait.
        Presence::Nobody(until) if nobody_was_asked || until.is_some() => {
            hold::hold(app, connection, lead, cycle, until, cause, now).await?;
            if until.is_none() {
                manager::alert_held(app, connection, lead, cycle, now).await?;
            }
            return Ok(Course::Held);
        }
        Presence::Nobody(_) | Presence::Somebody => {}
    }
    if board.last_round_is_left
        && let Some(first) =
            last_round::ask_everybody(app, connection, lead, cycle, cause, now, board).await?
    {
        return Ok(Course::Offered(first));
    }
    store::close_cycle(connection, cycle, CycleStatus::Hangus, now).await?;
    leads::set_hangus(connection, lead, now).await?;
    let hangus = Event::new(EventKind::Hangus, cause, now).of(lead, cycle);
    store::record(app, connection, &[hangus]).await?;
    manager::alert_hangus(app, connection, lead, cycle, now).await?;
    Ok(Course::Exhausted)
}

/// Passes the lead on after an offer ended without an OK. In the last round everybody else is being
/// asked already: it goes on when the last of them has ended.
pub(super) async fn go_on(
    app: &App,
    connection: &mut PgConnection,
    offer: &Offer,
    cause: Cause,
    now: DateTime<Utc>,
) -> Result<Option<Opened>> {
    if offer.round == Round::LastRound && store::others_are_open(connection, offer.cycle).await? {
        return Ok(None);
    }
    match offer_next(app, connection, offer.lead, offer.cycle, cause, now).await? {
        Course::Offered(opened) => Ok(Some(opened)),
        Course::Held | Course::Exhausted => Ok(None),
    }
}
