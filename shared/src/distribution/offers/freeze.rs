//! Freeze and thaw: while the WhatsApp provider fails, offers do not time out.
//!
//! A freeze opens when the provider suspends our account, or when messages have failed for a while.
//! Until a message gets through, no offer rolls, and an OK to an offer that was open when the freeze
//! opened counts at any time. The thaw gives every open offer a full window.

use crate::distribution::event::{Event, EventKind};
use crate::distribution::store;
use crate::error::ProviderFailure;
use crate::jobs::{Announce, CheckAckDeadline, Scheduled, enqueue_all};
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::{self, AcceptedSend, Queued};
use crate::{App, Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::PgConnection;

/// When a provider counts as failing: this many failures in a row, over at least this time.
#[derive(Clone, Copy)]
struct Limit {
    failures: i32,
    over: TimeDelta,
}

const OUTAGE: Limit = Limit {
    failures: 3,
    over: TimeDelta::seconds(30),
};
const AT_ONCE: Limit = Limit {
    failures: 1,
    over: TimeDelta::zero(),
};

/// Since when the provider is frozen. `None` if it is not.
pub async fn frozen_since(app: &App) -> Result<Option<DateTime<Utc>>> {
    let mut connection = app.pool.acquire().await?;
    store::frozen_since(&mut connection, app.provider.name()).await
}

/// Delivers one message through the provider, and counts its success or failure.
///
/// Returns `None` if the message no longer waits. While the provider is frozen, a failure is
/// [`ProviderFailure::Frozen`]: the message waits and the try does not count.
pub(crate) async fn deliver(app: &App, queued: &Queued) -> Result<Option<AcceptedSend>> {
    let answer = whatsapp::deliver(app, queued).await;
    let error = match answer {
        Ok(sent) => {
            if sent.is_some() {
                provider_works(app).await;
            }
            return Ok(sent);
        }
        Err(error) => error,
    };
    let Error::Provider(failure) = &error else {
        return Err(error);
    };
    let frozen = match failure.class {
        // The provider answered, so it works.
        ProviderFailure::Refused => {
            provider_works(app).await;
            false
        }
        ProviderFailure::Suspended => count_failure(app, &failure.reason, AT_ONCE).await?,
        ProviderFailure::Unavailable { .. } | ProviderFailure::OutcomeUnknown => {
            count_failure(app, &failure.reason, OUTAGE).await?
        }
        ProviderFailure::Frozen | ProviderFailure::Unfit(_) => false,
    };
    if frozen {
        let class = ProviderFailure::Frozen;
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

/// Ends a freeze after an answer of the provider. The message is delivered, so a failure here is
/// only logged: the next answer tries again.
async fn provider_works(app: &App) {
    if let Err(error) = thaw(app).await {
        tracing::error!(%error, "distribution.not_thawed");
    }
}

/// Opens a freeze because the provider reported, in a status, that it suspended our account.
pub(crate) async fn suspend(app: &App, reason: &str) -> Result<()> {
    count_failure(app, reason, AT_ONCE).await?;
    Ok(())
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
        count_failure_on(app, connection, reason, AT_ONCE).await?;
    }
    Ok(())
}

/// Ends a freeze because the provider is known to work again, before any message got through.
pub async fn provider_is_back(app: &App) -> Result<()> {
    thaw(app).await
}

/// Counts a failure. Returns whether the provider is frozen now.
async fn count_failure(app: &App, reason: &str, limit: Limit) -> Result<bool> {
    let mut connection = app.pool.acquire().await?;
    count_failure_on(app, &mut connection, reason, limit).await
}

async fn count_failure_on(
    app: &App,
    connection: &mut PgConnection,
    reason: &str,
    limit: Limit,
) -> Result<bool> {
    let mut work = UnitOfWork::start(app, connection, Cause::Provider).await?;
    let provider = app.provider.name();
    let failure = store::Failure {
        provider,
        reason,
        freezes_at: limit.failures,
        failing_since_before: work.now - limit.over,
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
    Ok(frozen_since.is_some())
}

/// Ends a freeze, if there is one, and gives every open offer a full window.
pub(crate) async fn thaw(app: &App) -> Result<()> {
    let provider = app.provider.name();
    let mut connection = app.pool.acquire().await?;
    if !store::is_failing(&mut connection, provider).await? {
        return Ok(());
    }
    drop(connection);
    let mut transaction = app.pool.begin().await?;
    // This row is locked before leads, cycles and attempts. No operation locks it after those.
    if let Some(since) = store::lock_health(&mut transaction, provider).await? {
        store::lock_all_open_offers(&mut transaction).await?;
        let mut work = UnitOfWork::start(app, &mut transaction, Cause::Provider).await?;
        let offers = restart_offers(&mut work, since).await?;
        let detail = json!({ "provider": provider, "since": since, "offers": offers });
        let thawed = Event::new(EventKind::Thawed).with(detail);
        store::log(&mut work, &[thawed]).await?;
        tracing::warn!(provider, %since, offers, "distribution.thawed");
    }
    store::forget_failures(&mut transaction, provider).await?;
    Ok(transaction.commit().await?)
}

/// Gives the open offers a full window from now. They must be locked. Returns how many there were.
async fn restart_offers(work: &mut UnitOfWork<'_>, frozen_since: DateTime<Utc>) -> Result<usize> {
    let deadline = work.deadline_of_an_offer();
    let restarted =
        store::give_all_open_offers_until(work.connection, deadline, frozen_since).await?;
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
    Ok(alarms.len())
}
