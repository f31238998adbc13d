//! An offer, and what becomes of it.

use super::cycle::{AttemptStatus, Round};
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use chrono::{DateTime, Utc};
use std::time::Duration;

/// An offer: an attempt with its cycle and lead.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    /// The attempt.
    pub(crate) attempt: AttemptId,
    /// Its cycle.
    pub(crate) cycle: CycleId,
    /// Its lead.
    pub(crate) lead: LeadId,
    /// The agent.
    pub(crate) sales_id: UserId,
    /// Where it stands.
    pub(crate) status: AttemptStatus,
    /// Its deadline.
    pub(crate) ack_deadline_at: DateTime<Utc>,
    /// The code that the agent uses for it.
    pub(crate) code: Option<String>,
    /// How the offer was made.
    pub(crate) round: Round,
    /// Whether the provider accepted its message.
    pub(crate) accepted: bool,
    /// Why it ended, if its status alone does not say.
    pub(crate) reason: Option<String>,
}

/// The reason of an attempt whose offer the provider did not accept within the patience.
pub(crate) const NOT_SENT: &str = "not_sent";

/// What a check of a deadline found.
#[derive(Clone, Debug)]
pub enum Checked {
    /// The offer was due and was rolled.
    Rolled(Rolled),
    /// The offer is open and its deadline comes in this time.
    NotDue(Duration),
    /// The provider has not accepted the offer within the patience. The lead went to the next agent, or is
    /// held or hangus.
    NotSent(Option<Opened>),
    /// The provider is frozen. The thaw enqueues the next check.
    Frozen,
    /// The offer has ended, or does not exist.
    Over,
}

/// An attempt that timed out, and the next offer.
#[derive(Clone, Debug)]
pub struct Rolled {
    /// The lead.
    pub lead: LeadId,
    /// The cycle.
    pub cycle: CycleId,
    /// The attempt that timed out.
    pub attempt: AttemptId,
    /// Its agent.
    pub sales_id: UserId,
    /// Its deadline.
    pub ack_deadline_at: DateTime<Utc>,
    /// When it was rolled. Never before the deadline.
    pub rolled_at: DateTime<Utc>,
    /// The next offer. `None` if the lead is held or hangus.
    pub next: Option<Opened>,
}

/// An offer that was just made.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The attempt.
    pub attempt: AttemptId,
    /// The agent.
    pub sales_id: UserId,
    /// Its number in the cycle.
    pub position: i32,
    /// Its deadline.
    pub ack_deadline_at: DateTime<Utc>,
}
