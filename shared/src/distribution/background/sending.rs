//! Sending offers, and what follows when an offer does not arrive.

use super::deadline::check_deadline;
use crate::distribution::endings::roll;
use crate::distribution::endings::undeliverable::{Undeliverable, offer_undeliverable};
use crate::distribution::model::AttemptStatus;
use crate::distribution::offers::delivery;
use crate::distribution::offers::forward::{Forwarded, send_offer};
use crate::distribution::store;
use crate::id::AttemptId;
use crate::jobs::{CheckAckDeadline, enqueue};
use crate::unit_of_work::Cause;
use crate::whatsapp::{self, Status};
use crate::{App, Result};

/// Sends an attempt's offer once. If the provider refuses it permanently, the next agent is offered the
/// lead. Nothing is sent for an offer that has ended.
pub async fn forward(app: &App, attempt: AttemptId) -> Result<()> {
    match send_offer(app, attempt).await {
        Ok(Forwarded::Done) => Ok(()),
        Ok(Forwarded::Refused) => offer_undeliverable(app, attempt, Undeliverable::Refused).await,
        Err(error) => {
            watch_patience(app, attempt).await?;
            Err(error)
        }
    }
}

/// The provider has not accepted the offer yet: checks it now if the patience is over, and otherwise
/// enqueues a check for then.
async fn watch_patience(app: &App, attempt: AttemptId) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    let offer = store::offer(&mut connection, attempt).await?;
    let Some(offer) = offer.filter(|offer| offer.status == AttemptStatus::Open) else {
        return Ok(());
    };
    let due = roll::due(app, &offer);
    if now < due {
        return enqueue(&mut connection, &CheckAckDeadline { attempt }, due).await;
    }
    drop(connection);
    check_deadline(app, attempt, Cause::Alarm).await?;
    Ok(())
}

/// Records that an attempt's offer will not be sent, and offers the lead to the next agent if the
/// offer is open.
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

/// Stores a delivery status and applies it. If an offer will never arrive, the next agent is offered
/// the lead. A status that names its recipient by number and by id teaches both. Safe in any order and any
/// number of times.
pub async fn apply_status(app: &App, status: &Status) -> Result<()> {
    if let Some(recipient) = &status.recipient {
        let mut connection = app.pool.acquire().await?;
        let now = app.clock.now(&mut connection).await?;
        store::learn_recipient(&mut connection, recipient, now).await?;
    }
    for attempt in delivery::apply_status(app, status).await? {
        offer_undeliverable(app, attempt, Undeliverable::Refused).await?;
    }
    Ok(())
}
