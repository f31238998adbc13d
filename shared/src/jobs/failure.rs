//! Why a job failed, as it is stored and counted.

use crate::Error;
use crate::error::class_of;
use serde::{Deserialize, Serialize};

/// A failed try of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFailure {
    /// The class of the failure: one word of a short list.
    pub class: String,
    /// What happened, without the numbers of people.
    pub reason: String,
}

impl JobFailure {
    /// A failure of this class. Numbers in the reason are masked.
    pub fn new(class: &str, reason: &str) -> Self {
        Self {
            class: class.to_owned(),
            reason: masked(reason),
        }
    }

    /// The failure of an operation.
    pub fn of(error: &Error) -> Self {
        Self::new(class_of(error), &error.to_string())
    }
}

/// The digits of a number that is as long as a phone number, and longer than a year or a code, become `*`.
pub(crate) fn masked(reason: &str) -> String {
    const SHORTEST: usize = 7;
    let mut told = String::with_capacity(reason.len());
    let mut digits = String::new();
    for c in reason.chars().chain(std::iter::once('\0')) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        if digits.len() >= SHORTEST {
            told.push_str("***");
        } else {
            told.push_str(&digits);
        }
        digits.clear();
        if c != '\0' {
            told.push(c);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::JobFailure;
    use crate::Error;
    use crate::error::{ProviderFailure, class_of};

    #[test]
    fn a_reason_has_no_number_of_a_person() {
        let failure = JobFailure::new("provider_refused", "131030: +6281234001234 is not allowed");
        assert_eq!(failure.reason, "131030: +*** is not allowed");
        assert_eq!(JobFailure::new("database", "in 2026").reason, "in 2026");
    }

    #[test]
    fn a_panic_and_an_unreachable_provider_are_different_classes() {
        let of = |provider| {
            class_of(&Error::provider(
                provider,
                ProviderFailure::UNAVAILABLE,
                "as the test says",
            ))
        };
        assert_eq!(of("worker"), "worker");
        assert_eq!(of("cloud_api"), "provider_unavailable");
        assert_eq!(class_of(&Error::NotFound { what: "lead" }), "not_found");
    }
}
