//! Handing over the desk of an agent.

use super::model::Timestamp;
use super::tag::Tag;
use crate::auth::AdminOnly;
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use shared::distribution::{self, DeskHandover, PastHandover};
use shared::id::{LeadId, UserId};
use shared::{App, db};
use uuid::Uuid;

pub struct Handovers;

/// A desk to be handed over.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct NewHandover {
    /// Who gets the leads, by user id. Absent: they are distributed.
    colleague: Option<String>,
    /// The leads. Absent: all open leads of the agent.
    leads: Option<Vec<Uuid>>,
    /// `true`: nothing happens, and the answer says what would.
    #[oai(default)]
    preview: bool,
}

/// What a handover moves.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct DeskMove {
    /// The handover; absent for a preview.
    id: Option<Uuid>,
    leads: Vec<Uuid>,
    /// How many visits are booked with these leads.
    visits: i64,
}

/// A handover, under way or done.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct Handover {
    id: Uuid,
    /// Who got the leads; absent: they were distributed or listed.
    colleague: Option<String>,
    by_user_id: Option<String>,
    begun_at: Timestamp,
    /// Absent while it is under way.
    ended_at: Option<Timestamp>,
    /// How many leads moved.
    moved: i32,
    /// How many are left for a person.
    remaining: i32,
}

#[OpenApi]
impl Handovers {
    /// Hand over an agent's desk
    ///
    /// All or chosen open leads, with their visits, go to a colleague or back into distribution. Each of the two agents
    /// gets one summary, and each client is told once. With `preview` nothing happens.
    #[oai(path = "/api/sales/:id/handovers", method = "post", operation_id = "handOverDesk", tag = Tag::Dashboard)]
    async fn hand_over(
        &self,
        app: Data<&App>,
        admin: AdminOnly,
        id: Path<String>,
        body: Json<NewHandover>,
    ) -> Result<DeskMove> {
        let given = body.0;
        let desk = DeskHandover {
            from: UserId(id.0),
            to: given.colleague.map(UserId),
            leads: given
                .leads
                .map(|leads| leads.into_iter().map(LeadId).collect()),
        };
        let (id, moved) = if given.preview {
            (None, distribution::preview_desk(&app, &desk).await?)
        } else {
            let by = &admin.0.user.id;
            let (id, moved) =
                db::retry_once(|| distribution::hand_over_desk(&app, by, &desk)).await?;
            (Some(id), moved)
        };
        Ok(Json(DeskMove {
            id,
            leads: moved.leads.into_iter().map(|lead| lead.0).collect(),
            visits: moved.visits,
        }))
    }

    /// The handovers of an agent's leads, the latest first
    #[oai(path = "/api/sales/:id/handovers", method = "get", operation_id = "handovers", tag = Tag::Dashboard)]
    async fn handovers(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<String>,
    ) -> Result<Vec<Handover>> {
        let handovers = distribution::handovers(&app, &UserId(id.0)).await?;
        Ok(Json(handovers.into_iter().map(Into::into).collect()))
    }
}

impl From<PastHandover> for Handover {
    fn from(handover: PastHandover) -> Self {
        Self {
            id: handover.id,
            colleague: handover.to.map(|id| id.0),
            by_user_id: handover.by.map(|id| id.0),
            begun_at: Timestamp(handover.begun_at),
            ended_at: handover.ended_at.map(Timestamp),
            moved: handover.moved,
            remaining: handover.remaining,
        }
    }
}
