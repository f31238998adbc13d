//! An offer that cannot reach its agent goes on at once: nobody's five minutes burn for nothing.

use super::cycle;
use super::event::{Cause, Event, EventKind};
use super::model::AttemptStatus;
use super::store;
use crate::id::AttemptId;
use crate::{App, Result};
use serde_json::json;

/// Why an offer did not reach its agent: the attempt's `reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undeliverable {
    /// The provider refused it for good.
    Refused,
    /// It could not be handed to the provider however often it was tried.
    GivenUp,
}

impl Undeliverable {
    /// The word in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::GivenUp => "given_up",
        }
    }
}

/// Closes an open attempt whose offer did not arrive, and offers the lead to the next agent. Safe at
/// any time, any number of times.
pub async fn offer_undeliverable(app: &App, attempt: AttemptId, why: Undeliverable) -> Result<()> {
    let app = app.announcing();
    let mut transaction = app.pool.begin().await?;
    let Some(offer) = store::lock_offer(&mut transaction, attempt).await? else {
        return Ok(());
    };
    if offer.status != AttemptStatus::Open {
        return Ok(transaction.rollback().await?);
    }
    let now = app.clock.now(&mut transaction).await?;
    store::set_undeliverable(&mut transaction, attempt, why.as_str(), now).await?;
    let undeliverable = Event::new(EventKind::Undeliverable, Cause::Provider, now)
        .of(offer.lead, offer.cycle)
        .to(attempt, &offer.sales_id)
        .with(json!({ "reason": why.as_str() }));
    store::record(&app, &mut transaction, &[undeliverable]).await?;
    cycle::go_on(&app, &mut transaction, &offer, Cause::Provider, now).await?;
    transaction.commit().await?;
    tracing::warn!(lead = %offer.lead, %attempt, sales = %offer.sales_id, reason = why.as_str(), "distribution.undeliverable");
    Ok(())
}
