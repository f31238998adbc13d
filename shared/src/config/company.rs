//! Where the company is.

use crate::local_time::Timezone;
use clap::Args;

/// Where the company is.
#[derive(Args, Clone, Copy, Debug)]
pub struct Company {
    /// The time zone of the company. Offers, reminders, exports and figures use it.
    #[arg(long, env = "COMPANY_TIMEZONE", default_value = "Asia/Jakarta", value_parser = timezone)]
    pub company_timezone: Timezone,
}

fn timezone(given: &str) -> std::result::Result<Timezone, String> {
    Timezone::ALL
        .into_iter()
        .find(|zone| zone.as_str() == given)
        .ok_or_else(|| "must be Asia/Jakarta, Asia/Makassar or Asia/Jayapura".to_owned())
}
