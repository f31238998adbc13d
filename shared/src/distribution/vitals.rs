//! How distribution is doing: what operators watch.

use super::store;
use crate::{App, Result};

/// How distribution is doing now, and over the last minutes and days.
#[derive(Clone, Debug, Default)]
pub struct Vitals {
    /// Offers that are open.
    pub offers_open: i64,
    /// Open offers whose deadline is over by more than two seconds, outside a freeze.
    pub offers_overdue: i64,
    /// Leads that wait for somebody to be there.
    pub leads_held: i64,
    /// Whether the provider is frozen: 1 or 0.
    pub provider_frozen: i64,
    /// Messages and offers that wait to be sent.
    pub messages_waiting: i64,
    /// Jobs that were laid aside for a person to look at.
    pub jobs_dead: i64,
    /// Worker processes that are alive.
    pub workers_alive: i64,
    /// Words that were received and not yet acted on.
    pub words_unheard: i64,
    /// Calls to the provider whose outcome is not known.
    pub sends_unsettled: i64,
    /// Deliveries of Meta's that have not been acted on.
    pub deliveries_waiting: i64,
    /// Leads of Meta's forms that have not been fetched.
    pub meta_leads_waiting: i64,
    /// Rolls of the last five minutes.
    pub rolls: i64,
    /// How late half of them were at most, in seconds.
    pub roll_lateness_p50: f64,
    /// How late 99 of 100 were at most.
    pub roll_lateness_p99: f64,
    /// How late the latest was.
    pub roll_lateness_max: f64,
    /// Breaches that the audit logged in the last day.
    pub breaches: i64,
    /// Cycles that ended hangus in the last day.
    pub hangus: i64,
    /// Cycles that ended with a claim in the last day.
    pub claimed: i64,
}

/// Reads them.
pub async fn vitals(app: &App) -> Result<Vitals> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    store::vitals(&mut connection, app.provider.name(), now).await
}

impl Vitals {
    /// Each figure's name, meaning and value.
    #[allow(
        clippy::cast_precision_loss,
        reason = "counts of this size are exact in an f64"
    )]
    pub fn figures(&self) -> [(&'static str, &'static str, f64); 18] {
        [
            (
                "offers_open",
                "Offers that are open",
                self.offers_open as f64,
            ),
            (
                "offers_overdue",
                "Open offers more than two seconds past their deadline, outside a freeze",
                self.offers_overdue as f64,
            ),
            (
                "leads_held",
                "Leads that wait for somebody to be there",
                self.leads_held as f64,
            ),
            (
                "provider_frozen",
                "Whether the WhatsApp provider is away and offers stand still",
                self.provider_frozen as f64,
            ),
            (
                "messages_waiting",
                "Messages and offers that wait to be sent",
                self.messages_waiting as f64,
            ),
            (
                "jobs_dead",
                "Jobs laid aside for a person to look at",
                self.jobs_dead as f64,
            ),
            (
                "workers_alive",
                "Worker processes that are alive",
                self.workers_alive as f64,
            ),
            (
                "words_unheard",
                "Words received and not yet acted on",
                self.words_unheard as f64,
            ),
            (
                "sends_unsettled",
                "Calls to the WhatsApp provider whose outcome is not known",
                self.sends_unsettled as f64,
            ),
            (
                "deliveries_waiting",
                "Deliveries of Meta's that have not been acted on",
                self.deliveries_waiting as f64,
            ),
            (
                "meta_leads_waiting",
                "Leads of Meta's forms that have not been fetched",
                self.meta_leads_waiting as f64,
            ),
            (
                "rolls_5m",
                "Rolls in the last five minutes",
                self.rolls as f64,
            ),
            (
                "roll_lateness_seconds_p50",
                "Lateness of rolls in the last five minutes, median",
                self.roll_lateness_p50,
            ),
            (
                "roll_lateness_seconds_p99",
                "Lateness of rolls in the last five minutes, 99th percentile",
                self.roll_lateness_p99,
            ),
            (
                "roll_lateness_seconds_max",
                "Lateness of rolls in the last five minutes, maximum",
                self.roll_lateness_max,
            ),
            (
                "breaches_1d",
                "Breaches that the audit logged in the last day",
                self.breaches as f64,
            ),
            (
                "cycles_hangus_1d",
                "Cycles that ended hangus in the last day",
                self.hangus as f64,
            ),
            (
                "cycles_claimed_1d",
                "Cycles that ended with a claim in the last day",
                self.claimed as f64,
            ),
        ]
    }
}
