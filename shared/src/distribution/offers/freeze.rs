//! Freeze and thaw: while the WhatsApp provider fails, offers do not time out.
//!
//! A freeze opens when the provider suspends our account, or when messages to several recipients have
//! failed for a while and none got through. One recipient whom the provider always refuses does not open
//! it. Until a message gets through, no offer rolls, and an OK to an offer that was open when the freeze
//! opened counts at any time. The thaw gives the offers that the freeze has harmed a full window.

use crate::distribution::event::{Event, EventKind};
use crate::distribution::store::{self, Success};
use crate::error::{ProviderError, ProviderFailure};
use crate::jobs::{Announce, CheckAckDeadline, Scheduled, enqueue_all};
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::{self, AcceptedSend, Queued};
use crate::{App, Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::PgConnection;
use std::time::Duration;

/// A freeze opens when messages to this many recipients failed, with no success between them …
const RECIPIENTS: i32 = 3;
/// … over at least this time.
const FAILING_FOR: TimeDelta = TimeDelta::seconds(30);

/// A message whose calls failed this often is given up. In a freeze it must also be a day old: a freeze of a night loses nothing, and
/// one that only messages keep up which nobody ever accepts ends.
const MAX_CALLS: i32 = 300;
/// A message whose sends have no known outcome this often is given up outside a freeze: the recipient may
/// have it that often.
const MAX_UNKNOWN: i32 = 5;

/// In a freeze, the calls of all waiting messages together are this far apart.
const BETWEEN_CALLS: Duration = Duration::from_secs(5);
/// The calls of one message are this far apart when the freeze begins, …
const FIRST_PROBE: Duration = Duration::from_secs(15);
/// … and this far when it has lasted twenty minutes. They are further apart if many messages wait.
const LAST_PROBE: Duration = Duration::from_secs(60);

/// Since when the provider is frozen. `None` if it is not.
pub async fn frozen_since(app: &App) -> Result<Option<DateTime<Utc>>> {
    let mut connection = app.pool.acquire().await?;
    store::frozen_since(&mut connection, app.provider.name()).await
}

/// Delivers one message through the provider, and counts its failure. The caller records its success
/// (`acceptance::record`), which ends a freeze.
///
/// Returns `None` if the message no longer waits. While the provider is frozen, a failure is
/// [`ProviderFailure::Frozen`]: the message waits and the try does not count.
pub(crate) async fn deliver(app: &App, queued: &Queued) -> Result<Option<AcceptedSend>> {
    let answer = whatsapp::deliver(app, queued).await;
    let error = match answer {
        Ok(sent) => return Ok(sent),
        Err(error) => error,
    };
    let Error::Provider(failure) = &error else {
        return Err(error);
    };
    let to = queued.to.as_str();
    let frozen_since = match failure.class {
        // The provider answered, so it works.
        ProviderFailure::Refused => {
            provider_works(app).await;
            None
        }
        ProviderFailure::Suspended => count_failure(app, &failure.reason, None).await?,
        ProviderFailure::Unavailable { .. }
        | ProviderFailure::Busy { .. }
        | ProviderFailure::OutcomeUnknown => count_failure(app, &failure.reason, Some(to)).await?,
        ProviderFailure::Frozen { .. } | ProviderFailure::Unfit(_) => None,
    };
    limit_calls(app, queued, failure, frozen_since.is_some()).await?;
    if let Some(since) = frozen_since {
        let class = ProviderFailure::Frozen {
            wait: time_to_next_probe(app, since).await?,
        };
        return Err(Error::provider(
            app.provider.name(),
            class,
            failure.reason.clone(),
        ));
    }
    match app.provider.rules() {
        // The send is recorded. A status settles it, or the message is sent again later.
        Some(rules) if failure.class == ProviderFailure::OutcomeUnknown => Err(Error::NotYet {
            wait: rules.settle_after,
        }),
        _ => Err(error),
    }
}

/// Counts the failed call. Gives the message up if it has used its calls: it then counts as refused. Outside a freeze a busy provider
/// uses up none: it ends by itself.
async fn limit_calls(
    app: &App,
    queued: &Queued,
    failure: &ProviderError,
    frozen: bool,
) -> Result<()> {
    let is_busy = matches!(failure.class, ProviderFailure::Busy { .. });
    if failure.class == ProviderFailure::Refused || is_busy && !frozen {
        return Ok(());
    }
    // In a freeze, `MAX_UNKNOWN` does not limit the calls: almost none of them reaches anybody.
    let is_unknown = failure.class == ProviderFailure::OutcomeUnknown && !frozen;
    let failed = whatsapp::count_failed_call(app, queued.id, is_unknown).await?;
    if !are_used_up(failed, is_unknown, frozen) {
        return Ok(());
    }
    let calls = failed.calls;
    let reason = format!("given up after {calls} calls: {}", failure.reason);
    tracing::error!(message = %queued.id, calls, "whatsapp.given_up");
    whatsapp::give_up(app, queued.id, &reason).await?;
    let class = ProviderFailure::Refused;
    Err(Error::provider(app.provider.name(), class, reason))
}

/// Whether a message has used its calls. `is_unknown`: the last call has no known outcome, outside a freeze.
fn are_used_up(failed: whatsapp::FailedCalls, is_unknown: bool, frozen: bool) -> bool {
    failed.calls >= MAX_CALLS && (failed.is_a_day_old || !frozen)
        || is_unknown && failed.unknown >= MAX_UNKNOWN
}

/// How long a message waits in a freeze before it is tried again: longer the more messages wait, and the
/// longer the freeze lasts.
async fn time_to_next_probe(app: &App, frozen_since: DateTime<Utc>) -> Result<Duration> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    let waiting = store::count_sends(&mut connection).await?;
    let by_messages = BETWEEN_CALLS * u32::try_from(waiting).unwrap_or(u32::MAX).min(10_000);
    let by_age = ((now - frozen_since) / 20).to_std().unwrap_or_default();
    Ok(FIRST_PROBE.max(by_messages).max(by_age.min(LAST_PROBE)))
}

/// Ends a freeze after an answer of the provider. The message is delivered, so a failure here is
/// only logged: the next answer tries again.
pub(super) async fn provider_works(app: &App) {
    if let Err(error) = thaw(app, Success::Answered).await {
        tracing::error!(%error, "distribution.not_thawed");
    }
}

/// Counts a failure that a status reported, of a message to this recipient or of our whole account. Until a status reports a message
/// that left, accepted calls end no freeze. Returns whether the provider is frozen.
pub(super) async fn failed_by_status(
    app: &App,
    reason: &str,
    recipient: Option<&str>,
) -> Result<bool> {
    let mut connection = app.pool.acquire().await?;
    let failed = Failed {
        reason,
        recipient,
        by_status: true,
    };
    let frozen_since = count_failure_on(app, &mut connection, failed).await?;
    Ok(frozen_since.is_some())
}

/// Opens a freeze because the provider is known to be unreachable, before any message failed. Does
/// nothing if a freeze is open.
pub async fn provider_is_away(
    app: &App,
    connection: &mut PgConnection,
    reason: &str,
) -> Result<()> {
    let provider = app.provider.name();
    if store::frozen_since(connection, provider).await?.is_none() {
        let failed = Failed {
            reason,
            recipient: None,
            by_status: false,
        };
        count_failure_on(app, connection, failed).await?;
    }
    Ok(())
}

/// Ends a freeze because the provider is known to work again, before any message got through.
pub async fn provider_is_back(app: &App) -> Result<()> {
    thaw(app, Success::Works).await
}

/// A failure to be counted.
struct Failed<'text> {
    reason: &'text str,
    /// Whose message failed. `None`: our whole account is affected.
    recipient: Option<&'text str>,
    /// Whether a status reported it.
    by_status: bool,
}

/// Counts a failed call for a message to this recipient, or of our whole account. Returns since when the
/// provider is frozen.
async fn count_failure(
    app: &App,
    reason: &str,
    recipient: Option<&str>,
) -> Result<Option<DateTime<Utc>>> {
    let mut connection = app.pool.acquire().await?;
    let failed = Failed {
        reason,
        recipient,
        by_status: false,
    };
    count_failure_on(app, &mut connection, failed).await
}

async fn count_failure_on(
    app: &App,
    connection: &mut PgConnection,
    failed: Failed<'_>,
) -> Result<Option<DateTime<Utc>>> {
    let mut work = UnitOfWork::start(app, connection, Cause::Provider).await?;
    let (provider, reason) = (app.provider.name(), failed.reason);
    let failure = store::Failure {
        provider,
        reason,
        recipient: failed.recipient,
        recipients: RECIPIENTS,
        failing_since_before: work.now - FAILING_FOR,
        by_status: failed.by_status,
    };
    let frozen_since = store::count_failure_of(work.connection, &failure, work.now).await?;
    if frozen_since == Some(work.now) {
        let detail = json!({ "provider": provider, "reason": reason });
        let frozen = Event::new(EventKind::Frozen).with(detail);
        store::log(&mut work, &[frozen]).await?;
        tracing::error!(
            provider,
            reason,
            "distribution.frozen: no offer rolls until a message gets through"
        );
    }
    Ok(frozen_since)
}

/// Ends a freeze, if there is one that this success ends, and gives the offers that it has harmed a full window.
pub(crate) async fn thaw(app: &App, success: Success) -> Result<()> {
    let provider = app.provider.name();
    let mut connection = app.pool.acquire().await?;
    if !store::is_failing(&mut connection, provider, success).await? {
        return Ok(());
    }
    drop(connection);
    let mut transaction = app.begin().await?;
    // This row is locked before leads, cycles and attempts. No operation locks it after those.
    if let Some(since) = store::lock_health(&mut transaction, provider, success).await? {
        let mut work = UnitOfWork::start(app, &mut transaction, Cause::Provider).await?;
        store::lock_harmed_offers(work.connection, since, work.now).await?;
        let offers = restart_offers(&mut work, since).await?;
        let detail = json!({ "provider": provider, "since": since, "offers": offers });
        let thawed = Event::new(EventKind::Thawed).with(detail);
        store::log(&mut work, &[thawed]).await?;
        tracing::warn!(provider, %since, offers, "distribution.thawed");
    }
    store::forget_failures(&mut transaction, provider, success).await?;
    Ok(transaction.commit().await?)
}

/// Gives the harmed offers a full window from now. Returns how many there were. What waits for the end of the freeze is sent now: an
/// offer must leave before its patience is over.
async fn restart_offers(work: &mut UnitOfWork<'_>, frozen_since: DateTime<Utc>) -> Result<usize> {
    let deadline = work.deadline_of_an_offer();
    let period = (frozen_since, work.now);
    let mut restarted = store::restart_harmed_offers(work.connection, deadline, period).await?;
    // The oldest offer is checked first. Ids sort by age.
    restarted.sort_unstable_by_key(|offer| offer.attempt);
    let mut alarms = Vec::with_capacity(restarted.len());
    let mut events = Vec::with_capacity(restarted.len());
    for offer in restarted {
        let attempt = offer.attempt;
        alarms.push(Scheduled::new(&CheckAckDeadline { attempt }, deadline)?);
        let moved = Event::new(EventKind::DeadlineMoved)
            .of(offer.lead, offer.cycle)
            .to(attempt, &offer.sales_id)
            .with(json!({ "deadline": deadline }));
        events.push(moved);
    }
    store::log(work, &events).await?;
    enqueue_all(work.connection, &alarms, Announce::Everyone).await?;
    store::wake_frozen_sends(work.connection, work.now).await?;
    Ok(alarms.len())
}

#[cfg(test)]
mod tests {
    use super::are_used_up;
    use crate::whatsapp::FailedCalls;

    #[test]
    fn calls_that_were_refused_do_not_count_as_unknown() {
        let failed = |calls, unknown| FailedCalls {
            calls,
            unknown,
            is_a_day_old: false,
        };
        assert!(!are_used_up(failed(16, 1), true, false));
        assert!(are_used_up(failed(16, 5), true, false));
        assert!(!are_used_up(failed(16, 5), false, false));
        assert!(are_used_up(failed(300, 0), false, false));
    }

    #[test]
    fn a_freeze_gives_up_only_messages_that_are_a_day_old() {
        let failed = |is_a_day_old| FailedCalls {
            calls: 300,
            unknown: 0,
            is_a_day_old,
        };
        assert!(!are_used_up(failed(false), false, true));
        assert!(are_used_up(failed(true), false, true));
    }
}
