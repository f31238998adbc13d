//! What another policy would have done with recorded history. Writes nothing.

mod policy;
mod replay;
mod store;

pub use policy::Policy;
pub use replay::{Figures, Share};

use crate::{App, Error, Result};
use chrono::{DateTime, TimeDelta, Utc};

/// History, and what the policy would have made of it.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// The recorded figures.
    pub recorded: Figures,
    /// The figures under the policy.
    pub simulated: Figures,
    /// Cycles that started in the period and are left out: still open, cancelled, or ended by hand.
    pub left_out: i64,
}

/// The longest period of one simulation.
const LONGEST: TimeDelta = TimeDelta::days(92);

/// Replays the cycles that started in `[from, to)` under another policy.
///
/// An agent who was offered the lead answers as recorded: an OK after a number of seconds, a decline, silence.
/// An OK that was late counts if the window is long enough. An agent who was not offered the lead answers as
/// they did to another offer of the period, which a hash of cycle and agent selects, so that the same
/// simulation always has the same result. A window begins when the provider accepted the offer, and again
/// when a freeze ended. Agents who were away are not asked. With the recorded policy, the result equals
/// history, offer by offer.
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
    let mut transaction = app.begin().await?;
    crate::distribution::store::read_one_snapshot(&mut transaction).await?;
    let whole = crate::distribution::store::whole_since(&mut transaction).await?;
    if let Some(since) = whole.filter(|since| from < *since) {
        let reason = format!("events before {since} moved to a file: `api archive --list`");
        return Err(Error::invalid("from", reason));
    }
    let (history, left_out) = store::history(&mut transaction, from, to).await?;
    transaction.rollback().await?;
    Ok(Simulation {
        recorded: replay::recorded(&history),
        simulated: replay::simulated(&history, policy),
        left_out,
    })
}
