//! Where the company is.

use crate::local_time::Timezone;
use crate::{Error, Result};
use chrono::NaiveTime;
use clap::Args;

/// Where the company is.
#[derive(Args, Clone, Debug)]
pub struct Company {
    /// The time zone of the company. Offers, reminders, exports and figures use it.
    #[arg(long, env = "COMPANY_TIMEZONE", default_value = "Asia/Jakarta", value_parser = timezone)]
    pub company_timezone: Timezone,
    /// When managers get the summary of the day, by the company's clock: `18:00`. Empty: never.
    #[arg(long, env = "COMPANY_SUMMARY_AT", default_value = "18:00")]
    pub company_summary_at: String,
}

impl Company {
    /// When managers get the summary of the day. `None`: never.
    pub fn summary_at(&self) -> Result<Option<NaiveTime>> {
        let given = self.company_summary_at.trim();
        if given.is_empty() {
            return Ok(None);
        }
        NaiveTime::parse_from_str(given, "%H:%M")
            .map(Some)
            .map_err(|_| Error::invalid("COMPANY_SUMMARY_AT", "must be a time as 18:00, or empty"))
    }
}

fn timezone(given: &str) -> std::result::Result<Timezone, String> {
    Timezone::ALL
        .into_iter()
        .find(|zone| zone.as_str() == given)
        .ok_or_else(|| "must be Asia/Jakarta, Asia/Makassar or Asia/Jayapura".to_owned())
}
