//! Binding: which offer an agent's message is about.
//!
//! The signs, from the strongest to the weakest: a button of the offer, a quote of it or a reaction
//! to it, its code, the only offer that is open. If none of them decides, nothing is done and the
//! agent is asked.

use super::lexicon::{Intent, Said};
use crate::distribution::model::{AttemptStatus, InboundMessage, NOT_SENT, Offer, ReceivedMessage};
use crate::distribution::{policy, store};
use crate::id::AttemptId;
use crate::sales::Agent;
use crate::unit_of_work::UnitOfWork;
use crate::{App, Result, whatsapp};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// The offer that a message is about.
pub(super) enum Bound {
    /// This offer. Whether it may still be taken is decided once it is locked.
    One(Offer),
    /// One of these. Nothing is done.
    Several(Vec<Offer>),
    /// An offer whose deadline had passed.
    Expired(Offer),
    /// An offer that was withdrawn.
    Withdrawn(Offer),
    /// The agent owns their latest lead already.
    Taken,
    /// No offer.
    Nothing,
}

/// What an agent's message asks for, and the offer whose button was pressed.
pub(super) struct Request {
    pub(super) said: Said,
    /// Whether it is a text: no button and no reaction.
    pub(super) is_text: bool,
    button: Option<AttemptId>,
}

/// Reads a message: its button if it has one, then its reaction, then its text.
pub(super) fn read(app: &App, message: &InboundMessage) -> Request {
    if let Some((intent, attempt)) = message.button_payload.as_deref().and_then(button) {
        return Request {
            said: Said::bare(intent),
            is_text: false,
            button: Some(attempt),
        };
    }
    let said = match &message.reaction {
        Some(emoji) => Said::bare(app.lexicon.read_reaction(emoji)),
        None => app.lexicon.read(&message.body),
    };
    Request {
        said,
        is_text: message.reaction.is_none(),
        button: None,
    }
}

/// Reads the payload of an offer's button: `claim:<attempt>` or `pass:<attempt>`.
pub(super) fn button(payload: &str) -> Option<(Intent, AttemptId)> {
    let (verb, attempt) = payload.split_once(':')?;
    let intent = match verb {
        "claim" => Intent::Ok,
        "pass" => Intent::Decline,
        _ => return None,
    };
    Some((intent, AttemptId(attempt.parse().ok()?)))
}

/// Finds the offer that a message is about. An offer that was made after the message was written
/// never matches.
pub(super) async fn bind(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    agent: &Agent,
    request: &Request,
) -> Result<Bound> {
    let time = received.acknowledged_at;
    let by = time + policy::WHOLE_SECOND;
    if let Some(attempt) = pointed_at(work.connection, received, request).await?
        && let Some(offer) = store::offer(work.connection, attempt).await?
        && offer.sales_id == agent.id
    {
        return Ok(judge(offer, time));
    }
    if received.message.reaction.is_some() {
        return Ok(Bound::Nothing);
    }
    let code = match (&request.said.code, request.said.number) {
        (Some(code), _) => Some(code.clone()),
        (None, Some(number)) => code_in_list(work.connection, received, number).await?,
        (None, None) => None,
    };
    if let Some(code) = &code
        && let Some(offer) = store::offer_by_code(work.connection, &agent.id, code, by).await?
    {
        return Ok(judge(offer, time));
    }
    let mut live = store::offers_live_at(work, &agent.id, time, by).await?;
    // A name that no offer has names none of them. Number 1 names the only one, without a list.
    let names_none = code.is_some() || request.said.number.is_some_and(|number| number > 1);
    if live.len() > 1 || (names_none && !live.is_empty()) {
        return Ok(Bound::Several(live));
    }
    if let Some(offer) = live.pop() {
        return Ok(Bound::One(offer));
    }
    if code.is_some() || request.said.number.is_some() {
        return Ok(Bound::Nothing);
    }
    let latest = store::latest_offer(work.connection, &agent.id, by).await?;
    Ok(latest.map_or(Bound::Nothing, |offer| judge(offer, time)))
}

/// The agent's offers that a message of this time can take.
pub(super) async fn open_for(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
    agent: &Agent,
) -> Result<Vec<Offer>> {
    let time = received.acknowledged_at;
    store::offers_live_at(work, &agent.id, time, time + policy::WHOLE_SECOND).await
}

/// The code beside a number in the list that the agent was sent last: `2. D56 Bapak Test (10:05)`.
async fn code_in_list(
    connection: &mut PgConnection,
    received: &ReceivedMessage,
    number: usize,
) -> Result<Option<String>> {
    let list =
        whatsapp::last_list(connection, &received.message.from, received.received_at).await?;
    Ok(list.and_then(|list| {
        let start = format!("{number}. ");
        let line = list
            .lines()
            .find_map(|line| line.trim().strip_prefix(&start))?;
        line.split_whitespace().next().map(str::to_owned)
    }))
}

/// The offer that the message itself names: by its button, or by the message that it quotes or
/// reacts to.
async fn pointed_at(
    connection: &mut PgConnection,
    received: &ReceivedMessage,
    request: &Request,
) -> Result<Option<AttemptId>> {
    if request.button.is_some() {
        return Ok(request.button);
    }
    match &received.message.quoted_message_id {
        Some(quoted) => whatsapp::attempt_of_offer(connection, quoted).await,
        None => Ok(None),
    }
}

/// Whether the offer can still be taken, as far as that can be known before it is locked. The claim
/// decides about an open offer, because its deadline may move, and about one that was rolled before
/// an OK that was in time was handled.
fn judge(offer: Offer, time: DateTime<Utc>) -> Bound {
    match offer.status {
        AttemptStatus::Open => Bound::One(offer),
        AttemptStatus::TimedOut if time < offer.ack_deadline_at => Bound::One(offer),
        AttemptStatus::TimedOut => Bound::Expired(offer),
        AttemptStatus::Withdrawn => Bound::Withdrawn(offer),
        AttemptStatus::Undeliverable if offer.reason.as_deref() == Some(NOT_SENT) => {
            Bound::Withdrawn(offer)
        }
        AttemptStatus::Accepted | AttemptStatus::Assigned => Bound::Taken,
        AttemptStatus::Declined | AttemptStatus::Undeliverable => Bound::Nothing,
    }
}
