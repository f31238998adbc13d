//! Telling an agent that a lead is theirs to take.

use super::event::{Cause, Event, EventKind};
use super::model::{Offer, Round};
use super::store;
use super::undeliverable::{Undeliverable, offer_undeliverable};
use super::{freeze, mask, policy};
use crate::id::{AttemptId, SendId};
use crate::jobs::{CheckAckDeadline, enqueue};
use crate::phone::Phone;
use crate::texts::Text;
use crate::whatsapp::{self, Draft, Handed, OutboundKind, Queued, Short};
use crate::{App, Error, Result};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;

/// Sends an attempt's offer, once, and records when the provider took it. If that was more than a
/// second after the assignment, the deadline moves, once and forward only, to give the agent the
/// full window. An offer that has ended, or whose time is up, is not sent. One that is refused for
/// good goes to the next agent.
pub async fn forward(app: &App, attempt: AttemptId) -> Result<()> {
    let queued = match write_offer(app, attempt).await? {
        Written::Queued(queued) => queued,
        Written::Nothing => return Ok(()),
        Written::Refused => {
            return offer_undeliverable(app, attempt, Undeliverable::Refused).await;
        }
    };
    let handed = match freeze::hand_over(app, &queued).await {
        Err(Error::Refused { .. }) => {
            return offer_undeliverable(app, attempt, Undeliverable::Refused).await;
        }
        answer => answer?,
    };
    record(app, &handed).await
}

/// Records what the provider took, offer by offer.
pub(super) async fn record(app: &App, handed: &Handed) -> Result<()> {
    whatsapp::settle(app, handed).await?;
    for (message, attempt) in &handed.messages {
        let mut transaction = app.pool.begin().await?;
        let offer = match attempt {
            Some(attempt) => store::lock_offer(&mut transaction, *attempt).await?,
            None => None,
        };
        let now = app.clock.now(&mut transaction).await?;
        let taken = whatsapp::set_accepted(&mut transaction, *message, handed, now).await?;
        if let Some(offer) = offer.filter(|_| taken) {
            record_offer(app, &mut transaction, &offer, handed.resend_of, now).await?;
        }
        transaction.commit().await?;
    }
    Ok(())
}

/// The provider has taken the offer: its agent has the full window from now, if that was not at once.
pub(super) async fn record_offer(
    app: &App,
    connection: &mut PgConnection,
    offer: &Offer,
    resend_of: Option<SendId>,
    now: DateTime<Utc>,
) -> Result<()> {
    let attempt = offer.attempt;
    let window = app.distribution.ack_window;
    let Some(deadline) = store::record_offer_accepted(connection, attempt, now, window).await?
    else {
        return Ok(());
    };
    let about = |kind| {
        Event::new(kind, Cause::Provider, now)
            .of(offer.lead, offer.cycle)
            .to(attempt, &offer.sales_id)
    };
    let mut events = vec![about(EventKind::Sent)];
    if let Some(lost) = resend_of {
        events.push(about(EventKind::Resent).with(json!({ "of": lost })));
    }
    if deadline > offer.ack_deadline_at {
        enqueue(connection, &CheckAckDeadline { attempt }, deadline).await?;
        events.push(about(EventKind::DeadlineMoved).with(json!({ "deadline": deadline })));
        tracing::info!(%attempt, moved_ms = (deadline - offer.ack_deadline_at).num_milliseconds(), "distribution.deadline_moved");
    }
    store::record(app, connection, &events).await
}

/// An offer's outbound row.
enum Written {
    /// Waits to be sent.
    Queued(Queued),
    /// Was refused, by a run that did not live to pass the lead on.
    Refused,
    /// There is nothing to send.
    Nothing,
}

/// The offer's outbound row, written when first asked for.
async fn write_offer(app: &App, attempt: AttemptId) -> Result<Written> {
    let mut connection = app.pool.acquire().await?;
    let fixed_now = app.clock.fixed();
    let Some(offer) =
        store::sendable_offer(&mut connection, attempt, fixed_now, app.provider.name()).await?
    else {
        return Ok(Written::Nothing);
    };
    if offer.now >= offer.ack_deadline_at && !offer.held {
        return Ok(Written::Nothing);
    }
    let Some(to) = offer.offered_to.as_deref().and_then(Phone::from_e164) else {
        tracing::warn!(%attempt, "distribution.unsent: the agent's number is gone");
        return Ok(Written::Nothing);
    };
    let draft = Draft {
        kind: OutboundKind::Offer,
        to: to.into(),
        body: offer_text(app, &offer),
        lead: Some(offer.lead),
        cycle: Some(offer.cycle),
        attempt: Some(attempt),
        in_reply_to: None,
        short: Some(in_short(app, &offer)),
    };
    // The row is one statement, and so its own transaction; its job is the one that is running.
    match whatsapp::write_out(app, &mut connection, &draft, offer.now).await? {
        Some(id) => Ok(Written::Queued(Queued {
            id,
            to: draft.to,
            body: draft.body,
            attempt: Some(attempt),
            expires_at: None,
        })),
        None => match whatsapp::queued_offer(&mut connection, attempt).await? {
            Some(queued) => {
                whatsapp::rewrite(&mut connection, queued.id, &draft).await?;
                Ok(Written::Queued(Queued {
                    body: draft.body,
                    ..queued
                }))
            }
            None if whatsapp::offer_failed(&mut connection, attempt).await? => Ok(Written::Refused),
            None => Ok(Written::Nothing),
        },
    }
}

fn offer_text(app: &App, offer: &store::SendableOffer) -> String {
    let window = app.distribution.ack_window;
    // An offer that is sent late has the full window: its deadline moves when the provider takes it.
    let deadline = if offer.now - offer.assigned_at > policy::AT_ONCE {
        offer.now + window
    } else {
        offer.ack_deadline_at
    };
    let masks = app.distribution.mask_offers;
    let text = match (offer.round, masks) {
        (Round::LastRound, false) => Text::OfferLastRound,
        (Round::LastRound, true) => Text::OfferLastRoundMasked,
        (_, false) => Text::Offer,
        (_, true) => Text::OfferMasked,
    };
    let words = offer.words.as_deref().unwrap_or("-");
    let (message, source, phone) = if masks {
        let source = offer
            .lead_source
            .as_deref()
            .map_or("-".into(), mask::scrubbed);
        (mask::scrubbed(words), source, "-")
    } else {
        let source = offer.lead_source.clone().unwrap_or_else(|| "-".to_owned());
        (
            words.to_owned(),
            source,
            offer.lead_phone.as_deref().unwrap_or("-"),
        )
    };
    app.texts.render(
        text,
        &[
            ("label", &offer.label),
            ("code", offer.code.as_deref().unwrap_or("-")),
            ("name", &mask::name(app, offer.lead_name.as_deref())),
            ("phone", phone),
            ("project", offer.lead_project.as_deref().unwrap_or("-")),
            ("area", offer.lead_area.as_deref().unwrap_or("-")),
            ("source", &source),
            ("message", &message),
            ("window", &policy::window_in_words(window)),
            ("deadline", &policy::jakarta_time(deadline)),
        ],
    )
}

/// The offer in a line of a list, and in the blanks of a template: code, project, window.
fn in_short(app: &App, offer: &store::SendableOffer) -> Short {
    let code = offer.code.as_deref().unwrap_or("-");
    let project = offer
        .lead_project
        .as_deref()
        .or(offer.lead_source.as_deref())
        .unwrap_or("-");
    let project = if app.distribution.mask_offers {
        mask::scrubbed(project)
    } else {
        project.to_owned()
    };
    let name = mask::name(app, offer.lead_name.as_deref());
    Short {
        line: format!("{code} {name}"),
        parameters: vec![
            code.to_owned(),
            project,
            policy::window_in_words(app.distribution.ack_window),
        ],
    }
}

/// Records that an attempt's offer will not be sent, and passes the lead on if its time is not up.
pub async fn give_up_offer(app: &App, attempt: AttemptId, reason: &str) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let queued = whatsapp::queued_offer(&mut connection, attempt).await?;
    drop(connection);
    if let Some(queued) = queued {
        whatsapp::give_up(app, queued.id, reason).await?;
        offer_undeliverable(app, attempt, Undeliverable::GivenUp).await?;
    }
    Ok(())
}
