//! Cycles, attempts, and what a message can be taken to mean.

mod inbound_message;
mod received_message;

pub use inbound_message::{Channel, InboundMessage};
pub(crate) use received_message::ReceivedMessage;

use crate::id::{AttemptId, CycleId, LeadId, MessageId, UserId};
use crate::leads::{Click, Lead};
use crate::phone::Phone;
use crate::sales::Agent;
use crate::strategy::Strategy;
use crate::whatsapp::MessageRow;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The state of a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum CycleStatus {
    /// The lead is offered to agents.
    Open,
    /// No agent is available. The cycle waits.
    Held,
    /// An agent answered OK in time.
    Accepted,
    /// An admin or manager assigned the lead.
    Assigned,
    /// Every agent was asked and none answered.
    Hangus,
    /// The cycle was cancelled.
    Cancelled,
}

/// The state of an attempt. Every state but `Open` is final, with one exception: an OK that was in
/// time and is handled after the roll turns `TimedOut` into `Accepted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum AttemptStatus {
    /// The agent can answer until the deadline.
    Open,
    /// The agent answered OK in time.
    Accepted,
    /// The deadline passed without an OK.
    TimedOut,
    /// The agent passed.
    Declined,
    /// The offer cannot reach the agent.
    Undeliverable,
    /// The offer was withdrawn.
    Withdrawn,
    /// The lead was assigned to this agent.
    Assigned,
}

/// How an offer is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Round {
    /// To this agent only, in turn.
    Turn,
    /// To every agent at once. The first OK wins.
    LastRound,
    /// The lead was assigned to the agent.
    ByHand,
}

impl Round {
    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Turn => "turn",
            Self::LastRound => "last_round",
            Self::ByHand => "by_hand",
        }
    }
}

/// One run of a lead through a queue.
#[derive(Clone, Debug)]
pub struct Cycle {
    /// Its id.
    pub id: CycleId,
    /// The lead.
    pub lead_id: LeadId,
    /// Its state.
    pub status: CycleStatus,
    /// How the queue chooses the next agent.
    pub strategy: Strategy,
    /// While the cycle is held: when it is released, if that is known.
    pub resume_at: Option<DateTime<Utc>>,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub closed_at: Option<DateTime<Utc>>,
}

/// One offer of a lead to one agent.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// The cycle that it belongs to.
    pub cycle_id: CycleId,
    /// The agent.
    pub sales_id: UserId,
    /// Its number in the cycle: 1, 2, 3 … without gaps.
    pub position: i32,
    /// Its state.
    pub status: AttemptStatus,
    /// How the offer was made.
    pub round: Round,
    /// The code that the agent uses for it: `A17`.
    pub code: Option<String>,
    /// Why it ended, if its status alone does not say.
    pub reason: Option<String>,
    /// When the lead was offered.
    pub assigned_at: DateTime<Utc>,
    /// An OK counts before this instant, and not at it.
    pub ack_deadline_at: DateTime<Utc>,
    /// When the provider accepted the offer's message.
    pub offer_accepted_at: Option<DateTime<Utc>>,
    /// The time of the OK, as far as it counts.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub closed_at: Option<DateTime<Utc>>,
}

/// A lead from an ad's form.
#[derive(Clone, Debug)]
pub struct Ad {
    /// Meta's id of the filled-in form. A second form with the same id changes nothing.
    pub meta_lead_id: String,
    /// The client's name.
    pub name: Option<String>,
    /// The client's number.
    pub phone: Phone,
    /// The name of the ad.
    pub source_ads: Option<String>,
    /// The project that the ad shows.
    pub project: Option<String>,
    /// The campaign of the ad.
    pub campaign: Option<String>,
    /// The area where the client looks for a home.
    pub area: Option<String>,
    /// The ad and the campaign, by Meta's ids.
    pub click: Click,
}

/// What a message or form was taken to mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A cycle started and the lead is offered.
    Distributing,
    /// A cycle started and is held: no agent is available.
    Held,
    /// A cycle started and ended at once: no agent of the queue can be reached.
    Hangus,
    /// It was added to the open cycle.
    Added,
    /// An agent owns the lead and was told.
    OwnerTold,
    /// The OK came in time. The agent owns the lead.
    Accepted,
    /// The OK came at or after the deadline.
    Late,
    /// The OK may be about several open offers. Nothing was claimed and the agent was asked.
    Ambiguous,
    /// The agent has no offer to accept.
    NothingOpen,
    /// The agent passed. The next agent is offered the lead at once.
    Declined,
    /// The agent asked for help.
    Help,
    /// The agent asked for their places and offers.
    Queue,
    /// The agent gets no new offers.
    Paused,
    /// The agent gets offers again.
    Resumed,
    /// A manager assigned the lead to an agent.
    Assigned,
    /// An agent wrote something else.
    NotAnAck,
    /// The sender is no agent.
    UnknownAgent,
    /// It was stored and has no consequence: it is old, or a reaction.
    Noted,
}

impl Outcome {
    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Distributing => "distributing",
            Self::Held => "held",
            Self::Hangus => "hangus",
            Self::Added => "added",
            Self::OwnerTold => "owner_told",
            Self::Accepted => "accepted",
            Self::Late => "late",
            Self::Ambiguous => "ambiguous",
            Self::NothingOpen => "nothing_open",
            Self::Declined => "declined",
            Self::Help => "help",
            Self::Queue => "queue",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::Assigned => "assigned",
            Self::NotAnAck => "not_an_ack",
            Self::UnknownAgent => "unknown_agent",
            Self::Noted => "noted",
        }
    }

    /// The outcome with this name. `None` if there is none.
    pub fn parse(word: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
    }
}

/// The answer to a message or form.
#[derive(Clone, Debug)]
pub struct Report {
    /// What it was taken to mean.
    pub outcome: Outcome,
    /// It was handled before. Nothing changed.
    pub duplicate: bool,
    /// The id of the inbound message. `None` for a form.
    pub message: Option<MessageId>,
    /// The lead it is about.
    pub lead: Option<LeadId>,
    /// The offer it is about.
    pub attempt: Option<AttemptId>,
}

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
}

/// What a check of a deadline found.
#[derive(Clone, Debug)]
pub enum Checked {
    /// The offer was due and was rolled.
    Rolled(Rolled),
    /// The offer is open and its deadline comes in this time.
    NotDue(Duration),
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
