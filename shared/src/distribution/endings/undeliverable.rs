//! An offer that cannot reach its agent ends at once, costs the agent no turn, and the next agent is
//! offered the lead.

use crate::distribution::event::{Event, EventKind};
use crate::distribution::model::{AttemptStatus, NOT_SENT, Offer, Opened};
use crate::distribution::offers::{cycle, turns};
use crate::distribution::store;
use crate::id::AttemptId;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::{App, Result, whatsapp};
use serde_json::json;

/// Why an offer did not reach its agent: the attempt's `reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undeliverable {
    /// The provider refused it permanently.
    Refused,
    /// The provider did not accept it in any of the tries.
    GivenUp,
    /// The provider did not accept it within the patience.
    NotSent,
}

impl Undeliverable {
    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::GivenUp => "given_up",
            Self::NotSent => NOT_SENT,
        }
    }
}

/// Ends an open attempt whose offer did not arrive and offers the lead to the next agent. Safe at any
/// time and any number of times.
pub async fn offer_undeliverable(app: &App, attempt: AttemptId, why: Undeliverable) -> Result<()> {
    let app = app.announcing();
    let mut transaction = app.begin().await?;
    let Some(offer) = store::lock_offer(&mut transaction, attempt).await? else {
        return Ok(());
    };
    if offer.status != AttemptStatus::Open {
        return Ok(transaction.rollback().await?);
    }
    let mut work = UnitOfWork::start(&app, &mut transaction, Cause::Provider).await?;
    end(&mut work, &offer, why).await?;
    Ok(transaction.commit().await?)
}

/// Ends an open attempt that the provider has not accepted within the patience. Its message is withdrawn.
/// The offer must be locked. Returns the next offer.
pub(crate) async fn not_sent(work: &mut UnitOfWork<'_>, offer: &Offer) -> Result<Option<Opened>> {
    end(work, offer, Undeliverable::NotSent).await
}

/// Ends the offer, gives the agent their turn back, and offers the lead to the next agent.
async fn end(
    work: &mut UnitOfWork<'_>,
    offer: &Offer,
    why: Undeliverable,
) -> Result<Option<Opened>> {
    let reason = why.as_str();
    store::set_undeliverable(work.connection, offer.attempt, reason, work.now).await?;
    whatsapp::recall_offer(work.connection, offer.attempt, reason).await?;
    let undeliverable = Event::new(EventKind::Undeliverable)
        .on(offer)
        .with(json!({ "reason": reason }));
    store::log(work, &[undeliverable]).await?;
    turns::give_back(work, offer.cycle, offer.round, &offer.sales_id).await?;
    let next = cycle::advance_cycle(work, offer).await?;
    tracing::warn!(lead = %offer.lead, attempt = %offer.attempt, sales = %offer.sales_id, reason, "distribution.undeliverable");
    Ok(next)
}
