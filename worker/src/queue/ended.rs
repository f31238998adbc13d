//! The end of a run that did not finish its job, as the text of an error. apalis hands this text back with the acknowledgement.

use crate::outcome::Outcome;
use serde::{Deserialize, Serialize};
use shared::jobs::JobFailure;
use std::fmt;
use std::time::Duration;

/// How a run ended that did not finish its job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Ended {
    /// Seconds until the job runs again. `None`: it was discarded.
    pub(super) again_in: Option<f64>,
    /// Whether the try counts.
    pub(super) counts: bool,
    /// Why.
    pub(super) failure: JobFailure,
}

impl Ended {
    /// The end of a run with this outcome. `None` if the job is done.
    pub(super) fn of(outcome: &Outcome, failure: Option<JobFailure>) -> Option<Self> {
        let (again_in, counts) = match outcome {
            Outcome::Done => return None,
            Outcome::Retry(wait) => (Some(*wait), true),
            Outcome::Snooze(wait) => (Some(*wait), false),
            Outcome::Discard => (None, true),
        };
        Some(Self {
            again_in: again_in.map(|wait| wait.as_secs_f64()),
            counts,
            failure: failure.unwrap_or_else(|| JobFailure::new("unknown", "no reason was given")),
        })
    }

    /// Reads the text of an error. Any other text is the failure of a run that did not reach its end.
    pub(super) fn read(text: &str) -> Self {
        let told = text.find('{').map(|from| &text[from..]);
        told.and_then(|told| serde_json::from_str(told).ok())
            .unwrap_or_else(|| Self {
                again_in: Some(Duration::from_secs(1).as_secs_f64()),
                counts: true,
                failure: JobFailure::new("worker", text),
            })
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        formatter.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::Ended;
    use crate::outcome::Outcome;
    use shared::jobs::JobFailure;
    use std::time::Duration;

    #[test]
    fn the_end_of_a_run_comes_back_with_the_acknowledgement() {
        let failure = JobFailure::new("database", "it is away");
        let ended = Ended::of(&Outcome::Retry(Duration::from_millis(1500)), Some(failure));
        let ended = ended.expect("it is not done");
        assert_eq!(Ended::read(&ended.to_string()), ended);
        assert_eq!(Ended::read(&format!("AbortError: {ended}")), ended);
        assert_eq!(Ended::of(&Outcome::Done, None), None);
    }

    #[test]
    fn a_run_that_apalis_ended_is_tried_again() {
        let ended = Ended::read("the task was cancelled");
        assert!(ended.counts && ended.again_in.is_some());
        assert_eq!(ended.failure.class, "worker");
    }
}
