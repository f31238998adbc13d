//! Leads: lists, one lead, and changes by hand.

use super::appointments::Appointment;
use super::by_hand::{self, LeadCorrection, NewLead};
use super::day_or_time::DayOrTime;
use super::distribution::{CycleDetail, Message};
use super::lead_entry::{Layer2, LeadEntry};
use super::model::{LeadMark, LeadProgress, LeadStatus, Timestamp};
use super::step::FunnelStep;
use super::tag::Tag;
use crate::auth::SignedIn;
use crate::problem::Result;
use chrono::{DateTime, Utc};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use shared::id::{LeadId, UserId};
use shared::pipeline::{self, Cursor, Filter, PageRequest};
use shared::{App, appointments, db, distribution};
use uuid::Uuid;

pub struct Leads;

/// The most leads of one page.
const MOST: u32 = 200;

/// The order of a list.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum LeadSort {
    /// Newest first.
    Newest,
    /// Oldest first.
    Oldest,
}

/// A page of leads.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct LeadPage {
    items: Vec<LeadEntry>,
    /// For the next page: `?cursor=`; absent on the last page.
    next_cursor: Option<String>,
    /// How many leads have each status, under the same filters without `status`.
    counts: Vec<StatusCount>,
}

/// How many leads have a status.
#[derive(Object)]
pub(super) struct StatusCount {
    pub(super) status: LeadStatus,
    pub(super) count: i64,
}

/// A lead with its history.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct LeadDetail {
    lead: LeadEntry,
    /// Oldest first.
    cycles: Vec<CycleDetail>,
    /// Oldest first.
    messages: Vec<Message>,
    /// By their start, with those that were cancelled.
    appointments: Vec<Appointment>,
    /// Changes by hand, oldest first.
    history: Vec<LeadChange>,
}

/// A change of a lead by hand.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct LeadChange {
    at: Timestamp,
    /// The user's name; absent if the user was deleted.
    by_user_id: Option<String>,
    by_name: Option<String>,
    /// What changed: `status`, `progress`, `layer2`, `name`, `phone`, `source`, `project`, `mark`; or `created`, `note`.
    field: String,
    old_value: Option<String>,
    new_value: Option<String>,
    note: Option<String>,
}

/// A lead's status, set by a user.
#[derive(Object)]
struct StatusChange {
    /// `closed`, or `claimed` to open a closed lead again.
    status: LeadStatus,
}

/// A lead's progress.
#[derive(Object)]
struct ProgressChange {
    progress: LeadProgress,
}

#[OpenApi]
impl Leads {
    /// The leads that the user can see
    ///
    /// An agent sees their own leads, an admin all.
    #[allow(clippy::too_many_arguments, reason = "a filter each")]
    #[oai(path = "/api/leads", method = "get", operation_id = "leads", tag = Tag::Leads)]
    async fn leads(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        /// With one of these statuses.
        #[oai(default)]
        status: Query<Vec<LeadStatus>>,
        /// With one of these steps of progress.
        #[oai(default)]
        progress: Query<Vec<LeadProgress>>,
        /// With this layer 2 status.
        layer2: Query<Option<String>>,
        /// Owned by this agent, by user id.
        owner: Query<Option<String>>,
        /// `true`: not closed, and owned by an agent who is disabled, so that a manager must decide.
        #[oai(name = "ownerDisabled", default)]
        owner_disabled: Query<bool>,
        /// From this ad.
        source: Query<Option<String>>,
        /// With this mark.
        mark: Query<Option<LeadMark>>,
        /// Of this project. Needs `from`.
        project: Query<Option<String>>,
        /// Whose first enquiry with a campaign names this one. Needs `from`.
        campaign: Query<Option<String>>,
        /// That reached this step of the funnel (`GET /api/dashboard/funnel`). Needs `from`.
        step: Query<Option<FunnelStep>>,
        /// Created at or after this instant, or on or after this day (`2026-01-31`, in the company's zone).
        from: Query<Option<DayOrTime>>,
        /// Created before this instant, or on or before this day.
        to: Query<Option<DayOrTime>>,
        /// With this text in the name, or this number or a part of it, as people type it.
        #[oai(validator(max_length = 100))]
        q: Query<Option<String>>,
        /// The order; `newest` by default.
        sort: Query<Option<LeadSort>>,
        /// The most leads on the page; 50 by default.
        #[oai(
            default = "fifty",
            validator(minimum(value = "1"), maximum(value = "200"))
        )]
        limit: Query<u32>,
        /// The `nextCursor` of the previous page.
        cursor: Query<Option<String>>,
    ) -> Result<LeadPage> {
        let filter = filter(Asked {
            status: status.0,
            progress: progress.0,
            layer2: layer2.0,
            owner: owner.0,
            owner_disabled: owner_disabled.0,
            source: source.0,
            mark: mark.0,
            project: project.0,
            campaign: campaign.0,
            step: step.0,
            from: from.0.map(|from| from.start(app.timezone)),
            to: to.0.map(|to| to.end(app.timezone)),
            q: q.0,
        });
        let request = PageRequest {
            filter,
            sort: match sort.0 {
                Some(LeadSort::Oldest) => pipeline::Sort::Oldest,
                Some(LeadSort::Newest) | None => pipeline::Sort::Newest,
            },
            limit: i64::from(limit.0.min(MOST)),
            after: said(cursor.0)
                .map(|told| Cursor::parse(&told))
                .transpose()?,
        };
        let page = pipeline::list(&app, &viewer.0.user, &request).await?;
        Ok(Json(LeadPage {
            items: page.entries.into_iter().map(Into::into).collect(),
            next_cursor: page.next.map(Cursor::told),
            counts: page
                .counts
                .into_iter()
                .map(|(status, count)| StatusCount {
                    status: status.into(),
                    count,
                })
                .collect(),
        }))
    }

    /// A lead with its messages, cycles, visits and changes
    ///
    /// For an agent, a lead of another agent is 404.
    #[oai(path = "/api/leads/:id", method = "get", operation_id = "leadDetail", tag = Tag::Leads)]
    async fn detail(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        id: Path<Uuid>,
    ) -> Result<LeadDetail> {
        let id = LeadId(id.0);
        let entry = pipeline::entry(&app, &viewer.0.user, id).await?;
        let journey = distribution::journey(&app, id).await?;
        let visits = appointments::of_lead(&app, id).await?;
        let changes = pipeline::changes(&app, id).await?;
        Ok(Json(LeadDetail {
            lead: entry.into(),
            cycles: journey.cycles.into_iter().map(Into::into).collect(),
            messages: journey.messages.into_iter().map(Into::into).collect(),
            appointments: visits.into_iter().map(Into::into).collect(),
            history: changes.into_iter().map(Into::into).collect(),
        }))
    }

    /// Enter a lead by hand
    ///
    /// With an owner, the lead is theirs, nobody is offered it, and the client gets no message; an owner who did not
    /// enter it is told. Without one, it is distributed as any other. An agent enters leads of their own only. If a
    /// lead has this number: 409 `lead_exists`; for an admin, `detail` has its id.
    #[oai(path = "/api/leads", method = "post", operation_id = "createLead", tag = Tag::Leads)]
    async fn create(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        body: Json<NewLead>,
    ) -> Result<LeadEntry> {
        by_hand::create(&app, &viewer.0.user, body.0).await
    }

    /// Correct a lead
    ///
    /// Its owner or an admin. Each change is in the lead's history. If another lead has the number: 409 `lead_exists`.
    #[oai(path = "/api/leads/:id", method = "patch", operation_id = "updateLead", tag = Tag::Leads)]
    async fn correct(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        id: Path<Uuid>,
        body: Json<LeadCorrection>,
    ) -> Result<LeadEntry> {
        by_hand::correct(&app, &viewer.0.user, LeadId(id.0), body.0).await
    }

    /// Close a lead, or open a closed lead again
    ///
    /// Only distribution makes other changes: 409 `illegal_transition`.
    #[oai(path = "/api/leads/:id/status", method = "patch", operation_id = "updateLeadStatus", tag = Tag::Leads)]
    async fn status(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        id: Path<Uuid>,
        body: Json<StatusChange>,
    ) -> Result<LeadEntry> {
        let status = body.0.status.into();
        Ok(Json(
            db::retry_once(|| pipeline::set_status(&app, &viewer.0.user, LeadId(id.0), status))
                .await?
                .into(),
        ))
    }

    /// Set the progress of a claimed lead
    ///
    /// A step that is not allowed, as from `won` back: 409 `illegal_transition`.
    #[oai(path = "/api/leads/:id/progress", method = "patch", operation_id = "updateLeadProgress", tag = Tag::Leads)]
    async fn progress(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        id: Path<Uuid>,
        body: Json<ProgressChange>,
    ) -> Result<LeadEntry> {
        let progress = body.0.progress.into();
        Ok(Json(
            db::retry_once(|| pipeline::set_progress(&app, &viewer.0.user, LeadId(id.0), progress))
                .await?
                .into(),
        ))
    }

    /// Set a lead's layer 2 status
    #[oai(path = "/api/leads/:id/layer2", method = "patch", operation_id = "updateLeadLayer2", tag = Tag::Leads)]
    async fn layer2(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        id: Path<Uuid>,
        body: Json<Layer2>,
    ) -> Result<LeadEntry> {
        let given = body.0;
        let layer2 = pipeline::Layer2 {
            status: given.status,
            reason: given.reason.filter(|reason| !reason.is_empty()),
            note: given
                .note
                .map(|note| note.replace('\0', ""))
                .filter(|note| !note.trim().is_empty()),
        };
        Ok(Json(
            db::retry_once(|| pipeline::set_layer2(&app, &viewer.0.user, LeadId(id.0), &layer2))
                .await?
                .into(),
        ))
    }
}

/// The filters of a list, as sent.
pub(super) struct Asked {
    pub(super) status: Vec<LeadStatus>,
    pub(super) progress: Vec<LeadProgress>,
    pub(super) layer2: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) owner_disabled: bool,
    pub(super) source: Option<String>,
    pub(super) mark: Option<LeadMark>,
    pub(super) project: Option<String>,
    pub(super) campaign: Option<String>,
    pub(super) step: Option<FunnelStep>,
    pub(super) from: Option<DateTime<Utc>>,
    pub(super) to: Option<DateTime<Utc>>,
    pub(super) q: Option<String>,
}

/// The parsed filter. An empty text counts as absent.
pub(super) fn filter(asked: Asked) -> Filter {
    Filter {
        status: asked.status.into_iter().map(Into::into).collect(),
        progress: asked.progress.into_iter().map(Into::into).collect(),
        layer2: said(asked.layer2),
        owner: said(asked.owner).map(UserId),
        owner_disabled: asked.owner_disabled,
        source: said(asked.source),
        mark: asked.mark.map(Into::into),
        project: said(asked.project),
        campaign: said(asked.campaign),
        step: asked.step.map(Into::into),
        from: asked.from,
        to: asked.to,
        text: said(asked.q).map(|text| text.trim().replace('\0', "")),
    }
}

fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

fn fifty() -> u32 {
    50
}

impl From<pipeline::Change> for LeadChange {
    fn from(change: pipeline::Change) -> Self {
        Self {
            at: Timestamp(change.at),
            by_user_id: change.by_user_id.map(|id| id.0),
            by_name: change.by_name,
            field: change.field,
            old_value: change.old_value,
            new_value: change.new_value,
            note: change.note,
        }
    }
}
