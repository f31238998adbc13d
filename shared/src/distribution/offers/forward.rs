//! Forwarding: sending an agent the offer of a lead.

use super::offer_text::{offer_text, short_form};
use super::{acceptance, freeze};
use crate::distribution::model::AttemptStatus;
use crate::distribution::store::{self, SendableOffer};
use crate::error::ProviderFailure;
use crate::id::{AttemptId, MessageId};
use crate::phone::Phone;
use crate::together::{Turn, do_alone, try_together};
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::{self, Draft, OutboundKind, Queued, WrittenOffer};
use crate::{App, Result};
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};

/// What became of an offer that was to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forwarded {
    /// The provider accepted the offer, or there was nothing to send.
    Done,
    /// The provider refused the offer permanently. The caller ends it.
    Refused,
}

/// Sends an attempt's offer once and records when the provider accepted it.
///
/// Nothing is sent for an offer that has ended or whose deadline has passed. If the provider accepts
/// the offer more than a second after the assignment, the deadline moves forward once, so that the
/// agent has the full window. Fails if the provider or the database does.
pub(crate) async fn send_offer(app: &App, attempt: AttemptId) -> Result<Forwarded> {
    let queued = match written(app, attempt).await? {
        WrittenOffer::Queued(queued) => queued,
        WrittenOffer::Nothing => return Ok(Forwarded::Done),
        WrittenOffer::Refused => return Ok(Forwarded::Refused),
    };
    match freeze::deliver(app, &queued).await {
        Ok(Some(sent)) => acceptance::record(app, &sent).await?,
        Ok(None) => {}
        Err(error) if error.provider_failure() == Some(ProviderFailure::Refused) => {
            return Ok(Forwarded::Refused);
        }
        Err(error) => return Err(error),
    }
    Ok(Forwarded::Done)
}

/// The row of the offer, which is written if it does not exist yet: alone, or with those of other offers that wait.
async fn written(app: &App, attempt: AttemptId) -> Result<WrittenOffer> {
    let together = |attempts| write_together(app, attempts);
    match app.sending.offers.start(attempt, together).await {
        Turn::Done(written) => Ok(written),
        Turn::Alone(permit) => {
            let written = do_alone(permit, Box::pin(write_offers(app, &[attempt]))).await?;
            Ok(written.into_iter().next().unwrap_or(WrittenOffer::Nothing))
        }
    }
}

async fn write_together(app: &App, attempts: Vec<AttemptId>) -> Vec<Option<WrittenOffer>> {
    let writing = Box::pin(write_offers(app, &attempts));
    let written = try_together("offers", attempts.len(), writing).await;
    written.into_iter().flatten().map(Some).collect()
}

/// Stores the rows of the offers that do not exist yet, with texts of this moment. Returns what became of each, in their order.
async fn write_offers(app: &App, attempts: &[AttemptId]) -> Result<Vec<WrittenOffer>> {
    let mut connection = app.pool.acquire().await?;
    let (fixed_now, provider) = (app.clock.fixed(), app.provider.name());
    let offers = store::sendable_offers(&mut connection, attempts, fixed_now, provider).await?;
    let sendable: HashSet<AttemptId> = offers.iter().map(|offer| offer.attempt).collect();
    let drafts = offers.iter().filter_map(|offer| draft(app, offer));
    let drafts: Vec<(MessageId, Draft)> = drafts.map(|draft| (MessageId::new(), draft)).collect();
    let mut inserted = HashSet::new();
    if let Some(now) = offers.iter().map(|offer| offer.now).max()
        && !drafts.is_empty()
    {
        // One statement, so it is its own transaction. The jobs that send the rows are already running.
        let mut work = UnitOfWork::at(app, &mut connection, now, Cause::Alarm);
        let drafts: Vec<_> = drafts.iter().map(|(id, draft)| (*id, draft)).collect();
        inserted = whatsapp::insert_all_outbound(&mut work, &drafts).await?;
    }
    let of_attempt = drafts
        .into_iter()
        .filter_map(|(id, draft)| Some((draft.attempt?, (id, draft))));
    let mut drafts: HashMap<AttemptId, (MessageId, Draft)> = of_attempt.collect();
    let mut written = Vec::with_capacity(attempts.len());
    for attempt in attempts {
        written.push(match drafts.remove(attempt) {
            Some((id, draft)) if inserted.contains(&id) => WrittenOffer::Queued(Queued {
                id,
                to: draft.to,
                body: draft.body,
                attempt: Some(*attempt),
                expires_at: None,
            }),
            Some((_, draft)) => written_before(&mut connection, *attempt, draft).await?,
            None => {
                if !sendable.contains(attempt) {
                    recall_if_over(&mut connection, *attempt).await?;
                }
                WrittenOffer::Nothing
            }
        });
    }
    Ok(written)
}

/// The message of an offer. `None` if it must not be sent any more.
fn draft(app: &App, offer: &SendableOffer) -> Option<Draft> {
    let attempt = offer.attempt;
    if offer.now >= offer.ack_deadline_at && !offer.is_frozen {
        return None;
    }
    let Some(to) = offer.offered_to.as_deref().and_then(Phone::from_e164) else {
        tracing::warn!(%attempt, "distribution.unsent: the agent has no number any more");
        return None;
    };
    let draft = Draft::new(OutboundKind::Offer, to, offer_text(app, offer))
        .lead(offer.lead)
        .cycle(offer.cycle)
        .attempt(attempt)
        .short(short_form(app, offer));
    Some(draft)
}

/// The row of an offer that an earlier run has written: it gets the text of this moment.
async fn written_before(
    connection: &mut PgConnection,
    attempt: AttemptId,
    draft: Draft,
) -> Result<WrittenOffer> {
    if let Some(queued) = whatsapp::queued_offer(connection, attempt).await? {
        whatsapp::rewrite(connection, queued.id, &draft).await?;
        let body = draft.body;
        return Ok(WrittenOffer::Queued(Queued { body, ..queued }));
    }
    if whatsapp::offer_failed(connection, attempt).await? {
        return Ok(WrittenOffer::Refused);
    }
    Ok(WrittenOffer::Nothing)
}

/// Marks the message of an offer that was answered or ended before it left as failed: nothing sends it any more.
async fn recall_if_over(connection: &mut PgConnection, attempt: AttemptId) -> Result<()> {
    let offer = store::offer(connection, attempt).await?;
    if offer.is_some_and(|offer| offer.status != AttemptStatus::Open) {
        let reason = "the offer ended before it was sent";
        whatsapp::recall_offer(connection, attempt, reason).await?;
    }
    Ok(())
}
