//! Periods, and parts of totals.

use crate::local_time::Timezone;
use crate::{Error, Result};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

/// A period of whole days, with both ends included, in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub first_day: NaiveDate,
    /// The last day.
    pub last_day: NaiveDate,
    /// The zone.
    pub timezone: Timezone,
}

/// The longest period, in days.
const MOST_DAYS: i64 = 400;

impl Period {
    /// The instants at which the period begins (included) and ends (excluded).
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

/// One part of a total.
#[derive(Clone, Debug)]
pub struct Slice {
    /// Its id.
    pub id: String,
    /// Its label.
    pub label: String,
    /// Its count.
    pub count: i64,
}
