//! When agents can be offered leads: breaks, days off, working hours, caps. An agent without a record is
//! always available, as on the previous server.

mod company_hours;
mod cover;
mod duty;
mod model;
mod store;

pub use company_hours::{company_hours, set_company_hours};
pub use cover::{cover_of, covering, set_cover};
pub(crate) use duty::capped;
pub use duty::duty_statuses;
use model::check_hours;
pub use model::{Availability, Cover, DutyStatus, Hours, Leave, Load, Reason};

use crate::id::UserId;
use crate::jobs::{ReleaseHeldLeads, enqueue};
use crate::local_time::{Timezone, check_year};
use crate::unit_of_work::UnitOfWork;
use crate::{App, Error, Result, sales};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

/// The record of an agent, or the default.
pub async fn of(app: &App, agent: &UserId) -> Result<Availability> {
    let mut connection = app.pool.acquire().await?;
    sales::by_id(&mut connection, agent).await?;
    let now = app.clock.now(&mut connection).await?;
    record(app, &mut connection, agent, now).await
}

async fn record(
    app: &App,
    connection: &mut PgConnection,
    agent: &UserId,
    now: DateTime<Utc>,
) -> Result<Availability> {
    let recorded = store::of(connection, std::slice::from_ref(agent), false, now).await?;
    let recorded = recorded.into_iter().next();
    Ok(recorded.map_or_else(
        || Availability {
            timezone: app.timezone,
            ..Availability::default()
        },
        |(_, availability, _)| availability,
    ))
}

/// Replaces the record of an agent, and enqueues a release of held leads.
pub async fn set(app: &App, agent: &UserId, availability: &Availability) -> Result<()> {
    check(availability)?;
    let mut transaction = app.begin().await?;
    sales::by_id(&mut transaction, agent).await?;
    let now = app.clock.now(&mut transaction).await?;
    store::replace(&mut transaction, agent, availability, now).await?;
    enqueue(&mut transaction, &ReleaseHeldLeads { queue: None }, now).await?;
    Ok(transaction.commit().await?)
}

/// A break.
#[derive(Clone, Copy, Debug)]
pub struct Pause {
    /// When it began.
    pub since: DateTime<Utc>,
    /// When it ends, if that is known.
    pub until: Option<DateTime<Utc>>,
}

/// What becomes of a part of a record that can be absent.
#[derive(Clone, Copy, Debug, Default)]
pub enum Change<T> {
    /// It stays.
    #[default]
    Keep,
    /// It is removed.
    Remove,
    /// It becomes this.
    Set(T),
}

impl<T> Change<T> {
    fn apply(self, part: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Remove => *part = None,
            Self::Set(value) => *part = Some(value),
        }
    }
}

/// A part of an agent's record that changes. What is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct AvailabilityChange {
    /// The zone.
    pub timezone: Option<Timezone>,
    /// The break. Removed, it ends.
    pub pause: Change<Pause>,
    /// The cap a day.
    pub most_a_day: Change<i32>,
    /// The cap of open leads.
    pub most_open: Change<i32>,
    /// The working hours.
    pub hours: Option<Vec<Hours>>,
    /// The days off.
    pub leave: Option<Vec<Leave>>,
}

/// Changes parts of an agent's record, and enqueues a release of held leads.
pub async fn change(app: &App, agent: &UserId, change: &AvailabilityChange) -> Result<()> {
    let mut transaction = app.begin().await?;
    sales::by_id(&mut transaction, agent).await?;
    let now = app.clock.now(&mut transaction).await?;
    store::lock(&mut transaction, agent).await?;
    let mut record = record(app, &mut transaction, agent, now).await?;
    if let Some(timezone) = change.timezone {
        record.timezone = timezone;
    }
    let mut pause = record.paused_since.map(|since| Pause {
        since,
        until: record.paused_until,
    });
    change.pause.apply(&mut pause);
    record.paused_since = pause.map(|pause| pause.since);
    record.paused_until = pause.and_then(|pause| pause.until);
    change.most_a_day.apply(&mut record.most_a_day);
    change.most_open.apply(&mut record.most_open);
    if let Some(hours) = &change.hours {
        record.hours.clone_from(hours);
    }
    if let Some(leave) = &change.leave {
        record.leave.clone_from(leave);
    }
    check(&record)?;
    store::replace(&mut transaction, agent, &record, now).await?;
    enqueue(&mut transaction, &ReleaseHeldLeads { queue: None }, now).await?;
    Ok(transaction.commit().await?)
}

/// The agent's time zone, or the company's if they have no record.
pub async fn timezone_of(
    connection: &mut PgConnection,
    agent: &UserId,
    company: Timezone,
) -> Result<Timezone> {
    Ok(store::timezone_of(connection, agent)
        .await?
        .unwrap_or(company))
}

/// Starts a break, in the caller's transaction, until an instant if its end is known. An agent without a record gets one, in the
/// company's zone. The agent wrote it at `said_at`. Returns `false`, and changes nothing, if a command that they wrote later was handled
/// before.
pub async fn pause(
    work: &mut UnitOfWork<'_>,
    agent: &UserId,
    until: Option<DateTime<Utc>>,
    said_at: DateTime<Utc>,
) -> Result<bool> {
    let by = (work.now, work.app.timezone);
    store::pause(work.connection, agent, until, said_at, by).await
}

/// Adds days off, in the caller's transaction. The agent wrote it at `said_at`: if they wrote later that they are ready, the days until
/// today do not count. Returns the first day that was added; `None` if no day is left.
pub async fn add_leave(
    work: &mut UnitOfWork<'_>,
    agent: &UserId,
    leave: Leave,
    (said_at, zone): (DateTime<Utc>, Timezone),
) -> Result<Option<NaiveDate>> {
    let today = (zone.day(work.now), zone);
    store::add_leave(work.connection, agent, leave, said_at, today).await
}

/// Ends a break and the days off that cover today, in the caller's transaction, and enqueues a release of held leads. The agent wrote it
/// at `said_at`, which is stored: an agent without a record gets one, in the company's zone. Returns `false`, and changes nothing, if a
/// command that they wrote later was handled before.
pub async fn resume(
    work: &mut UnitOfWork<'_>,
    agent: &UserId,
    said_at: DateTime<Utc>,
) -> Result<bool> {
    let zone = timezone_of(work.connection, agent, work.app.timezone).await?;
    let today = (zone.day(work.now), zone);
    let ended = store::resume(work.connection, agent, said_at, today).await?;
    if ended {
        enqueue(work.connection, &ReleaseHeldLeads { queue: None }, work.now).await?;
    }
    Ok(ended)
}

/// What keeps the agent from being offered leads now.
pub async fn duty_status(work: &mut UnitOfWork<'_>, agent: &UserId) -> Result<DutyStatus> {
    let agents = std::slice::from_ref(agent);
    let mut statuses = duty_statuses(work.connection, agents, work.now).await?;
    Ok(statuses.remove(agent).unwrap_or(DutyStatus::OnDuty))
}

/// The holidays, by date, each with its name.
pub async fn holidays(app: &App) -> Result<Vec<(NaiveDate, String)>> {
    let mut connection = app.pool.acquire().await?;
    store::holidays(&mut connection).await
}

/// Replaces the holidays, and enqueues a release of held leads.
pub async fn set_holidays(app: &App, holidays: &[(NaiveDate, String)]) -> Result<()> {
    for (day, _) in holidays {
        check_year("day", *day)?;
    }
    let mut days: Vec<_> = holidays.iter().map(|(day, _)| *day).collect();
    days.sort_unstable();
    if days.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Error::invalid("day", "is named twice"));
    }
    if holidays.iter().any(|(_, name)| name.trim().is_empty()) {
        return Err(Error::invalid("name", "must not be empty"));
    }
    let mut transaction = app.begin().await?;
    store::replace_holidays(&mut transaction, holidays).await?;
    let now = app.clock.now(&mut transaction).await?;
    enqueue(&mut transaction, &ReleaseHeldLeads { queue: None }, now).await?;
    Ok(transaction.commit().await?)
}

/// The most days off, past and planned, that an agent can send at once. Each decision reads them.
const MOST_LEAVE: usize = 100;

/// Checks what the schema also checks, to fail with a clear error.
fn check(availability: &Availability) -> Result<()> {
    if availability.paused_until.is_some() && availability.paused_since.is_none() {
        return Err(Error::invalid("pausedUntil", "needs `pausedSince`"));
    }
    if availability.leave.len() > MOST_LEAVE {
        return Err(Error::invalid("leave", "has more than 100 entries"));
    }
    for leave in &availability.leave {
        check_year("leave", leave.first_day)?;
        check_year("leave", leave.last_day)?;
    }
    for (field, most) in [
        ("mostADay", availability.most_a_day),
        ("mostOpen", availability.most_open),
    ] {
        if most.is_some_and(|most| most < 0) {
            return Err(Error::invalid(field, "must not be negative"));
        }
    }
    if availability
        .leave
        .iter()
        .any(|leave| leave.last_day < leave.first_day)
    {
        return Err(Error::invalid("leave", "ends before it begins"));
    }
    check_hours(&availability.hours)
}
