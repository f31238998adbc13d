//! What becomes of a job after it ran. This is the only place that decides it.
//!
//! | the job failed with | what becomes of it |
//! |---|---|
//! | `NotFound` | done, or retry: the job says which ([`Missing`]) |
//! | `Invalid` | discard |
//! | `NotYet` | snooze for the time that it names |
//! | `Provider`: refused | done: the refusal is stored on the row |
//! | `Provider`: busy or frozen | snooze for the time that it names |
//! | `Provider`: unavailable, and it named a time | retry after that time, at most five minutes |
//! | anything else | retry, with exponential backoff |
//!
//! A retry counts a try, and the last try discards the job. A snooze counts none.

use shared::Error;
use shared::error::ProviderFailure;
use std::time::Duration;

/// What becomes of a job after it ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The job is done, or there was nothing to do. Its row is deleted.
    Done,
    /// The job runs again after this time. The try counts.
    Retry(Duration),
    /// The job runs again after this time. The try does not count.
    Snooze(Duration),
    /// The job becomes a dead letter, for a person.
    Discard,
}

impl Outcome {
    /// The name in metrics.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry(_) => "retry",
            Self::Snooze(_) => "snooze",
            Self::Discard => "dead",
        }
    }
}

/// What becomes of a job if a row that it needs does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The row was removed for good, so there is nothing to do.
    Done,
    /// The row may exist under another id, for example after a merge.
    Retry,
}

const FIRST_BACKOFF: Duration = Duration::from_millis(500);
const MAX_BACKOFF: Duration = Duration::from_secs(300);

/// Decides what becomes of a job after the `tried`-th of `tries` failed.
///
/// `jitter`, between 0 and 1, spreads jobs that failed together.
pub fn after_failure(
    error: &Error,
    missing: Missing,
    tried: usize,
    tries: usize,
    jitter: f64,
) -> Outcome {
    let retry = |wait| {
        if tried < tries {
            Outcome::Retry(wait)
        } else {
            Outcome::Discard
        }
    };
    match error {
        Error::NotFound { .. } if missing == Missing::Done => Outcome::Done,
        Error::Invalid { .. } => Outcome::Discard,
        Error::NotYet { wait } => Outcome::Snooze(*wait),
        Error::Provider(failure) => match failure.class {
            ProviderFailure::Refused => Outcome::Done,
            ProviderFailure::Busy { wait } | ProviderFailure::Frozen { wait } => {
                Outcome::Snooze(shortened(wait, jitter))
            }
            ProviderFailure::Unavailable {
                retry_after: Some(wait),
            } => retry(wait.min(MAX_BACKOFF)),
            ProviderFailure::Unavailable { retry_after: None }
            | ProviderFailure::Suspended
            | ProviderFailure::OutcomeUnknown
            | ProviderFailure::Unfit(_) => retry(backoff(tried, jitter)),
        },
        Error::NotFound { .. }
        | Error::Conflict { .. }
        | Error::Clash { .. }
        | Error::LeadExists { .. }
        | Error::Transition { .. }
        | Error::Database(_)
        | Error::Migration(_) => retry(backoff(tried, jitter)),
    }
}

/// The wait after the `tried`-th try: doubles from half a second to five minutes, shortened by up to a
/// quarter.
fn backoff(tried: usize, jitter: f64) -> Duration {
    let doublings = u32::try_from(tried.saturating_sub(1))
        .unwrap_or(u32::MAX)
        .min(16);
    let full = (FIRST_BACKOFF * 2_u32.pow(doublings)).min(MAX_BACKOFF);
    shortened(full, jitter)
}

fn shortened(wait: Duration, jitter: f64) -> Duration {
    wait.mul_f64(1.0 - 0.25 * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::{Missing, Outcome, backoff};
    use shared::Error;
    use shared::error::ProviderFailure;
    use std::time::Duration;

    fn after_failure(error: &Error, tried: usize, tries: usize, jitter: f64) -> Outcome {
        super::after_failure(error, Missing::Done, tried, tries, jitter)
    }

    fn failure(class: ProviderFailure) -> Error {
        Error::provider("dummy", class, "as the test says")
    }

    #[test]
    fn a_failed_job_is_retried_with_growing_waits_until_it_is_discarded() {
        let error = failure(ProviderFailure::UNAVAILABLE);
        assert_eq!(
            after_failure(&error, 1, 3, 0.0),
            Outcome::Retry(Duration::from_millis(500))
        );
        assert_eq!(
            after_failure(&error, 2, 3, 0.0),
            Outcome::Retry(Duration::from_secs(1))
        );
        assert_eq!(after_failure(&error, 3, 3, 0.0), Outcome::Discard);
    }

    #[test]
    fn a_provider_that_names_a_time_is_called_again_then() {
        let wait = Duration::from_secs(7);
        let error = failure(ProviderFailure::Unavailable {
            retry_after: Some(wait),
        });
        assert_eq!(after_failure(&error, 1, 3, 0.9), Outcome::Retry(wait));
    }

    #[test]
    fn a_job_that_waits_for_a_frozen_provider_is_never_discarded() {
        let wait = Duration::from_secs(15);
        let frozen = failure(ProviderFailure::Frozen { wait });
        let snooze = Outcome::Snooze(wait);
        assert_eq!(after_failure(&frozen, 3, 3, 0.0), snooze);
    }

    #[test]
    fn a_job_that_is_not_due_is_snoozed_and_no_try_counts() {
        let wait = Duration::from_secs(6);
        let not_yet = Error::NotYet { wait };
        assert_eq!(after_failure(&not_yet, 12, 12, 0.5), Outcome::Snooze(wait));
    }

    #[test]
    fn a_refused_message_is_done() {
        let refused = failure(ProviderFailure::Refused);
        assert_eq!(after_failure(&refused, 1, 3, 0.0), Outcome::Done);
    }

    #[test]
    fn a_job_says_what_becomes_of_it_if_its_row_does_not_exist() {
        let error = Error::NotFound { what: "lead" };
        let after = |missing, tried| super::after_failure(&error, missing, tried, 3, 0.0);
        assert_eq!(after(Missing::Done, 1), Outcome::Done);
        assert_eq!(
            after(Missing::Retry, 1),
            Outcome::Retry(Duration::from_millis(500))
        );
        assert_eq!(after(Missing::Retry, 3), Outcome::Discard);
    }

    #[test]
    fn the_backoff_is_bounded_and_spread() {
        assert_eq!(backoff(40, 0.0), Duration::from_secs(300));
        assert_eq!(backoff(1, 1.0), Duration::from_millis(375));
    }
}
