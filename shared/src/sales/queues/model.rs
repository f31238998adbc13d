//! A queue as an admin configures it.

use crate::id::{QueueId, UserId};
use crate::phone::Phone;
use crate::strategy::Strategy;
use crate::{Error, Result};
use std::collections::HashSet;

/// A queue with its configuration.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Its id.
    pub id: QueueId,
    /// Whether it takes the leads that match no rule. One queue does, and it cannot be deleted.
    pub is_default: bool,
    /// Its settings.
    pub settings: QueueSettings,
    /// Its places, in order.
    pub places: Vec<Place>,
    /// The rules that route leads to it.
    pub rules: Vec<Rule>,
}

/// The settings of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// Its name; unique.
    pub name: String,
    /// How the next agent is chosen.
    pub strategy: Strategy,
    /// The most turns that a skipped agent is owed; `None` for no limit.
    pub most_turns_owed: Option<i32>,
    /// The time between two held leads that are released, in seconds.
    pub release_stagger_seconds: i32,
    /// Whether all agents are offered the lead at once after each was offered it alone.
    pub last_round: bool,
    /// Whether an agent who was late can claim a hangus lead.
    pub second_chance: bool,
    /// The supervisor, who is notified of hangus leads and can assign them.
    pub manager_phones: Vec<Phone>,
}

/// A place in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its agent.
    pub sales_id: UserId,
    /// Its label: `A` … `F`.
    pub label: String,
    /// Whether its agent is offered leads.
    pub active: bool,
    /// Its weight, for a weighted queue.
    pub weight: i32,
    /// How much it is owed, in thousandths of a turn; negative if it is ahead. An admin cannot set it.
    pub owed_thousandths: i64,
}

/// A rule that routes leads to a queue: every part that is set must match, without regard to case; `*`
/// matches any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// If several rules match, the lowest number wins.
    pub priority: i32,
    /// The project.
    pub project: Option<String>,
    /// The campaign.
    pub campaign: Option<String>,
    /// The ad.
    pub source: Option<String>,
    /// Words or phrases, separated by commas, of which the client's first message has one.
    pub words: Option<String>,
}

/// Fails with `Invalid` if an agent or a label stands twice, or a label or a weight is out of its limits.
pub(super) fn check_places(places: &[Place]) -> Result<()> {
    let mut seen = HashSet::new();
    let mut labels = HashSet::new();
    for place in places {
        if !seen.insert(&place.sales_id) {
            return Err(Error::invalid("salesId", "stands in the queue twice"));
        }
        if place.label.trim().is_empty() || place.label.chars().count() > 20 {
            return Err(Error::invalid("label", "must be 1 to 20 characters"));
        }
        if !labels.insert(place.label.to_uppercase()) {
            return Err(Error::invalid("label", "is used twice"));
        }
        if !(1..=1000).contains(&place.weight) {
            return Err(Error::invalid("weight", "must be between 1 and 1000"));
        }
    }
    Ok(())
}

/// The index of a position; the first position is 1.
pub(super) fn index_of(order: i32) -> Result<usize> {
    let index = i64::from(order) - 1;
    usize::try_from(index).map_err(|_| Error::invalid("order", "must be 1 or more"))
}
