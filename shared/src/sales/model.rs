//! Agents and their order.

use crate::id::{QueueId, UserId};
use crate::phone::Phone;
use crate::strategy::Strategy;
use chrono::{DateTime, Utc};

/// A person who is offered leads.
#[derive(Clone, Debug)]
pub struct Agent {
    /// Their user id.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their offer address; `None` if there is no valid number.
    pub phone: Option<Phone>,
    /// Whether their user is disabled, or an operator. A disabled agent is offered and assigned no lead and cannot claim.
    pub disabled: bool,
}

/// Somebody who wrote. Who is neither an agent nor a manager is a client, or a stranger.
pub struct Sender {
    /// The agent, if they are one.
    pub agent: Option<Agent>,
    /// Whether they manage a queue. An agent can be a manager, too.
    pub manages: bool,
    /// Whether an admin blocked them.
    pub is_blocked: bool,
    /// When they wrote that they want no messages.
    pub opted_out_at: Option<DateTime<Utc>>,
}

/// An active place in a queue: its agent is offered leads.
#[derive(Clone, Debug)]
pub struct ActivePlace {
    /// Its agent.
    pub sales_id: UserId,
    /// Its label: `A` … `F`.
    pub label: String,
    /// Its weight, for a weighted queue.
    pub weight: i32,
}

/// What the start of a cycle needs to know about a queue.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Its id.
    pub queue: QueueId,
    /// How the next agent is chosen.
    pub strategy: Strategy,
    /// Whether one of its agents gets only so many leads a day or at once.
    pub has_caps: bool,
}

/// What decides which queue an enquiry goes to.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The project.
    pub project: Option<String>,
    /// The campaign of the ad.
    pub campaign: Option<String>,
    /// The ad.
    pub source: Option<String>,
    /// The client's first message.
    pub words: Option<String>,
}
