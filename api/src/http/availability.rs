//! When agents can be offered leads.

use super::model::Timestamp;
use super::tag::Tag;
use crate::auth::{AdminOnly, SignedIn};
use crate::problem::{self, Result};
use chrono::{NaiveDate, NaiveTime};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object, OpenApi};
use shared::auth::Role;
use shared::availability::Change;
use shared::id::UserId;
use shared::local_time::Timezone;
use shared::{App, Error, availability, db};

pub struct Availability;

/// The time zones of Indonesia.
#[derive(Clone, Copy, Enum)]
enum Zone {
    /// Asia/Jakarta, UTC+7.
    #[oai(rename = "WIB")]
    Wib,
    /// Asia/Makassar, UTC+8.
    #[oai(rename = "WITA")]
    Wita,
    /// Asia/Jayapura, UTC+9.
    #[oai(rename = "WIT")]
    Wit,
}

/// When an agent can be offered leads. Fields that are left out are the default: always.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct AgentAvailability {
    /// The agent's time zone.
    #[oai(default = "wib")]
    zone: Zone,
    /// When the break began; absent if there is none.
    paused_since: Option<Timestamp>,
    /// When the break ends; absent if that is not known.
    paused_until: Option<Timestamp>,
    /// The most leads a day.
    most_a_day: Option<i32>,
    /// The most open leads at once.
    most_open: Option<i32>,
    /// Working hours; if there are none, the agent always works.
    #[oai(default)]
    hours: Vec<WorkingHours>,
    /// Days off.
    #[oai(default)]
    leave: Vec<DaysOff>,
}

/// Parts of an agent's availability. A field that is absent stays; `null` removes it.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct AvailabilityPatch {
    zone: Option<Zone>,
    /// When the break began; `null` ends the break.
    paused_since: MaybeUndefined<Timestamp>,
    /// When the break ends. Only with `pausedSince`.
    paused_until: MaybeUndefined<Timestamp>,
    most_a_day: MaybeUndefined<i32>,
    most_open: MaybeUndefined<i32>,
    /// Replaces the working hours.
    hours: Option<Vec<WorkingHours>>,
    /// Replaces the days off.
    leave: Option<Vec<DaysOff>>,
}

impl AvailabilityPatch {
    /// Whether it changes anything besides the break and the days off.
    fn is_for_admins(&self) -> bool {
        self.zone.is_some()
            || self.hours.is_some()
            || !self.most_a_day.is_undefined()
            || !self.most_open.is_undefined()
    }

    fn domain(self) -> shared::Result<availability::AvailabilityChange> {
        let pause = match (&self.paused_since, &self.paused_until) {
            (MaybeUndefined::Undefined, MaybeUndefined::Undefined) => Change::Keep,
            (MaybeUndefined::Null, MaybeUndefined::Undefined | MaybeUndefined::Null) => {
                Change::Remove
            }
            (MaybeUndefined::Value(since), until) => Change::Set(availability::Pause {
                since: since.0,
                until: until.value().map(|until| until.0),
            }),
            _ => return Err(Error::invalid("pausedUntil", "needs `pausedSince`")),
        };
        Ok(availability::AvailabilityChange {
            timezone: self.zone.map(Into::into),
            pause,
            most_a_day: changed(self.most_a_day),
            most_open: changed(self.most_open),
            hours: self.hours.as_deref().map(working_hours).transpose()?,
            leave: self.leave.as_deref().map(days_off),
        })
    }
}

fn changed(field: MaybeUndefined<i32>) -> Change<i32> {
    match field {
        MaybeUndefined::Undefined => Change::Keep,
        MaybeUndefined::Null => Change::Remove,
        MaybeUndefined::Value(value) => Change::Set(value),
    }
}

/// Working hours of one weekday, in the agent's zone.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(super) struct WorkingHours {
    /// 1 (Monday) to 7 (Sunday).
    weekday: i32,
    /// `09:00`
    opens: String,
    /// `17:00`; after `opens`.
    closes: String,
}

/// Days off, with both ends included.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct DaysOff {
    first_day: NaiveDate,
    last_day: NaiveDate,
}

/// A day on which agents with working hours do not work.
#[derive(Object)]
struct Holiday {
    day: NaiveDate,
    name: String,
}

fn wib() -> Zone {
    Zone::Wib
}

#[OpenApi]
impl Availability {
    /// When an agent can be offered leads
    ///
    /// Agents see only their own, admins everybody's.
    #[oai(path = "/api/sales/:id/availability", method = "get", operation_id = "availability", tag = Tag::Queues)]
    async fn get(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        id: Path<String>,
    ) -> Result<AgentAvailability> {
        let viewer = viewer.0;
        if viewer.user.role != Role::Admin && viewer.user.id.0 != id.0 {
            return Err(problem::forbidden(
                "another agent's availability is for admins",
            ));
        }
        read(&app, &UserId(id.0)).await
    }

    /// Replace when an agent can be offered leads
    ///
    /// Held leads are checked again. Open offers stay.
    #[oai(path = "/api/sales/:id/availability", method = "put", operation_id = "setAvailability", tag = Tag::Queues)]
    async fn set(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<String>,
        body: Json<AgentAvailability>,
    ) -> Result<AgentAvailability> {
        let agent = UserId(id.0);
        let wanted = domain(&body.0)?;
        db::retry_once(|| availability::set(&app, &agent, &wanted)).await?;
        read(&app, &agent).await
    }

    /// Change parts of when an agent can be offered leads
    ///
    /// A field that is absent stays; `null` removes it. An agent can change their own break and days off, an admin
    /// everything of everybody. Held leads are checked again. Open offers stay.
    #[oai(path = "/api/sales/:id/availability", method = "patch", operation_id = "changeAvailability", tag = Tag::Queues)]
    async fn change(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        id: Path<String>,
        body: Json<AvailabilityPatch>,
    ) -> Result<AgentAvailability> {
        let (user, agent, given) = (&viewer.0.user, UserId(id.0), body.0);
        if user.role != Role::Admin && (user.id != agent || given.is_for_admins()) {
            return Err(problem::forbidden(
                "an agent can change their own break and days off",
            ));
        }
        let change = given.domain()?;
        db::retry_once(|| availability::change(&app, &agent, &change)).await?;
        read(&app, &agent).await
    }

    /// The holidays
    #[oai(path = "/api/distribution/holidays", method = "get", operation_id = "holidays", tag = Tag::Queues)]
    async fn holidays(&self, app: Data<&App>, _viewer: SignedIn) -> Result<Vec<Holiday>> {
        let holidays = availability::holidays(&app).await?;
        Ok(Json(
            holidays
                .into_iter()
                .map(|(day, name)| Holiday { day, name })
                .collect(),
        ))
    }

    /// Replace the holidays
    #[oai(path = "/api/distribution/holidays", method = "put", operation_id = "setHolidays", tag = Tag::Queues)]
    async fn set_holidays(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        body: Json<Vec<Holiday>>,
    ) -> Result<Vec<Holiday>> {
        let days: Vec<_> = body
            .0
            .into_iter()
            .map(|holiday| (holiday.day, holiday.name))
            .collect();
        db::retry_once(|| availability::set_holidays(&app, &days)).await?;
        let holidays = availability::holidays(&app).await?;
        Ok(Json(
            holidays
                .into_iter()
                .map(|(day, name)| Holiday { day, name })
                .collect(),
        ))
    }
}

async fn read(app: &App, agent: &UserId) -> Result<AgentAvailability> {
    let known = availability::of(app, agent).await?;
    Ok(Json(AgentAvailability {
        zone: match known.timezone {
            Timezone::Jakarta => Zone::Wib,
            Timezone::Makassar => Zone::Wita,
            Timezone::Jayapura => Zone::Wit,
        },
        paused_since: known.paused_since.map(Timestamp),
        paused_until: known.paused_until.map(Timestamp),
        most_a_day: known.most_a_day,
        most_open: known.most_open,
        hours: told_hours(&known.hours),
        leave: known
            .leave
            .iter()
            .map(|leave| DaysOff {
                first_day: leave.first_day,
                last_day: leave.last_day,
            })
            .collect(),
    }))
}

fn domain(given: &AgentAvailability) -> shared::Result<availability::Availability> {
    Ok(availability::Availability {
        timezone: given.zone.into(),
        paused_since: given.paused_since.map(|time| time.0),
        paused_until: given.paused_until.map(|time| time.0),
        most_a_day: given.most_a_day,
        most_open: given.most_open,
        hours: working_hours(&given.hours)?,
        leave: days_off(&given.leave),
    })
}

/// Working hours, as the API answers them.
pub(super) fn told_hours(hours: &[availability::Hours]) -> Vec<WorkingHours> {
    let told = |hours: &availability::Hours| WorkingHours {
        weekday: hours.weekday,
        opens: hours.opens.format("%H:%M").to_string(),
        closes: hours.closes.format("%H:%M").to_string(),
    };
    hours.iter().map(told).collect()
}

/// Parses working hours. Fails with `Invalid` for what is no time.
pub(super) fn working_hours(given: &[WorkingHours]) -> shared::Result<Vec<availability::Hours>> {
    let time = |field, text: &str| {
        NaiveTime::parse_from_str(text, "%H:%M")
            .map_err(|_| Error::invalid(field, "must be a time as 09:00"))
    };
    given
        .iter()
        .map(|hours| {
            Ok(availability::Hours {
                weekday: hours.weekday,
                opens: time("opens", &hours.opens)?,
                closes: time("closes", &hours.closes)?,
            })
        })
        .collect()
}

fn days_off(given: &[DaysOff]) -> Vec<availability::Leave> {
    given
        .iter()
        .map(|leave| availability::Leave {
            first_day: leave.first_day,
            last_day: leave.last_day,
        })
        .collect()
}

impl From<Zone> for Timezone {
    fn from(zone: Zone) -> Self {
        match zone {
            Zone::Wib => Self::Jakarta,
            Zone::Wita => Self::Makassar,
            Zone::Wit => Self::Jayapura,
        }
    }
}
