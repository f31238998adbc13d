//! Cycles, attempts, and what a word can come to.

mod word;

pub use word::{Door, Word};

use super::turn::Strategy;
use crate::id::{AttemptId, CycleId, LeadId, MessageId, UserId};
use crate::leads::{Click, Lead};
use crate::phone::Phone;
use crate::sales::Agent;
use crate::whatsapp::MessageRow;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where a cycle stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum CycleStatus {
    /// Being offered.
    Open,
    /// Waiting for somebody to offer it to.
    Held,
    /// An agent said OK in time.
    Accepted,
    /// An admin gave it to somebody.
    Assigned,
    /// Everybody was asked and nobody answered.
    Hangus,
    /// Called off.
    Cancelled,
}

/// Where an attempt stands. Everything but `Open` is final, with one exception: an OK that was in time
/// and is heard after the roll makes `TimedOut` `Accepted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum AttemptStatus {
    /// The agent has until the deadline.
    Open,
    /// OK in time.
    Accepted,
    /// The deadline went by.
    TimedOut,
    /// The agent passed.
    Declined,
    /// The agent cannot be reached.
    Undeliverable,
    /// Taken back.
    Withdrawn,
    /// An admin gave the lead to this agent.
    Assigned,
}

/// How an offer is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Round {
    /// To this agent alone, in turn.
    Turn,
    /// To everybody at once: the first OK wins.
    LastRound,
    /// The lead was given to the agent.
    ByHand,
}

impl Round {
    /// The word in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Turn => "turn",
            Self::LastRound => "last_round",
            Self::ByHand => "by_hand",
        }
    }
}

/// One journey of a lead through the queue.
#[derive(Clone, Debug)]
pub struct Cycle {
    /// Its id.
    pub id: CycleId,
    /// Whose journey.
    pub lead_id: LeadId,
    /// Where it stands.
    pub status: CycleStatus,
    /// Who is next in it.
    pub strategy: Strategy,
    /// While it is held: when it is offered again, if that is known.
    pub resume_at: Option<DateTime<Utc>>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub closed_at: Option<DateTime<Utc>>,
}

/// One offer of a lead to one agent.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// In which cycle.
    pub cycle_id: CycleId,
    /// To whom.
    pub sales_id: UserId,
    /// The first, the second … of its cycle, without gaps.
    pub position: i32,
    /// Where it stands.
    pub status: AttemptStatus,
    /// How it was made.
    pub round: Round,
    /// What the agent calls it: `A17`.
    pub code: Option<String>,
    /// Why it ended so, where its status alone does not say.
    pub reason: Option<String>,
    /// When it was given.
    pub assigned_at: DateTime<Utc>,
    /// The agent's OK counts before this instant, not at it.
    pub ack_deadline_at: DateTime<Utc>,
    /// When the provider took the offer.
    pub offer_accepted_at: Option<DateTime<Utc>>,
    /// The time that the OK counted for.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub closed_at: Option<DateTime<Utc>>,
}

/// A lead from an ad's form.
#[derive(Clone, Debug)]
pub struct Ad {
    /// Meta's id of the filled-in form: the same id twice changes nothing.
    pub meta_lead_id: String,
    /// The client's name.
    pub name: Option<String>,
    /// The client's number.
    pub phone: Phone,
    /// The ad.
    pub source_ads: Option<String>,
    /// The project that it advertises.
    pub project: Option<String>,
    /// The campaign that it is part of.
    pub campaign: Option<String>,
    /// Where the client looks for a home.
    pub area: Option<String>,
    /// The ad, by Meta's ids.
    pub click: Click,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A cycle began and the lead is offered.
    Distributing,
    /// A cycle began and waits: nobody is in the queue.
    Held,
    /// A cycle began and ended at once: nobody in the queue can be reached.
    Hangus,
    /// Added to the cycle that is open.
    Added,
    /// The lead is claimed; its owner was told.
    OwnerTold,
    /// The OK came in time: the lead is the agent's.
    Accepted,
    /// The OK came at or after the deadline.
    Late,
    /// The OK fits several open offers; nothing was claimed and the agent was asked.
    Ambiguous,
    /// The agent has no offer to accept.
    NothingOpen,
    /// The agent passed; the lead goes on at once.
    Declined,
    /// The agent asked what they can say, and was told.
    Help,
    /// The agent asked where they stand, and was told.
    Queue,
    /// The agent takes a break.
    Paused,
    /// The agent's break is over.
    Resumed,
    /// A manager gave the lead to an agent.
    Assigned,
    /// An agent wrote something that is no OK.
    NotAnAck,
    /// The number is no agent's.
    UnknownAgent,
    /// Written down; nothing follows: it is old, or says nothing.
    Noted,
}

impl Outcome {
    /// The word in the database and in the API.
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

    /// The outcome of that name.
    pub fn parse(word: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
    }
}

/// The answer to an event.
#[derive(Clone, Debug)]
pub struct Report {
    /// What became of it.
    pub outcome: Outcome,
    /// It had been heard before; nothing changed.
    pub duplicate: bool,
    /// The inbound message, if it was one.
    pub message: Option<MessageId>,
    /// The lead it is about.
    pub lead: Option<LeadId>,
    /// The offer it is about.
    pub attempt: Option<AttemptId>,
}

/// An offer as the claim sees it.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    /// The attempt.
    pub(super) attempt: AttemptId,
    /// Its cycle.
    pub(super) cycle: CycleId,
    /// Its lead.
    pub(super) lead: LeadId,
    /// To whom it was made.
    pub(super) sales_id: UserId,
    /// Where it stands.
    pub(super) status: AttemptStatus,
    /// Its deadline.
    pub(super) ack_deadline_at: DateTime<Utc>,
    /// What the agent calls it.
    pub(super) code: Option<String>,
    /// How it was made.
    pub(super) round: Round,
}

/// What the check of a deadline found.
#[derive(Clone, Debug)]
pub enum Checked {
    /// It was due, and was rolled.
    Rolled(Rolled),
    /// It is open and its deadline is yet to come, in so much time.
    NotDue(Duration),
    /// The provider is frozen: it rolls after the thaw, which sets its alarm.
    Frozen,
    /// It has ended already, or never was.
    Over,
}

/// An attempt that timed out, and what came next.
#[derive(Clone, Debug)]
pub struct Rolled {
    /// The lead.
    pub lead: LeadId,
    /// The cycle.
    pub cycle: CycleId,
    /// The attempt that timed out.
    pub attempt: AttemptId,
    /// Whose it was.
    pub sales_id: UserId,
    /// Its deadline.
    pub ack_deadline_at: DateTime<Utc>,
    /// When it was rolled, never before the deadline.
    pub rolled_at: DateTime<Utc>,
    /// The next offer; `None`: the queue ran out, the lead is hangus.
    pub next: Option<Opened>,
}

/// An offer just made.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The attempt.
    pub attempt: AttemptId,
    /// To whom.
    pub sales_id: UserId,
    /// Its position in the cycle.
    pub position: i32,
    /// Its deadline.
    pub ack_deadline_at: DateTime<Utc>,
}

/// A lead, its current cycle and offer, and the agent: what an event's answer names.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The lead.
    pub lead: Lead,
    /// Its latest cycle.
    pub cycle: Option<Cycle>,
    /// The offer asked about, or the latest.
    pub attempt: Option<Attempt>,
    /// The agent of that offer.
    pub agent: Option<Agent>,
}

/// A lead's whole story.
#[derive(Clone, Debug)]
pub struct Journey {
    /// The lead.
    pub lead: Lead,
    /// Its cycles, oldest first.
    pub cycles: Vec<CycleStory>,
    /// Every message about it, oldest first.
    pub messages: Vec<MessageRow>,
}

/// One cycle's story.
#[derive(Clone, Debug)]
pub struct CycleStory {
    /// The cycle.
    pub cycle: Cycle,
    /// The queue as it was when the cycle started: label and agent.
    pub queue: Vec<(String, Agent)>,
    /// Its attempts, in order.
    pub attempts: Vec<Attempt>,
}
