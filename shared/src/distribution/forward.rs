//! Telling an agent that a lead is theirs to take.

use super::policy;
use super::store;
use crate::id::AttemptId;
use crate::jobs::{CheckAckDeadline, enqueue};
use crate::texts::Text;
use crate::whatsapp::{self, Draft, OutboundKind};
use crate::{App, Result, leads, sales};

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
async fn write_offer(app: &App, attempt: AttemptId) -> Result<Option<whatsapp::Queued>> {
    let mut transaction = app.pool.begin().await?;
    let Some(offer) = store::sendable_offer(&mut transaction, attempt).await? else {
        return Ok(None);
    };
    let now = app.clock.now(&mut transaction).await?;
    if now >= offer.ack_deadline_at {
        return Ok(None);
    }
    let agent = sales::by_id(&mut transaction, &offer.sales_id).await?;
    let Some(to) = agent.phone else {
        tracing::warn!(%attempt, sales = %agent.id, "distribution.unsent: the agent's number is gone");
        return Ok(None);
    };
    let lead = leads::by_id(&mut transaction, offer.lead).await?;
    let words = whatsapp::last_client_words(&mut transaction, offer.lead).await?;
    let window = (offer.ack_deadline_at - offer.assigned_at)
        .to_std()
        .unwrap_or_default();
    let body = app.texts.render(
        Text::Offer,
        &[
            ("label", &offer.label),
            ("name", lead.display_name()),
            ("phone", lead.display_phone()),
            ("source", lead.display_source()),
            ("message", words.as_deref().unwrap_or("-")),
            ("window", &policy::window_in_words(window)),
            ("deadline", &policy::jakarta_time(offer.ack_deadline_at)),
        ],
    );
    let draft = Draft {
        kind: OutboundKind::Offer,
        to,
        body,
        lead: Some(offer.lead),
        cycle: Some(offer.cycle),
        attempt: Some(attempt),
        in_reply_to: None,
    };
    whatsapp::write_out(app, &mut transaction, &draft, now).await?;
    let queued = whatsapp::queued_offer(&mut transaction, attempt).await?;
    transaction.commit().await?;
    Ok(queued)
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
