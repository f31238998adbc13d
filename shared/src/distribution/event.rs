//! The append-only log of what was decided: who did what to which lead, when, why and how late.

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
    /// Nobody can be asked: the cycle waits.
    Held,
    /// It waits no longer.
    Released,
    /// An agent was offered the lead; `detail` tells how they were chosen.
    Offered,
    /// The provider took the offer.
    Sent,
    /// The deadline was moved, forward.
    DeadlineMoved,
    /// The agent's OK came in time.
    Accepted,
    /// It was in time, was heard after the roll, and took the lead back.
    TakenBack,
    /// The agent passed.
    Declined,
    /// The deadline went by.
    TimedOut,
    /// The offer could not reach its agent.
    Undeliverable,
    /// The offer was taken from its agent.
    Withdrawn,
    /// Everybody was asked at once.
    LastRound,
    /// An OK came too late.
    Late,
    /// The lead was given to an agent by hand.
    Assigned,
    /// Nobody took it.
    Hangus,
    /// The cycle was called off.
    Cancelled,
    /// The provider was away for so long that no offer rolls.
    Frozen,
    /// It is back.
    Thawed,
    /// Two leads turned out to be one person.
    Merged,
    /// Nothing had been heard of an offer that was sent: it was sent again.
    Resent,
    /// A rule did not hold: see `docs/operations.md`.
    Breach,
}

impl EventKind {
    /// The word in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Held => "held",
            Self::Released => "released",
            Self::Offered => "offered",
            Self::Sent => "sent",
            Self::DeadlineMoved => "deadline_moved",
            Self::Accepted => "accepted",
            Self::TakenBack => "taken_back",
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
            Self::Resent => "resent",
            Self::Breach => "breach",
        }
    }
}

/// What made it happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The client asked.
    Enquiry,
    /// The alarm of a deadline, or of a held lead, rang.
    Alarm,
    /// The sweep found what no alarm had rung for.
    Sweep,
    /// An agent said so.
    Agent,
    /// A manager said so, by chat.
    Manager,
    /// An admin did it.
    Admin,
    /// The provider of messages said so.
    Provider,
    /// The audit mended a breach.
    Audit,
    /// A dummy endpoint was told to.
    Dummy,
}

impl Cause {
    /// The word in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enquiry => "enquiry",
            Self::Alarm => "alarm",
            Self::Sweep => "sweep",
            Self::Agent => "agent",
            Self::Manager => "manager",
            Self::Admin => "admin",
            Self::Provider => "provider",
            Self::Audit => "audit",
            Self::Dummy => "dummy",
        }
    }
}

/// Something to be logged, in the transaction that does it.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) kind: EventKind,
    pub(super) cause: Cause,
    pub(super) at: DateTime<Utc>,
    pub(super) lead: Option<LeadId>,
    pub(super) cycle: Option<CycleId>,
    pub(super) attempt: Option<AttemptId>,
    pub(super) sales_id: Option<UserId>,
    pub(super) lateness: Option<TimeDelta>,
    pub(super) detail: Option<Value>,
}

impl Event {
    /// Something about no lead in particular.
    pub(super) fn new(kind: EventKind, cause: Cause, at: DateTime<Utc>) -> Self {
        Self {
            kind,
            cause,
            at,
            lead: None,
            cycle: None,
            attempt: None,
            sales_id: None,
            lateness: None,
            detail: None,
        }
    }

    /// About this lead's cycle.
    pub(super) fn of(mut self, lead: LeadId, cycle: CycleId) -> Self {
        self.lead = Some(lead);
        self.cycle = Some(cycle);
        self
    }

    /// About this lead, in no cycle.
    pub(super) fn about(mut self, lead: LeadId) -> Self {
        self.lead = Some(lead);
        self
    }

    /// About this agent's offer.
    pub(super) fn to(mut self, attempt: AttemptId, sales_id: &UserId) -> Self {
        self.attempt = Some(attempt);
        self.sales_id = Some(sales_id.clone());
        self
    }

    pub(super) fn late_by(mut self, lateness: TimeDelta) -> Self {
        self.lateness = Some(lateness);
        self
    }

    pub(super) fn with(mut self, detail: Value) -> Self {
        self.detail = Some(detail);
        self
    }
}

/// A logged event, as it is read back.
#[derive(Clone, Debug)]
pub struct LoggedEvent {
    /// Its number: events of one lead happened in this order.
    pub id: i64,
    /// When, by the one clock.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: String,
    /// What made it happen.
    pub cause: String,
    /// In which cycle.
    pub cycle_id: Option<CycleId>,
    /// To which offer.
    pub attempt_id: Option<AttemptId>,
    /// Whose.
    pub sales_id: Option<UserId>,
    /// The agent's name.
    pub sales_name: Option<String>,
    /// How long after its deadline, in microseconds.
    pub lateness_us: Option<i64>,
    /// Which process.
    pub worker: String,
    /// What it was decided from.
    pub detail: Option<Value>,
}
