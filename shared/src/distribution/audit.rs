//! What must always be true, asserted in SQL and mended where it is not.
//!
//! The schema and the operations keep these rules; the audit is for what neither can see: a job that
//! somebody deleted, a row that was edited by hand, a fault of ours.

use super::cycle;
use super::freeze;
use super::store;
use crate::id::{AttemptId, CycleId, LeadId};
use crate::jobs::{CheckAckDeadline, enqueue};
use crate::{App, Result, distribution};
use chrono::TimeDelta;

/// An attempt that is overdue by more is nobody's slowness any more.
const OVERDUE: TimeDelta = TimeDelta::seconds(2);

/// A rule that did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    /// An attempt is open two seconds after its deadline, outside a freeze. It is rolled.
    Overdue(AttemptId),
    /// An open attempt's deadline has no alarm. It gets one.
    NoAlarm(AttemptId),
    /// A cycle is open and offered to nobody. The next agent is.
    NobodyAsked(CycleId),
    /// The provider is frozen and no message waits whose success would end it. The freeze is ended.
    FrozenForNothing,
    /// The positions of a running cycle's attempts have a gap. Left to a person.
    Gap(CycleId),
    /// A lead is being distributed in no cycle. Left to a person.
    NoFuture(LeadId),
}

/// Looks for breaches, logs each and mends what can be mended. Safe at any time, by any number of
/// workers at once.
pub async fn audit(app: &App) -> Result<Vec<Breach>> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    let mut breaches = Vec::new();
    let provider = app.provider.name();
    if store::frozen_since(&mut connection, provider)
        .await?
        .is_some()
    {
        if !store::a_message_waits(&mut connection).await? {
            breaches.push(Breach::FrozenForNothing);
        }
    } else {
        let overdue = store::open_since(&mut connection, now - OVERDUE).await?;
        breaches.extend(overdue.into_iter().map(Breach::Overdue));
    }
    let unarmed = store::open_without_alarm(&mut connection, now).await?;
    breaches.extend(unarmed.into_iter().map(Breach::NoAlarm));
    let unasked = store::open_cycles_without_offer(&mut connection).await?;
    breaches.extend(unasked.into_iter().map(Breach::NobodyAsked));
    let gaps = store::open_cycles_with_a_gap(&mut connection).await?;
    breaches.extend(gaps.into_iter().map(Breach::Gap));
    let lost = store::distributing_without_cycle(&mut connection).await?;
    breaches.extend(lost.into_iter().map(Breach::NoFuture));
    drop(connection);
    for breach in &breaches {
        tracing::error!(?breach, "distribution.breach");
        // One that cannot be mended keeps none of the others from it.
        if let Err(error) = mend(app, *breach).await {
            tracing::error!(?breach, %error, "distribution.unmended");
        }
    }
    Ok(breaches)
}

async fn mend(app: &App, breach: Breach) -> Result<()> {
    match breach {
        Breach::Overdue(attempt) => distribution::check_deadline(app, attempt).await.map(|_| ()),
        Breach::NoAlarm(attempt) => arm(app, attempt).await,
        Breach::NobodyAsked(cycle) => ask_next(app, cycle).await,
        Breach::FrozenForNothing => freeze::thaw(app).await,
        Breach::Gap(_) | Breach::NoFuture(_) => Ok(()),
    }
}

async fn arm(app: &App, attempt: AttemptId) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    match store::offer(&mut connection, attempt).await? {
        Some(offer) => {
            enqueue(
                &mut connection,
                &CheckAckDeadline { attempt },
                offer.ack_deadline_at,
            )
            .await
        }
        None => Ok(()),
    }
}

async fn ask_next(app: &App, cycle: CycleId) -> Result<()> {
    let app = app.announcing();
    let mut transaction = app.pool.begin().await?;
    // Looked at again with the locks held: an operation may have been under way.
    let Some(lead) = store::lock_cycle_without_offer(&mut transaction, cycle).await? else {
        return Ok(transaction.rollback().await?);
    };
    let now = app.clock.now(&mut transaction).await?;
    cycle::offer_next(&app, &mut transaction, lead, cycle, now).await?;
    Ok(transaction.commit().await?)
}
