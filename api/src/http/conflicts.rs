//! Conflicts: two leads with different owners that are one person.

use super::lead_entry::LeadEntry;
use super::model::{Timestamp, wire_enum};
use super::tag::Tag;
use crate::auth::AdminOnly;
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use shared::distribution::{self, Conflict};
use shared::id::LeadId;
use shared::{App, db, pipeline};
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

/// A merge into a lead that can be undone.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct LeadMerge {
    id: Uuid,
    /// The id that the merged lead had, and has again when the merge is undone.
    lead_id: Uuid,
    /// The name that it had.
    name: Option<String>,
    /// The number that it had.
    phone: Option<String>,
    at: Timestamp,
}

/// A lead to be merged.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct MergedLead {
    /// The lead that is merged: its messages, cycles, visits and history move, and it is gone.
    lead_id: Uuid,
}

wire_enum! {
    /// What two leads have in common.
    Similarity("snake_case") from pipeline::Similarity {
        /// The same name.
        Name,
        /// Numbers with the same last eight digits.
        Number
    }
}

/// A lead that may be the same person.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SimilarLead {
    lead: LeadEntry,
    /// What both have in common.
    same: Similarity,
}

#[OpenApi]
impl Conflicts {
    /// The leads that may be the same person as this one
    ///
    /// At most ten, the newest first. A person decides: `POST /api/leads/{id}/merges`.
    #[oai(path = "/api/leads/:id/similar", method = "get", operation_id = "similarLeads", tag = Tag::Leads)]
    async fn similar(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<Uuid>,
    ) -> Result<Vec<SimilarLead>> {
        let found = pipeline::similar(&app, LeadId(id.0)).await?;
        let similar = found.into_iter().map(|(entry, same)| SimilarLead {
            lead: entry.into(),
            same: same.into(),
        });
        Ok(Json(similar.collect()))
    }

    /// Merge another lead of the same person into this one
    ///
    /// What this lead does not know is filled in. If both have owners, this one's owner keeps the lead, and the other is
    /// told. 409 `other_is_claimed`: only the other lead has an owner; `other_is_distributed`: agents are asked about the other lead
    /// only. Merge the other way round. It can be undone for a day. Returns the merges that can be undone.
    #[oai(path = "/api/leads/:id/merges", method = "post", operation_id = "mergeLead", tag = Tag::Leads)]
    async fn merge(
        &self,
        app: Data<&App>,
        admin: AdminOnly,
        id: Path<Uuid>,
        body: Json<MergedLead>,
    ) -> Result<Vec<LeadMerge>> {
        let (user, keep, lose) = (&admin.0.user, LeadId(id.0), LeadId(body.0.lead_id));
        db::retry_once(|| distribution::merge_by_hand(&app, user, keep, lose)).await?;
        merges_into(&app, keep).await
    }

    /// The merges into a lead that can be undone, the latest first
    ///
    /// Those of the last day, by hand or because one person had two leads. They are undone in this order.
    #[oai(path = "/api/leads/:id/merges", method = "get", operation_id = "leadMerges", tag = Tag::Leads)]
    async fn merges(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<Uuid>,
    ) -> Result<Vec<LeadMerge>> {
        merges_into(&app, LeadId(id.0)).await
    }

    /// Undo the latest merge into a lead
    ///
    /// The merged lead is back with its history; if it was being distributed, it is distributed anew. 409
    /// `nothing_to_undo`: it is not the latest merge of the last day. Returns the merges that are left.
    #[oai(path = "/api/leads/:id/merges/:merge", method = "delete", operation_id = "undoLeadMerge", tag = Tag::Leads)]
    async fn undo_merge(
        &self,
        app: Data<&App>,
        admin: AdminOnly,
        id: Path<Uuid>,
        /// The merge.
        merge: Path<Uuid>,
    ) -> Result<Vec<LeadMerge>> {
        let (user, keep) = (&admin.0.user, LeadId(id.0));
        db::retry_once(|| distribution::undo_merge(&app, user, keep, merge.0)).await?;
        merges_into(&app, keep).await
    }

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

async fn merges_into(app: &App, keep: LeadId) -> Result<Vec<LeadMerge>> {
    let merges = distribution::merges(app, keep).await?;
    let told = merges.into_iter().map(|merge| LeadMerge {
        id: merge.id,
        lead_id: merge.lost.0,
        name: merge.lost_name,
        phone: merge.lost_phone,
        at: Timestamp(merge.at),
    });
    Ok(Json(told.collect()))
}
