//! An agent speaks: takes an offer, passes it on, or says something else.

use super::answer::{self, Verdict, answer, file};
use super::bind::{self, Bound};
use super::cycle;
use super::lexicon::Intent;
use super::model::{AttemptStatus, CycleStatus, Offer, Outcome, Report};
use super::policy;
use super::store::{self, InboundEvent};
use crate::leads::{self, Lead};
use crate::sales::Agent;
use crate::texts::Text;
use crate::whatsapp::{self, Draft, OutboundKind};
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
    if intent == Intent::Other {
        return file(app, connection, event, Verdict::bare(Outcome::NotAnAck)).await;
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
        return hand_over(app, connection, event, offer, &lead, now).await;
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
            hand_over(app, connection, event, offer, &lead, now).await
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
    now: DateTime<Utc>,
) -> Result<Option<Report>> {
    leads::set_claimed(connection, offer.lead, &offer.sales_id, now).await?;
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
    if let Some(held) = store::withdraw_open(connection, offer.lead, now).await? {
        let holder = sales::by_id(connection, &held.sales_id).await?;
        let was_told = whatsapp::offer_was_written(connection, held.attempt).await?;
        if let Some(to) = holder.phone.filter(|_| was_told) {
            let taker = sales::by_id(connection, &offer.sales_id).await?;
            let notice = Draft {
                kind: OutboundKind::Withdrawn,
                to,
                body: answer::withdrawn_text(app, lead, Some(&taker.name)),
                lead: Some(offer.lead),
                cycle: Some(held.cycle),
                attempt: Some(held.attempt),
                in_reply_to: None,
            };
            whatsapp::say(app, connection, &notice, now).await?;
        }
    }
    store::end_cycles(connection, offer.lead, offer.cycle, now).await?;
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
    cycle::offer_next(app, connection, offer.lead, offer.cycle, now).await?;
    let body = app
        .texts
        .render(Text::Declined, &[("name", lead.display_name())]);
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
