//! What a message or form is taken to mean.

use crate::id::{AttemptId, LeadId, MessageId};
use serde::{Deserialize, Serialize};

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
    /// An agent owns the lead and was notified.
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
    /// The agent's user is disabled, so the agent cannot claim.
    Disabled,
    /// The sender is no agent.
    UnknownAgent,
    /// It was stored and has no consequence: it is old, or a reaction.
    Noted,
    /// An agent reported the result of a visit.
    VisitAnswered,
    /// An agent asked for a ready answer.
    Snippet,
    /// The client wants no messages. Their distribution ended.
    OptedOut,
    /// An admin blocked the number. It was stored and has no consequence.
    Blocked,
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
            Self::Disabled => "disabled",
            Self::UnknownAgent => "unknown_agent",
            Self::Noted => "noted",
            Self::VisitAnswered => "visit_answered",
            Self::Snippet => "snippet",
            Self::OptedOut => "opted_out",
            Self::Blocked => "blocked",
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
