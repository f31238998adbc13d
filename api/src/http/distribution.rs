//! A lead's whole story, why it went so, and what another policy would have made of it.

use super::model::{Agent, Attempt, Cycle, Lead, Timestamp};
use super::tag::Tag;
use crate::auth::{AdminOnly, SignedIn};
use crate::problem::Result;
use chrono::TimeDelta;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Object, OpenApi};
use shared::App;
use shared::distribution::{self, CycleStory};
use shared::id::{LeadId, UserId};
use shared::whatsapp::MessageRow;
use std::time::Duration;
use uuid::Uuid;

pub struct Distribution;

/// A lead with all its cycles, attempts and messages.
#[derive(Object)]
struct Journey {
    lead: Lead,
    /// Oldest first.
    cycles: Vec<CycleDetail>,
    /// Oldest first.
    messages: Vec<Message>,
}

/// A cycle with its queue and its attempts.
#[derive(Object)]
pub(super) struct CycleDetail {
    #[oai(flatten)]
    cycle: Cycle,
    /// The queue as it was when the cycle started.
    queue: Vec<Seat>,
    /// In order of position.
    attempts: Vec<Attempt>,
}

/// A place in a cycle's queue.
#[derive(Object)]
struct Seat {
    /// `A` … `F`.
    label: String,
    agent: Agent,
}

/// A WhatsApp message about the lead.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct Message {
    id: Uuid,
    /// `in` or `out`.
    direction: String,
    /// Inbound: `client`, `agent` or `stranger`. Outbound: why we spoke (`offer`, `late` …).
    kind: String,
    from_wa: String,
    to_wa: String,
    body: String,
    /// Inbound: what it was taken to mean.
    outcome: Option<String>,
    /// How far it got: `received`; `queued`, `accepted`, `sent`, `delivered`, `read`, `failed`.
    delivery_status: String,
    /// The provider's id, by which a reply quotes it.
    provider_message_id: Option<String>,
    attempt_id: Option<Uuid>,
    accepted_at: Option<Timestamp>,
    /// When it was on the recipient's phone, if the provider tells.
    delivered_at: Option<Timestamp>,
    /// When it was read, if the provider tells.
    read_at: Option<Timestamp>,
    /// What its sender made of it afterwards.
    edited_body: Option<String>,
    /// When its sender took it back.
    revoked_at: Option<Timestamp>,
    created_at: Timestamp,
}

/// Why a lead is where it is.
#[derive(Object)]
struct Explanation {
    lead: Lead,
    /// What was decided, oldest first.
    steps: Vec<Step>,
}

/// Something that was decided.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct Step {
    at: Timestamp,
    /// What: `offered`, `timed_out`, `accepted` …
    kind: String,
    /// What made it happen: `enquiry`, `alarm`, `sweep`, `agent`, `manager`, `admin`, `provider` …
    cause: String,
    /// The same for a person to read.
    summary: String,
    cycle_id: Option<Uuid>,
    attempt_id: Option<Uuid>,
    sales_id: Option<String>,
    /// How long after its deadline, in milliseconds; negative: before it.
    lateness_ms: Option<f64>,
    /// Which process did it.
    worker: String,
    /// What it was decided from: the rule, who could be asked, who was passed over, why, and what they
    /// are owed.
    detail: Option<Any<serde_json::Value>>,
}

/// A policy to try on recorded history.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SimulationRequest {
    /// What would have been different; what is left out is as it was recorded.
    policy: SimulatedPolicy,
    /// Cycles that began at or after this instant.
    from: Timestamp,
    /// And before this one; at most 92 days later.
    to: Timestamp,
}

/// A policy; what is left out is as it was recorded.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct SimulatedPolicy {
    /// How long an agent has to answer, in seconds.
    #[oai(validator(minimum(value = "0.001"), maximum(value = "86400")))]
    ack_seconds: Option<f64>,
    /// The agents in the order in which they are asked, by id; the others come after.
    order: Option<Vec<String>>,
    /// Whether everybody is asked at once when all have been asked in turn.
    last_round: Option<bool>,
}

/// History beside what the policy would have made of it.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SimulationAnswer {
    recorded: PeriodFigures,
    simulated: PeriodFigures,
    /// Cycles of the period that are still running, were called off, or were ended by hand.
    left_out: i64,
}

/// How the cycles of a period went.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct PeriodFigures {
    cycles: usize,
    hangus: usize,
    /// Of all cycles, 0 to 1.
    hangus_rate: f64,
    /// From a cycle's beginning to its claim, in seconds: half of them took at most so long.
    claim_seconds_p50: Option<f64>,
    /// Nine in ten.
    claim_seconds_p90: Option<f64>,
    /// By agent.
    shares: Vec<AgentShare>,
}

/// What an agent had of a period.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct AgentShare {
    sales_id: String,
    offered: usize,
    claimed: usize,
    /// Of all that were claimed, 0 to 1.
    share: f64,
}

/// To whom a lead is given.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct Assignment {
    /// The agent's user id.
    sales_id: String,
}

#[OpenApi]
impl Distribution {
    /// The whole state and history of a lead's distribution
    ///
    /// The client's number and words are shown to the lead's owner and to admins.
    #[oai(path = "/api/distribution/leads/:id", method = "get", operation_id = "leadDistribution", tag = Tag::Distribution)]
    async fn lead(&self, app: Data<&App>, viewer: SignedIn, id: Path<Uuid>) -> Result<Journey> {
        let journey = distribution::journey(&app, LeadId(id.0)).await?;
        let sees_client = viewer.0.may_see_client_of(journey.lead.owner.as_ref());
        let messages = journey.messages.into_iter().map(Message::from);
        Ok(Json(Journey {
            messages: messages
                .map(|message| {
                    if sees_client {
                        message
                    } else {
                        message.without_client()
                    }
                })
                .collect(),
            lead: if sees_client {
                journey.lead.into()
            } else {
                Lead::from(journey.lead).without_client()
            },
            cycles: journey.cycles.into_iter().map(Into::into).collect(),
        }))
    }

    /// Why a lead is where it is
    ///
    /// In order, what was decided, by which rule, from which set of agents, who was passed over and
    /// why, and how late it was.
    #[oai(path = "/api/distribution/leads/:id/explain", method = "get", operation_id = "explainLead", tag = Tag::Distribution)]
    async fn explain(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        id: Path<Uuid>,
    ) -> Result<Explanation> {
        let told = distribution::explain(&app, LeadId(id.0)).await?;
        let sees_client = viewer.0.may_see_client_of(told.lead.owner.as_ref());
        let lead = Lead::from(told.lead);
        Ok(Json(Explanation {
            lead: if sees_client {
                lead
            } else {
                lead.without_client()
            },
            steps: told.steps.into_iter().map(Into::into).collect(),
        }))
    }

    /// Try another policy on recorded history
    ///
    /// Writes nothing. An agent who was asked answers as they did; one who was not answers as they did
    /// to another lead of the period, the same one every time. With an empty policy history comes out
    /// as it was.
    #[oai(path = "/api/distribution/simulate", method = "post", operation_id = "simulateDistribution", tag = Tag::Distribution)]
    async fn simulate(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        body: Json<SimulationRequest>,
    ) -> Result<SimulationAnswer> {
        let asked = body.0;
        let policy = distribution::Policy {
            window: asked.policy.ack_seconds.map(Duration::from_secs_f64),
            order: asked
                .policy
                .order
                .map(|order| order.into_iter().map(UserId).collect()),
            last_round: asked.policy.last_round,
        };
        let found = distribution::simulate(&app, &policy, asked.from.0, asked.to.0).await?;
        Ok(Json(SimulationAnswer {
            recorded: found.recorded.into(),
            simulated: found.simulated.into(),
            left_out: found.left_out,
        }))
    }

    /// Give a lead to an agent
    ///
    /// Whatever it was: offers that are open end and their agents are told, as is an owner who loses
    /// it. Giving it to its owner changes nothing.
    #[oai(path = "/api/leads/:id/assign", method = "post", operation_id = "assignLead", tag = Tag::Distribution)]
    async fn assign(
        &self,
        app: Data<&App>,
        admin: AdminOnly,
        id: Path<Uuid>,
        body: Json<Assignment>,
    ) -> Result<Lead> {
        let agent = UserId(body.0.sales_id);
        let lead = LeadId(id.0);
        distribution::assign(&app, lead, &agent, &admin.0.user.id).await?;
        Ok(Json(
            distribution::snapshot(&app, lead, None).await?.lead.into(),
        ))
    }
}

impl Message {
    /// As somebody sees it whose lead it is not: when it was said and what came of it, not what.
    fn without_client(self) -> Self {
        Self {
            from_wa: String::new(),
            to_wa: String::new(),
            body: String::new(),
            edited_body: None,
            provider_message_id: None,
            ..self
        }
    }
}

impl From<(distribution::LoggedEvent, String)> for Step {
    #[allow(
        clippy::cast_precision_loss,
        reason = "microseconds of a day are exact in an f64"
    )]
    fn from((event, summary): (distribution::LoggedEvent, String)) -> Self {
        Self {
            at: Timestamp(event.at),
            kind: event.kind,
            cause: event.cause,
            summary,
            cycle_id: event.cycle_id.map(|id| id.0),
            attempt_id: event.attempt_id.map(|id| id.0),
            sales_id: event.sales_id.map(|id| id.0),
            lateness_ms: event.lateness_us.map(|late| late as f64 / 1000.0),
            worker: event.worker,
            detail: event.detail.map(Any),
        }
    }
}

impl From<distribution::Figures> for PeriodFigures {
    #[allow(
        clippy::cast_precision_loss,
        reason = "a share of some thousand cycles"
    )]
    fn from(figures: distribution::Figures) -> Self {
        let rate = |part: usize, of: usize| {
            if of == 0 {
                0.0
            } else {
                part as f64 / of as f64
            }
        };
        let claimed = figures.cycles - figures.hangus;
        Self {
            cycles: figures.cycles,
            hangus: figures.hangus,
            hangus_rate: rate(figures.hangus, figures.cycles),
            claim_seconds_p50: figures.claim_p50.map(TimeDelta::as_seconds_f64),
            claim_seconds_p90: figures.claim_p90.map(TimeDelta::as_seconds_f64),
            shares: figures
                .shares
                .into_iter()
                .map(|(agent, share)| AgentShare {
                    sales_id: agent.0,
                    offered: share.offered,
                    claimed: share.claimed,
                    share: rate(share.claimed, claimed),
                })
                .collect(),
        }
    }
}

impl From<CycleStory> for CycleDetail {
    fn from(story: CycleStory) -> Self {
        let queue = story.queue.into_iter().map(|(label, agent)| Seat {
            label,
            agent: agent.into(),
        });
        Self {
            cycle: story.cycle.into(),
            queue: queue.collect(),
            attempts: story.attempts.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<MessageRow> for Message {
    fn from(row: MessageRow) -> Self {
        Self {
            id: row.id.0,
            direction: row.direction,
            kind: row.kind,
            from_wa: row.from_wa,
            to_wa: row.to_wa,
            body: row.body,
            outcome: row.outcome,
            delivery_status: row.delivery_status,
            provider_message_id: row.provider_message_id,
            attempt_id: row.attempt_id.map(|id| id.0),
            accepted_at: row.accepted_at.map(Timestamp),
            delivered_at: row.delivered_at.map(Timestamp),
            read_at: row.read_at.map(Timestamp),
            edited_body: row.edited_body,
            revoked_at: row.revoked_at.map(Timestamp),
            created_at: Timestamp(row.created_at),
        }
    }
}
