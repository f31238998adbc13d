//! Conflicts: two leads with different owners that are one person.

use super::model::Timestamp;
use super::tag::Tag;
use crate::auth::AdminOnly;
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use shared::distribution::{self, Conflict};
use shared::id::LeadId;
use shared::{App, db};
use uuid::Uuid;

pub struct Conflicts;

/// Two leads with different owners that are one person. Both stay as they are until an admin decides.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct LeadConflict {
    id: Uuid,
    one_lead_id: Uuid,
    one_owner_name: Option<String>,
    other_lead_id: Uuid,
    other_owner_name: Option<String>,
    found_at: Timestamp,
}

/// A decision about a conflict.
#[derive(Object)]
struct ConflictDecision {
    /// The lead that stays; the other one is merged into it. Without it, both stay as they are.
    keep: Option<Uuid>,
}

#[OpenApi]
impl Conflicts {
    /// The conflicts that nobody has decided, oldest first
    #[oai(path = "/api/lead-conflicts", method = "get", operation_id = "leadConflicts", tag = Tag::Leads)]
    async fn list(&self, app: Data<&App>, _admin: AdminOnly) -> Result<Vec<LeadConflict>> {
        listed(&app).await
    }

    /// Decide a conflict
    ///
    /// The owner of the lead that is merged is told who continues. Returns the conflicts that are left. 404: it is
    /// decided already.
    #[oai(path = "/api/lead-conflicts/:id/decision", method = "post", operation_id = "decideLeadConflict", tag = Tag::Leads)]
    async fn decide(
        &self,
        app: Data<&App>,
        admin: AdminOnly,
        id: Path<Uuid>,
        body: Json<ConflictDecision>,
    ) -> Result<Vec<LeadConflict>> {
        let keep = body.0.keep.map(LeadId);
        db::retry_once(|| distribution::decide(&app, id.0, keep, &admin.0.user.id)).await?;
        listed(&app).await
    }
}

async fn listed(app: &App) -> Result<Vec<LeadConflict>> {
    let conflicts = distribution::conflicts(app).await?;
    Ok(Json(conflicts.into_iter().map(Into::into).collect()))
}

impl From<Conflict> for LeadConflict {
    fn from(conflict: Conflict) -> Self {
        Self {
            id: conflict.id,
            one_lead_id: conflict.one.0,
            one_owner_name: conflict.one_owner,
            other_lead_id: conflict.other.0,
            other_owner_name: conflict.other_owner,
            found_at: Timestamp(conflict.found_at),
        }
    }
}
