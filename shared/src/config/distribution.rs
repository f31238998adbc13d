//! How leads are distributed.

use clap::{Args, ValueEnum};
use std::time::Duration;

/// How leads are distributed.
#[derive(Args, Clone, Copy, Debug)]
pub struct Distribution {
    /// How long an agent can answer OK, in seconds. Fractions are allowed.
    #[arg(id = "distribution_ack_seconds", long = "distribution-ack-seconds", env = "DISTRIBUTION_ACK_SECONDS", default_value = "300", value_parser = seconds)]
    pub ack_window: Duration,
    /// The longest time between two sweeps for deadlines that no job handled, in milliseconds.
    #[arg(id = "distribution_poll_ms", long = "distribution-poll-ms", env = "DISTRIBUTION_POLL_MS", default_value = "15000", value_parser = poll_milliseconds)]
    pub poll: Duration,
    /// How long an offer may wait to be accepted by WhatsApp, in seconds. After that the lead goes to the next agent, and this
    /// agent is not charged a turn.
    #[arg(id = "distribution_send_patience_seconds", long = "distribution-send-patience-seconds", env = "DISTRIBUTION_SEND_PATIENCE_SECONDS", default_value = "30", value_parser = seconds)]
    pub send_patience: Duration,
    /// The most open offers that an agent has at once while a colleague has fewer: the next lead goes on to the colleague.
    /// 0: no limit.
    #[arg(
        id = "distribution_most_open_offers",
        long = "distribution-most-open-offers",
        env = "DISTRIBUTION_MOST_OPEN_OFFERS",
        default_value = "10"
    )]
    pub most_open_offers: u32,
    /// How many leads of one source within ten minutes must have a form's name or almost its number for the form to be held
    /// for a person. 0: no form is held.
    #[arg(
        id = "distribution_burst_forms",
        long = "distribution-burst-forms",
        env = "DISTRIBUTION_BURST_FORMS",
        default_value = "5"
    )]
    pub burst_forms: u32,
    /// Who gets the form of an owned client about another project whose leads another queue gets.
    #[arg(
        id = "distribution_second_project",
        long = "distribution-second-project",
        env = "DISTRIBUTION_SECOND_PROJECT",
        default_value = "owner"
    )]
    pub second_project: SecondProject,
    /// Whether an offer hides the client's name and number until the agent claims.
    #[arg(id = "distribution_mask_offers", long = "distribution-mask-offers", env = "DISTRIBUTION_MASK_OFFERS", default_value_t = false, action = clap::ArgAction::Set)]
    pub mask_offers: bool,
}

/// Who gets the form of an owned client about another project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SecondProject {
    /// The owner of the client.
    Owner,
    /// The project's queue: the lead is distributed again.
    Queue,
}

impl Distribution {
    /// How long before its deadline an offer must have been accepted by the provider. The deadline of an
    /// offer that was not accepted is one window after it was made or after a freeze ended.
    pub fn unsent_before_deadline(&self) -> Duration {
        self.ack_window.saturating_sub(self.send_patience)
    }
}

fn seconds(given: &str) -> std::result::Result<Duration, String> {
    let seconds: f64 = given
        .parse()
        .map_err(|_| "not a number of seconds".to_owned())?;
    // PostgreSQL stores microseconds. A day is longer than any lead waits.
    if (0.001..=86_400.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("must be between 0.001 and 86400 seconds".to_owned())
    }
}

fn poll_milliseconds(given: &str) -> std::result::Result<Duration, String> {
    let milliseconds: u64 = given
        .parse()
        .map_err(|_| "not a number of milliseconds".to_owned())?;
    if (100..=60_000).contains(&milliseconds) {
        Ok(Duration::from_millis(milliseconds))
    } else {
        Err("must be between 100 and 60000 milliseconds".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{poll_milliseconds, seconds};
    use std::time::Duration;

    #[test]
    fn the_window_may_be_a_fraction_of_a_second() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        assert!(seconds("0").is_err());
        assert!(seconds("-1").is_err());
        assert!(seconds("NaN").is_err());
        assert!(seconds("five").is_err());
    }

    #[test]
    fn a_poll_that_would_never_come_is_refused() {
        assert_eq!(poll_milliseconds("15000"), Ok(Duration::from_secs(15)));
        assert!(poll_milliseconds("0").is_err());
        assert!(poll_milliseconds("3600000").is_err());
    }
}
