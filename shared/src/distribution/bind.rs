//! To which offer an agent's word belongs.
//!
//! The ladder, from the surest sign to the weakest: a button of the offer, a quote of it or a
//! reaction to it, its code, the only offer that is open. Where none tells, nothing is done and the
//! agent is asked.

use super::lexicon::{Intent, Said};
use super::model::{AttemptStatus, Offer, Word};
use super::policy;
use super::store::{self, InboundEvent};
use crate::id::AttemptId;
use crate::sales::Agent;
use crate::{App, Result, whatsapp};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// What a word can be meant for.
pub(super) enum Bound {
    /// This offer: whether it may still be taken is decided once it is locked.
    One(Offer),
    /// Any of these: nothing is done.
    Several(Vec<Offer>),
    /// An offer whose time was up.
    Expired(Offer),
    /// An offer that was taken back, because an earlier agent had said OK in time.
    Withdrawn(Offer),
    /// The agent has taken their latest lead already.
    Taken,
    /// The agent was never offered anything that could be meant.
    Nothing,
}

/// What the agent asks for, and which offer they point at, if they do.
pub(super) struct Asked {
    pub(super) said: Said,
    /// The offer whose button they pressed.
    button: Option<AttemptId>,
}

/// Reads a word: a button before a reaction before what is written.
pub(super) fn read(app: &App, word: &Word) -> Asked {
    if let Some((intent, attempt)) = word.button_payload.as_deref().and_then(button) {
        return Asked {
            said: Said { intent, code: None },
            button: Some(attempt),
        };
    }
    let said = match &word.reaction {
        Some(emoji) => Said {
            intent: app.lexicon.read_reaction(emoji),
            code: None,
        },
        None => app.lexicon.read(&word.body),
    };
    Asked { said, button: None }
}

/// A button's payload as our offers carry it: `claim:<attempt>` or `pass:<attempt>`.
fn button(payload: &str) -> Option<(Intent, AttemptId)> {
    let (verb, attempt) = payload.split_once(':')?;
    let intent = match verb {
        "claim" => Intent::Ok,
        "pass" => Intent::Decline,
        _ => return None,
    };
    Some((intent, AttemptId(attempt.parse().ok()?)))
}

/// Finds the offer that is meant. One that was made after the word was written never is.
pub(super) async fn bind(
    app: &App,
    connection: &mut PgConnection,
    event: &InboundEvent,
    agent: &Agent,
    asked: &Asked,
) -> Result<Bound> {
    let time = event.acknowledged_at;
    let by = time + policy::WHOLE_SECOND;
    if let Some(attempt) = pointed_at(connection, event, asked).await?
        && let Some(offer) = store::offer(connection, attempt).await?
        && offer.sales_id == agent.id
    {
        return Ok(judge(offer, time));
    }
    if event.word.reaction.is_some() {
        return Ok(Bound::Nothing);
    }
    if let Some(code) = &asked.said.code
        && let Some(offer) = store::offer_by_code(connection, &agent.id, code, by).await?
    {
        return Ok(judge(offer, time));
    }
    let now = app.clock.now(connection).await?;
    let grace = now - policy::HANGUS_GRACE;
    let mut live =
        store::offers_live_at(connection, &agent.id, time, by, grace, app.provider.name()).await?;
    // A code that is nobody's names none of them.
    if live.len() > 1 || (asked.said.code.is_some() && !live.is_empty()) {
        return Ok(Bound::Several(live));
    }
    if let Some(offer) = live.pop() {
        return Ok(Bound::One(offer));
    }
    if asked.said.code.is_some() {
        return Ok(Bound::Nothing);
    }
    let latest = store::latest_offer(connection, &agent.id, by).await?;
    Ok(latest.map_or(Bound::Nothing, |offer| judge(offer, time)))
}

/// The offer that the word itself points at: by its button, or the message quoted or reacted to.
async fn pointed_at(
    connection: &mut PgConnection,
    event: &InboundEvent,
    asked: &Asked,
) -> Result<Option<AttemptId>> {
    if asked.button.is_some() {
        return Ok(asked.button);
    }
    match &event.word.quoted_message_id {
        Some(quoted) => whatsapp::attempt_of_offer(connection, quoted).await,
        None => Ok(None),
    }
}

/// An open offer is the claim's to decide on, once it is locked: its deadline may be moving. So is
/// one that was rolled before an OK was heard that had been in time.
fn judge(offer: Offer, time: DateTime<Utc>) -> Bound {
    match offer.status {
        AttemptStatus::Open => Bound::One(offer),
        AttemptStatus::TimedOut if time < offer.ack_deadline_at => Bound::One(offer),
        AttemptStatus::TimedOut => Bound::Expired(offer),
        AttemptStatus::Withdrawn => Bound::Withdrawn(offer),
        AttemptStatus::Accepted | AttemptStatus::Assigned => Bound::Taken,
        AttemptStatus::Declined | AttemptStatus::Undeliverable => Bound::Nothing,
    }
}
