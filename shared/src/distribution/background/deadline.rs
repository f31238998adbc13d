//! Checking deadlines.

use crate::distribution::endings::roll::{RollResult, roll, roll_together};
use crate::distribution::inbox::route;
use crate::distribution::model::{Checked, Rolled};
use crate::distribution::store;
use crate::id::AttemptId;
use crate::unit_of_work::Cause;
use crate::{App, Result, metrics};
use std::time::{Duration, Instant};

/// Rolls this attempt if it is open and its deadline has passed. Safe at any time and any number of
/// times.
///
/// If the agent answered before the deadline and that message is not handled yet, it is handled first.
pub async fn check_deadline(app: &App, attempt: AttemptId, cause: Cause) -> Result<Checked> {
    loop {
        let mut transaction = app.begin().await?;
        let fixed_now = app.clock.fixed();
        let locked = store::lock_for_roll(&mut transaction, attempt, fixed_now).await?;
        let Some(locked) = locked else {
            return Ok(Checked::Over);
        };
        let decided = Instant::now();
        match roll(app, &mut transaction, &locked, cause).await? {
            RollResult::MessageInTime(message) => {
                transaction.rollback().await?;
                route::handle_alone(app, message).await?;
            }
            RollResult::Checked(checked) => {
                transaction.commit().await?;
                if let Checked::Rolled(rolled) = &checked {
                    measure(rolled, decided);
                }
                return Ok(checked);
            }
        }
    }
}

/// Rolls those of these attempts that are due and that are plain: accepted, in turn, of a queue with a fixed order, with a next
/// agent, without a member who has a cap, and with nothing to handle first. All in one transaction, with the statements of one
/// roll. Returns what it rolled; each of the others is for [`check_deadline`].
///
/// For the moment when many are due at once. It decides as [`check_deadline`] does.
pub async fn roll_due_together(
    app: &App,
    attempts: &[AttemptId],
    cause: Cause,
) -> Result<Vec<Rolled>> {
    let mut transaction = app.begin().await?;
    let locked = store::lock_for_rolls(&mut transaction, attempts, app.clock.fixed()).await?;
    let decided = Instant::now();
    let rolled = roll_together(app, &mut transaction, locked, cause).await?;
    transaction.commit().await?;
    for one in &rolled {
        measure(one, decided);
    }
    Ok(rolled)
}

/// Rolls every attempt whose deadline passed at least `overdue_by` ago, each in its own transaction,
/// oldest deadline first.
///
/// Skips attempts that another process is rolling. An attempt that waits for a message which cannot be
/// handled is left for the next call.
pub async fn roll_all_due(app: &App, overdue_by: Duration, cause: Cause) -> Result<Vec<Rolled>> {
    let mut rolled = Vec::new();
    let mut left = Vec::new();
    loop {
        let mut transaction = app.begin().await?;
        let provider = app.provider.name();
        let frozen = store::frozen_since(&mut transaction, provider).await?;
        if frozen.is_some() {
            return Ok(rolled);
        }
        let due_by = app.clock.now(&mut transaction).await? - overdue_by;
        let (fixed_now, connection) = (app.clock.fixed(), &mut *transaction);
        let due = store::lock_a_due_offer_for_roll(connection, fixed_now, due_by, &left).await?;
        let Some(locked) = due else {
            return Ok(rolled);
        };
        let attempt = locked.0.attempt;
        let decided = Instant::now();
        match roll(app, &mut transaction, &locked, cause).await? {
            RollResult::MessageInTime(message) => {
                transaction.rollback().await?;
                if let Err(error) = route::handle_alone(app, message).await {
                    tracing::error!(message_id = %message, %error, "distribution.message_not_handled");
                    left.push(attempt);
                }
            }
            RollResult::Checked(checked) => {
                transaction.commit().await?;
                match checked {
                    Checked::Rolled(one) => {
                        measure(&one, decided);
                        rolled.push(one);
                    }
                    Checked::NotSent(_) => {}
                    // The provider froze, or the deadline moved, after the row was found.
                    _ => left.push(attempt),
                }
            }
        }
    }
}

/// Records how late a roll is that is committed now. `decided`: when its clock was read.
fn measure(rolled: &Rolled, decided: Instant) {
    let late = (rolled.rolled_at - rolled.ack_deadline_at).to_std();
    metrics::rolled(late.unwrap_or_default() + decided.elapsed());
}
