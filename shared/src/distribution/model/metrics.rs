//! Metrics of distribution, for operators.

/// The state of distribution now, and counts over the last minutes and days.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    /// Offers that are open.
    pub offers_open: i64,
    /// Open offers whose deadline passed more than two seconds ago, outside a freeze.
    pub offers_overdue: i64,
    /// Leads that are held because no agent is available.
    pub leads_held: i64,
    /// Whether the provider is frozen: 1 or 0.
    pub provider_frozen: i64,
    /// Messages and offers that are queued to be sent.
    pub messages_waiting: i64,
    /// Dead letters: jobs that were discarded and wait for a person.
    pub jobs_dead: i64,
    /// Worker processes that are alive.
    pub workers_alive: i64,
    /// Messages that were received and are not handled yet.
    pub messages_unhandled: i64,
    /// For how many seconds the oldest of them has waited.
    pub messages_oldest: f64,
    /// For how many seconds the oldest job that no worker fetched has been due.
    pub jobs_oldest: f64,
    /// Queues of jobs that are paused.
    pub queues_paused: i64,
    /// Sends whose outcome is not known.
    pub sends_unsettled: i64,
    /// Meta's webhook deliveries that are not handled yet.
    pub deliveries_waiting: i64,
    /// Parts of Meta's deliveries that could not be read and that nobody has closed.
    pub deliveries_unread: i64,
    /// Leads of Meta's forms that are not fetched yet.
    pub meta_leads_waiting: i64,
    /// Leads of Meta's forms that could not be taken.
    pub meta_leads_unusable: i64,
    /// Rolls in the last five minutes.
    pub rolls: i64,
    /// The median lateness of these rolls, in seconds.
    pub roll_lateness_p50: f64,
    /// The 99th percentile of their lateness, in seconds.
    pub roll_lateness_p99: f64,
    /// The largest lateness, in seconds.
    pub roll_lateness_max: f64,
    /// Rows that the audit found in breach of a rule in the last 24 hours, each once a rule.
    pub breaches: i64,
    /// Cycles that ended as hangus in the last 24 hours.
    pub hangus: i64,
    /// Cycles that ended with a claim in the last 24 hours.
    pub claimed: i64,
}

/// A metric's name, help text and value.
type Figure = (&'static str, &'static str, f64);

#[allow(
    clippy::cast_precision_loss,
    reason = "counts of this size are exact in an f64"
)]
fn count(name: &'static str, help: &'static str, count: i64) -> Figure {
    (name, help, count as f64)
}

impl Metrics {
    /// Each metric's name, help text and value.
    pub fn figures(&self) -> Vec<Figure> {
        let (now, recent) = (self.now(), self.recent());
        now.into_iter().chain(recent).collect()
    }

    fn now(&self) -> [Figure; 16] {
        [
            count("offers_open", "Offers that are open", self.offers_open),
            count(
                "offers_overdue",
                "Open offers more than two seconds past their deadline, outside a freeze",
                self.offers_overdue,
            ),
            count(
                "leads_held",
                "Leads that are held because no agent is available",
                self.leads_held,
            ),
            count(
                "provider_frozen",
                "1 while the WhatsApp provider is frozen and offers do not roll",
                self.provider_frozen,
            ),
            count(
                "messages_waiting",
                "Messages and offers that are queued to be sent",
                self.messages_waiting,
            ),
            count(
                "jobs_dead",
                "Dead letters: jobs that were discarded and wait for a person",
                self.jobs_dead,
            ),
            count(
                "workers_alive",
                "Worker processes that are alive",
                self.workers_alive,
            ),
            count(
                "messages_unhandled",
                "Messages that were received and are not handled yet",
                self.messages_unhandled,
            ),
            (
                "messages_unhandled_oldest_seconds",
                "How long the oldest message that is not handled has waited",
                self.messages_oldest,
            ),
            (
                "jobs_oldest_seconds",
                "For how long the oldest job that no worker fetched has been due",
                self.jobs_oldest,
            ),
            count(
                "queues_paused",
                "Queues of jobs that an operator has paused",
                self.queues_paused,
            ),
            count(
                "sends_unsettled",
                "Sends to the WhatsApp provider whose outcome is not known",
                self.sends_unsettled,
            ),
            count(
                "deliveries_waiting",
                "Webhook deliveries of Meta that are not handled yet",
                self.deliveries_waiting,
            ),
            count(
                "meta_leads_waiting",
                "Leads of Meta forms that are not fetched yet",
                self.meta_leads_waiting,
            ),
            count(
                "deliveries_unread",
                "Parts of Meta's deliveries that could not be read and that nobody has closed",
                self.deliveries_unread,
            ),
            count(
                "meta_leads_unusable",
                "Leads of Meta's forms that could not be taken",
                self.meta_leads_unusable,
            ),
        ]
    }

    fn recent(&self) -> [Figure; 7] {
        [
            count("rolls_5m", "Rolls in the last five minutes", self.rolls),
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
            count(
                "breaches_1d",
                "Rows that the audit found in breach of a rule in the last day, each once a rule",
                self.breaches,
            ),
            count(
                "cycles_hangus_1d",
                "Cycles that ended hangus in the last day",
                self.hangus,
            ),
            count(
                "cycles_claimed_1d",
                "Cycles that ended with a claim in the last day",
                self.claimed,
            ),
        ]
    }
}

/// Whether deadlines are kept.
#[derive(Clone, Debug)]
pub struct Punctuality {
    /// Open offers that are more than two seconds past their deadline, outside a freeze.
    pub overdue: i64,
    /// For how many seconds the first of them has been past it.
    pub latest_seconds: Option<f64>,
    /// For how many seconds the audit has been due. Negative: it is not due yet. `None`: it never ran.
    pub audit_due_seconds: Option<f64>,
}

impl Punctuality {
    /// For how long the audit may be due.
    const AUDIT_PATIENCE_SECONDS: f64 = 60.0;

    /// Whether a worker has audited lately.
    pub fn is_audited(&self) -> bool {
        self.audit_due_seconds
            .is_some_and(|due| due < Self::AUDIT_PATIENCE_SECONDS)
    }

    /// Whether no offer is overdue, and a worker has audited lately.
    pub fn is_well(&self) -> bool {
        self.overdue == 0 && self.is_audited()
    }
}
