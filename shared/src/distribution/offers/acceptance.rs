//! Recording that the provider accepted a message: from then on an offer has its full window.
//!
//! Messages whose acceptances wait at the same moment are recorded together, in one transaction.

use super::ended_text::withdrawn_text;
use super::freeze;
use crate::distribution::event::{Event, EventKind};
use crate::distribution::model::{AttemptStatus, NOT_SENT, Offer};
use crate::distribution::store;
use crate::id::{AttemptId, SendId};
use crate::jobs::{Announce, CheckAckDeadline, Scheduled, enqueue, enqueue_all};
use crate::together::{Turn, do_alone, try_together};
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::{self, AcceptedMessage, AcceptedSend, Draft, OutboundKind};
use crate::{App, Result, leads, sales};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use std::collections::HashMap;

/// Records what the provider accepted, and ends a freeze with it. Each message is recorded as soon as it can be: alone, or with those
/// of other sends that wait.
pub(crate) async fn record(app: &App, sent: &AcceptedSend) -> Result<()> {
    whatsapp::settle(app, sent).await?;
    for message in sent.each() {
        let together = |messages| record_together(app, messages);
        let turn = app
            .sending
            .acceptances
            .start(message.clone(), together)
            .await;
        if let Turn::Alone(permit) = turn {
            do_alone(permit, Box::pin(record_all(app, &[message]))).await?;
        }
    }
    Ok(())
}

/// Records several. Returns a value for each that was recorded.
async fn record_together(app: &App, messages: Vec<AcceptedMessage>) -> Vec<Option<()>> {
    let recording = Box::pin(record_all(app, &messages));
    let recorded = try_together("acceptances", messages.len(), recording).await;
    recorded.unwrap_or_default()
}

/// Offers that are locked, by their attempts.
type LockedOffers = HashMap<AttemptId, (Offer, DateTime<Utc>)>;

/// Records these acceptances in one transaction. One waits for its lead. Of several, those whose lead another process has locked are
/// left. Returns a value for each that was recorded.
async fn record_all(app: &App, messages: &[AcceptedMessage]) -> Result<Vec<Option<()>>> {
    freeze::provider_works(app).await;
    let fixed_now = app.clock.fixed();
    if let [message] = messages
        && message.attempt.is_none()
    {
        // One statement, so it is its own transaction.
        let mut connection = app.pool.acquire().await?;
        whatsapp::set_accepted(&mut connection, &[message], fixed_now).await?;
        return Ok(vec![Some(())]);
    }
    let mut transaction = app.begin().await?;
    let locked = lock(&mut transaction, messages, fixed_now).await?;
    let is_recorded = |message: &&AcceptedMessage| match message.attempt {
        Some(attempt) => messages.len() == 1 || locked.contains_key(&attempt),
        None => true,
    };
    let recorded: Vec<&AcceptedMessage> = messages.iter().filter(is_recorded).collect();
    let now = locked.values().map(|(_, now)| *now).max().or(fixed_now);
    let accepted = whatsapp::set_accepted(&mut transaction, &recorded, now).await?;
    let offers = recorded.iter().filter_map(|message| {
        let (offer, _) = locked.get(&message.attempt?)?;
        let is_new = accepted.contains(&message.id);
        is_new.then_some((offer.attempt, (offer, message.resend_of)))
    });
    let offers: HashMap<_, _> = offers.collect();
    if let Some(now) = now {
        let mut work = UnitOfWork::at(app, &mut transaction, now, Cause::Provider);
        record_offers(&mut work, offers).await?;
    }
    transaction.commit().await?;
    Ok(messages
        .iter()
        .map(|message| is_recorded(&message).then_some(()))
        .collect())
}

/// Locks the offers of these messages.
async fn lock(
    connection: &mut PgConnection,
    messages: &[AcceptedMessage],
    fixed_now: Option<DateTime<Utc>>,
) -> Result<LockedOffers> {
    let attempts: Vec<AttemptId> = messages.iter().filter_map(|one| one.attempt).collect();
    let locked = match (messages, &attempts[..]) {
        (_, []) => Vec::new(),
        ([_], [attempt]) => {
            let offer = store::lock_offer_at(connection, *attempt, fixed_now).await?;
            offer.into_iter().collect()
        }
        _ => store::lock_free_offers_at(connection, &attempts, fixed_now).await?,
    };
    let by_attempt = locked.into_iter().map(|locked| (locked.0.attempt, locked));
    Ok(by_attempt.collect())
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
        let reported = HashMap::from([(attempt, (&offer, resend_of))]);
        record_offers(&mut work, reported).await?;
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

/// Records, once, that the provider accepted these offers, each with the send that was lost before it. If that was more than a second
/// after the assignment, the deadline moves forward so that the agent has the full window.
async fn record_offers(
    work: &mut UnitOfWork<'_>,
    mut offers: HashMap<AttemptId, (&Offer, Option<SendId>)>,
) -> Result<()> {
    for (attempt, (offer, _)) in offers.clone() {
        let was_withdrawn =
            offer.status == AttemptStatus::Withdrawn || offer.reason.as_deref() == Some(NOT_SENT);
        if was_withdrawn && !offer.accepted {
            tell_withdrawn(work, offer).await?;
            offers.remove(&attempt);
        }
    }
    let attempts: Vec<AttemptId> = offers.keys().copied().collect();
    let window = work.app.distribution.ack_window;
    let accepted =
        store::record_offers_accepted(work.connection, &attempts, work.now, window).await?;
    let (mut events, mut alarms) = (Vec::new(), Vec::new());
    for (attempt, deadline) in accepted {
        let (offer, resend_of) = offers[&attempt];
        events.push(Event::new(EventKind::Sent).on(offer));
        if let Some(lost) = resend_of {
            let detail = json!({ "of": lost });
            events.push(Event::new(EventKind::Resent).on(offer).with(detail));
        }
        if deadline > offer.ack_deadline_at {
            alarms.push(Scheduled::new(&CheckAckDeadline { attempt }, deadline)?);
            let detail = json!({ "deadline": deadline });
            events.push(Event::new(EventKind::DeadlineMoved).on(offer).with(detail));
            let moved_ms = (deadline - offer.ack_deadline_at).num_milliseconds();
            tracing::info!(%attempt, moved_ms, "distribution.deadline_moved");
        }
    }
    if !alarms.is_empty() {
        enqueue_all(work.connection, &alarms, Announce::Everyone).await?;
    }
    if !events.is_empty() {
        store::log(work, &events).await?;
    }
    Ok(())
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
