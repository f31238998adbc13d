//! A lead's whole story.

use super::Tag;
use super::model::{Agent, Attempt, Cycle, Lead, Timestamp};
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use shared::App;
use shared::distribution::{self, CycleStory};
use shared::id::LeadId;
use shared::whatsapp::MessageRow;
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
struct CycleDetail {
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
struct Message {
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
    created_at: Timestamp,
}

#[OpenApi]
impl Distribution {
    /// The whole state and history of a lead's distribution
    ///
    /// Until sign-in exists it is served with the `dummy` provider only.
    #[oai(path = "/api/distribution/leads/:id", method = "get", operation_id = "leadDistribution", tag = Tag::Distribution)]
    async fn lead(&self, app: Data<&App>, id: Path<Uuid>) -> Result<Journey> {
        super::dummy::only_with_dummy(&app)?;
        let journey = distribution::journey(&app, LeadId(id.0)).await?;
        Ok(Json(Journey {
            lead: journey.lead.into(),
            cycles: journey.cycles.into_iter().map(Into::into).collect(),
            messages: journey.messages.into_iter().map(Into::into).collect(),
        }))
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
            created_at: Timestamp(row.created_at),
        }
    }
}
