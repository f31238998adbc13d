//! The append-only event log: which decision was made about which lead, when, why and how late.

use super::model::Offer;
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::Value;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A cycle began.
    Started,
    /// No agent is available. The cycle is held.
    Held,
    /// The cycle is no longer held.
    Released,
    /// The lead was offered to an agent. `detail` says how the agent was chosen.
    Offered,
    /// The provider accepted the offer's message.
    Sent,
    /// The deadline was moved to a later time.
    DeadlineMoved,
    /// The agent answered OK in time and owns the lead.
    Accepted,
    /// The agent answered OK in time, the message was handled after the roll, and the agent owns
    /// the lead.
    ClaimedAfterTimeout,
    /// The agent passed on the offer.
    Declined,
    /// The deadline passed without an OK.
    TimedOut,
    /// The offer's message could not reach the agent.
    Undeliverable,
    /// The offer was withdrawn from its agent.
    Withdrawn,
    /// The lead was offered to every agent at once.
    LastRound,
    /// An agent answered OK after the deadline.
    Late,
    /// An admin or manager assigned the lead to an agent.
    Assigned,
    /// No agent took the lead.
    Hangus,
    /// The cycle was cancelled.
    Cancelled,
    /// The provider fails. Offers do not roll until it works again.
    Frozen,
    /// The provider works again.
    Thawed,
    /// Two leads of one person were merged.
    Merged,
    /// A merge was undone.
    Split,
    /// The offer's message was sent again because no status came for the first one.
    Resent,
    /// The audit found a rule that does not hold. Only old events: breaches are rows of `audit_breach` now.
    Breach,
}

impl EventKind {
    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Held => "held",
            Self::Released => "released",
            Self::Offered => "offered",
            Self::Sent => "sent",
            Self::DeadlineMoved => "deadline_moved",
            Self::Accepted => "accepted",
            Self::ClaimedAfterTimeout => "taken_back",
            Self::Declined => "declined",
            Self::TimedOut => "timed_out",
            Self::Undeliverable => "undeliverable",
            Self::Withdrawn => "withdrawn",
            Self::LastRound => "last_round",
            Self::Late => "late",
            Self::Assigned => "assigned",
            Self::Hangus => "hangus",
            Self::Cancelled => "cancelled",
            Self::Frozen => "frozen",
            Self::Thawed => "thawed",
            Self::Merged => "merged",
            Self::Split => "split",
            Self::Resent => "resent",
            Self::Breach => "breach",
        }
    }
}

/// An event to be logged, in the transaction that causes it. [`super::store::log`] adds the time
/// and the cause of the unit of work.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) kind: EventKind,
    pub(crate) lead: Option<LeadId>,
    pub(crate) cycle: Option<CycleId>,
    pub(crate) attempt: Option<AttemptId>,
    pub(crate) sales_id: Option<UserId>,
    pub(crate) lateness: Option<TimeDelta>,
    pub(crate) detail: Option<Value>,
}

impl Event {
    /// An event that is about no lead in particular.
    pub(crate) fn new(kind: EventKind) -> Self {
        Self {
            kind,
            lead: None,
            cycle: None,
            attempt: None,
            sales_id: None,
            lateness: None,
            detail: None,
        }
    }

    /// The event is about this cycle of this lead.
    pub(crate) fn of(mut self, lead: LeadId, cycle: CycleId) -> Self {
        self.lead = Some(lead);
        self.cycle = Some(cycle);
        self
    }

    /// The event is about this lead and no cycle of it.
    pub(crate) fn about(mut self, lead: LeadId) -> Self {
        self.lead = Some(lead);
        self
    }

    /// The event is about this agent's offer.
    pub(crate) fn to(mut self, attempt: AttemptId, sales_id: &UserId) -> Self {
        self.attempt = Some(attempt);
        self.sales_id = Some(sales_id.clone());
        self
    }

    /// The event is about this offer, its lead, cycle and agent.
    pub(crate) fn on(self, offer: &Offer) -> Self {
        self.of(offer.lead, offer.cycle)
            .to(offer.attempt, &offer.sales_id)
    }

    /// How long after the deadline the event happened. Negative: before it.
    pub(crate) fn late_by(mut self, lateness: TimeDelta) -> Self {
        self.lateness = Some(lateness);
        self
    }

    /// What the decision was made from.
    pub(crate) fn with(mut self, detail: Value) -> Self {
        self.detail = Some(detail);
        self
    }
}

/// A logged event, as it is read back.
#[derive(Clone, Debug)]
pub struct LoggedEvent {
    /// The number of the event. The events of one lead happened in this order.
    pub id: i64,
    /// When it happened, by the database's clock.
    pub at: DateTime<Utc>,
    /// What happened: the name of an [`EventKind`].
    pub kind: String,
    /// What made it happen: the name of a [`crate::distribution::Cause`].
    pub cause: String,
    /// The cycle that it is about.
    pub cycle_id: Option<CycleId>,
    /// The offer that it is about.
    pub attempt_id: Option<AttemptId>,
    /// The agent that it is about.
    pub sales_id: Option<UserId>,
    /// The name of that agent.
    pub sales_name: Option<String>,
    /// How long after the deadline, in microseconds. Negative: before it.
    pub lateness_us: Option<i64>,
    /// The process that logged it: `api/17`, `worker/4711`.
    pub worker: String,
    /// What the decision was made from.
    pub detail: Option<Value>,
}
