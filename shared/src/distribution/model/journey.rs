//! What is shown of a lead.

use super::cycle::{Attempt, Cycle};
use crate::id::{AttemptId, LeadId};
use crate::leads::Lead;
use crate::sales::Agent;
use crate::whatsapp::MessageRow;

/// A lead with its current cycle, offer and agent: what the answer to a webhook shows.
#[derive(Clone, Debug)]
pub struct LeadSnapshot {
    /// The lead.
    pub lead: Lead,
    /// Its latest cycle.
    pub cycle: Option<Cycle>,
    /// The offer that was asked about, or the latest.
    pub attempt: Option<Attempt>,
    /// The agent of that offer.
    pub agent: Option<Agent>,
}

/// The lead that a [`LeadSnapshot`] is of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AskedSnapshot {
    pub(crate) lead: LeadId,
    /// The offer that is shown; `None` for the latest.
    pub(crate) attempt: Option<AttemptId>,
}

/// The whole story of a lead.
#[derive(Clone, Debug)]
pub struct Journey {
    /// The lead.
    pub lead: Lead,
    /// Its cycles, oldest first.
    pub cycles: Vec<CycleStory>,
    /// Every message about it, oldest first.
    pub messages: Vec<MessageRow>,
}

/// The story of one cycle.
#[derive(Clone, Debug)]
pub struct CycleStory {
    /// The cycle.
    pub cycle: Cycle,
    /// The queue when the cycle started: label and agent of each place.
    pub queue: Vec<(String, Agent)>,
    /// Its attempts, in order.
    pub attempts: Vec<Attempt>,
}
