//! An agent writes: takes an offer, passes on it, or asks for something else.

use super::answer::{self, Answer, Verdict, answer, file};
use super::bind::{self, Bound};
use super::lexicon::{Absence, Intent};
use super::visit_answer::{self, Taken};
use super::{agent_command, duplicate, snippet};
use crate::distribution::endings::claim::{self, Claim};
use crate::distribution::endings::{decline, let_go};
use crate::distribution::model::{Offer, Outcome, ReceivedMessage, Report};
use crate::distribution::offers::owner_text::owner_text;
use crate::distribution::offers::{client_notice, mask};
use crate::sales::Agent;
use crate::texts::Text;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::{self, OutboundKind};
use crate::{App, Result, availability};
use sqlx::PgConnection;

/// Handles an agent's message. Returns `None` if it is a duplicate: the caller must roll back.
pub(super) async fn handle(
    app: &App,
    connection: &mut PgConnection,
    received: &ReceivedMessage,
    agent: &Agent,
) -> Result<Option<Report>> {
    let request = bind::read(app, &received.message);
    let intent = request.said.intent;
    let mut work = UnitOfWork::start(app, connection, Cause::Agent).await?;
    let work = &mut work;
    if edits_an_answer(work, received).await? {
        return file(work, received, Verdict::bare(Outcome::NotAnAck)).await;
    }
    if request.is_text
        && let Some(absence) = absence(work, received, agent).await?
    {
        return agent_command::announce_absence(work, received, agent, absence).await;
    }
    if request.is_text
        && let Some(said) = app.lexicon.read_visit(&received.message.body)
        && let Taken::Done(report) = visit_answer::take(work, received, agent, &said).await?
    {
        return Ok(report);
    }
    if request.is_text
        && !agent.disabled
        && let Some(wanted) = snippet::read(&received.message.body)
    {
        return snippet::send(work, received, agent, &wanted).await;
    }
    match intent {
        Intent::Other => return not_understood(work, received, agent).await,
        Intent::Command(command) => {
            let code = request.said.code.as_deref();
            let command = agent_command::Request {
                agent,
                command,
                code,
            };
            return agent_command::handle(work, received, &command).await;
        }
        Intent::Ok | Intent::Decline => {}
    }
    match bind::bind(work, received, agent, &request).await? {
        Bound::One(offer) if intent == Intent::Decline => pass(work, received, &offer).await,
        Bound::One(offer) => take(work, received, agent, &offer).await,
        Bound::Several(offers) => {
            let verb = if intent == Intent::Decline {
                "LEWATI"
            } else {
                "OK"
            };
            answer::ask_which(work, received, &offers, verb).await
        }
        Bound::Expired(offer) if intent == Intent::Ok => {
            answer::refuse_late(work, received, &offer).await
        }
        Bound::Withdrawn(offer) if intent == Intent::Ok => {
            answer::refuse_withdrawn(work, received, &offer).await
        }
        // A reaction to a message that is no offer means nothing.
        Bound::Nothing if received.message.reaction.is_some() => {
            file(work, received, Verdict::bare(Outcome::NotAnAck)).await
        }
        Bound::Taken => file(work, received, Verdict::bare(Outcome::NothingOpen)).await,
        Bound::Nothing | Bound::Expired(_) | Bound::Withdrawn(_) => {
            answer::nothing_open(work, received).await
        }
    }
}

/// The absence that the message announces, in the agent's own zone.
async fn absence(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    agent: &Agent,
) -> Result<Option<Absence>> {
    // "Tomorrow" is the day after they wrote it.
    let (body, now) = (&received.message.body, received.acknowledged_at);
    let company = work.app.timezone;
    // Most messages announce none, whatever the zone.
    if work.app.lexicon.read_absence(body, now, company).is_none() {
        return Ok(None);
    }
    let zone = availability::timezone_of(work.connection, &agent.id, company).await?;
    Ok(work.app.lexicon.read_absence(body, now, zone))
}

/// Whether the message edits one that was an answer, itself or by an earlier edit. That answer stands.
async fn edits_an_answer(work: &mut UnitOfWork<'_>, received: &ReceivedMessage) -> Result<bool> {
    let Some(original) = &received.message.edits else {
        return Ok(false);
    };
    whatsapp::was_an_answer(work.app, work.connection, original).await
}

/// A message that means nothing. If an offer is open, the agent is told what to write: with an offer open nobody is
/// met with silence.
async fn not_understood(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    agent: &Agent,
) -> Result<Option<Report>> {
    // A reaction is no message, and an edit corrects a message that was answered.
    let says_nothing = received.message.reaction.is_some() || received.message.edits.is_some();
    let open = if says_nothing {
        Vec::new()
    } else {
        bind::open_for(work, received, agent).await?
    };
    if open.is_empty() {
        return file(work, received, Verdict::bare(Outcome::NotAnAck)).await;
    }
    answer::hint(work, received, &open).await
}

/// Claims the lead for the agent who answered OK, and answers with the result.
async fn take(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    agent: &Agent,
    offer: &Offer,
) -> Result<Option<Report>> {
    let lead = claim::lock(work.connection, offer).await?;
    work.refresh().await?;
    if duplicate::was_handled(work, received).await? {
        return Ok(None);
    }
    match claim::claim(work, &lead, offer, received.acknowledged_at).await? {
        Claim::Won => {
            client_notice::tell_who_serves(work, &lead, agent, offer.cycle).await?;
            // A masked offer did not show the client's words as they are.
            let masked = work.app.distribution.mask_offers.then_some(offer.cycle);
            let body = owner_text(work, Text::Claimed, &lead, masked).await?;
            let verdict = Verdict::about(Outcome::Accepted, offer);
            let text = Answer::new(OutboundKind::Claimed, body);
            answer(work, received, verdict, text).await
        }
        Claim::AlreadyTheirs => file(work, received, Verdict::bare(Outcome::NothingOpen)).await,
        Claim::Withdrawn(offer) => answer::refuse_withdrawn(work, received, &offer).await,
        Claim::Late(offer) => answer::refuse_late(work, received, &offer).await,
        Claim::Disabled(offer) => {
            let_go::let_go(work, &offer).await?;
            answer::refuse_disabled(work, received, &offer).await
        }
    }
}

/// The agent passes: the next agent is offered the lead at once.
async fn pass(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    offer: &Offer,
) -> Result<Option<Report>> {
    let lead = claim::lock(work.connection, offer).await?;
    work.refresh().await?;
    if duplicate::was_handled(work, received).await? {
        return Ok(None);
    }
    if !decline::decline(work, offer).await? {
        return answer::nothing_open(work, received).await;
    }
    let name = mask::name_of(work.app, &lead);
    let body = work.app.texts.render(Text::Declined, &[("name", &name)]);
    let verdict = Verdict::about(Outcome::Declined, offer);
    let text = Answer::new(OutboundKind::Declined, body);
    answer(work, received, verdict, text).await
}
