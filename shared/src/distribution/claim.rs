//! An agent speaks: takes an offer, passes it on, or says something else.

use super::answer::{self, Verdict, answer, file};
use super::assign::{Taken, take_from_holders};
use super::bind::{self, Bound};
use super::event::{Cause, Event, EventKind};
use super::lexicon::Intent;
use super::model::{AttemptStatus, CycleStatus, Offer, Outcome, Report, Round};
use super::store::{self, InboundEvent};
use super::{command, cycle, mask, policy};
use crate::leads::{self, Lead};
use crate::sales::Agent;
use crate::texts::Text;
use crate::whatsapp::OutboundKind;
use crate::{App, Result, sales};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// An agent wrote. `None`: this message was heard before, and the transaction must be rolled back.
pub(super) async fn agent_speaks(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    agent: &Agent,
) -> Result<Option<Report>> {
    let asked = bind::read(app, &event.word);
    let intent = asked.said.intent;
    match intent {
        Intent::Other => {
            return file(app, connection, event, Verdict::bare(Outcome::NotAnAck)).await;
        }
        Intent::Command(command) => {
            let code = asked.said.code.as_deref();
            return command::obey(app, connection, event, agent, command, code).await;
        }
        Intent::Ok | Intent::Decline => {}
    }
    match bind::bind(app, connection, event, agent, &asked).await? {
        Bound::One(offer) if intent == Intent::Decline => {
            decline(app, connection, event, &offer).await
        }
        Bound::One(offer) => claim(app, connection, event, &offer).await,
        Bound::Several(offers) => answer::ask_which(app, connection, event, &offers).await,
        Bound::Expired(offer) if intent == Intent::Ok => {
            answer::refuse_late(app, connection, event, &offer).await
        }
        Bound::Withdrawn(offer) if intent == Intent::Ok => {
            answer::refuse_withdrawn(app, connection, event, &offer).await
        }
        // A thumb on a message that is no offer says nothing.
        Bound::Nothing if event.word.reaction.is_some() => {
            file(app, connection, event, Verdict::bare(Outcome::NotAnAck)).await
        }
        Bound::Taken => file(app, connection, event, Verdict::bare(Outcome::NothingOpen)).await,
        Bound::Nothing | Bound::Expired(_) | Bound::Withdrawn(_) => {
            answer::nothing_open(app, connection, event).await
        }
    }
}

/// Takes the lead for the agent if the offer is open and the word's time is before its deadline: one
/// conditional update on the locked row, whose other half is the roll. If the roll came first
/// although the word was in time, since it was heard late, and nobody has the lead, it is the
/// agent's all the same.
async fn claim(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    offer: &Offer,
) -> Result<Option<Report>> {
    let lead = leads::lock(connection, offer.lead).await?;
    store::lock_cycle_and_attempt(connection, offer).await?;
    let now = app.clock.now(connection).await?;
    if super::hear::was_heard_before(app, connection, event).await? {
        return Ok(None);
    }
    let time = event.acknowledged_at;
    let (provider, window) = (app.provider.name(), app.distribution.ack_window);
    if store::accept(connection, offer.attempt, time, now, provider, window).await? {
        store::close_cycle(connection, offer.cycle, CycleStatus::Accepted, now).await?;
        if offer.round == Round::LastRound {
            let taker = sales::by_id(connection, &offer.sales_id).await?;
            let (why, cause) = (Taken::Quicker, Cause::Agent);
            take_from_holders(app, connection, &lead, &taker.name, why, cause, now).await?;
        }
        let accepted = Event::new(EventKind::Accepted, Cause::Agent, now);
        return hand_over(app, connection, event, offer, &lead, accepted).await;
    }
    // Its time was up, or the agent's other OK took it while we waited for its lock.
    let now_it_is = store::offer(connection, offer.attempt).await?;
    let offer = now_it_is.as_ref().unwrap_or(offer);
    match offer.status {
        AttemptStatus::Accepted | AttemptStatus::Assigned => {
            file(app, connection, event, Verdict::bare(Outcome::NothingOpen)).await
        }
        AttemptStatus::Withdrawn => answer::refuse_withdrawn(app, connection, event, offer).await,
        AttemptStatus::TimedOut if take_back(app, connection, offer, &lead, time, now).await? => {
            let taken_back = Event::new(EventKind::TakenBack, Cause::Agent, now);
            hand_over(app, connection, event, offer, &lead, taken_back).await
        }
        _ => answer::refuse_late(app, connection, event, offer).await,
    }
}

/// The lead is the agent's: locked, and they are told whom to call.
async fn hand_over(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    offer: &Offer,
    lead: &Lead,
    won: Event,
) -> Result<Option<Report>> {
    leads::set_claimed(connection, offer.lead, &offer.sales_id, won.at).await?;
    let lateness = event.acknowledged_at - offer.ack_deadline_at;
    let won = won
        .of(offer.lead, offer.cycle)
        .to(offer.attempt, &offer.sales_id)
        .late_by(lateness);
    store::record(app, connection, &[won]).await?;
    let body = app.texts.render(
        Text::Claimed,
        &[
            ("name", lead.display_name()),
            ("phone", lead.display_phone()),
            ("source", lead.display_source()),
        ],
    );
    let verdict = Verdict::about(Outcome::Accepted, offer);
    answer(app, connection, event, verdict, OutboundKind::Claimed, body).await
}

/// An OK that was in time and heard after the roll: takes the lead if nobody has claimed it and its
/// cycle is open, or went hangus less than ten minutes ago. Whoever holds it now is told that it is
/// withdrawn. `false`: it is too late.
async fn take_back(
    app: &App,
    connection: &mut PgConnection,
    offer: &Offer,
    lead: &Lead,
    time: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let grace = now - policy::HANGUS_GRACE;
    if lead.owner.is_some()
        || !store::accept_after_roll(connection, offer.attempt, time, now, grace).await?
    {
        return Ok(false);
    }
    // In a cycle that went hangus, the client may have written again meanwhile: that cycle is over.
    let taker = sales::by_id(connection, &offer.sales_id).await?;
    let (why, cause) = (Taken::EarlierOk, Cause::Agent);
    take_from_holders(app, connection, lead, &taker.name, why, cause, now).await?;
    for called_off in store::end_cycles(connection, offer.lead, offer.cycle, now).await? {
        let event = Event::new(EventKind::Cancelled, cause, now).of(offer.lead, called_off);
        store::record(app, connection, &[event]).await?;
    }
    tracing::info!(lead = %offer.lead, attempt = %offer.attempt, "distribution.taken_back");
    Ok(true)
}

/// Passes the lead on at once.
async fn decline(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    offer: &Offer,
) -> Result<Option<Report>> {
    let lead = leads::lock(connection, offer.lead).await?;
    store::lock_cycle_and_attempt(connection, offer).await?;
    let now = app.clock.now(connection).await?;
    if super::hear::was_heard_before(app, connection, event).await? {
        return Ok(None);
    }
    if !store::decline(connection, offer.attempt, now).await? {
        return answer::nothing_open(app, connection, event).await;
    }
    let declined = Event::new(EventKind::Declined, Cause::Agent, now)
        .of(offer.lead, offer.cycle)
        .to(offer.attempt, &offer.sales_id);
    store::record(app, connection, &[declined]).await?;
    cycle::go_on(app, connection, offer, Cause::Agent, now).await?;
    let body = app
        .texts
        .render(Text::Declined, &[("name", &mask::name_of(app, &lead))]);
    let verdict = Verdict::about(Outcome::Declined, offer);
    answer(
        app,
        connection,
        event,
        verdict,
        OutboundKind::Declined,
        body,
    )
    .await
}
