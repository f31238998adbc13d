//! The history of a lead's distribution, its explanation, and simulations of another policy.

use super::explanation::Explanation;
use super::model::{Agent, Attempt, Cycle, Lead, Timestamp};
use super::tag::Tag;
use crate::auth::{AdminOnly, SignedIn};
use crate::problem::Result;
use chrono::TimeDelta;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use shared::distribution::{self, CycleStory};
use shared::id::{LeadId, UserId};
use shared::whatsapp::MessageRow;
use shared::{App, db};
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
    queue: Vec<CyclePlace>,
    /// In order of position.
    attempts: Vec<Attempt>,
}

/// A place in a cycle's queue.
#[derive(Object)]
struct CyclePlace {
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
    /// Inbound: `client`, `agent` or `stranger`. Outbound: the purpose (`offer`, `late` …).
    kind: String,
    from_wa: String,
    to_wa: String,
    body: String,
    /// Inbound: what it was taken to mean.
    outcome: Option<String>,
    /// The delivery status: `received`; `queued`, `accepted`, `sent`, `delivered`, `read`, `failed`.
    delivery_status: String,
    /// Why it was not delivered.
    delivery_error: Option<String>,
    /// The provider's id. Replies quote it.
    provider_message_id: Option<String>,
    /// The lead that it is about.
    lead_id: Option<Uuid>,
    lead_name: Option<String>,
    attempt_id: Option<Uuid>,
    accepted_at: Option<Timestamp>,
    /// When it arrived on the recipient's phone, if the provider reports that.
    delivered_at: Option<Timestamp>,
    /// When it was read, if the provider reports that.
    read_at: Option<Timestamp>,
    /// The text after the sender edited it.
    edited_body: Option<String>,
    /// When the sender deleted it.
    revoked_at: Option<Timestamp>,
    created_at: Timestamp,
}

/// A policy to try on recorded history.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SimulationRequest {
    /// What differs from history; fields that are left out are as recorded.
    policy: SimulatedPolicy,
    /// Cycles that started at or after this instant.
    from: Timestamp,
    /// Cycles that started before this instant; at most 92 days later.
    to: Timestamp,
}

/// A policy; fields that are left out are as recorded.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct SimulatedPolicy {
    /// The window, in seconds.
    #[oai(validator(minimum(value = "0.001"), maximum(value = "86400")))]
    ack_seconds: Option<f64>,
    /// The order of the agents, by id; agents who are not in it follow.
    order: Option<Vec<String>>,
    /// Whether there is a last round with all agents at once.
    last_round: Option<bool>,
}

/// History, and what the policy would have made of it.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SimulationAnswer {
    recorded: PeriodFigures,
    simulated: PeriodFigures,
    /// Cycles of the period that are open, were cancelled, or were ended by hand.
    left_out: i64,
}

/// The result of the cycles of a period.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct PeriodFigures {
    cycles: usize,
    hangus: usize,
    /// The hangus part of all cycles, 0 to 1.
    hangus_rate: f64,
    /// The median time from a cycle's start to its claim, in seconds.
    claim_seconds_p50: Option<f64>,
    /// The 90th percentile of that time, in seconds.
    claim_seconds_p90: Option<f64>,
    /// By agent.
    shares: Vec<AgentShare>,
}

/// The figures of one agent.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct AgentShare {
    sales_id: String,
    offered: usize,
    claimed: usize,
    /// The agent's part of all claims, 0 to 1.
    share: f64,
}

/// The agent to whom a lead is assigned.
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
    /// Only the lead's owner and admins see the client's number and messages.
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

    /// Why a lead has its present state
    ///
    /// The decisions in order: the rule, the agents, who was skipped and why, and how late it was.
    #[oai(path = "/api/distribution/leads/:id/explain", method = "get", operation_id = "explainLead", tag = Tag::Distribution)]
    async fn explain(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        id: Path<Uuid>,
    ) -> Result<Explanation> {
        let told = distribution::explain(&app, LeadId(id.0)).await?;
        let sees_client = viewer.0.may_see_client_of(told.lead.owner.as_ref());
        Ok(Json(Explanation::shown(told, sees_client)))
    }

    /// Simulate another policy on recorded history
    ///
    /// Writes nothing. An agent who was offered a lead answers as recorded. An agent who was not answers as they
    /// did to another lead of the period, always the same one. With an empty policy the result equals history.
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

    /// Assign a lead to an agent
    ///
    /// In any state of the lead. Open offers are withdrawn and their agents notified, and so is a former owner.
    /// Assigning a lead to its owner changes nothing. 409 `agent_disabled`: the agent is disabled.
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
        db::retry_once(|| distribution::assign(&app, lead, &agent, &admin.0.user.id)).await?;
        Ok(Json(
            distribution::snapshot(&app, lead, None).await?.lead.into(),
        ))
    }
}

impl Message {
    /// For a user who does not own the lead: when a message was sent and its result, but not its text.
    fn without_client(self) -> Self {
        Self {
            from_wa: String::new(),
            to_wa: String::new(),
            body: String::new(),
            edited_body: None,
            // A provider's error can name the number.
            delivery_error: None,
            lead_name: None,
            provider_message_id: None,
            ..self
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
        let queue = story.queue.into_iter().map(|(label, agent)| CyclePlace {
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
            delivery_error: row.delivery_error,
            provider_message_id: row.provider_message_id,
            lead_id: row.lead_id.map(|id| id.0),
            lead_name: row.lead_name,
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
