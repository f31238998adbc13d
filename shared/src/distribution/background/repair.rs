//! The audit with its repairs.

use super::deadline::check_deadline;
use crate::distribution::endings::let_go;
use crate::distribution::offers::{cycle, freeze, release};
use crate::distribution::oversight::audit::{self, Breach};
use crate::distribution::store::{self, Success};
use crate::id::{AttemptId, CycleId};
use crate::jobs::{
    CheckAckDeadline, HandOver, HandleDelivery, SendMessage, enqueue, enqueue_again,
};
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::{App, Result};
use chrono::TimeDelta;

/// Finds breaches, counts each, and repairs those that can be repaired. Safe at any time, by any number
/// of workers at once. Returns the breaches.
///
/// `provider_ends_freeze`: whether the provider itself ends its freeze, without a message.
pub async fn audit(app: &App, provider_ends_freeze: bool) -> Result<Vec<Breach>> {
    let breaches = audit::find_breaches(app, provider_ends_freeze).await?;
    for breach in &breaches {
        // One failed repair does not keep the others from being made.
        if let Err(error) = repair(app, *breach).await {
            tracing::error!(?breach, %error, "distribution.not_repaired");
        }
    }
    Ok(breaches)
}

/// Runs the audit if it is due. However many workers call this, it runs once in `every`, in one of them at a time: the
/// cost of the audit does not grow with the workers. A worker that dies in it holds the next one up for `lease`.
///
/// Returns the breaches. `None`: it is not due, or another worker runs it.
pub async fn audit_in_turn(
    app: &App,
    provider_ends_freeze: bool,
    (every, lease): (TimeDelta, TimeDelta),
) -> Result<Option<Vec<Breach>>> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    if !store::take_audit(&mut connection, now, now + lease).await? {
        return Ok(None);
    }
    drop(connection);
    let breaches = audit(app, provider_ends_freeze).await?;
    let mut connection = app.pool.acquire().await?;
    store::set_audit_due(&mut connection, now + every).await?;
    Ok(Some(breaches))
}

async fn repair(app: &App, breach: Breach) -> Result<()> {
    match breach {
        Breach::Overdue(attempt) | Breach::Unsent(attempt) => {
            check_deadline(app, attempt, Cause::Audit).await.map(|_| ())
        }
        Breach::NoAlarm(attempt) => enqueue_check(app, attempt).await,
        Breach::NoSender(message, nth) => {
            let mut connection = app.pool.acquire().await?;
            let now = app.clock.now(&mut connection).await?;
            enqueue_again(&mut connection, &SendMessage { message, nth }, now).await
        }
        Breach::NoHandler(delivery) => {
            let mut connection = app.pool.acquire().await?;
            let now = app.clock.now(&mut connection).await?;
            enqueue_again(&mut connection, &HandleDelivery { delivery }, now).await
        }
        Breach::NoMover(handover) => {
            let mut connection = app.pool.acquire().await?;
            let now = app.clock.now(&mut connection).await?;
            enqueue_again(&mut connection, &HandOver { handover }, now).await
        }
        Breach::OpenToDisabled(attempt) => {
            let_go::let_go_if_disabled(app, attempt, Cause::Audit).await
        }
        Breach::NobodyAsked(cycle) => offer_to_next(app, cycle).await,
        Breach::FrozenForNothing => freeze::thaw(app, Success::Works).await,
        Breach::Unreleased(cycle) | Breach::HeldForNothing(cycle) => {
            release::look_at_neglected(app, cycle).await
        }
        Breach::LogDisagrees(attempt) => {
            let mut connection = app.pool.acquire().await?;
            store::log_current_state(&mut connection, attempt, &app.instance).await
        }
        Breach::Gap(_) | Breach::NoFuture(_) => Ok(()),
    }
}

async fn enqueue_check(app: &App, attempt: AttemptId) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let Some(offer) = store::offer(&mut connection, attempt).await? else {
        return Ok(());
    };
    let job = CheckAckDeadline { attempt };
    enqueue(&mut connection, &job, offer.ack_deadline_at).await
}

async fn offer_to_next(app: &App, cycle: CycleId) -> Result<()> {
    let app = app.announcing();
    let mut transaction = app.begin().await?;
    // Checked again with the locks held, because an operation may have been running.
    let Some(lead) = store::lock_cycle_without_offer(&mut transaction, cycle).await? else {
        return Ok(transaction.rollback().await?);
    };
    let mut work = UnitOfWork::start(&app, &mut transaction, Cause::Audit).await?;
    cycle::offer_next(&mut work, lead, cycle).await?;
    Ok(transaction.commit().await?)
}
