//! One error type, sorted by what the caller can do about it.

use std::time::Duration;

/// What the database driver reports.
pub use sqlx::Error as DatabaseError;

/// A result whose error is [`enum@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation did not happen. The api maps it to a status (`api/src/problem.rs`), the worker
/// to a retry (`worker/src/outcome.rs`); nobody else decides either.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing.
    #[error("no such {what}")]
    NotFound {
        /// What was looked for: `lead`, `cycle` …
        what: &'static str,
    },
    /// The request cannot be understood; sending it again will not help.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field at fault, as the caller spells it.
        field: &'static str,
        /// What is wrong with it, in a sentence that never repeats the value.
        reason: String,
    },
    /// The world has moved on since the caller looked.
    #[error("conflict: {code}")]
    Conflict {
        /// A stable code that a program can test for.
        code: &'static str,
    },
    /// An outside party cannot be reached or asks us to slow down; the same call may succeed later.
    #[error("{provider} is unavailable: {reason}")]
    Unavailable {
        /// The outside party: `dummy`, `cloud_api` …
        provider: &'static str,
        /// How long it asked us to wait, if it said.
        retry_after: Option<Duration>,
        /// What happened, without personal data.
        reason: String,
    },
    /// An outside party does nothing for us until a person acts: a token that is no longer good, an
    /// account that is blocked.
    #[error("{provider} has suspended us: {reason}")]
    Suspended {
        /// The outside party.
        provider: &'static str,
        /// What it said, without personal data.
        reason: String,
    },
    /// An outside party is away, and has been for a while; what is meant for it waits.
    #[error("{provider} is frozen")]
    Frozen {
        /// The outside party.
        provider: &'static str,
    },
    /// It is not known whether an outside party did what it was asked: no answer came. Asking again may
    /// do it twice.
    #[error("{provider} did not say whether it did it: {reason}")]
    OutcomeUnknown {
        /// The outside party.
        provider: &'static str,
        /// What happened, without personal data.
        reason: String,
    },
    /// An outside party does not take the message in this form.
    #[error("{provider} does not take it in this form: {reason}")]
    Unfit {
        /// The outside party.
        provider: &'static str,
        /// Which form would do.
        what: Unfit,
        /// What it said, without personal data.
        reason: String,
    },
    /// Nothing is wrong; it is not time yet.
    #[error("not for another {wait:?}")]
    NotYet {
        /// When to come again.
        wait: Duration,
    },
    /// An outside party refused for good; the same call will never succeed.
    #[error("{provider} refused: {reason}")]
    Refused {
        /// The outside party.
        provider: &'static str,
        /// What it said, without personal data.
        reason: String,
    },
    /// The database failed, or is away.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The database's schema could not be brought up to date.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// Why a message is not taken in its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Its recipient has not written for a day: only a template may go.
    OutsideWindow,
    /// The template is missing, paused, or filled in wrongly.
    Template,
}

impl Error {
    /// An [`Error::Invalid`] for `field`.
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            reason: reason.into(),
        }
    }
}
