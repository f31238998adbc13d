//! Whether an agent is available at an instant; if not, why and until when. Pure rules.

use crate::id::{QueueId, UserId};
use crate::local_time::Timezone;
use crate::{Error, Result};
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

/// Working hours of one weekday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// ISO 8601: Monday is 1.
    pub weekday: i32,
    /// Start, in the agent's zone.
    pub opens: NaiveTime,
    /// End, in the agent's zone.
    pub closes: NaiveTime,
}

/// Days off, with both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leave {
    /// The first day.
    pub first_day: NaiveDate,
    /// The last day.
    pub last_day: NaiveDate,
}

/// What is recorded about an agent. The default is always available, as on the previous server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Availability {
    /// The agent's time zone.
    pub timezone: Timezone,
    /// When the break began.
    pub paused_since: Option<DateTime<Utc>>,
    /// When the break ends, if that is known.
    pub paused_until: Option<DateTime<Utc>>,
    /// The most leads that the agent takes a day.
    pub most_a_day: Option<i32>,
    /// The most open leads that the agent has at once.
    pub most_open: Option<i32>,
    /// Working hours; if there are none, the agent always works.
    pub hours: Vec<Hours>,
    /// Days off.
    pub leave: Vec<Leave>,
}

/// Who hears an agent's clients while the agent is away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cover {
    /// This colleague.
    Agent(UserId),
    /// The first of this queue who is on duty.
    Queue(QueueId),
}

/// How many leads an agent has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Leads claimed today plus open offers.
    pub today: i64,
    /// Leads that the agent owns and that are not closed, plus open offers.
    pub open: i64,
}

/// Why an agent is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The agent takes a break.
    Paused,
    /// The agent has days off.
    Leave,
    /// It is outside the agent's working hours.
    OffHours,
    /// It is a holiday.
    Holiday,
    /// The agent reached the daily cap.
    CapPerDay,
    /// The agent reached the cap of open leads.
    CapOpen,
    /// The agent has no offer address, or the provider refused it.
    Undeliverable,
    /// The agent declined this lead.
    Declined,
    /// The agent was offered this lead already, and did not answer.
    Asked,
    /// The agent's user is disabled.
    Disabled,
}

/// Whether an agent is available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DutyStatus {
    /// The agent is available.
    OnDuty,
    /// The agent is not available.
    Away {
        /// Why not.
        reason: Reason,
        /// When the agent is available again, if that is known.
        until: Option<DateTime<Utc>>,
    },
}

/// How many days ahead the rules look for an available instant.
const HORIZON_DAYS: i64 = 400;

impl Availability {
    /// Whether the agent is available at `now`.
    pub fn duty_status(
        &self,
        holidays: &[NaiveDate],
        load: Load,
        now: DateTime<Utc>,
    ) -> DutyStatus {
        let until = |from| self.on_duty_from(holidays, from);
        if let Some((reason, _)) = self.absence(holidays, now) {
            return DutyStatus::Away {
                reason,
                until: until(now),
            };
        }
        if self
            .most_open
            .is_some_and(|most| load.open >= i64::from(most))
        {
            return DutyStatus::Away {
                reason: Reason::CapOpen,
                until: None,
            };
        }
        if self
            .most_a_day
            .is_some_and(|most| load.today >= i64::from(most))
        {
            let tomorrow = self.timezone.end_of(self.timezone.day(now));
            return DutyStatus::Away {
                reason: Reason::CapPerDay,
                until: self
                    .most_a_day
                    .filter(|most| *most > 0)
                    .and_then(|_| until(tomorrow)),
            };
        }
        DutyStatus::OnDuty
    }

    /// The first instant, not before `from`, at which no break, day off, working hour or holiday stops the
    /// agent. Returns `None` if there is none within the days that the rules look ahead.
    fn on_duty_from(&self, holidays: &[NaiveDate], from: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut instant = from;
        while (instant - from).num_days() < HORIZON_DAYS {
            match self.absence(holidays, instant) {
                None => return Some(instant),
                Some((_, end)) => instant = end?,
            }
        }
        None
    }

    /// Why the agent is not available at `instant`, and until when; `None` as the end means no known end.
    fn absence(
        &self,
        holidays: &[NaiveDate],
        instant: DateTime<Utc>,
    ) -> Option<(Reason, Option<DateTime<Utc>>)> {
        let day = self.timezone.day(instant);
        if self.paused_since.is_some() && self.paused_until.is_none_or(|until| instant < until) {
            return Some((Reason::Paused, self.paused_until));
        }
        if let Some(leave) = self
            .leave
            .iter()
            .find(|leave| (leave.first_day..=leave.last_day).contains(&day))
        {
            return Some((Reason::Leave, Some(self.timezone.end_of(leave.last_day))));
        }
        if self.hours.is_empty() {
            return None;
        }
        if holidays.contains(&day) {
            return Some((Reason::Holiday, Some(self.timezone.end_of(day))));
        }
        let weekday = i64::from(day.weekday().number_from_monday());
        let today = || {
            self.hours
                .iter()
                .filter(|hours| i64::from(hours.weekday) == weekday)
        };
        let at = |time| self.timezone.instant(day, time);
        if today().any(|hours| at(hours.opens) <= instant && instant < at(hours.closes)) {
            return None;
        }
        let opens = today()
            .map(|hours| at(hours.opens))
            .filter(|opens| *opens > instant)
            .min();
        Some((
            Reason::OffHours,
            Some(opens.unwrap_or_else(|| self.timezone.end_of(day))),
        ))
    }
}

/// Fails with `Invalid` if hours overlap, close before they open, or have no weekday.
pub(super) fn check_hours(hours: &[Hours]) -> Result<()> {
    let mut hours = hours.to_vec();
    hours.sort_by_key(|hours| (hours.weekday, hours.opens));
    if hours.iter().any(|hours| !(1..=7).contains(&hours.weekday)) {
        return Err(Error::invalid(
            "hours",
            "has a weekday that is not 1 (Monday) to 7 (Sunday)",
        ));
    }
    if hours.iter().any(|hours| hours.closes <= hours.opens) {
        return Err(Error::invalid("hours", "closes before it opens"));
    }
    let overlap =
        |pair: &[Hours]| pair[0].weekday == pair[1].weekday && pair[1].opens < pair[0].closes;
    if hours.windows(2).any(overlap) {
        return Err(Error::invalid("hours", "overlaps itself"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Availability, DutyStatus, Hours, Leave, Load, Reason};
    use crate::local_time::Timezone;
    use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

    fn time(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn office(timezone: Timezone) -> Availability {
        let at = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a time");
        let hours = (1..=5).map(|weekday| Hours {
            weekday,
            opens: at(9),
            closes: at(17),
        });
        Availability {
            timezone,
            hours: hours.collect(),
            ..Availability::default()
        }
    }

    fn away(reason: Reason, until: Option<&str>) -> DutyStatus {
        DutyStatus::Away {
            reason,
            until: until.map(time),
        }
    }

    #[test]
    fn working_hours_are_the_agents_own_clocks() {
        let at = time("2026-01-05T09:30:00+08:00"); // A Monday; 08:30 in Jakarta.
        let load = Load::default();
        assert_eq!(
            office(Timezone::Makassar).duty_status(&[], load, at),
            DutyStatus::OnDuty
        );
        assert_eq!(
            office(Timezone::Jakarta).duty_status(&[], load, at),
            away(Reason::OffHours, Some("2026-01-05T09:00:00+07:00"))
        );
    }

    #[test]
    fn closing_time_is_over_at_its_very_instant() {
        let office = office(Timezone::Jakarta);
        let (load, closing) = (Load::default(), time("2026-01-05T17:00:00+07:00"));
        let before = closing - chrono::TimeDelta::microseconds(1);
        assert_eq!(office.duty_status(&[], load, before), DutyStatus::OnDuty);
        assert_eq!(
            office.duty_status(&[], load, closing),
            away(Reason::OffHours, Some("2026-01-06T09:00:00+07:00"))
        );
    }

    #[test]
    fn a_friday_evening_lasts_until_the_monday_after_the_holiday() {
        let friday = time("2026-01-09T18:00:00+07:00");
        assert_eq!(
            office(Timezone::Jakarta).duty_status(&[day("2026-01-12")], Load::default(), friday),
            away(Reason::OffHours, Some("2026-01-13T09:00:00+07:00"))
        );
    }

    #[test]
    fn leave_counts_whole_days_and_ends_in_working_hours() {
        let mut office = office(Timezone::Jakarta);
        office.leave = vec![Leave {
            first_day: day("2026-01-05"),
            last_day: day("2026-01-06"),
        }];
        assert_eq!(
            office.duty_status(&[], Load::default(), time("2026-01-05T12:00:00+07:00")),
            away(Reason::Leave, Some("2026-01-07T09:00:00+07:00"))
        );
    }

    #[test]
    fn a_break_without_an_end_is_not_waited_for() {
        let now = time("2026-01-05T12:00:00+07:00");
        let mut agent = Availability {
            paused_since: Some(now),
            ..Availability::default()
        };
        assert_eq!(
            agent.duty_status(&[], Load::default(), now),
            away(Reason::Paused, None)
        );
        agent.paused_until = Some(time("2026-01-05T13:00:00+07:00"));
        assert_eq!(
            agent.duty_status(&[], Load::default(), now),
            away(Reason::Paused, Some("2026-01-05T13:00:00+07:00"))
        );
        let after = time("2026-01-05T13:00:00+07:00");
        assert_eq!(
            agent.duty_status(&[], Load::default(), after),
            DutyStatus::OnDuty
        );
    }

    #[test]
    fn a_day_cap_ends_with_the_day_and_an_open_cap_with_a_lead() {
        let now = time("2026-01-05T12:00:00+07:00");
        let agent = Availability {
            most_a_day: Some(2),
            most_open: Some(3),
            ..Availability::default()
        };
        let load = |today, open| Load { today, open };
        assert_eq!(agent.duty_status(&[], load(1, 2), now), DutyStatus::OnDuty);
        assert_eq!(
            agent.duty_status(&[], load(2, 2), now),
            away(Reason::CapPerDay, Some("2026-01-06T00:00:00+07:00"))
        );
        assert_eq!(
            agent.duty_status(&[], load(1, 3), now),
            away(Reason::CapOpen, None)
        );
    }
}
