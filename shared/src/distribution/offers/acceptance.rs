//! Recording that the provider accepted a message: from then on an offer has its full window.

use super::ended_text::withdrawn_text;
use crate::distribution::event::{Event, EventKind};
use crate::distribution::model::{AttemptStatus, NOT_SENT, Offer};
use crate::distribution::store;
use crate::id::{AttemptId, MessageId, SendId};
use crate::jobs::{CheckAckDeadline, enqueue};
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::{self, AcceptedSend, Draft, OutboundKind};
use crate::{App, Result, leads, sales};
use serde_json::json;

/// Records what the provider accepted, offer by offer, each in its own transaction.
pub(crate) async fn record(app: &App, sent: &AcceptedSend) -> Result<()> {
    whatsapp::settle(app, sent).await?;
    for (message, attempt) in &sent.messages {
        if let Some(attempt) = attempt {
            record_message_of_offer(app, (*message, *attempt), sent).await?;
        } else {
            // One statement, so it is its own transaction.
            let mut connection = app.pool.acquire().await?;
            whatsapp::set_accepted(&mut connection, *message, sent, app.clock.fixed()).await?;
        }
    }
    Ok(())
}

async fn record_message_of_offer(
    app: &App,
    (message, attempt): (MessageId, AttemptId),
    sent: &AcceptedSend,
) -> Result<()> {
    let mut transaction = app.begin().await?;
    let fixed_now = app.clock.fixed();
    let locked = store::lock_offer_at(&mut transaction, attempt, fixed_now).await?;
    let now = locked.as_ref().map(|(_, now)| *now).or(fixed_now);
    let accepted = whatsapp::set_accepted(&mut transaction, message, sent, now).await?;
    if let Some((offer, now)) = locked.filter(|_| accepted) {
        let mut work = UnitOfWork::at(app, &mut transaction, now, Cause::Provider);
        record_offer(&mut work, &offer, sent.resend_of).await?;
    }
    Ok(transaction.commit().await?)
}

/// Records that the provider reported a status for an offer, so it must have accepted it.
pub(crate) async fn record_reported(
    app: &App,
    attempt: AttemptId,
    resend_of: Option<SendId>,
) -> Result<()> {
    let mut transaction = app.begin().await?;
    let locked = store::lock_offer_at(&mut transaction, attempt, app.clock.fixed()).await?;
    if let Some((offer, now)) = locked {
        let mut work = UnitOfWork::at(app, &mut transaction, now, Cause::Provider);
        record_offer(&mut work, &offer, resend_of).await?;
    }
    Ok(transaction.commit().await?)
}

/// Forgets that the provider accepted the offer, because it reported since that the message did not arrive and will be sent again.
/// The agent has a full window from the next acceptance, and the offer has a new patience until then. The offer must be locked.
pub(super) async fn forget(work: &mut UnitOfWork<'_>, offer: &Offer) -> Result<()> {
    let (attempt, deadline) = (offer.attempt, work.deadline_of_an_offer());
    if !store::forget_acceptance(work.connection, attempt, deadline).await? {
        return Ok(());
    }
    enqueue(work.connection, &CheckAckDeadline { attempt }, deadline).await?;
    let detail = json!({ "deadline": deadline, "reason": "failed" });
    let moved = Event::new(EventKind::DeadlineMoved).on(offer).with(detail);
    store::log(work, &[moved]).await
}

/// Records, once, that the provider accepted the offer. If that was more than a second after the
/// assignment, the deadline moves forward so that the agent has the full window.
async fn record_offer(
    work: &mut UnitOfWork<'_>,
    offer: &Offer,
    resend_of: Option<SendId>,
) -> Result<()> {
    let was_withdrawn =
        offer.status == AttemptStatus::Withdrawn || offer.reason.as_deref() == Some(NOT_SENT);
    if was_withdrawn && !offer.accepted {
        return tell_withdrawn(work, offer).await;
    }
    let (attempt, window) = (offer.attempt, work.app.distribution.ack_window);
    let accepted = store::record_offer_accepted(work.connection, attempt, work.now, window).await?;
    let Some(deadline) = accepted else {
        return Ok(());
    };
    let mut events = vec![Event::new(EventKind::Sent).on(offer)];
    if let Some(lost) = resend_of {
        let detail = json!({ "of": lost });
        events.push(Event::new(EventKind::Resent).on(offer).with(detail));
    }
    if deadline > offer.ack_deadline_at {
        enqueue(work.connection, &CheckAckDeadline { attempt }, deadline).await?;
        let detail = json!({ "deadline": deadline });
        events.push(Event::new(EventKind::DeadlineMoved).on(offer).with(detail));
        let moved_ms = (deadline - offer.ack_deadline_at).num_milliseconds();
        tracing::info!(%attempt, moved_ms, "distribution.deadline_moved");
    }
    store::log(work, &events).await
}

/// The offer reached the agent after it was withdrawn. Tells them, once: the database keeps one such message for an attempt.
async fn tell_withdrawn(work: &mut UnitOfWork<'_>, offer: &Offer) -> Result<()> {
    let lead = leads::by_id(work.connection, offer.lead).await?;
    let agent = sales::by_id(work.connection, &offer.sales_id).await?;
    let Some(to) = agent.phone else {
        return Ok(());
    };
    let owner = match &lead.owner {
        Some(owner) => Some(sales::by_id(work.connection, owner).await?.name),
        None => None,
    };
    let body = withdrawn_text(work.app, &lead, owner.as_deref(), offer.reason.as_deref());
    let draft = Draft::new(OutboundKind::Withdrawn, to, body)
        .lead(offer.lead)
        .cycle(offer.cycle)
        .attempt(offer.attempt);
    whatsapp::queue_message(work, &draft).await?;
    Ok(())
}
