//! When the provider is away, time stands still for offers.
//!
//! A freeze opens when the provider refuses to work for us at all, or when messages have failed for a
//! while. Until a message gets through, no offer rolls, and an OK to one that was open when the
//! freeze began counts, however late. The thaw gives every open offer a full window from now.

use super::event::{Cause, Event, EventKind};
use super::store;
use crate::jobs::{Announce, CheckAckDeadline, Scheduled, enqueue_all};
use crate::whatsapp::{self, Handed, Queued};
use crate::{App, Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::PgConnection;

/// So many failures in a row, over at least [`OVER`], are an outage and not a hiccup.
const FAILURES: i32 = 3;
const OVER: TimeDelta = TimeDelta::seconds(30);

/// Since when the provider is frozen, if it is.
pub async fn frozen_since(app: &App) -> Result<Option<DateTime<Utc>>> {
    let mut connection = app.pool.acquire().await?;
    store::frozen_since(&mut connection, app.provider.name()).await
}

/// Gives one message to the provider, and learns from its answer how it is doing. While it is
/// frozen, a failure is [`Error::Frozen`]: the message waits and no try is counted.
pub(super) async fn hand_over(app: &App, queued: &Queued) -> Result<Handed> {
    let answer = whatsapp::hand_over(app, queued).await;
    let frozen = match &answer {
        // A refusal of this one message is an answer, too: somebody is there.
        Ok(_) | Err(Error::Refused { .. }) => {
            // The message is dealt with: whatever fails here is for the next answer to mend.
            if let Err(error) = thaw(app).await {
                tracing::error!(%error, "distribution.not_thawed");
            }
            false
        }
        Err(Error::Suspended { reason, .. }) => {
            count_failure(app, reason, 1, TimeDelta::zero()).await?
        }
        Err(Error::Unavailable { reason, .. } | Error::OutcomeUnknown { reason, .. }) => {
            count_failure(app, reason, FAILURES, OVER).await?
        }
        Err(_) => false,
    };
    if frozen {
        return Err(Error::Frozen {
            provider: app.provider.name(),
        });
    }
    match (answer, app.provider.rules()) {
        // The call is written down: a status, or the time to send it again, will tell.
        (Err(Error::OutcomeUnknown { .. }), Some(rules)) => Err(Error::NotYet {
            wait: rules.settle_after,
        }),
        (answer, _) => answer,
    }
}

/// The provider has suspended us, it says of a message that it had taken.
pub(super) async fn suspend(app: &App, reason: &str) -> Result<()> {
    count_failure(app, reason, 1, TimeDelta::zero()).await?;
    Ok(())
}

/// It is known, without a message having failed, that nobody can be reached: offers stand still. Once a
/// freeze is open this changes nothing.
pub async fn provider_is_away(
    app: &App,
    connection: &mut PgConnection,
    reason: &str,
) -> Result<()> {
    let provider = app.provider.name();
    if store::frozen_since(connection, provider).await?.is_none() {
        count_failure_on(app, connection, reason, 1, TimeDelta::zero()).await?;
    }
    Ok(())
}

/// It is known, without a message having gone through, that people can be reached again.
pub async fn provider_is_back(app: &App) -> Result<()> {
    thaw(app).await
}

/// Counts a failure; returns whether the provider is frozen now.
async fn count_failure(app: &App, reason: &str, failures: i32, over: TimeDelta) -> Result<bool> {
    let mut connection = app.pool.acquire().await?;
    count_failure_on(app, &mut connection, reason, failures, over).await
}

async fn count_failure_on(
    app: &App,
    connection: &mut PgConnection,
    reason: &str,
    failures: i32,
    over: TimeDelta,
) -> Result<bool> {
    let now = app.clock.now(connection).await?;
    let provider = app.provider.name();
    let began = now - over;
    let frozen_since =
        store::count_failure_of(connection, provider, reason, failures, began, now).await?;
    if frozen_since == Some(now) {
        let frozen = Event::new(EventKind::Frozen, Cause::Provider, now)
            .with(json!({ "provider": provider, "reason": reason }));
        store::record(app, connection, &[frozen]).await?;
        tracing::error!(
            provider,
            reason,
            "distribution.frozen: no offer rolls until a message gets through"
        );
    }
    Ok(frozen_since.is_some())
}

/// Ends a freeze, if there is one.
pub(super) async fn thaw(app: &App) -> Result<()> {
    let provider = app.provider.name();
    let mut connection = app.pool.acquire().await?;
    if !store::is_failing(&mut connection, provider).await? {
        return Ok(());
    }
    drop(connection);
    let mut transaction = app.pool.begin().await?;
    // Before leads, cycles and attempts: nobody else locks it while holding one of those.
    if let Some(since) = store::lock_health(&mut transaction, provider).await? {
        let offers = restart_offers(app, &mut transaction, since).await?;
        let now = app.clock.now(&mut transaction).await?;
        let thawed = Event::new(EventKind::Thawed, Cause::Provider, now)
            .with(json!({ "provider": provider, "since": since, "offers": offers }));
        store::record(app, &mut transaction, &[thawed]).await?;
        tracing::warn!(provider, %since, offers, "distribution.thawed");
    }
    store::forget_failures(&mut transaction, provider).await?;
    transaction.commit().await?;
    Ok(())
}

/// Gives the open offers a full window from now. Returns how many there were.
async fn restart_offers(
    app: &App,
    connection: &mut PgConnection,
    frozen_since: DateTime<Utc>,
) -> Result<usize> {
    store::lock_all_open_offers(connection).await?;
    let now = app.clock.now(connection).await?;
    let deadline = now + app.distribution.ack_window;
    let restarted = store::give_all_open_offers_until(connection, deadline, frozen_since).await?;
    let mut alarms = Vec::with_capacity(restarted.len());
    let mut events = Vec::with_capacity(restarted.len());
    for offer in restarted {
        let attempt = offer.attempt;
        alarms.push(Scheduled::new(&CheckAckDeadline { attempt }, deadline)?);
        let moved = Event::new(EventKind::DeadlineMoved, Cause::Provider, now)
            .of(offer.lead, offer.cycle)
            .to(attempt, &offer.sales_id)
            .with(json!({ "deadline": deadline }));
        events.push(moved);
    }
    store::record(app, connection, &events).await?;
    enqueue_all(connection, &alarms, Announce::Everyone).await?;
    Ok(alarms.len())
}
