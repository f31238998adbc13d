//! The policy that a simulation tries.

use crate::id::UserId;
use std::time::Duration;

/// What would have been different; what is `None` is as it was recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// How long an agent has to answer.
    pub window: Option<Duration>,
    /// In which order agents are asked; who is not named comes after, as recorded.
    pub order: Option<Vec<UserId>>,
    /// Whether everybody is asked at once when all have been asked in turn.
    pub last_round: Option<bool>,
}
