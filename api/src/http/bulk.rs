//! Assigning every lead that matches a filter, with a moment to take it back.

use super::day_or_time::DayOrTime;
use super::leads::{Asked, filter};
use super::model::{LeadMark, LeadProgress, LeadStatus, Timestamp};
use super::step::FunnelStep;
use super::tag::Tag;
use crate::auth::AdminOnly;
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use shared::distribution::{self, BulkAssignment, MOST_LEADS};
use shared::id::UserId;
use shared::{App, Error, db, pipeline};
use uuid::Uuid;

pub struct Bulk;

/// The filters of `GET /api/leads`, by the same names.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct LeadFilter {
    #[oai(default)]
    status: Vec<LeadStatus>,
    #[oai(default)]
    progress: Vec<LeadProgress>,
    layer2: Option<String>,
    owner: Option<String>,
    #[oai(default)]
    owner_disabled: bool,
    source: Option<String>,
    mark: Option<LeadMark>,
    project: Option<String>,
    campaign: Option<String>,
    step: Option<FunnelStep>,
    from: Option<DayOrTime>,
    to: Option<DayOrTime>,
    #[oai(validator(max_length = 100))]
    q: Option<String>,
}

/// All leads that match a filter, for one agent.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct NewBulkAssignment {
    /// The agent who gets the leads, by user id.
    sales_id: String,
    filter: LeadFilter,
    /// How many leads the preview counted. Absent: a preview, nothing happens. If another number matches now: 409 `stale`.
    count: Option<i64>,
}

/// A bulk assignment, or what one would assign.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct BulkAnswer {
    /// Absent for a preview.
    id: Option<Uuid>,
    sales_id: String,
    /// How many leads match and are not the agent's already.
    count: i64,
    /// It begins at this time, unless it is cancelled before.
    begins_at: Option<Timestamp>,
    cancelled_at: Option<Timestamp>,
    /// Absent until all are assigned.
    ended_at: Option<Timestamp>,
    /// How many leads were assigned until now.
    assigned: i64,
    /// How many became the agent's in the meantime.
    already_theirs: i64,
    /// How many were merged into other leads in the meantime.
    gone: i64,
    /// How many were refused, because the agent was disabled in the meantime.
    refused: i64,
}

#[OpenApi]
impl Bulk {
    /// Assign every lead that matches a filter
    ///
    /// At most 5,000. Without `count` it is a preview. With it, the assignment begins after ten seconds: until then
    /// `DELETE` takes it back. The agent and each former owner get one summary; each client is told once.
    #[oai(path = "/api/leads/assignments", method = "post", operation_id = "assignLeads", tag = Tag::Leads)]
    async fn assign(
        &self,
        app: Data<&App>,
        admin: AdminOnly,
        body: Json<NewBulkAssignment>,
    ) -> Result<BulkAnswer> {
        let given = body.0;
        let agent = UserId(given.sales_id);
        let filter = given.filter.into_filter(&app);
        // One more than the most shows that there are too many.
        let most = i64::try_from(MOST_LEADS).unwrap_or(i64::MAX) + 1;
        let leads = pipeline::matching(&app, &filter, &agent, most).await?;
        let count = i64::try_from(leads.len()).unwrap_or(i64::MAX);
        let Some(expected) = given.count else {
            return Ok(Json(BulkAnswer::preview(agent, count)));
        };
        if expected != count {
            return Err(Error::Conflict { code: "stale" }.into());
        }
        let by = &admin.0.user.id;
        let bulk =
            db::retry_once(|| distribution::assign_in_bulk(&app, &agent, &leads, by)).await?;
        Ok(Json(bulk.into()))
    }

    /// A bulk assignment, with how far it is
    #[oai(path = "/api/leads/assignments/:id", method = "get", operation_id = "leadsAssignment", tag = Tag::Leads)]
    async fn assignment(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<Uuid>,
    ) -> Result<BulkAnswer> {
        Ok(Json(
            distribution::bulk_assignment(&app, id.0).await?.into(),
        ))
    }

    /// Take a bulk assignment back before it begins
    ///
    /// If it has begun: 409 `begun`.
    #[oai(path = "/api/leads/assignments/:id", method = "delete", operation_id = "cancelLeadsAssignment", tag = Tag::Leads)]
    async fn cancel(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<Uuid>,
    ) -> Result<BulkAnswer> {
        Ok(Json(distribution::cancel_bulk(&app, id.0).await?.into()))
    }
}

impl LeadFilter {
    fn into_filter(self, app: &App) -> pipeline::Filter {
        filter(Asked {
            status: self.status,
            progress: self.progress,
            layer2: self.layer2,
            owner: self.owner,
            owner_disabled: self.owner_disabled,
            source: self.source,
            mark: self.mark,
            project: self.project,
            campaign: self.campaign,
            step: self.step,
            from: self.from.map(|from| from.start(app.timezone)),
            to: self.to.map(|to| to.end(app.timezone)),
            q: self.q,
        })
    }
}

impl BulkAnswer {
    fn preview(agent: UserId, count: i64) -> Self {
        Self {
            id: None,
            sales_id: agent.0,
            count,
            begins_at: None,
            cancelled_at: None,
            ended_at: None,
            assigned: 0,
            already_theirs: 0,
            gone: 0,
            refused: 0,
        }
    }
}

impl From<BulkAssignment> for BulkAnswer {
    fn from(bulk: BulkAssignment) -> Self {
        Self {
            id: Some(bulk.id),
            sales_id: bulk.sales_id.0,
            count: bulk.count,
            begins_at: Some(Timestamp(bulk.begins_at)),
            cancelled_at: bulk.cancelled_at.map(Timestamp),
            ended_at: bulk.ended_at.map(Timestamp),
            assigned: bulk.assigned,
            already_theirs: bulk.already_theirs,
            gone: bulk.gone,
            refused: bulk.refused,
        }
    }
}
