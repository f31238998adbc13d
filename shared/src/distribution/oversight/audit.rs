//! The audit: rules that must always hold, checked in SQL.
//!
//! The schema and the operations keep these rules. The audit finds what they cannot prevent: a deleted job, a
//! row that was edited by hand, a bug.

use crate::distribution::event::{Event, EventKind};
use crate::distribution::store;
use crate::id::{AttemptId, CycleId, LeadId};
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::{App, Result};
use chrono::TimeDelta;
use serde_json::json;

/// Beyond this delay an overdue attempt is a bug, not load.
const OVERDUE: TimeDelta = TimeDelta::seconds(2);

/// A breach that remains is logged again after this time.
const LOG_AGAIN_AFTER: TimeDelta = TimeDelta::hours(1);

/// A rule that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    /// An attempt is open more than two seconds after its deadline, outside a freeze. Repair: roll it.
    Overdue(AttemptId),
    /// No job checks the deadline of an open attempt. Repair: enqueue one.
    NoAlarm(AttemptId),
    /// A cycle is open and has no open offer. Repair: offer the lead to the next agent.
    NobodyAsked(CycleId),
    /// The provider is frozen and no queued message can end the freeze. Repair: end it.
    FrozenForNothing,
    /// The positions of an open cycle's attempts have a gap. A person must repair it.
    Gap(CycleId),
    /// A lead is being distributed and has no open cycle. A person must repair it.
    NoFuture(LeadId),
    /// A held cycle was due for release more than two seconds ago. Repair: release it.
    Unreleased(CycleId),
    /// The log and the row of an attempt disagree, because a person edited the row. Repair: log the state of
    /// the row.
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

/// Finds breaches and logs each that was not logged within the last hour.
///
/// `provider_ends_freeze`: whether the provider itself ends its freeze, without a message. A linked
/// device does that.
pub(crate) async fn find_breaches(app: &App, provider_ends_freeze: bool) -> Result<Vec<Breach>> {
    let mut connection = app.pool.acquire().await?;
    let mut work = UnitOfWork::start(app, &mut connection, Cause::Audit).await?;
    let now = work.now;
    let overdue_since = now - OVERDUE;
    let mut breaches = Vec::new();
    let provider = app.provider.name();
    if store::frozen_since(work.connection, provider)
        .await?
        .is_none()
    {
        let overdue = store::open_since(work.connection, overdue_since).await?;
        breaches.extend(overdue.into_iter().map(Breach::Overdue));
    } else if !provider_ends_freeze && !store::a_message_waits(work.connection).await? {
        breaches.push(Breach::FrozenForNothing);
    }
    let without_alarm = store::open_without_alarm(work.connection, now).await?;
    breaches.extend(without_alarm.into_iter().map(Breach::NoAlarm));
    let without_offer = store::open_cycles_without_offer(work.connection).await?;
    breaches.extend(without_offer.into_iter().map(Breach::NobodyAsked));
    let gaps = store::open_cycles_with_a_gap(work.connection).await?;
    breaches.extend(gaps.into_iter().map(Breach::Gap));
    let without_cycle = store::distributing_without_cycle(work.connection).await?;
    breaches.extend(without_cycle.into_iter().map(Breach::NoFuture));
    let held = store::held_since(work.connection, overdue_since).await?;
    breaches.extend(held.into_iter().map(Breach::Unreleased));
    let disagreeing = store::attempts_that_disagree_with_their_log(work.connection, now).await?;
    breaches.extend(disagreeing.into_iter().map(Breach::LogDisagrees));
    let events: Vec<Event> = breaches.iter().map(|breach| event_of(*breach)).collect();
    if !events.is_empty() {
        store::log_new_breaches(&mut work, &events, now - LOG_AGAIN_AFTER).await?;
    }
    Ok(breaches)
}

fn event_of(breach: Breach) -> Event {
    let mut event = Event::new(EventKind::Breach).with(json!({ "rule": breach.as_str() }));
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
