//! Sending offers, and what follows when an offer does not arrive.

use crate::distribution::endings::undeliverable::{Undeliverable, offer_undeliverable};
use crate::distribution::offers::delivery;
use crate::distribution::offers::forward::{Forwarded, send_offer};
use crate::id::AttemptId;
use crate::whatsapp::{self, Status};
use crate::{App, Result};

/// Sends an attempt's offer once. If the provider refuses it permanently, the next agent is offered the
/// lead. Nothing is sent for an offer that has ended.
pub async fn forward(app: &App, attempt: AttemptId) -> Result<()> {
    match send_offer(app, attempt).await? {
        Forwarded::Done => Ok(()),
        Forwarded::Refused => offer_undeliverable(app, attempt, Undeliverable::Refused).await,
    }
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
/// the lead. Safe in any order and any number of times.
pub async fn apply_status(app: &App, status: &Status) -> Result<()> {
    for attempt in delivery::apply_status(app, status).await? {
        offer_undeliverable(app, attempt, Undeliverable::Refused).await?;
    }
    Ok(())
}
