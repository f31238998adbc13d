//! Cycles and attempts.

use crate::id::{AttemptId, CycleId, LeadId, UserId};
use crate::leads::EnquiryKind;
use crate::strategy::Strategy;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

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

/// What started a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trigger {
    /// The client submitted a form.
    Ad,
    /// The client wrote.
    Chat,
    /// An admin.
    Admin,
}

impl Trigger {
    /// The value in the database.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ad => "ad",
            Self::Chat => "chat",
            Self::Admin => "admin",
        }
    }
}

impl From<EnquiryKind> for Trigger {
    fn from(kind: EnquiryKind) -> Self {
        match kind {
            EnquiryKind::Ad => Self::Ad,
            EnquiryKind::Chat => Self::Chat,
            EnquiryKind::Hand => Self::Admin,
        }
    }
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
