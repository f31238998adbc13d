//! Absences that an agent announces: `istirahat 2 jam`, `istirahat sampai 15.00`, `cuti sampai Jumat`, `cuti besok`.

use crate::local_time::Timezone;
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

/// The most days of an absence that is announced in one message.
const MOST_DAYS: u64 = 92;

/// An absence that an agent announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Absence {
    /// A break until this instant.
    Break(DateTime<Utc>),
    /// Days off, both ends included.
    Leave(NaiveDate, NaiveDate),
}

/// The days off that these words name, after the word for days off. Without an end: today. "sampai Jumat" includes
/// Friday.
pub(super) fn leave(said: &[&str], now: DateTime<Utc>, zone: Timezone) -> Option<Absence> {
    let today = zone.day(now);
    let (first, last) = days(said, today)?;
    let is_near = first <= last && last >= today && last <= today + Days::new(MOST_DAYS);
    is_near.then_some(Absence::Leave(first, last))
}

/// The break that these words name, after the word for a break. "sampai Senin" ends when Monday begins.
pub(super) fn pause(said: &[&str], now: DateTime<Utc>, zone: Timezone) -> Option<Absence> {
    let until = end_of_break(said, now, zone)?;
    let is_near = until > now && until <= now + Days::new(MOST_DAYS);
    is_near.then_some(Absence::Break(until))
}

/// Days off. Without an end: today.
fn days(said: &[&str], today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    match said {
        [] | ["hari", "ini"] => Some((today, today)),
        [number, "hari"] => Some((today, today + Days::new(count(number)?.checked_sub(1)?))),
        [number, "minggu" | "pekan"] => Some((
            today,
            today + Days::new((count(number)? * 7).checked_sub(1)?),
        )),
        [until, rest @ ..] if is_until(until) => Some((today, day(rest, today)?)),
        _ => {
            let Some(at) = said.iter().position(|word| is_until(word)) else {
                let only = day(said, today)?;
                return Some((only, only));
            };
            let last = day(&said[at + 1..], today)?;
            // `tanggal 5 sampai 7 Maret`: the month stands once.
            let names_month = said.last().is_some_and(|word| month(word).is_some());
            let number = said[..at].last().and_then(|word| word.parse().ok());
            let first = match number.filter(|_| names_month) {
                Some(number) => last.with_day(number)?,
                None => day(&said[..at], today)?,
            };
            Some((first, last))
        }
    }
}

fn end_of_break(said: &[&str], now: DateTime<Utc>, zone: Timezone) -> Option<DateTime<Utc>> {
    let today = zone.day(now);
    match said {
        ["hari", "ini"] => Some(zone.end_of(today)),
        ["setengah", "jam"] => Some(now + TimeDelta::minutes(30)),
        ["sejam"] => Some(now + TimeDelta::hours(1)),
        [number, unit] if !is_until(number) => {
            let number = i64::try_from(count(number)?).ok()?;
            match *unit {
                "menit" | "mnt" | "min" => Some(now + TimeDelta::minutes(number)),
                "jam" | "j" => Some(now + TimeDelta::hours(number)),
                "hari" => Some(now + TimeDelta::days(number)),
                _ => None,
            }
        }
        [until, rest @ ..] if is_until(until) => match time(rest) {
            Some(time) => {
                let at = zone.instant(today, time);
                Some(if at > now {
                    at
                } else {
                    zone.instant(today + Days::new(1), time)
                })
            }
            None => Some(zone.instant(day(rest, today)?, NaiveTime::MIN)),
        },
        _ => None,
    }
}

fn is_until(word: &str) -> bool {
    ["sampai", "sampe", "ampe", "hingga", "sd", "s"].contains(&word)
}

/// A time of day: `15 00`, `15`, `jam 3 sore`.
fn time(said: &[&str]) -> Option<NaiveTime> {
    let said = match said {
        ["jam" | "pukul" | "pkl", rest @ ..] => rest,
        // Without its word, one number is a day of the month rather than an hour.
        [_] => return None,
        rest => rest,
    };
    let (hour, rest) = said.split_first()?;
    let hour: u32 = hour.parse().ok()?;
    let (minute, rest) = match rest {
        [minute, rest @ ..] if minute.parse::<u32>().is_ok() && minute.len() == 2 => {
            (minute.parse().ok()?, rest)
        }
        rest => (0, rest),
    };
    let hour = match rest {
        ["siang" | "sore" | "malam"] if hour < 12 => hour + 12,
        [] | ["pagi" | "siang" | "wib" | "wita" | "wit"] => hour,
        _ => return None,
    };
    NaiveTime::from_hms_opt(hour, minute, 0)
}

/// A day: `besok`, `jumat`, `tanggal 5`, `5 maret`.
fn day(said: &[&str], today: NaiveDate) -> Option<NaiveDate> {
    match said {
        ["hari", "ini"] => Some(today),
        ["besok" | "bsk"] => today.succ_opt(),
        ["lusa"] => Some(today + Days::new(2)),
        ["hari", name] | [name] if weekday(name).is_some() => {
            let ahead = (weekday(name)? + 7 - today.weekday().num_days_from_monday()) % 7;
            Some(today + Days::new(u64::from(ahead)))
        }
        ["tanggal" | "tgl", number] | [number] => {
            let this = today.with_day(number.parse().ok()?);
            let next = || {
                let month = today.with_day(1)? + chrono::Months::new(1);
                month.with_day(number.parse().ok()?)
            };
            this.filter(|day| *day >= today).or_else(next)
        }
        ["tanggal" | "tgl", number, name] | [number, name] => {
            let month = month(name)?;
            let number = number.parse().ok()?;
            let this = NaiveDate::from_ymd_opt(today.year(), month, number)?;
            if this >= today {
                Some(this)
            } else {
                NaiveDate::from_ymd_opt(today.year() + 1, month, number)
            }
        }
        _ => None,
    }
}

/// 0 for Monday.
fn weekday(name: &str) -> Option<u32> {
    let names = [
        ["senin", "sen"],
        ["selasa", "sel"],
        ["rabu", "rab"],
        ["kamis", "kam"],
        ["jumat", "jum"],
        ["sabtu", "sab"],
        ["minggu", "ahad"],
    ];
    let at = names.iter().position(|names| names.contains(&name))?;
    u32::try_from(at).ok()
}

/// 1 for January.
fn month(name: &str) -> Option<u32> {
    let names = [
        "januari",
        "februari",
        "maret",
        "april",
        "mei",
        "juni",
        "juli",
        "agustus",
        "september",
        "oktober",
        "november",
        "desember",
    ];
    let is_named = |full: &str| full == name || (name.len() >= 3 && full.starts_with(name));
    let at = names.iter().position(|full| is_named(full))?;
    u32::try_from(at + 1).ok()
}

fn count(word: &str) -> Option<u64> {
    let words = [
        "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh",
    ];
    match words.iter().position(|known| *known == word) {
        Some(at) => u64::try_from(at + 1).ok(),
        None => word
            .parse()
            .ok()
            .filter(|number| (1..=999).contains(number)),
    }
}
