//! How sales go: figures over whole days of the company's calendar.

mod store;

use crate::auth::{Role, User};
use crate::id::UserId;
use crate::leads::LeadStatus;
use crate::local_time::Timezone;
use crate::{App, Error, Result};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

/// Days, the first and the last included, by a calendar of Indonesia.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub first_day: NaiveDate,
    /// The last.
    pub last_day: NaiveDate,
    /// Whose calendar.
    pub timezone: Timezone,
}

/// So many days are looked at when nothing else is asked for.
const DAYS: u64 = 30;
/// And no more than these.
const MOST_DAYS: i64 = 400;

impl Period {
    /// The instants that it is between: the first included, the last not.
    pub fn instants(self) -> Result<(DateTime<Utc>, DateTime<Utc>)> {
        if self.last_day < self.first_day {
            return Err(Error::invalid("to", "must not be before `from`"));
        }
        if (self.last_day - self.first_day).num_days() > MOST_DAYS {
            return Err(Error::invalid(
                "to",
                format!("must be within {MOST_DAYS} days of `from`"),
            ));
        }
        let after = self
            .last_day
            .checked_add_days(Days::new(1))
            .unwrap_or(self.last_day);
        let at = |day| self.timezone.instant(day, NaiveTime::MIN);
        Ok((at(self.first_day), at(after)))
    }
}

/// The last thirty days, or the days asked for.
pub async fn period(app: &App, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<Period> {
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
    /// Leads first heard of in the period.
    pub new_leads: i64,
    /// Cycles that began in it.
    pub cycles: i64,
    /// Of these, how many an agent claimed.
    pub claimed: i64,
    /// How many ended hangus.
    pub hangus: i64,
    /// From a cycle's beginning to its claim, in seconds: half of them took at most so long.
    pub claim_seconds_p50: Option<f64>,
    /// Nine in ten.
    pub claim_seconds_p90: Option<f64>,
    /// Leads as they stand now, by status.
    pub by_status: Vec<(LeadStatus, i64)>,
    /// Leads of the period by the ad that brought them.
    pub by_source: Vec<(Option<String>, i64)>,
    /// Claims of the period, by agent.
    pub by_agent: Vec<AgentFigures>,
}

/// An agent's part of a period.
#[derive(Clone, Debug)]
pub struct AgentFigures {
    /// The agent.
    pub sales_id: UserId,
    /// What they are called.
    pub name: String,
    /// Offers that they had.
    pub offered: i64,
    /// Leads that became theirs.
    pub claimed: i64,
}

/// A part of a whole.
#[derive(Clone, Debug)]
pub struct Slice {
    /// Its name for programs.
    pub id: String,
    /// Its name for people.
    pub label: String,
    /// How many.
    pub count: i64,
}

/// The figures of a period: of everything for an admin, of their own leads for anybody else.
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

/// The leads of a period by their layer 2 status, each status named, those of none left out.
pub async fn layer2(app: &App, period: Period) -> Result<Vec<Slice>> {
    let (from, to) = period.instants()?;
    let mut connection = app.pool.acquire().await?;
    store::layer2(&mut connection, from, to).await
}

/// The rejected leads of a period by their reason.
pub async fn rejected_reasons(app: &App, period: Period) -> Result<Vec<Slice>> {
    let (from, to) = period.instants()?;
    let mut connection = app.pool.acquire().await?;
    store::rejected_reasons(&mut connection, from, to).await
}

/// An agent as a list of the team shows them.
#[derive(Clone, Debug)]
pub struct Agent {
    /// Their user.
    pub id: UserId,
    /// What they are called.
    pub name: String,
    /// Where their offers go.
    pub offer_address: Option<String>,
    /// Their places: queue, label, order, whether they are offered leads there.
    pub places: Vec<AgentPlace>,
    /// Leads that are theirs and not closed.
    pub open_leads: i64,
    /// Offers that wait for their answer.
    pub open_offers: i64,
    /// Leads that became theirs in the last thirty days.
    pub claimed_30_days: i64,
    /// Whether they can be offered a lead now.
    pub duty: crate::availability::DutyStatus,
}

/// A place of an agent in a queue.
#[derive(Clone, Debug)]
pub struct AgentPlace {
    /// The queue.
    pub queue_id: crate::id::QueueId,
    /// What it is called.
    pub queue: String,
    /// What the place is called.
    pub label: String,
    /// The first, the second …
    pub order: i32,
    /// Whether its agent is offered leads.
    pub active: bool,
}

/// Everybody who is offered leads, in the order of the default queue.
pub async fn team(app: &App) -> Result<Vec<Agent>> {
    let mut transaction = app.pool.begin().await?;
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
