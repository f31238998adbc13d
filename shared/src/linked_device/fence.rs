//! The fence: only the process with the highest epoch may write.

use crate::{Error, Result};

/// The error that another process has taken over the session.
pub fn fenced_off() -> Error {
    Error::Conflict {
        code: "epoch_is_over",
    }
}

/// Fails if the statement wrote nothing, because the epoch is over.
pub(super) fn fenced(written: bool) -> Result<()> {
    if written { Ok(()) } else { Err(fenced_off()) }
}
