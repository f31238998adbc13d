//! The audit: rules that must always hold, checked in SQL.
//!
//! The schema and the operations keep these rules. The audit finds what they cannot prevent: a deleted job, a
//! row that was edited by hand, a bug.

use crate::distribution::offers::release::Standing;
use crate::distribution::store;
use crate::id::{AttemptId, CycleId, DeliveryId, LeadId, MessageId};
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::{App, Result};
use chrono::TimeDelta;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Beyond this delay an overdue attempt is a bug, unless others are rolling.
const OVERDUE: TimeDelta = TimeDelta::seconds(2);

/// An attempt that is overdue for this long is a bug even if others are rolling.
const STUCK: TimeDelta = TimeDelta::seconds(60);

/// The line of a queue that holds leads is looked at in time within this delay.
const LOOKED_AT_WITHIN: TimeDelta = TimeDelta::seconds(5);

/// Beyond this delay after its patience an offer that was not sent is a bug, not load.
const UNSENT: TimeDelta = TimeDelta::seconds(10);

/// A message that has been queued for this long, and a delivery that came this long ago, has a job.
const WITHOUT_JOB: TimeDelta = TimeDelta::minutes(1);

/// Within this time the offers of a disabled agent go to the next agents.
const DISABLED: TimeDelta = TimeDelta::seconds(5);

/// A breach that is found again after this time is logged again. One that stays is only counted.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(1);

/// This many breaches of a rule are logged one by one in one audit.
const MAX_LOGGED: usize = 10;

/// A rule that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    /// An attempt is open more than two seconds after its deadline, outside a freeze, although no others are
    /// rolling; or more than a minute. Repair: roll it.
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
    /// The line of this held cycle's queue is not looked at in time. Repair: look at it.
    Unreleased(CycleId),
    /// As `Unreleased`, and an agent who can be asked about this held cycle is available. Repair: release it.
    HeldForNothing(CycleId),
    /// The provider has not accepted an offer ten seconds after the patience ended, outside a freeze. While others are sent, one
    /// that no worker has tried does not count. Repair: end it.
    Unsent(AttemptId),
    /// A message has been queued for a minute and no job sends it, for example because its job could not be read. Repair:
    /// enqueue one.
    NoSender(MessageId, i32),
    /// A delivery of Meta came a minute ago, is not handled and has not failed, and no job handles it. Repair: enqueue one.
    NoHandler(DeliveryId),
    /// A handover of an agent's leads began a minute ago, is not done, and no job carries it out. Repair: enqueue one.
    NoMover(Uuid),
    /// An offer is open to an agent who was disabled more than five seconds ago. Repair: offer the lead to
    /// the next agent.
    OpenToDisabled(AttemptId),
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
            Self::HeldForNothing(_) => "held_for_nothing",
            Self::Unsent(_) => "unsent",
            Self::NoSender(..) => "no_sender",
            Self::NoHandler(_) => "no_handler",
            Self::NoMover(_) => "no_mover",
            Self::OpenToDisabled(_) => "open_to_disabled",
            Self::LogDisagrees(_) => "log_disagrees",
        }
    }

    /// The id of the row that it is about; empty for the provider.
    pub fn subject(self) -> String {
        match self {
            Self::Overdue(attempt)
            | Self::NoAlarm(attempt)
            | Self::Unsent(attempt)
            | Self::OpenToDisabled(attempt)
            | Self::LogDisagrees(attempt) => attempt.to_string(),
            Self::NobodyAsked(cycle)
            | Self::Gap(cycle)
            | Self::Unreleased(cycle)
            | Self::HeldForNothing(cycle) => cycle.to_string(),
            Self::NoFuture(lead) => lead.to_string(),
            Self::NoSender(message, _) => message.to_string(),
            Self::NoHandler(delivery) => delivery.to_string(),
            Self::NoMover(handover) => handover.to_string(),
            Self::FrozenForNothing => String::new(),
        }
    }
}

/// Finds breaches, counts each in `audit_breach`, and logs those that are new.
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
        // While offers are rolling, a backlog is load, and the figures show it.
        let rolling = store::rolled_since(work.connection, overdue_since).await?;
        let overdue_since = if rolling { now - STUCK } else { overdue_since };
        let overdue = store::open_since(work.connection, overdue_since).await?;
        breaches.extend(overdue.into_iter().map(Breach::Overdue));
        let accepted_by = now - UNSENT + app.distribution.unsent_before_deadline();
        // An offer that waits for its first call while others are sent is load, too. The next agent's offer would wait behind it.
        let sending = store::sent_since(work.connection, now - OVERDUE).await?;
        let unsent = store::open_unsent(work.connection, accepted_by, sending).await?;
        breaches.extend(unsent.into_iter().map(Breach::Unsent));
    } else if !provider_ends_freeze && store::count_sends(work.connection).await? == 0 {
        breaches.push(Breach::FrozenForNothing);
    }
    let disabled = store::open_to_disabled(work.connection, now - DISABLED).await?;
    breaches.extend(disabled.into_iter().map(Breach::OpenToDisabled));
    let without_alarm = store::open_without_alarm(work.connection, now).await?;
    breaches.extend(without_alarm.into_iter().map(Breach::NoAlarm));
    let since = now - WITHOUT_JOB;
    let unsendable = store::queued_without_job(work.connection, since).await?;
    let unsendable = unsendable.into_iter();
    breaches.extend(unsendable.map(|(message, nth)| Breach::NoSender(message, nth)));
    let unread = store::deliveries_without_job(work.connection, since).await?;
    breaches.extend(unread.into_iter().map(Breach::NoHandler));
    let unmoved = store::handovers_without_job(work.connection, since).await?;
    breaches.extend(unmoved.into_iter().map(Breach::NoMover));
    let without_offer = store::open_cycles_without_offer(work.connection).await?;
    breaches.extend(without_offer.into_iter().map(Breach::NobodyAsked));
    let gaps = store::open_cycles_with_a_gap(work.connection).await?;
    breaches.extend(gaps.into_iter().map(Breach::Gap));
    let without_cycle = store::distributing_without_cycle(work.connection).await?;
    breaches.extend(without_cycle.into_iter().map(Breach::NoFuture));
    breaches.extend(held_breaches(&mut work).await?);
    let disagreeing = store::attempts_that_disagree_with_their_log(work.connection, now).await?;
    breaches.extend(disagreeing.into_iter().map(Breach::LogDisagrees));
    record(&mut work, &breaches).await?;
    Ok(breaches)
}

/// Counts the breaches, and logs those that are new.
async fn record(work: &mut UnitOfWork<'_>, breaches: &[Breach]) -> Result<()> {
    if breaches.is_empty() {
        return Ok(());
    }
    let rules: Vec<&str> = breaches.iter().map(|breach| breach.as_str()).collect();
    let subjects: Vec<String> = breaches.iter().map(|breach| breach.subject()).collect();
    let times = (work.now, work.now - FORGOTTEN_AFTER);
    let new = store::count_breaches(work.connection, (&rules, &subjects), times).await?;
    let mut logged: BTreeMap<String, usize> = BTreeMap::new();
    for (rule, subject) in new {
        let count = logged.entry(rule.clone()).or_default();
        *count += 1;
        if *count <= MAX_LOGGED {
            tracing::error!(rule, subject, "distribution.breach");
        }
    }
    for (rule, count) in logged.into_iter().filter(|(_, count)| *count > MAX_LOGGED) {
        tracing::error!(rule, count, "distribution.breach: more of the same");
    }
    Ok(())
}

/// Held cycles whose queue is not looked at in time, and those of them for whom an agent is available.
async fn held_breaches(work: &mut UnitOfWork<'_>) -> Result<Vec<Breach>> {
    let (now, poll) = (work.now, work.app.distribution.poll);
    let (since, by) = (now - LOOKED_AT_WITHIN, now + poll + LOOKED_AT_WITHIN);
    let held = store::held_without_look(work.connection, since, by).await?;
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let standing = Standing::read(work.connection, now).await?;
    let mut breaches = Vec::new();
    for (cycle, queue) in held {
        let (available, known) = (&standing.available, &standing.known);
        let next = store::next_to_release(work.connection, queue, available, known, &[]).await?;
        breaches.push(match next {
            Some(cycle) => Breach::HeldForNothing(cycle),
            None => Breach::Unreleased(cycle),
        });
    }
    Ok(breaches)
}
