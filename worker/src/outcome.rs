//! What becomes of a job: the only place that chooses a retry.

use shared::Error;
use std::time::Duration;

/// What becomes of a job that was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done, or nothing to do.
    Done,
    /// To be tried again after this time.
    Again(Duration),
    /// To be tried again after this time, without counting this try.
    Later(Duration),
    /// Laid aside: a dead letter, for a person to look at.
    Dead,
}

const FIRST_BACKOFF: Duration = Duration::from_millis(500);
const LONGEST_BACKOFF: Duration = Duration::from_secs(300);
/// How often a message that waits for a provider is tried: its success ends the freeze.
const PROBE_EVERY: Duration = Duration::from_secs(15);

/// Decides after a failure on the `tried`-th of `tries`. `spread` between 0 and 1 is the jitter: it
/// keeps jobs that failed together from coming back together.
pub fn after_failure(error: &Error, tried: usize, tries: usize, spread: f64) -> Outcome {
    match error {
        // A vanished row: the world has moved on. A refusal is on its message's row; trying again
        // would change nothing.
        Error::NotFound { .. } | Error::Refused { .. } => Outcome::Done,
        Error::Invalid { .. } => Outcome::Dead,
        Error::Frozen { .. } => Outcome::Later(shortened(PROBE_EVERY, spread)),
        Error::NotYet { wait } => Outcome::Later(*wait),
        _ if tried >= tries => Outcome::Dead,
        Error::Unavailable {
            retry_after: Some(wait),
            ..
        } => Outcome::Again((*wait).min(LONGEST_BACKOFF)),
        _ => Outcome::Again(backoff(tried, spread)),
    }
}

/// Doubles from half a second to five minutes, each shortened by up to a quarter.
pub fn backoff(tried: usize, spread: f64) -> Duration {
    let doublings = u32::try_from(tried.saturating_sub(1))
        .unwrap_or(u32::MAX)
        .min(16);
    let full = (FIRST_BACKOFF * 2_u32.pow(doublings)).min(LONGEST_BACKOFF);
    shortened(full, spread)
}

fn shortened(wait: Duration, spread: f64) -> Duration {
    wait.mul_f64(1.0 - 0.25 * spread.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::{Outcome, after_failure, backoff};
    use shared::Error;
    use std::time::Duration;

    fn unavailable(retry_after: Option<Duration>) -> Error {
        Error::Unavailable {
            provider: "dummy",
            retry_after,
            reason: "away".to_owned(),
        }
    }

    #[test]
    fn a_failure_is_tried_again_later_and_later_until_it_is_a_dead_letter() {
        let error = unavailable(None);
        assert_eq!(
            after_failure(&error, 1, 3, 0.0),
            Outcome::Again(Duration::from_millis(500))
        );
        assert_eq!(
            after_failure(&error, 2, 3, 0.0),
            Outcome::Again(Duration::from_secs(1))
        );
        assert_eq!(after_failure(&error, 3, 3, 0.0), Outcome::Dead);
    }

    #[test]
    fn a_provider_that_names_a_time_is_taken_at_its_word() {
        let error = unavailable(Some(Duration::from_secs(7)));
        assert_eq!(
            after_failure(&error, 1, 3, 0.9),
            Outcome::Again(Duration::from_secs(7))
        );
    }

    #[test]
    fn what_waits_for_a_frozen_provider_never_becomes_a_dead_letter() {
        let frozen = Error::Frozen { provider: "dummy" };
        let later = Outcome::Later(Duration::from_secs(15));
        assert_eq!(after_failure(&frozen, 3, 3, 0.0), later);
    }

    #[test]
    fn what_is_not_due_yet_comes_again_and_no_try_is_counted() {
        let wait = Duration::from_secs(6);
        let not_yet = Error::NotYet { wait };
        assert_eq!(after_failure(&not_yet, 12, 12, 0.5), Outcome::Later(wait));
    }

    #[test]
    fn a_refusal_and_a_vanished_row_are_done_with() {
        let refused = Error::Refused {
            provider: "dummy",
            reason: "no such number".to_owned(),
        };
        assert_eq!(after_failure(&refused, 1, 3, 0.0), Outcome::Done);
        assert_eq!(
            after_failure(&Error::NotFound { what: "lead" }, 1, 3, 0.0),
            Outcome::Done
        );
    }

    #[test]
    fn a_backoff_is_bounded_and_spread() {
        assert_eq!(backoff(40, 0.0), Duration::from_secs(300));
        assert_eq!(backoff(1, 1.0), Duration::from_millis(375));
    }
}
