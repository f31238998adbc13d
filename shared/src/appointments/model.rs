//! Visits, and when people are reminded of them.

use crate::id::{AppointmentId, LeadId, UserId};
use crate::local_time::Timezone;
use crate::{Error, Result};
use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};

/// Where a visit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum AppointmentStatus {
    /// It is on.
    Booked,
    /// It is off, for good.
    Cancelled,
}

/// How the calendar agrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum CalendarState {
    /// To be written.
    Pending,
    /// Shows the visit as it is.
    Synced,
    /// Cannot be written now, and is tried again.
    Failing,
    /// Was given up until the visit changes.
    Failed,
}

/// A visit.
#[derive(Clone, Debug)]
pub struct Appointment {
    /// Its id.
    pub id: AppointmentId,
    /// The client's lead.
    pub lead_id: LeadId,
    /// What the client is called.
    pub lead_name: Option<String>,
    /// Whose visit.
    pub sales_id: UserId,
    /// What they are called.
    pub sales_name: String,
    /// From when.
    pub starts_at: DateTime<Utc>,
    /// Until when.
    pub ends_at: DateTime<Utc>,
    /// Where.
    pub place: Option<String>,
    /// In the agent's own words.
    pub note: Option<String>,
    /// Where it stands.
    pub status: AppointmentStatus,
    /// Another when anything about it changes.
    pub version: i32,
    /// How the calendar agrees.
    pub calendar_state: CalendarState,
    /// The calendar's id of it.
    pub calendar_event_id: Option<String>,
    /// Why the calendar does not.
    pub calendar_error: Option<String>,
    /// When it was booked.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A visit to be booked.
#[derive(Clone, Debug)]
pub struct Booking {
    /// The client's lead.
    pub lead: LeadId,
    /// Whose visit; the lead's owner unless said. Admins only.
    pub agent: Option<UserId>,
    /// From when.
    pub starts_at: DateTime<Utc>,
    /// Until when.
    pub ends_at: DateTime<Utc>,
    /// Where.
    pub place: Option<String>,
    /// In the agent's own words.
    pub note: Option<String>,
}

/// What changes about a visit; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct AppointmentChange {
    /// From when.
    pub starts_at: Option<DateTime<Utc>>,
    /// Until when; unless said, it stays as long as it was.
    pub ends_at: Option<DateTime<Utc>>,
    /// Where.
    pub place: Option<String>,
    /// In the agent's own words.
    pub note: Option<String>,
}

/// Which visits.
#[derive(Clone, Debug, Default)]
pub struct AppointmentFilter {
    /// Of this lead.
    pub lead: Option<LeadId>,
    /// This agent's.
    pub agent: Option<UserId>,
    /// That end after this instant.
    pub from: Option<DateTime<Utc>>,
    /// That begin before this one.
    pub to: Option<DateTime<Utc>>,
    /// Those that are off, too.
    pub with_cancelled: bool,
}

/// Something that was done to a visit.
#[derive(Clone, Debug)]
pub struct Done {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom, if they are still there.
    pub by_user_id: Option<String>,
    /// What they are called.
    pub by_name: Option<String>,
    /// `booked`, `moved`, `changed` or `cancelled`.
    pub kind: String,
    /// From when it was then.
    pub starts_at: DateTime<Utc>,
    /// Until when.
    pub ends_at: DateTime<Utc>,
    /// Why, in their own words.
    pub note: Option<String>,
}

/// Who is reminded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Recipient {
    /// The agent.
    Agent,
    /// The client.
    Client,
}

/// When people are reminded.
#[derive(Clone, Debug)]
pub struct Reminders {
    /// So many minutes before the visit, the agent.
    pub agent_minutes: Vec<i32>,
    /// And the client.
    pub client_minutes: Vec<i32>,
    /// Nobody is written to before this time of a day.
    pub polite_from: NaiveTime,
    /// Nor from this one on.
    pub polite_until: NaiveTime,
}

impl Default for Reminders {
    fn default() -> Self {
        let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("an hour of a day");
        Self {
            agent_minutes: vec![60],
            client_minutes: vec![1440, 120],
            polite_from: hour(7),
            polite_until: hour(21),
        }
    }
}

/// A reminder that is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) recipient: Recipient,
    pub(super) minutes_before: i32,
    pub(super) due_at: DateTime<Utc>,
}

impl Reminders {
    /// The reminders of a visit that is booked, or moved, at `now`: those whose time is still to come.
    pub(super) fn plan(
        &self,
        starts_at: DateTime<Utc>,
        now: DateTime<Utc>,
        zone: Timezone,
    ) -> Vec<Planned> {
        let each = |recipient, minutes: &[i32]| {
            minutes
                .iter()
                .filter_map(|minutes_before| {
                    let wanted = starts_at - TimeDelta::minutes(i64::from(*minutes_before));
                    let due_at = self.polite(wanted, starts_at, zone);
                    (due_at > now && due_at < starts_at).then_some(Planned {
                        recipient,
                        minutes_before: *minutes_before,
                        due_at,
                    })
                })
                .collect::<Vec<_>>()
        };
        let mut all = each(Recipient::Agent, &self.agent_minutes);
        all.extend(each(Recipient::Client, &self.client_minutes));
        all.sort_by_key(|planned| (planned.recipient, planned.due_at, planned.minutes_before));
        // Two that the night moves to one moment are one.
        all.dedup_by_key(|planned| (planned.recipient, planned.due_at));
        all
    }

    /// Whether people may be written to at this instant.
    pub(super) fn is_polite(&self, at: DateTime<Utc>, zone: Timezone) -> bool {
        let time = zone.local(at).time();
        self.polite_from <= time && time < self.polite_until
    }

    /// When the polite hours of that day end.
    pub(super) fn end_of_politeness(&self, at: DateTime<Utc>, zone: Timezone) -> DateTime<Utc> {
        zone.instant(zone.local(at).date_naive(), self.polite_until)
    }

    /// `wanted`, or else the next polite moment; if the visit has begun by then, the last one before.
    pub(super) fn polite(
        &self,
        wanted: DateTime<Utc>,
        starts_at: DateTime<Utc>,
        zone: Timezone,
    ) -> DateTime<Utc> {
        if self.is_polite(wanted, zone) {
            return wanted;
        }
        let local = zone.local(wanted);
        let day = local.date_naive();
        let early = local.time() < self.polite_from;
        let other = |day: chrono::NaiveDate, days: u64, later: bool| {
            if later {
                day.checked_add_days(Days::new(days)).unwrap_or(day)
            } else {
                day.checked_sub_days(Days::new(days)).unwrap_or(day)
            }
        };
        let next = zone.instant(other(day, u64::from(!early), true), self.polite_from);
        if next < starts_at {
            return next;
        }
        // A minute before the evening's end.
        let evening = other(day, u64::from(early), false);
        zone.instant(evening, self.polite_until) - TimeDelta::minutes(1)
    }
}

/// The longest text of a place or note, in characters.
const LONGEST: usize = 500;
/// The longest visit.
const LONGEST_VISIT: TimeDelta = TimeDelta::hours(12);

/// A time that a visit can have.
pub(super) fn check_times(
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    if starts_at <= now {
        return Err(Error::invalid("startsAt", "must be in the future"));
    }
    if starts_at > now + TimeDelta::days(366) {
        return Err(Error::invalid("startsAt", "must be within a year"));
    }
    if ends_at <= starts_at {
        return Err(Error::invalid("endsAt", "must be after `startsAt`"));
    }
    if ends_at - starts_at > LONGEST_VISIT {
        return Err(Error::invalid(
            "endsAt",
            "must be within twelve hours of `startsAt`",
        ));
    }
    Ok(())
}

/// A text that is not too long, without what PostgreSQL cannot keep; an empty one is none.
pub(super) fn text(field: &'static str, given: Option<&str>) -> Result<Option<String>> {
    let text = given.unwrap_or_default().replace('\0', "");
    let text = text.trim();
    if text.chars().count() > LONGEST {
        return Err(Error::invalid(
            field,
            format!("is longer than {LONGEST} characters"),
        ));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{Recipient, Reminders};
    use crate::local_time::Timezone;
    use chrono::{DateTime, Utc};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse::<DateTime<chrono::FixedOffset>>()
            .expect("a time")
            .to_utc()
    }

    fn due(starts: &str, now: &str) -> Vec<(Recipient, DateTime<Utc>)> {
        let planned = Reminders::default().plan(at(starts), at(now), Timezone::Jakarta);
        planned
            .iter()
            .map(|planned| (planned.recipient, planned.due_at))
            .collect()
    }

    #[test]
    fn a_visit_in_the_afternoon_is_reminded_of_a_day_two_hours_and_an_hour_before() {
        assert_eq!(
            due("2026-01-08T14:00:00+07:00", "2026-01-05T09:00:00+07:00"),
            [
                (Recipient::Agent, at("2026-01-08T13:00:00+07:00")),
                (Recipient::Client, at("2026-01-07T14:00:00+07:00")),
                (Recipient::Client, at("2026-01-08T12:00:00+07:00")),
            ]
        );
    }

    #[test]
    fn nobody_is_woken_and_nobody_is_told_too_late() {
        // At 07:30 the agent's hour before is 06:30: held until 07:00. The client's two hours: too.
        assert_eq!(
            due("2026-01-08T07:30:00+07:00", "2026-01-07T20:00:00+07:00"),
            [
                (Recipient::Agent, at("2026-01-08T07:00:00+07:00")),
                (Recipient::Client, at("2026-01-08T07:00:00+07:00")),
            ]
        );
        // At 06:00 no moment of that morning is polite: the evening before.
        assert_eq!(
            due("2026-01-08T06:00:00+07:00", "2026-01-07T20:00:00+07:00"),
            [
                (Recipient::Agent, at("2026-01-07T20:59:00+07:00")),
                (Recipient::Client, at("2026-01-07T20:59:00+07:00")),
            ]
        );
    }

    #[test]
    fn what_is_booked_at_short_notice_is_reminded_of_by_what_is_still_to_come() {
        assert_eq!(
            due("2026-01-08T14:00:00+07:00", "2026-01-08T12:30:00+07:00"),
            [(Recipient::Agent, at("2026-01-08T13:00:00+07:00"))]
        );
        assert_eq!(
            due("2026-01-08T14:00:00+07:00", "2026-01-08T13:59:00+07:00"),
            []
        );
    }
}
