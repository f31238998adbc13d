//! Forwarding: sending an agent the offer of a lead.

use super::offer_text::{offer_text, short_form};
use super::{acceptance, freeze};
use crate::distribution::model::AttemptStatus;
use crate::distribution::store;
use crate::error::ProviderFailure;
use crate::id::AttemptId;
use crate::phone::Phone;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::{self, Draft, OutboundKind, Queued};
use crate::{App, Result};
use sqlx::PgConnection;

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
    let queued = match write_offer(app, attempt).await? {
        Written::Queued(queued) => queued,
        Written::Nothing => return Ok(Forwarded::Done),
        Written::Refused => return Ok(Forwarded::Refused),
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

/// The row of an offer.
enum Written {
    /// The row is queued.
    Queued(Queued),
    /// The provider refused it in an earlier run, which did not live to end the offer.
    Refused,
    /// There is nothing to send.
    Nothing,
}

/// Stores the row of the offer if it does not exist yet, with a text of this moment.
async fn write_offer(app: &App, attempt: AttemptId) -> Result<Written> {
    let mut connection = app.pool.acquire().await?;
    let (fixed_now, provider) = (app.clock.fixed(), app.provider.name());
    let offer = store::sendable_offer(&mut connection, attempt, fixed_now, provider).await?;
    let Some(offer) = offer else {
        recall_if_over(&mut connection, attempt).await?;
        return Ok(Written::Nothing);
    };
    if offer.now >= offer.ack_deadline_at && !offer.is_frozen {
        return Ok(Written::Nothing);
    }
    let Some(to) = offer.offered_to.as_deref().and_then(Phone::from_e164) else {
        tracing::warn!(%attempt, "distribution.unsent: the agent has no number any more");
        return Ok(Written::Nothing);
    };
    let draft = Draft::new(OutboundKind::Offer, to, offer_text(app, &offer))
        .lead(offer.lead)
        .cycle(offer.cycle)
        .attempt(attempt)
        .short(short_form(app, &offer));
    // One statement, so it is its own transaction. The job that sends the row is already running.
    let mut work = UnitOfWork::at(app, &mut connection, offer.now, Cause::Alarm);
    if let Some(id) = whatsapp::insert_outbound(&mut work, &draft).await? {
        return Ok(Written::Queued(Queued {
            id,
            to: draft.to,
            body: draft.body,
            attempt: Some(attempt),
            expires_at: None,
        }));
    }
    if let Some(queued) = whatsapp::queued_offer(&mut connection, attempt).await? {
        whatsapp::rewrite(&mut connection, queued.id, &draft).await?;
        let body = draft.body;
        return Ok(Written::Queued(Queued { body, ..queued }));
    }
    if whatsapp::offer_failed(&mut connection, attempt).await? {
        return Ok(Written::Refused);
    }
    Ok(Written::Nothing)
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
