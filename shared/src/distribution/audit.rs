//! What must always be true, asserted in SQL and mended where it is not.
//!
//! The schema and the operations keep these rules; the audit is for what neither can see: a job that
//! somebody deleted, a row that was edited by hand, a fault of ours.

use super::cycle;
use super::event::{Cause, Event, EventKind};
use super::store;
use super::{freeze, hold};
use crate::id::{AttemptId, CycleId, LeadId};
use crate::jobs::{CheckAckDeadline, enqueue};
use crate::{App, Result, distribution, linked_device};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

/// An attempt that is overdue by more is nobody's slowness any more.
const OVERDUE: TimeDelta = TimeDelta::seconds(2);

/// A breach that stays is logged again after this time.
const NEWS_FOR: TimeDelta = TimeDelta::hours(1);

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
    /// A held cycle's time came more than two seconds ago. It is released.
    Unreleased(CycleId),
    /// What the log says of an attempt is not what its row says: somebody edited it by hand. The log is
    /// told.
    LogDisagrees(AttemptId),
}

impl Breach {
    /// The rule's name in the log, in metrics and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overdue(_) => "overdue",
            Self::NoAlarm(_) => "no_alarm",
            Self::NobodyAsked(_) => "nobody_asked",
            Self::FrozenForNothing => "frozen_for_nothing",
            Self::Gap(_) => "gap",
            Self::NoFuture(_) => "no_future",
            Self::Unreleased(_) => "unreleased",
            Self::LogDisagrees(_) => "log_disagrees",
        }
    }
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
        // A linked device that is away ends its freeze itself, when it is back.
        if !store::a_message_waits(&mut connection).await?
            && !linked_device::minds_its_freeze(app, &mut connection).await?
        {
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
    let held = store::held_since(&mut connection, now - OVERDUE).await?;
    breaches.extend(held.into_iter().map(Breach::Unreleased));
    let astray = store::attempts_that_disagree_with_their_log(&mut connection, now).await?;
    breaches.extend(astray.into_iter().map(Breach::LogDisagrees));
    let events: Vec<Event> = breaches.iter().map(|breach| logged(*breach, now)).collect();
    // Once an hour for what stays as it is, so that a breach nobody mends does not fill the log.
    if !events.is_empty() {
        store::record_news(app, &mut connection, &events, now - NEWS_FOR).await?;
    }
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

fn logged(breach: Breach, now: DateTime<Utc>) -> Event {
    let mut event =
        Event::new(EventKind::Breach, Cause::Audit, now).with(json!({ "rule": breach.as_str() }));
    match breach {
        Breach::Overdue(attempt) | Breach::NoAlarm(attempt) | Breach::LogDisagrees(attempt) => {
            event.attempt = Some(attempt);
        }
        Breach::NobodyAsked(cycle) | Breach::Gap(cycle) | Breach::Unreleased(cycle) => {
            event.cycle = Some(cycle);
        }
        Breach::NoFuture(lead) => event.lead = Some(lead),
        Breach::FrozenForNothing => {}
    }
    event
}

async fn mend(app: &App, breach: Breach) -> Result<()> {
    match breach {
        Breach::Overdue(attempt) => distribution::check_deadline(app, attempt, Cause::Audit)
            .await
            .map(|_| ()),
        Breach::NoAlarm(attempt) => arm(app, attempt).await,
        Breach::NobodyAsked(cycle) => ask_next(app, cycle).await,
        Breach::FrozenForNothing => freeze::thaw(app).await,
        Breach::Unreleased(cycle) => hold::release(app, cycle).await.map(|_| ()),
        Breach::LogDisagrees(attempt) => {
            let mut connection = app.pool.acquire().await?;
            store::log_what_is(app, &mut connection, attempt).await
        }
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
    cycle::offer_next(&app, &mut transaction, lead, cycle, Cause::Audit, now).await?;
    Ok(transaction.commit().await?)
}
