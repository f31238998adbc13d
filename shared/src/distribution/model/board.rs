//! A board: the leads that are being distributed now, and those that were until a moment ago.

use super::{AttemptStatus, CycleStatus};
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use crate::strategy::Strategy;
use chrono::{DateTime, Utc};

/// What a board shows, read at one moment.
#[derive(Clone, Debug)]
pub struct Board {
    /// The database's time.
    pub now: DateTime<Utc>,
    /// Since when the provider is frozen; while it is, no offer times out.
    pub frozen_since: Option<DateTime<Utc>>,
    /// The leads: with open offers, the most urgent first; then held; then ended, the latest first.
    pub leads: Vec<BoardRow>,
    /// The figures.
    pub last_hour: LastHour,
}

/// A line of the board.
#[derive(Clone, Debug)]
pub struct BoardRow {
    /// The lead.
    pub lead: BoardLead,
    /// The places of its cycle.
    pub seats: Vec<BoardSeat>,
    /// Who is offered the lead next if nothing else changes: at most two, only for a lead with an open offer.
    pub next: Vec<UserId>,
}

/// A lead on the board, with its cycle.
#[derive(Clone, Debug)]
pub struct BoardLead {
    /// The cycle.
    pub cycle: CycleId,
    /// Its status.
    pub status: CycleStatus,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub closed_at: Option<DateTime<Utc>>,
    /// When a held cycle is released, if that is known.
    pub resume_at: Option<DateTime<Utc>>,
    /// The code that managers write.
    pub code: Option<String>,
    /// The queue's name; `None` if the queue was deleted.
    pub queue: Option<String>,
    /// The lead.
    pub lead: LeadId,
    /// The client's name.
    pub name: Option<String>,
    /// The client's number, E.164.
    pub phone: Option<String>,
    /// The ad.
    pub source_ads: Option<String>,
    /// The project.
    pub project: Option<String>,
    /// The owner's name.
    pub owner: Option<String>,
    /// What started the cycle: `ad`, `chat` or `admin`.
    pub trigger: String,
    /// How its queue takes turns.
    pub strategy: Strategy,
    /// The agent who owned this client before.
    pub former_agent: Option<UserId>,
    /// The most turns that a place of its queue is owed.
    pub most_turns_owed: Option<i32>,
}

/// A place of a cycle, with its agent's last offer.
#[derive(Clone, Debug)]
pub struct BoardSeat {
    /// The cycle.
    pub cycle: CycleId,
    /// The label.
    pub label: String,
    /// The agent.
    pub sales_id: UserId,
    /// The agent's name.
    pub name: String,
    /// The offer; `None` if there was none.
    pub attempt: Option<AttemptId>,
    /// Its status.
    pub status: Option<AttemptStatus>,
    /// When it was made.
    pub assigned_at: Option<DateTime<Utc>>,
    /// An OK counts before this instant.
    pub ack_deadline_at: Option<DateTime<Utc>>,
    /// When the provider accepted it.
    pub offer_accepted_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub closed_at: Option<DateTime<Utc>>,
    /// The weight of the place.
    pub weight: i32,
    /// Chosen first because the client was theirs.
    pub guest: bool,
    /// The credit of the place in parts of a turn.
    pub credit: Option<i64>,
}

/// A place of a queue, from which the agent of its next lead is forecast.
#[derive(Clone, Debug)]
pub(crate) struct QueueSeat {
    /// How the queue takes turns.
    pub(crate) strategy: Strategy,
    /// The most turns that a place is owed.
    pub(crate) most_turns_owed: Option<i32>,
    /// The agent.
    pub(crate) sales_id: UserId,
    /// The label.
    pub(crate) label: String,
    /// The weight of the place.
    pub(crate) weight: i32,
    /// The credit of the place in parts of a turn.
    pub(crate) credit: i64,
}

/// The state of an agent, from which a board forecasts who is next.
#[derive(Clone, Debug)]
pub(crate) struct BoardAgent {
    /// The agent.
    pub(crate) id: UserId,
    /// The offer address.
    pub(crate) address: Option<String>,
    /// Whether the user is disabled.
    pub(crate) disabled: bool,
    /// Open offers, counted up to the limit.
    pub(crate) open: i64,
}

/// The figures of a board.
#[derive(Clone, Debug)]
pub struct LastHour {
    /// Cycles with an open offer, now.
    pub offered: i64,
    /// Held cycles, now.
    pub held: i64,
    /// Leads that were claimed in the last hour.
    pub claimed: i64,
    /// Leads that became hangus in the last hour.
    pub hangus: i64,
    /// The median time from a cycle's start to its claim, in seconds.
    pub claim_seconds_p50: Option<f64>,
    /// The 90th percentile of that time, in seconds.
    pub claim_seconds_p90: Option<f64>,
}
