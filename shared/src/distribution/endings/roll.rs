//! The roll: a deadline passed without an OK, so the next agent is offered the lead.

use super::undeliverable;
use crate::distribution::event::{Event, EventKind};
use crate::distribution::model::{AttemptStatus, Checked, Offer, Opened, Rolled, Round};
use crate::distribution::offers::cycle::{self, Next, Plan};
use crate::distribution::store::{self, NewOffers};
use crate::id::{CycleId, MessageId};
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::{App, Result};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::PgConnection;
use std::collections::HashMap;

/// After this many failures a message no longer keeps offers from rolling. It is left for a person.
pub(crate) const MAX_FAILURES: i32 = 5;

/// What became of an attempt that was to be rolled.
pub(crate) enum RollResult {
    /// It was rolled, or there was nothing to roll.
    Checked(Checked),
    /// This message of the agent came before the deadline and is not handled yet. The caller rolls
    /// back, has the message handled, and tries again.
    MessageInTime(MessageId),
}

/// Times the attempt out if its deadline has passed and the provider accepted its offer, and advances the cycle: the next agent with a full
/// window, the last round, a hold, or hangus. The offer must be locked for a roll, and `now` is the instant that this
/// lock returned.
pub(crate) async fn roll(
    app: &App,
    connection: &mut PgConnection,
    (offer, now): &(Offer, DateTime<Utc>),
    cause: Cause,
) -> Result<RollResult> {
    let now = *now;
    let mut work = UnitOfWork::at(app, connection, now, cause);
    if store::time_out(&mut work, &[offer], MAX_FAILURES)
        .await?
        .is_empty()
    {
        return not_timed_out(&mut work, offer).await;
    }
    let next = cycle::advance_cycle(&mut work, offer).await?;
    Ok(RollResult::Checked(Checked::Rolled(rolled(
        offer, now, next,
    ))))
}

/// Rolls several offers with the statements of one: those that are due and that the provider accepted, whose cycles do not depend on
/// each other, and who have a next agent. They must be locked for rolls, each with the instant that its lock returned. The others
/// are left as they are, for [`roll`].
///
/// All are rolled at the last of these instants: a message of an agent that is not seen came after the instant of their offer, and that
/// is after its deadline.
pub(crate) async fn roll_together(
    app: &App,
    connection: &mut PgConnection,
    locked: Vec<(Offer, DateTime<Utc>)>,
    cause: Cause,
) -> Result<Vec<Rolled>> {
    let Some(now) = locked.iter().map(|(_, now)| *now).max() else {
        return Ok(Vec::new());
    };
    let is_due = |(offer, now): &(Offer, DateTime<Utc>)| {
        offer.status == AttemptStatus::Open
            && offer.accepted
            && offer.round == Round::Turn
            && offer.ack_deadline_at <= *now
    };
    let due = locked.into_iter().filter(is_due);
    let offers: HashMap<CycleId, Offer> = due.map(|(offer, _)| (offer.cycle, offer)).collect();
    let cycles: Vec<CycleId> = offers.keys().copied().collect();
    let mut work = UnitOfWork::at(app, connection, now, cause);
    let most_open = app.distribution.most_open_offers;
    let mut contenders = store::many_contenders(work.connection, &cycles, most_open, now).await?;
    let mut plans = Vec::with_capacity(cycles.len());
    while let Some((cycle, input)) = contenders.next_cycle() {
        let offer = &offers[&cycle];
        let plan = Plan::of(&work, (offer.lead, cycle), &input, Vec::new())?;
        if let Some(next) = &plan.next {
            contenders.passes(&offer.sales_id, &next.sales_id);
            plans.push((offer, plan));
        }
    }
    let planned: Vec<&Offer> = plans.iter().map(|(offer, _)| *offer).collect();
    let timed_out = store::time_out(&mut work, &planned, MAX_FAILURES).await?;
    plans.retain(|(offer, _)| timed_out.contains(&offer.attempt));
    let mut new = NewOffers::none();
    let mut followed = Vec::with_capacity(plans.len());
    for (offer, plan) in plans {
        new.add(plan.new);
        followed.push((offer, plan.next));
    }
    if followed.is_empty() {
        return Ok(Vec::new());
    }
    let positions = store::make_offers(&mut work, &new).await?;
    let with_next = |(offer, next): (&Offer, Option<Next>)| {
        rolled(offer, now, next.map(|next| next.opened(&positions)))
    };
    Ok(followed.into_iter().map(with_next).collect())
}

/// Reports a roll, and logs it.
fn rolled(offer: &Offer, now: DateTime<Utc>, next: Option<Opened>) -> Rolled {
    tracing::info!(
        lead = %offer.lead,
        attempt = %offer.attempt,
        lateness_ms = (now - offer.ack_deadline_at).num_milliseconds(),
        next = next.as_ref().map(|opened| tracing::field::display(opened.attempt)),
        "distribution.rolled"
    );
    Rolled {
        lead: offer.lead,
        cycle: offer.cycle,
        attempt: offer.attempt,
        sales_id: offer.sales_id.clone(),
        ack_deadline_at: offer.ack_deadline_at,
        rolled_at: now,
        next,
    }
}

/// Why the attempt was not timed out: it ended before, a message must be handled first, it is not due,
/// the provider is frozen, or the provider has not accepted it. In the last case ends it, once the
/// patience is over.
async fn not_timed_out(work: &mut UnitOfWork<'_>, offer: &Offer) -> Result<RollResult> {
    let checked = |checked| Ok(RollResult::Checked(checked));
    if offer.status != AttemptStatus::Open {
        return checked(Checked::Over);
    }
    let due = due(work.app, offer);
    if work.now < due {
        let wait = (due - work.now).to_std().unwrap_or_default();
        return checked(Checked::NotDue(wait));
    }
    let message = store::message_in_time(work.connection, offer, MAX_FAILURES).await?;
    if let Some(message) = message {
        return Ok(RollResult::MessageInTime(message));
    }
    let provider = work.app.provider.name();
    let frozen = store::frozen_since(work.connection, provider).await?;
    if offer.accepted || frozen.is_some() {
        // The thaw enqueues the next check.
        return checked(Checked::Frozen);
    }
    let next = undeliverable::not_sent(work, offer).await?;
    checked(Checked::NotSent(next))
}

/// When a check of the offer can end it: at its deadline, or when the patience for an offer that the
/// provider has not accepted is over.
pub(crate) fn due(app: &App, offer: &Offer) -> DateTime<Utc> {
    if offer.accepted {
        offer.ack_deadline_at
    } else {
        offer.ack_deadline_at - app.distribution.unsent_before_deadline()
    }
}

/// The next deadline of an open offer. `None` if no offer is open.
pub async fn next_deadline(app: &App) -> Result<Option<DateTime<Utc>>> {
    let mut connection = app.pool.acquire().await?;
    store::next_deadline(&mut connection).await
}

/// Brings the next deadline of an open offer forward to now, so that nobody who tries the system waits for it. Returns the
/// deadline that it had. `None` if no offer is open that the provider accepted.
///
/// Only for the provider `dummy`: in production a deadline is never earlier than it was.
pub async fn bring_next_deadline_forward(app: &App) -> Result<Option<DateTime<Utc>>> {
    let mut transaction = app.begin().await?;
    let Some(attempt) = store::most_urgent_offer(&mut transaction).await? else {
        return Ok(None);
    };
    let Some(offer) = store::lock_offer(&mut transaction, attempt).await? else {
        return Ok(None);
    };
    let mut work = UnitOfWork::start(app, &mut transaction, Cause::Dummy).await?;
    if !store::set_deadline(&mut work, attempt).await? {
        return Ok(None);
    }
    let moved = Event::new(EventKind::DeadlineMoved)
        .on(&offer)
        .with(json!({ "deadline": work.now }));
    store::log(&mut work, &[moved]).await?;
    transaction.commit().await?;
    Ok(Some(offer.ack_deadline_at))
}

/// The time until the next deadline of an open offer, negative if it has passed. `None` if no offer
/// is open or the provider is frozen.
pub async fn time_to_next_deadline(app: &App) -> Result<Option<TimeDelta>> {
    let mut connection = app.pool.acquire().await?;
    store::time_to_next_deadline(&mut connection, app.clock.fixed(), app.provider.name()).await
}
