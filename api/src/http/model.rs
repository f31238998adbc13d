//! Shapes that several endpoints answer with. The wire is camelCase; times are RFC 3339 in UTC, to
//! the microsecond, as the database keeps them.

use chrono::{DateTime, SecondsFormat, Utc};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{
    ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type,
};
use poem_openapi::{Enum, Object};
use shared::distribution::{self, LeadSnapshot};
use shared::{leads, sales};
use std::borrow::Cow;
use uuid::Uuid;

/// An instant: RFC 3339, UTC, microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timestamp(pub(super) DateTime<Utc>);

impl Type for Timestamp {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string_date-time".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "date-time")))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ParseFromJSON for Timestamp {
    fn parse_from_json(value: Option<serde_json::Value>) -> ParseResult<Self> {
        match value {
            Some(serde_json::Value::String(text)) => DateTime::parse_from_rfc3339(&text)
                .map(|instant| Self(instant.to_utc()))
                .map_err(|_| {
                    ParseError::custom("not a time: write it as 2026-01-31T10:00:00Z (RFC 3339)")
                }),
            other => Err(ParseError::expected_type(other.unwrap_or_default())),
        }
    }
}

impl ParseFromParameter for Timestamp {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        Self::parse_from_json(Some(serde_json::Value::String(text.to_owned())))
    }
}

impl ToJSON for Timestamp {
    fn to_json(&self) -> Option<serde_json::Value> {
        Some(self.0.to_rfc3339_opts(SecondsFormat::Micros, true).into())
    }
}

/// Mirrors a domain enum as an OpenAPI one, so that the domain carries no OpenAPI.
macro_rules! wire_enum {
    ($(#[$doc:meta])* $name:ident($case:literal) from $domain:path { $($(#[$variant_doc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Enum)]
        #[oai(rename_all = $case)]
        pub(super) enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl From<$domain> for $name {
            fn from(domain: $domain) -> Self {
                use $domain as Domain;
                match domain {
                    $(Domain::$variant => Self::$variant),+
                }
            }
        }

        impl From<$name> for $domain {
            fn from(wire: $name) -> Self {
                match wire {
                    $($name::$variant => Self::$variant),+
                }
            }
        }
    };
}

wire_enum! {
    /// Where a lead stands in distribution.
    LeadStatus("snake_case") from leads::LeadStatus { New, Distributing, Claimed, Hangus, Closed }
}

wire_enum! {
    /// What the agent has made of a lead.
    LeadProgress("kebab-case") from leads::LeadProgress {
        Pending, NoAction, Contacted, FollowUp, Visit, Negotiation, Won, Lost
    }
}

wire_enum! {
    /// Where a cycle stands.
    CycleStatus("snake_case") from distribution::CycleStatus { Open, Held, Accepted, Assigned, Hangus, Cancelled }
}

wire_enum! {
    /// Where an attempt stands; everything but `open` is final, save that an OK which was in time and
    /// is heard late makes `timed_out` `accepted`.
    AttemptStatus("snake_case") from distribution::AttemptStatus {
        Open, Accepted, TimedOut, Declined, Undeliverable, Withdrawn, Assigned
    }
}

wire_enum! {
    /// How an offer is made.
    #[allow(clippy::enum_variant_names, reason = "a last round is what it is called")]
    Round("snake_case") from distribution::Round {
        /// To this agent alone, in turn.
        Turn,
        /// To everybody at once: the first OK wins.
        LastRound,
        /// The lead was given to the agent.
        ByHand,
    }
}

wire_enum! {
    /// Who is next in a queue.
    Strategy("snake_case") from distribution::Strategy {
        /// From the top, for every lead.
        Fixed,
        /// Each in turn.
        Rotating,
        /// Each in turn, as often as their weight says.
        Weighted,
    }
}

wire_enum! {
    /// What became of an event.
    Outcome("snake_case") from distribution::Outcome {
        /// A cycle began and the lead is offered.
        Distributing,
        /// A cycle began and waits: nobody is in the queue.
        Held,
        /// A cycle began and ended: nobody in the queue can be reached.
        Hangus,
        /// Added to the cycle that is open.
        Added,
        /// The lead is claimed; its owner was told.
        OwnerTold,
        /// The OK came in time.
        Accepted,
        /// The OK came at or after the deadline: "terlambat".
        Late,
        /// The OK fits several open offers; nothing was claimed and the agent was asked.
        Ambiguous,
        /// The agent has no offer to accept.
        NothingOpen,
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
        /// The agent passed: the lead is offered to the next one.
        Declined,
        /// The number is no agent's.
        UnknownAgent,
        /// Written down; nothing follows: it is old, or says nothing.
        Noted,
    }
}

/// A person who asked about a property.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct Lead {
    id: Uuid,
    name: Option<String>,
    /// E.164.
    phone: Option<String>,
    status: LeadStatus,
    progress: LeadProgress,
    owner_sales_id: Option<String>,
    locked_at: Option<Timestamp>,
    source_ads: Option<String>,
    /// The project that was asked about.
    project: Option<String>,
    /// Where the client looks for a home.
    area: Option<String>,
    created_at: Timestamp,
}

/// One journey of a lead through the sales queue.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct Cycle {
    id: Uuid,
    status: CycleStatus,
    strategy: Strategy,
    /// While it is held: when it is offered again, if that is known.
    resume_at: Option<Timestamp>,
    started_at: Timestamp,
    closed_at: Option<Timestamp>,
}

/// One offer of a lead to one agent.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct Attempt {
    id: Uuid,
    sales_id: String,
    /// The first, the second … of its cycle.
    position: i32,
    round: Round,
    status: AttemptStatus,
    /// What the agent calls it in chat: `OK A17`.
    code: Option<String>,
    /// Why it ended so, where the status alone does not say.
    reason: Option<String>,
    assigned_at: Timestamp,
    /// An OK counts before this instant, not at it.
    ack_deadline_at: Timestamp,
    /// When the provider took the offer.
    offer_accepted_at: Option<Timestamp>,
    /// The time that the OK counted for.
    acknowledged_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
}

/// Somebody who is offered leads.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct Agent {
    id: String,
    name: String,
    /// E.164; absent if there is none that can be dialled.
    phone: Option<String>,
}

/// What became of an event, and where its lead stands now.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct EventAnswer {
    outcome: Outcome,
    /// The event had been heard before; nothing changed, and `outcome` is what came of it then.
    duplicate: bool,
    lead: Option<Lead>,
    cycle: Option<Cycle>,
    attempt: Option<Attempt>,
    agent: Option<Agent>,
}

impl EventAnswer {
    pub(super) fn new(report: &distribution::Report, snapshot: Option<LeadSnapshot>) -> Self {
        let mut answer = Self {
            outcome: report.outcome.into(),
            duplicate: report.duplicate,
            lead: None,
            cycle: None,
            attempt: None,
            agent: None,
        };
        if let Some(snapshot) = snapshot {
            answer.lead = Some(snapshot.lead.into());
            answer.cycle = snapshot.cycle.map(Into::into);
            answer.attempt = snapshot.attempt.map(Into::into);
            answer.agent = snapshot.agent.map(Into::into);
        }
        answer
    }
}

impl Lead {
    /// As somebody sees it whose lead it is not: without what the client could be reached by.
    pub(super) fn without_client(self) -> Self {
        Self {
            name: self.name.as_deref().map(distribution::masked_name),
            phone: None,
            ..self
        }
    }
}

impl From<leads::Lead> for Lead {
    fn from(lead: leads::Lead) -> Self {
        Self {
            id: lead.id.0,
            name: lead.name,
            phone: lead.phone.map(|phone| phone.to_string()),
            status: lead.status.into(),
            progress: lead.progress.into(),
            owner_sales_id: lead.owner.map(|owner| owner.0),
            locked_at: lead.locked_at.map(Timestamp),
            source_ads: lead.source_ads,
            project: lead.project,
            area: lead.area,
            created_at: Timestamp(lead.created_at),
        }
    }
}

impl From<distribution::Cycle> for Cycle {
    fn from(cycle: distribution::Cycle) -> Self {
        Self {
            id: cycle.id.0,
            status: cycle.status.into(),
            strategy: cycle.strategy.into(),
            resume_at: cycle.resume_at.map(Timestamp),
            started_at: Timestamp(cycle.started_at),
            closed_at: cycle.closed_at.map(Timestamp),
        }
    }
}

impl From<distribution::Attempt> for Attempt {
    fn from(attempt: distribution::Attempt) -> Self {
        Self {
            id: attempt.id.0,
            sales_id: attempt.sales_id.0,
            position: attempt.position,
            round: attempt.round.into(),
            status: attempt.status.into(),
            code: attempt.code,
            reason: attempt.reason,
            assigned_at: Timestamp(attempt.assigned_at),
            ack_deadline_at: Timestamp(attempt.ack_deadline_at),
            offer_accepted_at: attempt.offer_accepted_at.map(Timestamp),
            acknowledged_at: attempt.acknowledged_at.map(Timestamp),
            closed_at: attempt.closed_at.map(Timestamp),
        }
    }
}

impl From<sales::Agent> for Agent {
    fn from(agent: sales::Agent) -> Self {
        Self {
            id: agent.id.0,
            name: agent.name,
            phone: agent.phone.map(|phone| phone.to_string()),
        }
    }
}
