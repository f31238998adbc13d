//! What another policy would have made of recorded history. Writes nothing.

mod policy;
mod replay;
mod store;

pub use policy::Policy;
pub use replay::{Figures, Share};

use crate::{App, Error, Result};
use chrono::{DateTime, TimeDelta, Utc};

/// History beside what the policy would have made of it.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// As it was.
    pub recorded: Figures,
    /// As it would have been.
    pub simulated: Figures,
    /// Cycles that began in the period and are left out: still running, called off, or ended by hand.
    pub left_out: i64,
}

/// The longest period that is replayed at once.
const LONGEST: TimeDelta = TimeDelta::days(92);

/// Replays the cycles that began in `[from, to)` under another policy.
///
/// An agent who was asked answers as they did: an OK after so many seconds, a pass, silence; an OK
/// that was late counts under a window that is long enough. An agent who was not asked answers as
/// they did to another offer of the period, the one that a hash of the cycle and the agent picks: the
/// same question has the same answer every time. With the recorded policy history comes out as it was.
pub async fn simulate(
    app: &App,
    policy: &Policy,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Simulation> {
    if from >= to {
        return Err(Error::invalid("to", "must be after `from`"));
    }
    if to - from > LONGEST {
        return Err(Error::invalid("to", "must be within 92 days of `from`"));
    }
    if policy.window.is_some_and(|window| window.is_zero()) {
        return Err(Error::invalid("ackSeconds", "must be more than nothing"));
    }
    let mut transaction = app.pool.begin().await?;
    crate::distribution::store::read_one_snapshot(&mut transaction).await?;
    let (history, left_out) = store::history(&mut transaction, from, to).await?;
    transaction.rollback().await?;
    Ok(Simulation {
        recorded: replay::recorded(&history),
        simulated: replay::simulated(&history, policy),
        left_out,
    })
}
