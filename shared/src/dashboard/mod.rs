//! Sales figures over whole days of the company's calendar.

mod agents;
mod claims;
mod funnel;
mod model;
mod store;

pub use agents::{AgentRow, agents};
pub use claims::{ClaimRow, LATENESS_BOUNDS, Lateness, claims, lateness};
pub use funnel::{Funnel, FunnelRow, Grouping, funnel};
pub use model::{Period, Slice};

use crate::auth::{Role, User};
use crate::id::UserId;
use crate::leads::LeadStatus;
use crate::local_time::check_year;
use crate::{App, Result};
use chrono::{Days, NaiveDate};

/// The default length of a period, in days.
const DAYS: u64 = 30;
/// The period that was asked for; by default the last thirty days.
pub async fn period(app: &App, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<Period> {
    for (field, day) in [("from", from), ("to", to)] {
        day.map_or(Ok(()), |day| check_year(field, day))?;
    }
    let timezone = app.timezone;
    let mut connection = app.pool.acquire().await?;
    let today = timezone.day(app.clock.now(&mut connection).await?);
    let last_day = to.unwrap_or(today);
    let first_day = from.unwrap_or_else(|| {
        last_day
            .checked_sub_days(Days::new(DAYS - 1))
            .unwrap_or(last_day)
    });
    Ok(Period {
        first_day,
        last_day,
        timezone,
    })
}

/// The figures of a period.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Leads that were created in the period.
    pub new_leads: i64,
    /// Cycles that started in the period.
    pub cycles: i64,
    /// How many of these cycles an agent claimed.
    pub claimed: i64,
    /// How many of these cycles ended hangus.
    pub hangus: i64,
    /// The median time from a cycle's start to its claim, in seconds.
    pub claim_seconds_p50: Option<f64>,
    /// The 90th percentile of that time, in seconds.
    pub claim_seconds_p90: Option<f64>,
    /// The present number of leads by status.
    pub by_status: Vec<(LeadStatus, i64)>,
    /// Leads of the period by ad.
    pub by_source: Vec<(Option<String>, i64)>,
    /// Claims of the period by agent.
    pub by_agent: Vec<AgentFigures>,
}

/// The figures of one agent.
#[derive(Clone, Debug)]
pub struct AgentFigures {
    /// The agent.
    pub sales_id: UserId,
    /// The agent's name.
    pub name: String,
    /// Offers to the agent.
    pub offered: i64,
    /// Leads that the agent claimed.
    pub claimed: i64,
}

/// The figures of a period: of all leads for an admin, of their own leads for an agent.
pub async fn stats(app: &App, viewer: &User, period: Period) -> Result<Stats> {
    let (from, to) = period.instants()?;
    let scope = (viewer.role != Role::Admin).then_some(&viewer.id);
    let mut connection = app.pool.acquire().await?;
    let mut stats = store::totals(&mut connection, scope, from, to).await?;
    stats.by_status = store::by_status(&mut connection, scope).await?;
    stats.by_source = store::by_source(&mut connection, scope, from, to).await?;
    stats.by_agent = store::by_agent(&mut connection, scope, from, to).await?;
    Ok(stats)
}

/// The leads of a period by layer 2 status, without statuses that no lead has.
pub async fn layer2(app: &App, period: Period) -> Result<Vec<Slice>> {
    let (from, to) = period.instants()?;
    let mut connection = app.pool.acquire().await?;
    store::layer2(&mut connection, from, to).await
}

/// The rejected leads of a period by reason.
pub async fn rejected_reasons(app: &App, period: Period) -> Result<Vec<Slice>> {
    let (from, to) = period.instants()?;
    let mut connection = app.pool.acquire().await?;
    store::rejected_reasons(&mut connection, from, to).await
}

/// An agent in the list of the team.
#[derive(Clone, Debug)]
pub struct Agent {
    /// The user id.
    pub id: UserId,
    /// The name.
    pub name: String,
    /// The offer address.
    pub offer_address: Option<String>,
    /// The places: queue, label, position, active.
    pub places: Vec<AgentPlace>,
    /// Leads that the agent owns and that are not closed.
    pub open_leads: i64,
    /// Open offers.
    pub open_offers: i64,
    /// Leads that the agent claimed in the last thirty days.
    pub claimed_30_days: i64,
    /// Whether the agent is available now.
    pub duty: crate::availability::DutyStatus,
}

/// A place of an agent in a queue.
#[derive(Clone, Debug)]
pub struct AgentPlace {
    /// The queue's id.
    pub queue_id: crate::id::QueueId,
    /// The queue's name.
    pub queue: String,
    /// The place's label.
    pub label: String,
    /// The position; the first is 1.
    pub order: i32,
    /// Whether the agent is offered leads there.
    pub active: bool,
}

/// Every agent, in the order of the default queue.
pub async fn team(app: &App) -> Result<Vec<Agent>> {
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let mut team = store::team(&mut transaction, now).await?;
    let ids: Vec<UserId> = team.iter().map(|agent| agent.id.clone()).collect();
    let mut statuses = crate::availability::duty_statuses(&mut transaction, &ids, now).await?;
    for agent in &mut team {
        if let Some(duty) = statuses.remove(&agent.id) {
            agent.duty = duty;
        }
        agent.places = store::places(&mut transaction, &agent.id).await?;
    }
    transaction.rollback().await?;
    Ok(team)
}
