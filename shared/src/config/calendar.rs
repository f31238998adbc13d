//! Settings of visits: when people are reminded, and which calendar shows them.

use super::problems::Problems;
use crate::appointments::Reminders;
use crate::providers::calendar::{Calendar, GoogleCalendar, MockCalendar, ServiceAccount};
use crate::{Clock, Error, Result};
use chrono::NaiveTime;
use clap::Args;
use sqlx::PgPool;
use std::path::PathBuf;
use std::sync::Arc;

/// Visits.
#[derive(Args, Clone, Debug)]
pub struct Appointments {
    /// Minutes before a visit at which its agent is reminded, separated by commas; empty: never.
    #[arg(long, env = "APPOINTMENT_REMIND_AGENT_MINUTES", default_value = "60")]
    pub appointment_remind_agent_minutes: String,
    /// And its client.
    #[arg(
        long,
        env = "APPOINTMENT_REMIND_CLIENT_MINUTES",
        default_value = "1440,120"
    )]
    pub appointment_remind_client_minutes: String,
    /// The hours, by the company's clock, in which people are reminded.
    #[arg(long, env = "APPOINTMENT_POLITE_HOURS", default_value = "07:00-21:00")]
    pub appointment_polite_hours: String,
    /// Whether no calendar is written and visits get a mock event id.
    #[arg(long, env = "GOOGLE_CALENDAR_MOCK", default_value_t = true, action = clap::ArgAction::Set)]
    pub google_calendar_mock: bool,
    /// The calendar's id. Needed unless it is a mock.
    #[arg(long, env = "GOOGLE_CALENDAR_ID")]
    pub google_calendar_id: Option<String>,
    /// The key file of the service account that the calendar is shared with. Needed unless it is a mock.
    #[arg(long, env = "GOOGLE_SERVICE_ACCOUNT_KEY_FILE")]
    pub google_service_account_key_file: Option<PathBuf>,
    /// Where Google's calendars are.
    #[arg(
        long,
        env = "GOOGLE_CALENDAR_BASE_URL",
        default_value = "https://www.googleapis.com/calendar/v3"
    )]
    pub google_calendar_base_url: String,
}

impl Appointments {
    /// When people are reminded. `None`, with a problem for each wrong setting, if that cannot be read.
    pub fn reminders(&self, problems: &mut Problems) -> Option<Reminders> {
        let hours = problems.check(hours(&self.appointment_polite_hours));
        let agent_minutes = problems.check(minutes(
            "APPOINTMENT_REMIND_AGENT_MINUTES",
            &self.appointment_remind_agent_minutes,
        ));
        let client_minutes = problems.check(minutes(
            "APPOINTMENT_REMIND_CLIENT_MINUTES",
            &self.appointment_remind_client_minutes,
        ));
        let (polite_from, polite_until) = hours?;
        Some(Reminders {
            agent_minutes: agent_minutes?,
            client_minutes: client_minutes?,
            polite_from,
            polite_until,
        })
    }

    /// The calendar that visits are written to. `None`, with a problem for each wrong setting, if it cannot
    /// be used.
    pub fn calendar(
        &self,
        clock: Clock,
        pool: PgPool,
        problems: &mut Problems,
    ) -> Option<Arc<dyn Calendar>> {
        if self.google_calendar_mock {
            return Some(Arc::new(MockCalendar));
        }
        let needed =
            |field| Error::invalid(field, "must be set unless GOOGLE_CALENDAR_MOCK is true");
        let calendar = self
            .google_calendar_id
            .clone()
            .filter(|id| !id.trim().is_empty());
        let calendar = problems.check(calendar.ok_or_else(|| needed("GOOGLE_CALENDAR_ID")));
        let key = self.google_service_account_key_file.as_deref();
        let key = key.ok_or_else(|| needed("GOOGLE_SERVICE_ACCOUNT_KEY_FILE"));
        let account = problems.check(key.and_then(ServiceAccount::read));
        let base = &self.google_calendar_base_url;
        let google = GoogleCalendar::new(base, calendar?, account?, clock, pool);
        Some(Arc::new(problems.check(google)?))
    }
}

/// The hours of `APPOINTMENT_POLITE_HOURS`: `07:00-21:00`.
fn hours(given: &str) -> Result<(NaiveTime, NaiveTime)> {
    let wrong = || Error::invalid("APPOINTMENT_POLITE_HOURS", "must be as 07:00-21:00");
    let (from, until) = given.split_once('-').ok_or_else(wrong)?;
    let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").map_err(|_| wrong());
    let (from, until) = (time(from)?, time(until)?);
    if from < until {
        Ok((from, until))
    } else {
        Err(wrong())
    }
}

/// Whole minutes, each up to thirty days, each once.
fn minutes(field: &'static str, told: &str) -> Result<Vec<i32>> {
    let mut minutes = Vec::new();
    for part in told
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        match part.parse() {
            Ok(given @ 1..=43_200) => minutes.push(given),
            _ => {
                return Err(Error::invalid(
                    field,
                    "must be minutes, separated by commas",
                ));
            }
        }
    }
    minutes.sort_unstable();
    minutes.dedup();
    Ok(minutes)
}

#[cfg(test)]
mod tests {
    use super::minutes;

    #[test]
    fn minutes_are_read_and_nonsense_is_refused() {
        assert_eq!(minutes("M", "120, 1440,120").ok(), Some(vec![120, 1440]));
        assert_eq!(minutes("M", "").ok(), Some(Vec::new()));
        assert!(minutes("M", "-5").is_err());
        assert!(minutes("M", "an hour").is_err());
    }
}
