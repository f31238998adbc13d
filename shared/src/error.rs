//! One error type, sorted by what the caller can do about it.

use crate::metrics;
use std::time::Duration;

pub use crate::database_trouble::DatabaseTrouble;

/// What the database driver reports.
pub use sqlx::Error as DatabaseError;

/// A result whose error is [`enum@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation failed. `api/src/problem.rs` maps it to an HTTP status and
/// `worker/src/outcome.rs` to what becomes of a job. No other place decides either.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The thing does not exist, or the caller may not know that it exists.
    #[error("no such {what}")]
    NotFound {
        /// What was looked for: `lead`, `cycle` …
        what: &'static str,
    },
    /// The input is wrong. The same request fails again.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field with the error, as the caller spells it.
        field: &'static str,
        /// What is wrong, in one sentence that never repeats the value.
        reason: String,
    },
    /// The state of the data does not allow the operation.
    #[error("conflict: {code}")]
    Conflict {
        /// A stable code that a program can test for.
        code: &'static str,
    },
    /// The state of the data does not allow the operation, for a reason that a person wants to read.
    #[error("conflict: {code}: {detail}")]
    Clash {
        /// A stable code that a program can test for.
        code: &'static str,
        /// With what it conflicts, in one sentence.
        detail: String,
    },
    /// A lead with this number exists.
    #[error("a lead with this number exists: {lead}")]
    LeadExists {
        /// The lead.
        lead: crate::id::LeadId,
    },
    /// A state cannot follow the present one (`illegal_transition`).
    #[error("illegal transition: {detail}")]
    Transition {
        /// What can follow, in one sentence.
        detail: String,
    },
    /// A call to an outside service failed.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The operation must run again later. Nothing is wrong.
    #[error("not due for another {wait:?}")]
    NotYet {
        /// How long to wait.
        wait: Duration,
    },
    /// The database failed or cannot be reached.
    #[error("database: {0}")]
    Database(#[source] sqlx::Error),
    /// A migration failed.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// A call to an outside service that failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{provider} {class}: {reason}")]
pub struct ProviderError {
    /// The service: `dummy`, `cloud_api`, `qr_local`, `graph`, `google`.
    pub provider: &'static str,
    /// What kind of failure it is.
    pub class: ProviderFailure,
    /// What the service said, without personal data.
    pub reason: String,
}

/// What kind of failure a call to an outside service had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderFailure {
    /// The service cannot be reached, or asks us to slow down. The same call may succeed later.
    #[error("is unavailable")]
    Unavailable {
        /// How long the service asked us to wait, if it said so.
        retry_after: Option<Duration>,
    },
    /// The service takes no more calls of anybody for now. Nothing is wrong with this one.
    #[error("is busy")]
    Busy {
        /// When the call is made again.
        wait: Duration,
    },
    /// The service refuses every call until a person acts: an expired token, a blocked account.
    #[error("has suspended us")]
    Suspended,
    /// The service has been failing for a while. Messages wait until one gets through.
    #[error("is frozen")]
    Frozen {
        /// How long the message waits before it is tried again.
        wait: Duration,
    },
    /// No answer came. The service may or may not have done it, so a second call may do it twice.
    #[error("did not answer")]
    OutcomeUnknown,
    /// The service does not accept the message in this form.
    #[error("does not accept this form")]
    Unfit(Unfit),
    /// The service refused permanently. The same call never succeeds.
    #[error("refused")]
    Refused,
}

/// Why a message is not accepted in its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// The recipient has not written for 24 hours. Only a template is accepted.
    OutsideWindow,
    /// The template does not exist, is paused, or has wrong parameters.
    Template,
}

impl From<sqlx::Error> for Error {
    /// Counts what makes the database unable to work, whatever the caller does about it.
    fn from(cause: sqlx::Error) -> Self {
        let error = Self::Database(cause);
        if let Some(trouble) = error.database_trouble() {
            metrics::database_failed(trouble);
        }
        error
    }
}

impl ProviderFailure {
    /// The service cannot be reached and did not say for how long.
    pub const UNAVAILABLE: Self = Self::Unavailable { retry_after: None };
}

impl Error {
    /// An [`Error::Invalid`] for `field`.
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            reason: reason.into(),
        }
    }

    /// An [`Error::Provider`].
    pub fn provider(
        provider: &'static str,
        class: ProviderFailure,
        reason: impl Into<String>,
    ) -> Self {
        Self::Provider(ProviderError {
            provider,
            class,
            reason: reason.into(),
        })
    }

    /// Whether the database ended the operation because of a lock that another one held: a deadlock, a lock
    /// timeout or a serialization failure. The same operation can succeed at once.
    pub fn is_lock_failure(&self) -> bool {
        self.database_trouble() == Some(DatabaseTrouble::Lock)
    }

    /// Why the database cannot work now. `None` if it works, and for any other error.
    pub fn database_trouble(&self) -> Option<DatabaseTrouble> {
        match self {
            Self::Database(cause) => DatabaseTrouble::of(cause),
            _ => None,
        }
    }

    /// What the outside service said. `None` for any other error.
    pub fn provider_reason(&self) -> Option<&str> {
        match self {
            Self::Provider(error) => Some(&error.reason),
            _ => None,
        }
    }

    /// What kind of failure the call to an outside service had. `None` for any other error.
    pub fn provider_failure(&self) -> Option<ProviderFailure> {
        match self {
            Self::Provider(error) => Some(error.class),
            _ => None,
        }
    }
}

/// The class of [`ProviderFailure::Frozen`].
pub(crate) const FROZEN: &str = "provider_frozen";

/// The class of an error: one word of a short list, for figures and for lists of failures.
pub fn class_of(error: &Error) -> &'static str {
    match error {
        Error::NotFound { .. } => "not_found",
        Error::Invalid { .. } => "invalid",
        Error::Conflict { .. }
        | Error::Clash { .. }
        | Error::LeadExists { .. }
        | Error::Transition { .. } => "conflict",
        Error::NotYet { .. } => "not_due",
        Error::Database(_) if error.is_lock_failure() => "database_lock",
        Error::Database(_) | Error::Migration(_) => "database",
        Error::Provider(failure) => match failure.class {
            ProviderFailure::Unavailable { .. } if failure.provider == "worker" => "worker",
            ProviderFailure::Unavailable { .. } => "provider_unavailable",
            ProviderFailure::Busy { .. } => "provider_busy",
            ProviderFailure::Suspended => "provider_suspended",
            ProviderFailure::Frozen { .. } => FROZEN,
            ProviderFailure::OutcomeUnknown => "provider_outcome_unknown",
            ProviderFailure::Unfit(_) => "provider_unfit",
            ProviderFailure::Refused => "provider_refused",
        },
    }
}
