//! The errors of sends through the linked phone.

use shared::Error;
use shared::error::ProviderFailure;
use shared::providers::qr_local::NAME;

/// A temporary failure: the message can be sent again.
pub(crate) fn unavailable(reason: &str) -> Error {
    Error::provider(NAME, ProviderFailure::UNAVAILABLE, reason)
}

/// A permanent failure: the message will never be accepted.
pub(crate) fn refused(reason: &str) -> Error {
    Error::provider(NAME, ProviderFailure::Refused, reason)
}
