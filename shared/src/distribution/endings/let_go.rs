//! An offer of a disabled agent ends at once, and the next agent is offered the lead.

use super::withdraw::WithdrawReason;
use crate::distribution::event::{Event, EventKind};
use crate::distribution::model::{AttemptStatus, Offer};
use crate::distribution::offers::{cycle, turns};
use crate::distribution::store;
use crate::id::AttemptId;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::{App, Result, sales, whatsapp};
use serde_json::json;

/// Withdraws the offer of a disabled agent and offers the lead to the next agent. The agent is not
/// charged a turn. The offer must be locked by [`super::claim::lock`]. Returns `false` if it is not open.
pub(crate) async fn let_go(work: &mut UnitOfWork<'_>, offer: &Offer) -> Result<bool> {
    let reason = WithdrawReason::Disabled.as_str();
    if !store::withdraw(work.connection, offer.attempt, reason, work.now).await? {
        return Ok(false);
    }
    whatsapp::recall_offer(work.connection, offer.attempt, reason).await?;
    let withdrawn = Event::new(EventKind::Withdrawn)
        .on(offer)
        .with(json!({ "reason": reason }));
    store::log(work, &[withdrawn]).await?;
    turns::give_back(work, offer.cycle, offer.round, &offer.sales_id).await?;
    cycle::advance_cycle(work, offer).await?;
    Ok(true)
}

/// As [`let_go`], in its own transaction, if the offer is open and its agent is disabled. Safe at any
/// time and any number of times.
pub(crate) async fn let_go_if_disabled(app: &App, attempt: AttemptId, cause: Cause) -> Result<()> {
    let app = app.announcing();
    let mut transaction = app.begin().await?;
    let Some(offer) = store::lock_offer(&mut transaction, attempt).await? else {
        return Ok(());
    };
    let agent = sales::by_id(&mut transaction, &offer.sales_id).await?;
    if offer.status != AttemptStatus::Open || !agent.disabled {
        return Ok(transaction.rollback().await?);
    }
    let mut work = UnitOfWork::start(&app, &mut transaction, cause).await?;
    let_go(&mut work, &offer).await?;
    transaction.commit().await?;
    tracing::info!(lead = %offer.lead, %attempt, sales = %offer.sales_id, "distribution.let_go");
    Ok(())
}
