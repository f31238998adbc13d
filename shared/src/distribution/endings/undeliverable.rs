//! An offer that cannot reach its agent ends at once, and the next agent is offered the lead.

use crate::distribution::event::{Event, EventKind};
use crate::distribution::model::AttemptStatus;
use crate::distribution::offers::cycle;
use crate::distribution::store;
use crate::id::AttemptId;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::{App, Result};
use serde_json::json;

/// Why an offer did not reach its agent: the attempt's `reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undeliverable {
    /// The provider refused it permanently.
    Refused,
    /// The provider did not accept it in any of the tries.
    GivenUp,
}

impl Undeliverable {
    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::GivenUp => "given_up",
        }
    }
}

/// Ends an open attempt whose offer did not arrive and offers the lead to the next agent. Safe at any
/// time and any number of times.
pub async fn offer_undeliverable(app: &App, attempt: AttemptId, why: Undeliverable) -> Result<()> {
    let app = app.announcing();
    let mut transaction = app.pool.begin().await?;
    let Some(offer) = store::lock_offer(&mut transaction, attempt).await? else {
        return Ok(());
    };
    if offer.status != AttemptStatus::Open {
        return Ok(transaction.rollback().await?);
    }
    let mut work = UnitOfWork::start(&app, &mut transaction, Cause::Provider).await?;
    let reason = why.as_str();
    store::set_undeliverable(work.connection, attempt, reason, work.now).await?;
    let undeliverable = Event::new(EventKind::Undeliverable)
        .on(&offer)
        .with(json!({ "reason": reason }));
    store::log(&mut work, &[undeliverable]).await?;
    cycle::advance_cycle(&mut work, &offer).await?;
    transaction.commit().await?;
    tracing::warn!(lead = %offer.lead, %attempt, sales = %offer.sales_id, reason, "distribution.undeliverable");
    Ok(())
}
