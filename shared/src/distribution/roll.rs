//! Passing an offer on once its deadline has gone by.

use super::cycle;
use super::event::Cause;
use super::hear::{self, MOST_FAILURES};
use super::model::{AttemptStatus, Checked, Offer, Rolled};
use super::store;
use crate::id::{AttemptId, MessageId};
use crate::{App, Result};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use std::time::Duration;

/// Rolls this attempt if it is open and its deadline has come; safe at any time, any number of times.
///
/// An OK that was received before the deadline and not yet acted on is acted on first.
pub async fn check_deadline(app: &App, attempt: AttemptId, cause: Cause) -> Result<Checked> {
    loop {
        let mut transaction = app.pool.begin().await?;
        let Some(offer) = store::lock_offer(&mut transaction, attempt).await? else {
            return Ok(Checked::Over);
        };
        match roll_locked(app, &mut transaction, &offer, cause).await? {
            Step::Unheard(word) => {
                transaction.rollback().await?;
                hear::hear(app, word).await?;
            }
            Step::Checked(checked) => {
                transaction.commit().await?;
                return Ok(checked);
            }
        }
    }
}

/// Rolls every attempt that has been due for at least `overdue_by`, each in a transaction of its own,
/// oldest deadline first.
/// Attempts that another worker is rolling are left to it; one that waits for a word which cannot be
/// heard is left for the next time.
pub async fn roll_all_due(app: &App, overdue_by: Duration, cause: Cause) -> Result<Vec<Rolled>> {
    let mut rolled = Vec::new();
    let mut left = Vec::new();
    loop {
        let mut transaction = app.pool.begin().await?;
        let provider = app.provider.name();
        if store::frozen_since(&mut transaction, provider)
            .await?
            .is_some()
        {
            return Ok(rolled);
        }
        let now = app.clock.now(&mut transaction).await?;
        let Some(offer) =
            store::lock_a_due_offer(&mut transaction, now - overdue_by, &left).await?
        else {
            return Ok(rolled);
        };
        match roll_locked(app, &mut transaction, &offer, cause).await? {
            Step::Unheard(word) => {
                transaction.rollback().await?;
                if let Err(error) = hear::hear(app, word).await {
                    tracing::error!(message_id = %word, %error, "distribution.unheard");
                    left.push(offer.attempt);
                }
            }
            Step::Checked(checked) => {
                transaction.commit().await?;
                match checked {
                    Checked::Rolled(one) => rolled.push(one),
                    // Frozen, or its deadline moved, between the look and the lock.
                    _ => left.push(offer.attempt),
                }
            }
        }
    }
}

/// The next deadline of an open offer, if there is one.
pub async fn next_deadline(app: &App) -> Result<Option<DateTime<Utc>>> {
    let mut connection = app.pool.acquire().await?;
    store::next_deadline(&mut connection).await
}

/// How long until the next deadline; negative if it has passed. There is none while the provider is
/// frozen.
pub async fn time_to_next_deadline(app: &App) -> Result<Option<TimeDelta>> {
    let mut connection = app.pool.acquire().await?;
    store::time_to_next_deadline(&mut connection, app.clock.fixed(), app.provider.name()).await
}

enum Step {
    Checked(Checked),
    /// This word came in time and has not been acted on.
    Unheard(MessageId),
}

/// With lead, cycle and attempt locked: times the attempt out if it is due, and offers the lead to
/// the next agent with a full window from now.
async fn roll_locked(
    app: &App,
    connection: &mut PgConnection,
    offer: &Offer,
    cause: Cause,
) -> Result<Step> {
    let fixed_now = app.clock.fixed();
    let now = store::now_that_words_are_written(connection, offer, fixed_now).await?;
    if !store::time_out(app, connection, offer, now, MOST_FAILURES, cause).await? {
        return why_not(connection, offer, now).await;
    }
    let next = cycle::go_on(app, connection, offer, cause, now).await?;
    tracing::info!(
        lead = %offer.lead,
        attempt = %offer.attempt,
        lateness_ms = (now - offer.ack_deadline_at).num_milliseconds(),
        next = next.as_ref().map(|opened| tracing::field::display(opened.attempt)),
        "distribution.rolled"
    );
    Ok(Step::Checked(Checked::Rolled(Rolled {
        lead: offer.lead,
        cycle: offer.cycle,
        attempt: offer.attempt,
        sales_id: offer.sales_id.clone(),
        ack_deadline_at: offer.ack_deadline_at,
        rolled_at: now,
        next,
    })))
}

/// Why an attempt was not rolled: it is over, a word is to be heard first, it is not due, or the
/// provider is frozen.
async fn why_not(connection: &mut PgConnection, offer: &Offer, now: DateTime<Utc>) -> Result<Step> {
    if offer.status != AttemptStatus::Open {
        return Ok(Step::Checked(Checked::Over));
    }
    if let Some(word) = store::word_in_time(connection, offer, MOST_FAILURES).await? {
        return Ok(Step::Unheard(word));
    }
    if now >= offer.ack_deadline_at {
        // The thaw sets another alarm.
        return Ok(Step::Checked(Checked::Frozen));
    }
    let wait = (offer.ack_deadline_at - now).to_std().unwrap_or_default();
    Ok(Step::Checked(Checked::NotDue(wait)))
}
