//! Schemas that several endpoints use. JSON names are camelCase. Times are RFC 3339 in UTC, in microseconds, as the
//! database stores them.

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{
    ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type,
};
use poem_openapi::{Enum, Object};
use shared::distribution::{self, LeadSnapshot};
use shared::local_time::YEARS;
use shared::{leads, sales};
use std::borrow::Cow;
use uuid::Uuid;

/// A time: RFC 3339, UTC, microseconds.
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
            Some(serde_json::Value::String(text)) => {
                let instant = DateTime::parse_from_rfc3339(&text).map_err(|_| {
                    ParseError::custom("not a time: write it as 2026-01-31T10:00:00Z (RFC 3339)")
                })?;
                // Sums with times at the edges of the calendar would overflow.
                if !YEARS.contains(&instant.year()) {
                    return Err(ParseError::custom("must be in the years 1970 to 2200"));
                }
                Ok(Self(instant.to_utc()))
            }
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

/// Mirrors a domain enum as an OpenAPI enum, so that the domain does not depend on OpenAPI.
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

pub(super) use wire_enum;

wire_enum! {
    /// The status of a lead in distribution.
    LeadStatus("snake_case") from leads::LeadStatus { New, Distributing, Claimed, Hangus, Closed }
}

wire_enum! {
    /// Why a lead is no enquiry. It is in no figure.
    LeadMark("snake_case") from leads::Mark {
        /// A test of the office.
        Test,
        /// Nobody who could buy.
        Junk,
        /// A form that repeats its predecessors: it waits for a person.
        Suspect
    }
}

wire_enum! {
    /// The progress of a lead.
    LeadProgress("kebab-case") from leads::LeadProgress {
        Pending, NoAction, Contacted, FollowUp, Visit, Negotiation, Won, Lost
    }
}

wire_enum! {
    /// The status of a cycle.
    CycleStatus("snake_case") from distribution::CycleStatus { Open, Held, Accepted, Assigned, Hangus, Cancelled }
}

wire_enum! {
    /// The status of an attempt. Every status but `open` is final, except that `timed_out` becomes `accepted` if an OK
    /// that was in time is handled late.
    AttemptStatus("snake_case") from distribution::AttemptStatus {
        Open, Accepted, TimedOut, Declined, Undeliverable, Withdrawn, Assigned
    }
}

wire_enum! {
    /// How an offer is made.
    #[allow(clippy::enum_variant_names, reason = "a last round is what it is called")]
    Round("snake_case") from distribution::Round {
        /// To this agent only, in turn.
        Turn,
        /// To all agents at once: the first OK claims.
        LastRound,
        /// The lead was assigned to the agent.
        ByHand,
    }
}

wire_enum! {
    /// How the next agent of a queue is chosen.
    Strategy("snake_case") from distribution::Strategy {
        /// Every lead starts at the first place.
        Fixed,
        /// Leads start at each place in turn.
        Rotating,
        /// Leads start at each place in turn, in proportion to the weights.
        Weighted,
    }
}

wire_enum! {
    /// The outcome of an event.
    Outcome("snake_case") from distribution::Outcome {
        /// A cycle started, and the lead is offered.
        Distributing,
        /// A cycle started and is held: no agent is available.
        Held,
        /// A cycle started and ended: no agent has an offer address.
        Hangus,
        /// The enquiry was added to the open cycle.
        Added,
        /// The lead is claimed, and its owner was notified.
        OwnerTold,
        /// The OK came in time.
        Accepted,
        /// The OK came at or after the deadline: "terlambat".
        Late,
        /// The OK matches several open offers. Nothing was claimed, and the agent was asked which one.
        Ambiguous,
        /// The agent has no offer to accept.
        NothingOpen,
        /// The agent asked for the commands.
        Help,
        /// The agent asked for their places and open offers.
        Queue,
        /// The agent started a break.
        Paused,
        /// The agent ended a break.
        Resumed,
        /// A manager assigned the lead.
        Assigned,
        /// The agent's message is no OK and no command.
        NotAnAck,
        /// The agent declined: the lead is offered to the next one.
        Declined,
        /// The agent's user is disabled. The offer went to the next agent.
        Disabled,
        /// The number is no agent's.
        UnknownAgent,
        /// Stored, and nothing else: it is old, or without content.
        Noted,
        /// An agent reported the result of a visit.
        VisitAnswered,
        /// An agent asked for a ready answer.
        Snippet,
        /// The client wants no messages. The distribution of their lead ended.
        OptedOut,
        /// An admin blocked the number. Stored, and nothing else.
        Blocked,
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
    /// The project.
    project: Option<String>,
    /// The area where the client looks for a home.
    area: Option<String>,
    /// Why it is no enquiry, if an admin said so. Such a lead is in no figure.
    mark: Option<LeadMark>,
    created_at: Timestamp,
}

/// One run of a lead through a queue.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct Cycle {
    id: Uuid,
    status: CycleStatus,
    strategy: Strategy,
    /// For a held cycle: when it is released, if that is known.
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
    /// Its number in the cycle; the first is 1.
    position: i32,
    round: Round,
    status: AttemptStatus,
    /// The code that the agent can write: `OK A17`.
    code: Option<String>,
    /// Why it ended, if the status does not tell.
    reason: Option<String>,
    assigned_at: Timestamp,
    /// An OK counts before this instant, not at it.
    ack_deadline_at: Timestamp,
    /// When the provider accepted the offer.
    offer_accepted_at: Option<Timestamp>,
    /// The time that the OK counted for.
    acknowledged_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
}

/// An agent.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct Agent {
    id: String,
    name: String,
    /// E.164; absent if there is no valid number.
    phone: Option<String>,
}

/// The outcome of an event, and the state of its lead.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct EventAnswer {
    outcome: Outcome,
    /// The event was received before. Nothing changed, and `outcome` is that of the first time.
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
    /// For a user who does not own the lead: without what the client could be reached by. Clients and ads write the texts, and can
    /// write a number there.
    pub(super) fn without_client(self) -> Self {
        let scrubbed = |text: Option<String>| text.as_deref().map(distribution::scrubbed);
        Self {
            name: self.name.as_deref().map(distribution::masked_name),
            phone: None,
            source_ads: scrubbed(self.source_ads),
            project: scrubbed(self.project),
            area: scrubbed(self.area),
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
            mark: lead.mark.map(Into::into),
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
