//! The owner's figures: the funnel, what each agent made of their offers, how soon leads are claimed, how late offers roll.

use super::tag::Tag;
use crate::auth::AdminOnly;
use crate::problem::Result;
use chrono::NaiveDate;
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use shared::App;
use shared::dashboard::{self, Grouping};

pub struct Figures;

/// By what a funnel is divided.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum FunnelGrouping {
    /// By the lead's source.
    Source,
    /// By the campaign of the lead's first enquiry that names one.
    Campaign,
    /// By the lead's project.
    Project,
}

/// How many leads of the period reached each step. A lead can have several steps. `GET /api/leads` with `step`, the same
/// `from` and `to`, and the group's `source`, `campaign` or `project` lists the leads behind a number.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct FunnelRow {
    /// The source, campaign or project; absent in the total, and for leads that have none.
    value: Option<String>,
    /// Leads without a mark (`step=lead`).
    leads: i64,
    /// Offered to an agent (`step=offered`).
    offered: i64,
    /// Claimed by an agent with an OK (`step=claimed`).
    claimed: i64,
    /// Given to an agent by hand, and claimed by none (`step=assigned`).
    assigned: i64,
    /// The client was contacted (`step=contacted`).
    contacted: i64,
    /// A visit is booked or took place (`step=visit`).
    visit: i64,
    /// Sold (`step=won`).
    won: i64,
    /// Lost (`step=lost`).
    lost: i64,
    /// Hangus, also if an agent got it afterwards (`step=hangus`).
    hangus: i64,
}

/// Why leads were lost.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct LostReason {
    /// The id of the rejected reason; absent if none was given.
    reason: Option<String>,
    label: Option<String>,
    count: i64,
}

/// The funnel of a period.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct Funnel {
    /// The first day, in the company's zone.
    from: NaiveDate,
    /// The last day, included.
    to: NaiveDate,
    total: FunnelRow,
    /// The fifty largest groups; empty without `by`.
    groups: Vec<FunnelRow>,
    lost_reasons: Vec<LostReason>,
}

/// The figures of one agent in a period, without leads that are marked.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct AgentResults {
    sales_id: String,
    name: String,
    /// Offers of the period that WhatsApp accepted: the sum of the next four.
    offered: i64,
    /// Answered with an OK in time.
    claimed: i64,
    /// Passed on by the agent.
    passed: i64,
    /// Not answered in time.
    silent: i64,
    /// Withdrawn, or still open.
    other: i64,
    /// Leads that the agent got by hand.
    assigned: i64,
    /// The median time from an offer to its OK, in seconds.
    answer_seconds_p50: Option<f64>,
    /// The 90th percentile of that time, in seconds.
    answer_seconds_p90: Option<f64>,
    /// Visits of the period that were not cancelled.
    visits: i64,
    /// Leads of the period that the agent owns and sold.
    won: i64,
    /// Leads of the period that the agent owns and that are lost.
    lost: i64,
}

/// How soon the leads of a period were claimed.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct Claims {
    /// The first day, in the company's zone.
    from: NaiveDate,
    /// The last day, included.
    to: NaiveDate,
    /// The hours of the week in which a cycle began; hours without one are left out.
    hours: Vec<ClaimRow>,
}

/// The cycles that began in one hour of the week.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ClaimRow {
    /// The day of the week in the company's zone: 1 is Monday, 7 is Sunday.
    weekday: i32,
    /// The hour of the day, 0 to 23.
    hour: i32,
    /// Cycles that began.
    cycles: i64,
    /// Claimed with an OK.
    claimed: i64,
    /// Claimed within a minute after the cycle began.
    within_one_minute: i64,
    within_three_minutes: i64,
    within_five_minutes: i64,
    /// Hangus, also if an agent got it afterwards.
    hangus: i64,
}

/// How late offers rolled, after their deadlines.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct Lateness {
    /// From the least to the most late.
    buckets: Vec<LatenessBucket>,
    /// The median, in milliseconds; absent if no offer rolled.
    p50: Option<f64>,
    /// The 99th percentile, in milliseconds.
    p99: Option<f64>,
    /// The latest, in milliseconds.
    most: Option<f64>,
    /// Breaches of a rule that the audit saw in the period.
    breaches: i64,
}

/// How many offers rolled so late.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct LatenessBucket {
    /// Less late than this, in milliseconds, and not less than the bucket before. Absent in the last bucket.
    below: Option<f64>,
    count: i64,
}

#[OpenApi]
impl Figures {
    /// How soon the leads of a period were claimed, by weekday and hour
    #[oai(path = "/api/dashboard/claims", method = "get", operation_id = "claims", tag = Tag::Dashboard)]
    async fn claims(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        /// The first day; by default thirty days ago.
        from: Query<Option<NaiveDate>>,
        /// The last day; by default today.
        to: Query<Option<NaiveDate>>,
    ) -> Result<Claims> {
        let period = dashboard::period(&app, from.0, to.0).await?;
        let hours = dashboard::claims(&app, period).await?;
        Ok(Json(Claims {
            from: period.first_day,
            to: period.last_day,
            hours: hours.into_iter().map(Into::into).collect(),
        }))
    }

    /// How late the offers of a period rolled
    #[oai(path = "/api/dashboard/lateness", method = "get", operation_id = "lateness", tag = Tag::Dashboard)]
    async fn lateness(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        /// The first day; by default thirty days ago.
        from: Query<Option<NaiveDate>>,
        /// The last day; by default today.
        to: Query<Option<NaiveDate>>,
    ) -> Result<Lateness> {
        let period = dashboard::period(&app, from.0, to.0).await?;
        let lateness = dashboard::lateness(&app, period).await?;
        let bounds = dashboard::LATENESS_BOUNDS
            .into_iter()
            .map(Some)
            .chain([None]);
        let buckets = bounds.zip(lateness.counts);
        Ok(Json(Lateness {
            buckets: buckets
                .map(|(below, count)| LatenessBucket { below, count })
                .collect(),
            p50: lateness.p50,
            p99: lateness.p99,
            most: lateness.most,
            breaches: lateness.breaches,
        }))
    }

    /// The funnel of a period: from the enquiry to the sale
    #[oai(path = "/api/dashboard/funnel", method = "get", operation_id = "funnel", tag = Tag::Dashboard)]
    async fn funnel(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        /// The first day; by default thirty days ago.
        from: Query<Option<NaiveDate>>,
        /// The last day; by default today.
        to: Query<Option<NaiveDate>>,
        /// By what it is divided.
        by: Query<Option<FunnelGrouping>>,
    ) -> Result<Funnel> {
        let period = dashboard::period(&app, from.0, to.0).await?;
        let by = by.0.map(|by| match by {
            FunnelGrouping::Source => Grouping::Source,
            FunnelGrouping::Campaign => Grouping::Campaign,
            FunnelGrouping::Project => Grouping::Project,
        });
        let funnel = dashboard::funnel(&app, period, by).await?;
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        Ok(Json(Funnel {
            from: period.first_day,
            to: period.last_day,
            total: funnel.total.into(),
            groups: funnel.groups.into_iter().map(Into::into).collect(),
            lost_reasons: funnel
                .lost_reasons
                .into_iter()
                .map(|slice| LostReason {
                    reason: given(slice.id),
                    label: given(slice.label),
                    count: slice.count,
                })
                .collect(),
        }))
    }

    /// What each agent made of their offers in a period
    #[oai(path = "/api/dashboard/agents", method = "get", operation_id = "agentResults", tag = Tag::Dashboard)]
    async fn agents(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        /// The first day; by default thirty days ago.
        from: Query<Option<NaiveDate>>,
        /// The last day; by default today.
        to: Query<Option<NaiveDate>>,
    ) -> Result<Vec<AgentResults>> {
        let period = dashboard::period(&app, from.0, to.0).await?;
        let agents = dashboard::agents(&app, period).await?;
        Ok(Json(agents.into_iter().map(Into::into).collect()))
    }
}

impl From<dashboard::FunnelRow> for FunnelRow {
    fn from(row: dashboard::FunnelRow) -> Self {
        Self {
            value: row.value,
            leads: row.leads,
            offered: row.offered,
            claimed: row.claimed,
            assigned: row.assigned,
            contacted: row.contacted,
            visit: row.visit,
            won: row.won,
            lost: row.lost,
            hangus: row.hangus,
        }
    }
}

impl From<dashboard::AgentRow> for AgentResults {
    fn from(row: dashboard::AgentRow) -> Self {
        Self {
            sales_id: row.sales_id.0,
            name: row.name,
            offered: row.offered,
            claimed: row.claimed,
            passed: row.passed,
            silent: row.silent,
            other: row.other,
            assigned: row.assigned,
            answer_seconds_p50: row.answer_seconds_p50,
            answer_seconds_p90: row.answer_seconds_p90,
            visits: row.visits,
            won: row.won,
            lost: row.lost,
        }
    }
}

impl From<dashboard::ClaimRow> for ClaimRow {
    fn from(row: dashboard::ClaimRow) -> Self {
        Self {
            weekday: row.weekday,
            hour: row.hour,
            cycles: row.cycles,
            claimed: row.claimed,
            within_one_minute: row.within_one_minute,
            within_three_minutes: row.within_three_minutes,
            within_five_minutes: row.within_five_minutes,
            hangus: row.hangus,
        }
    }
}
