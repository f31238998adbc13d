//! Visits, and the times of their reminders.

use super::asked::VisitOutcome;
use crate::id::{AppointmentId, LeadId, UserId};
use crate::local_time::Timezone;
use crate::{Error, Result};
use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};

/// The status of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum AppointmentStatus {
    /// It takes place.
    Booked,
    /// It was cancelled.
    Cancelled,
}

/// Whether the calendar shows the visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum CalendarState {
    /// Not written yet.
    Pending,
    /// Shows the present state of the visit.
    Synced,
    /// Failed, and is tried again.
    Failing,
    /// Failed for good, until the visit changes.
    Failed,
}

/// A visit.
#[derive(Clone, Debug)]
pub struct Appointment {
    /// Its id.
    pub id: AppointmentId,
    /// The client's lead.
    pub lead_id: LeadId,
    /// The client's name.
    pub lead_name: Option<String>,
    /// The agent.
    pub sales_id: UserId,
    /// The agent's name.
    pub sales_name: String,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// The place.
    pub place: Option<String>,
    /// A note of the agent.
    pub note: Option<String>,
    /// Its status.
    pub status: AppointmentStatus,
    /// The result, if it is known.
    pub outcome: Option<VisitOutcome>,
    /// Changes whenever the visit changes.
    pub version: i32,
    /// Whether the calendar shows it.
    pub calendar_state: CalendarState,
    /// The id of its event in the calendar.
    pub calendar_event_id: Option<String>,
    /// Why the calendar does not show it.
    pub calendar_error: Option<String>,
    /// When it was booked.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A visit to book.
#[derive(Clone, Debug)]
pub struct Booking {
    /// The client's lead.
    pub lead: LeadId,
    /// The agent; by default the lead's owner. Only an admin can set it.
    pub agent: Option<UserId>,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// The place.
    pub place: Option<String>,
    /// A note of the agent.
    pub note: Option<String>,
}

/// A change of a visit; `None` keeps a field.
#[derive(Clone, Debug, Default)]
pub struct AppointmentChange {
    /// When it begins.
    pub starts_at: Option<DateTime<Utc>>,
    /// When it ends; by default the visit keeps its length.
    pub ends_at: Option<DateTime<Utc>>,
    /// The place.
    pub place: Option<String>,
    /// A note of the agent.
    pub note: Option<String>,
}

/// A filter of visits.
#[derive(Clone, Debug, Default)]
pub struct AppointmentFilter {
    /// Of this lead.
    pub lead: Option<LeadId>,
    /// Of this agent.
    pub agent: Option<UserId>,
    /// That end after this instant.
    pub from: Option<DateTime<Utc>>,
    /// That begin before this instant.
    pub to: Option<DateTime<Utc>>,
    /// With visits that were cancelled.
    pub with_cancelled: bool,
    /// Only visits that are booked with an agent who is not the lead's owner any more.
    pub with_former_agent: bool,
}

/// A change of a visit.
#[derive(Clone, Debug)]
pub struct Done {
    /// When it was made.
    pub at: DateTime<Utc>,
    /// The user who made it; `None` if the user was deleted.
    pub by_user_id: Option<String>,
    /// The user's name.
    pub by_name: Option<String>,
    /// `booked`, `moved`, `changed`, `cancelled`, `handed_over`, or its result: `done`, `no_show`, `to_move`.
    pub kind: String,
    /// When the visit began after the change.
    pub starts_at: DateTime<Utc>,
    /// When it ended after the change.
    pub ends_at: DateTime<Utc>,
    /// The reason that the user gave.
    pub note: Option<String>,
}

/// The recipient of a reminder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Recipient {
    /// The agent.
    Agent,
    /// The client.
    Client,
    /// The agent: the question about the result, after the visit.
    Outcome,
}

/// When people are reminded.
#[derive(Clone, Debug)]
pub struct Reminders {
    /// How many minutes before the visit the agent is reminded.
    pub agent_minutes: Vec<i32>,
    /// How many minutes before the visit the client is reminded.
    pub client_minutes: Vec<i32>,
    /// The time of day from which messages are sent.
    pub polite_from: NaiveTime,
    /// The time of day from which no messages are sent.
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

/// A reminder to plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) recipient: Recipient,
    pub(super) minutes_before: i32,
    pub(super) due_at: DateTime<Utc>,
}

impl Reminders {
    /// The reminders of a visit that is booked or moved at `now`, without those whose time has passed, and the question
    /// after it.
    pub(super) fn plan(
        &self,
        (starts_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
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
        all.push(self.question(ends_at, zone));
        all.sort_by_key(|planned| (planned.recipient, planned.due_at, planned.minutes_before));
        // Two reminders that are moved to the same instant become one.
        all.dedup_by_key(|planned| (planned.recipient, planned.due_at));
        all
    }

    /// The question about the result of a visit that ends then.
    pub(super) fn question(&self, ends_at: DateTime<Utc>, zone: Timezone) -> Planned {
        let wanted = ends_at + ASK_AFTER;
        Planned {
            recipient: Recipient::Outcome,
            minutes_before: 0,
            due_at: self.polite(wanted, wanted + TimeDelta::days(2), zone),
        }
    }

    /// Whether messages may be sent at this instant.
    pub(super) fn is_polite(&self, at: DateTime<Utc>, zone: Timezone) -> bool {
        let time = zone.local(at).time();
        self.polite_from <= time && time < self.polite_until
    }

    /// When the allowed hours of that day end.
    pub(super) fn end_of_politeness(&self, at: DateTime<Utc>, zone: Timezone) -> DateTime<Utc> {
        zone.instant(zone.local(at).date_naive(), self.polite_until)
    }

    /// The next allowed instant from `wanted` on; if the visit has begun by then, the last allowed one before.
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
        // One minute before the allowed hours end.
        let evening = other(day, u64::from(early), false);
        zone.instant(evening, self.polite_until) - TimeDelta::minutes(1)
    }
}

/// How long after a visit its agent is asked about its result.
const ASK_AFTER: TimeDelta = TimeDelta::minutes(15);
/// The longest place or note, in characters.
const LONGEST: usize = 500;
/// The longest visit.
const LONGEST_VISIT: TimeDelta = TimeDelta::hours(12);

/// Checks the times of a visit.
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

/// Checks a text's length and removes characters that PostgreSQL cannot store; `None` if it is empty.
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
    use chrono::{DateTime, TimeDelta, Utc};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse::<DateTime<chrono::FixedOffset>>()
            .expect("a time")
            .to_utc()
    }

    fn due(starts: &str, now: &str) -> Vec<(Recipient, DateTime<Utc>)> {
        let times = (at(starts), at(starts) + TimeDelta::hours(1));
        let planned = Reminders::default().plan(times, at(now), Timezone::Jakarta);
        planned
            .iter()
            .filter(|planned| planned.recipient != Recipient::Outcome)
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
        // At 07:30 the agent's reminder is due at 06:30 and waits until 07:00. So does the client's.
        assert_eq!(
            due("2026-01-08T07:30:00+07:00", "2026-01-07T20:00:00+07:00"),
            [
                (Recipient::Agent, at("2026-01-08T07:00:00+07:00")),
                (Recipient::Client, at("2026-01-08T07:00:00+07:00")),
            ]
        );
        // At 06:00 no instant of that morning is allowed, so it is sent the evening before.
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
