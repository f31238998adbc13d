//! Telling an agent that a lead is theirs to take.

use super::policy;
use super::store;
use crate::id::AttemptId;
use crate::jobs::{CheckAckDeadline, enqueue};
use crate::phone::Phone;
use crate::texts::Text;
use crate::whatsapp::{self, Draft, OutboundKind, Queued};
use crate::{App, Result, leads};

/// Sends an attempt's offer, once, and records when the provider took it. If that was more than a
/// second after the assignment, the deadline moves, once and forward only, to give the agent the
/// full window. An offer that has ended, or whose time is up, is not sent.
pub async fn forward(app: &App, attempt: AttemptId) -> Result<()> {
    let Some(queued) = write_offer(app, attempt).await? else {
        return Ok(());
    };
    let accepted = whatsapp::hand_over(app, &queued).await?;

    let mut transaction = app.pool.begin().await?;
    let Some(offer) = store::lock_offer(&mut transaction, attempt).await? else {
        return Ok(());
    };
    let now = app.clock.now(&mut transaction).await?;
    whatsapp::set_accepted(&mut transaction, queued.id, &accepted, now).await?;
    if let Some(deadline) = store::record_offer_accepted(&mut transaction, attempt, now).await?
        && deadline > offer.ack_deadline_at
    {
        enqueue(&mut transaction, &CheckAckDeadline { attempt }, deadline).await?;
        tracing::info!(%attempt, moved_ms = (deadline - offer.ack_deadline_at).num_milliseconds(), "distribution.deadline_moved");
    }
    transaction.commit().await?;
    Ok(())
}

/// The offer's outbound row, written when first asked for; `None` when there is nothing to send.
async fn write_offer(app: &App, attempt: AttemptId) -> Result<Option<Queued>> {
    let mut connection = app.pool.acquire().await?;
    let fixed_now = app.clock.fixed();
    let Some(offer) = store::sendable_offer(&mut connection, attempt, fixed_now).await? else {
        return Ok(None);
    };
    if offer.now >= offer.ack_deadline_at {
        return Ok(None);
    }
    let Some(to) = offer.agent_phone.as_deref().and_then(Phone::from_e164) else {
        tracing::warn!(%attempt, "distribution.unsent: the agent's number is gone");
        return Ok(None);
    };
    let draft = Draft {
        kind: OutboundKind::Offer,
        to: to.clone(),
        body: offer_text(app, &offer),
        lead: Some(offer.lead),
        cycle: Some(offer.cycle),
        attempt: Some(attempt),
        in_reply_to: None,
    };
    // The row is one statement, and so its own transaction; its job is the one that is running.
    match whatsapp::write_out(app, &mut connection, &draft, offer.now).await? {
        Some(id) => Ok(Some(Queued {
            id,
            to,
            body: draft.body,
        })),
        None => whatsapp::queued_offer(&mut connection, attempt).await,
    }
}

fn offer_text(app: &App, offer: &store::SendableOffer) -> String {
    let window = (offer.ack_deadline_at - offer.assigned_at)
        .to_std()
        .unwrap_or_default();
    app.texts.render(
        Text::Offer,
        &[
            ("label", &offer.label),
            ("code", offer.code.as_deref().unwrap_or("-")),
            ("name", leads::name_or_unknown(offer.lead_name.as_deref())),
            ("phone", offer.lead_phone.as_deref().unwrap_or("-")),
            ("source", offer.lead_source.as_deref().unwrap_or("-")),
            ("message", offer.words.as_deref().unwrap_or("-")),
            ("window", &policy::window_in_words(window)),
            ("deadline", &policy::jakarta_time(offer.ack_deadline_at)),
        ],
    )
}

/// Records that an attempt's offer will not be sent. The attempt itself runs to its deadline.
pub async fn give_up_offer(app: &App, attempt: AttemptId, reason: &str) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let queued = whatsapp::queued_offer(&mut connection, attempt).await?;
    drop(connection);
    match queued {
        Some(queued) => whatsapp::give_up(app, queued.id, reason).await,
        None => Ok(()),
    }
}
