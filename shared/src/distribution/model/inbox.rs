//! The messages that wait in this process to be handled.

use super::journey::LeadSnapshot;
use super::outcome::Report;
use crate::id::MessageId;
use crate::together::Together;
use std::time::Duration;

/// How many transactions handle messages at once in one process. The fewer they are, the more messages of new clients each of them
/// handles under load.
const AT_ONCE: usize = 2;

/// The most messages of one transaction.
const MOST_TOGETHER: usize = 32;

/// How long the first of several new clients waits for the others. Longer waits bring no more leads a second (ADR 16).
const GATHERS: Duration = Duration::from_millis(2);

/// Messages that were received and wait to be handled.
#[derive(Debug)]
pub struct Inbox(pub Together<Waiting, Handled>);

impl Default for Inbox {
    fn default() -> Self {
        Self(Together::new(AT_ONCE, MOST_TOGETHER).gathering(GATHERS))
    }
}

/// A message that waits to be handled.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// The message.
    pub message: MessageId,
    /// Whether the answer shows its lead.
    pub is_shown: bool,
}

/// A message that was handled.
#[derive(Debug)]
pub struct Handled {
    /// What became of it.
    pub report: Report,
    /// Its lead after that, if it is shown and was read already.
    pub snapshot: Option<LeadSnapshot>,
}
