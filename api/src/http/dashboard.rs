//! Sales figures, and the team.

use super::leads::StatusCount;
use super::model::Timestamp;
use super::queues::version_in;
use super::tag::Tag;
use crate::auth::{AdminOnly, SignedIn};
use crate::problem::Result;
use chrono::NaiveDate;
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use shared::availability::DutyStatus;
use shared::dashboard::{self, Period};
use shared::id::{QueueId, UserId};
use shared::sales::{self, PlaceChange};
use shared::{App, db};
use uuid::Uuid;

pub struct Dashboard;

/// The figures of a period.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct DashboardStats {
    /// The first day, in the company's zone (`COMPANY_TIMEZONE`).
    from: NaiveDate,
    /// The last day, included.
    to: NaiveDate,
    /// Leads that were created in the period.
    new_leads: i64,
    /// Cycles that started in the period. For an agent: those that they claimed.
    cycles: i64,
    /// How many of these cycles an agent claimed.
    claimed: i64,
    /// How many of these cycles ended hangus. For an agent: 0.
    hangus: i64,
    /// The claimed part of all cycles, 0 to 1.
    hangus_rate: f64,
    /// The median time from a cycle's start to its claim, in seconds.
    claim_seconds_p50: Option<f64>,
    /// The 90th percentile of that time, in seconds.
    claim_seconds_p90: Option<f64>,
    /// The present number of leads by status.
    by_status: Vec<StatusCount>,
    /// Leads of the period by ad, the 50 largest.
    by_source: Vec<SourceCount>,
    by_agent: Vec<AgentFigures>,
}

/// How many leads an ad brought.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct SourceCount {
    /// The ad; absent if there was none.
    source: Option<String>,
    count: i64,
}

/// The figures of one agent.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct AgentFigures {
    sales_id: String,
    name: String,
    /// Offers to the agent.
    offered: i64,
    /// Leads that the agent claimed.
    claimed: i64,
}

/// One part of a chart.
#[derive(Object)]
struct ChartSlice {
    id: String,
    label: String,
    count: i64,
}

/// An agent, with how many leads they have.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct TeamMember {
    id: String,
    name: String,
    /// The offer address, E.164.
    phone: Option<String>,
    places: Vec<TeamPlace>,
    /// Leads that the agent owns and that are not closed.
    open_leads: i64,
    /// Open offers.
    open_offers: i64,
    /// Leads that the agent claimed in the last thirty days.
    claimed30_days: i64,
    /// The agent's part of all claims in that time, 0 to 1.
    share: f64,
    /// Whether the agent is available now.
    on_duty: bool,
    /// Until when the agent is not available, if that is known.
    away_until: Option<Timestamp>,
}

/// A place of an agent in a queue.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct TeamPlace {
    queue_id: Uuid,
    queue: String,
    label: String,
    /// The position; the first is 1.
    order: i32,
    active: bool,
}

/// A change of an agent's place; fields that are left out stay.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct QueuePlaceChange {
    /// The queue; by default the default queue.
    queue_id: Option<Uuid>,
    /// The position; the first is 1. The places after it move.
    order: Option<i32>,
    label: Option<String>,
    active: Option<bool>,
}

/// The present places of a queue.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct QueuePlaces {
    queue_id: Uuid,
    /// For `If-Match`. It differs when a place differs.
    version: String,
    places: Vec<QueuePlace>,
}

/// A place in a queue.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct QueuePlace {
    sales_id: String,
    label: String,
    order: usize,
    active: bool,
}

#[OpenApi]
impl Dashboard {
    /// The figures of a period: of all leads for an admin, of their own leads for an agent
    #[oai(path = "/api/dashboard/stats", method = "get", operation_id = "dashboardStats", tag = Tag::Dashboard)]
    async fn stats(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        /// The first day; by default thirty days ago.
        from: Query<Option<NaiveDate>>,
        /// The last day; by default today.
        to: Query<Option<NaiveDate>>,
    ) -> Result<DashboardStats> {
        let period = dashboard::period(&app, from.0, to.0).await?;
        let stats = dashboard::stats(&app, &viewer.0.user, period).await?;
        Ok(Json(told(period, stats)))
    }

    /// The leads of a period by layer 2 status
    #[oai(path = "/api/dashboard/layer2-status-chart", method = "get", operation_id = "layer2StatusChart", tag = Tag::Dashboard)]
    async fn layer2(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        /// The first day; by default thirty days ago.
        from: Query<Option<NaiveDate>>,
        /// The last day; by default today.
        to: Query<Option<NaiveDate>>,
    ) -> Result<Vec<ChartSlice>> {
        let period = dashboard::period(&app, from.0, to.0).await?;
        let slices = dashboard::layer2(&app, period).await?;
        Ok(Json(slices.into_iter().map(Into::into).collect()))
    }

    /// The rejected leads of a period by reason
    #[oai(path = "/api/dashboard/rejected-reason-chart", method = "get", operation_id = "rejectedReasonChart", tag = Tag::Dashboard)]
    async fn reasons(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        /// The first day; by default thirty days ago.
        from: Query<Option<NaiveDate>>,
        /// The last day; by default today.
        to: Query<Option<NaiveDate>>,
    ) -> Result<Vec<ChartSlice>> {
        let period = dashboard::period(&app, from.0, to.0).await?;
        let slices = dashboard::rejected_reasons(&app, period).await?;
        Ok(Json(slices.into_iter().map(Into::into).collect()))
    }

    /// Every agent, in the order of the default queue
    #[oai(path = "/api/sales", method = "get", operation_id = "sales", tag = Tag::Dashboard)]
    async fn sales(&self, app: Data<&App>, _viewer: SignedIn) -> Result<Vec<TeamMember>> {
        let team = dashboard::team(&app).await?;
        let total: i64 = team.iter().map(|agent| agent.claimed_30_days).sum();
        Ok(Json(
            team.into_iter().map(|agent| member(agent, total)).collect(),
        ))
    }

    /// Change an agent's place in a queue
    ///
    /// If the places do not have the `version` of `If-Match` any more: 409 `stale`.
    #[oai(path = "/api/sales/:id/queue", method = "patch", operation_id = "updateSalesQueue", tag = Tag::Dashboard)]
    async fn queue(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<String>,
        /// The version that the change is based on.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<QueuePlaceChange>,
    ) -> Result<QueuePlaces> {
        let given = body.0;
        let change = PlaceChange {
            order: given.order,
            label: given.label,
            active: given.active,
        };
        let version = version_in(&if_match);
        let (queue, agent) = (given.queue_id.map(QueueId), UserId(id.0));
        let queue =
            db::retry_once(|| sales::change_place(&app, queue, &agent, &change, version)).await?;
        Ok(Json(QueuePlaces {
            queue_id: queue.id.0,
            version: sales::version_of(&queue.places),
            places: (1..)
                .zip(queue.places)
                .map(|(order, place)| QueuePlace {
                    sales_id: place.sales_id.0,
                    label: place.label,
                    order,
                    active: place.active,
                })
                .collect(),
        }))
    }
}

#[allow(clippy::cast_precision_loss, reason = "a share of some thousand")]
fn rate(part: i64, of: i64) -> f64 {
    if of == 0 {
        0.0
    } else {
        part as f64 / of as f64
    }
}

fn told(period: Period, stats: dashboard::Stats) -> DashboardStats {
    DashboardStats {
        from: period.first_day,
        to: period.last_day,
        new_leads: stats.new_leads,
        cycles: stats.cycles,
        claimed: stats.claimed,
        hangus: stats.hangus,
        hangus_rate: rate(stats.hangus, stats.cycles),
        claim_seconds_p50: stats.claim_seconds_p50,
        claim_seconds_p90: stats.claim_seconds_p90,
        by_status: stats
            .by_status
            .into_iter()
            .map(|(status, count)| StatusCount {
                status: status.into(),
                count,
            })
            .collect(),
        by_source: stats
            .by_source
            .into_iter()
            .map(|(source, count)| SourceCount { source, count })
            .collect(),
        by_agent: stats
            .by_agent
            .into_iter()
            .map(|agent| AgentFigures {
                sales_id: agent.sales_id.0,
                name: agent.name,
                offered: agent.offered,
                claimed: agent.claimed,
            })
            .collect(),
    }
}

fn member(agent: dashboard::Agent, total: i64) -> TeamMember {
    let away_until = match agent.duty {
        DutyStatus::OnDuty => None,
        DutyStatus::Away { until, .. } => until,
    };
    TeamMember {
        on_duty: agent.duty == DutyStatus::OnDuty,
        away_until: away_until.map(Timestamp),
        share: rate(agent.claimed_30_days, total),
        id: agent.id.0,
        name: agent.name,
        phone: agent.offer_address,
        open_leads: agent.open_leads,
        open_offers: agent.open_offers,
        claimed30_days: agent.claimed_30_days,
        places: agent
            .places
            .into_iter()
            .map(|place| TeamPlace {
                queue_id: place.queue_id.0,
                queue: place.queue,
                label: place.label,
                order: place.order,
                active: place.active,
            })
            .collect(),
    }
}

impl From<dashboard::Slice> for ChartSlice {
    fn from(slice: dashboard::Slice) -> Self {
        let dashboard::Slice { id, label, count } = slice;
        Self { id, label, count }
    }
}
