//! Local time: how an instant reads on a clock in Indonesia.
//!
//! Everything that a person reads uses the company's zone (`COMPANY_TIMEZONE`): offers, reminders,
//! exports and figures. An agent's working hours use the agent's own zone.

use crate::{Error, Result};
use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveTime, TimeZone, Utc};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// The years in which times and days are accepted. Sums with the edges of the calendar would overflow.
pub const YEARS: RangeInclusive<i32> = 1970..=2200;

const WEEKDAYS: [&str; 7] = [
    "Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu",
];
const MONTHS: [&str; 12] = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
];

/// A day in Indonesian words: `Selasa, 6 Januari`.
pub fn date_in_words(day: NaiveDate) -> String {
    let weekday = WEEKDAYS[day.weekday().num_days_from_monday() as usize];
    let month = MONTHS[day.month0() as usize];
    format!("{weekday}, {} {month}", day.day())
}

/// Fails with [`Error::Invalid`] if a day is outside [`YEARS`].
pub fn check_year(field: &'static str, day: NaiveDate) -> Result<()> {
    if YEARS.contains(&day.year()) {
        Ok(())
    } else {
        Err(Error::invalid(field, "must be in the years 1970 to 2200"))
    }
}

/// One of the three time zones of Indonesia. None of them has a summer time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[sqlx(type_name = "text")]
pub enum Timezone {
    /// WIB, UTC+7.
    #[default]
    #[serde(rename = "Asia/Jakarta")]
    #[sqlx(rename = "Asia/Jakarta")]
    Jakarta,
    /// WITA, UTC+8.
    #[serde(rename = "Asia/Makassar")]
    #[sqlx(rename = "Asia/Makassar")]
    Makassar,
    /// WIT, UTC+9.
    #[serde(rename = "Asia/Jayapura")]
    #[sqlx(rename = "Asia/Jayapura")]
    Jayapura,
}

impl Timezone {
    /// Every zone, from west to east.
    pub const ALL: [Self; 3] = [Self::Jakarta, Self::Makassar, Self::Jayapura];

    /// The name of the zone in the IANA time zone database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jakarta => "Asia/Jakarta",
            Self::Makassar => "Asia/Makassar",
            Self::Jayapura => "Asia/Jayapura",
        }
    }

    /// The short name that people use: WIB, WITA or WIT.
    pub fn abbreviation(self) -> &'static str {
        match self {
            Self::Jakarta => "WIB",
            Self::Makassar => "WITA",
            Self::Jayapura => "WIT",
        }
    }

    fn offset(self) -> FixedOffset {
        let hours = match self {
            Self::Jakarta => 7,
            Self::Makassar => 8,
            Self::Jayapura => 9,
        };
        FixedOffset::east_opt(hours * 3600).expect("a few hours are within a day")
    }

    /// The instant on a clock in this zone.
    pub fn local(self, instant: DateTime<Utc>) -> DateTime<FixedOffset> {
        instant.with_timezone(&self.offset())
    }

    /// The time of day, to the second, with the zone: `14:05:30 WIB`.
    pub fn time(self, instant: DateTime<Utc>) -> String {
        format!(
            "{} {}",
            self.local(instant).format("%H:%M:%S"),
            self.abbreviation()
        )
    }

    /// The day and the time, to the minute, with the zone: `06/01 09:00 WIB`.
    pub fn day_and_time(self, instant: DateTime<Utc>) -> String {
        format!(
            "{} {}",
            self.local(instant).format("%d/%m %H:%M"),
            self.abbreviation()
        )
    }

    /// The same in Indonesian words: `Selasa, 6 Januari pukul 09:00 WIB`.
    pub fn day_in_words(self, instant: DateTime<Utc>) -> String {
        let local = self.local(instant);
        format!(
            "{} pukul {} {}",
            date_in_words(local.date_naive()),
            local.format("%H:%M"),
            self.abbreviation()
        )
    }

    /// The calendar day in this zone.
    pub fn day(self, instant: DateTime<Utc>) -> NaiveDate {
        self.local(instant).date_naive()
    }

    /// The instant at which it is `time` on `day` in this zone.
    pub fn instant(self, day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
        self.offset()
            .from_local_datetime(&day.and_time(time))
            .single()
            .expect("a fixed offset skips and repeats no time")
            .to_utc()
    }

    /// The instant at which `day` ends in this zone: midnight of the next day.
    pub fn end_of(self, day: NaiveDate) -> DateTime<Utc> {
        let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
        self.instant(next, NaiveTime::MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::Timezone;
    use chrono::{DateTime, Utc};

    #[test]
    fn each_zone_reads_its_own_clock() {
        let midnight = DateTime::<Utc>::UNIX_EPOCH;
        assert_eq!(Timezone::Jakarta.time(midnight), "07:00:00 WIB");
        assert_eq!(Timezone::Makassar.time(midnight), "08:00:00 WITA");
        assert_eq!(Timezone::Jayapura.time(midnight), "09:00:00 WIT");
        assert_eq!(Timezone::Jayapura.day_and_time(midnight), "01/01 09:00 WIT");
    }
}
