//! The policy that a simulation tries.

use crate::id::UserId;
use std::time::Duration;

/// What differs from history; `None` keeps what was recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// The window.
    pub window: Option<Duration>,
    /// The order of the agents; agents who are not in it follow as recorded.
    pub order: Option<Vec<UserId>>,
    /// Whether there is a last round with all agents at once.
    pub last_round: Option<bool>,
}
