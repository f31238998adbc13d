//! The instruments of this process: one of each, from its first use to its end.

use super::{pools, resident};
use crate::database_trouble::DatabaseTrouble;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::sync::LazyLock;

/// Labels with fixed names. Their values are words of the program, never a person's.
type Labels<const N: usize> = [(&'static str, &'static str); N];
type Histograms<const N: usize> = Family<Labels<N>, Histogram, fn() -> Histogram>;
type Counters<const N: usize> = Family<Labels<N>, Counter>;

/// From a millisecond to half a minute: what a person or a deadline waits for.
const SECONDS: [f64; 15] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0,
];

/// What a webhook was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Webhook {
    /// It is stored.
    Stored,
    /// Its signature or token is wrong.
    Refused,
    /// It cannot be stored now; its sender tries again.
    Failed,
}

impl Webhook {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// What was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntakeKind {
    /// A delivery of WhatsApp.
    Whatsapp,
    /// A delivery of Meta's lead ads.
    MetaLeads,
    /// A form in the flat format.
    Form,
}

impl IntakeKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::MetaLeads => "meta_leads",
            Self::Form => "form",
        }
    }
}

pub(super) struct Instruments {
    registry: Registry,
    pub(super) roll_lateness: Histogram,
    pub(super) intake: Histograms<1>,
    pub(super) webhooks: Counters<2>,
    pub(super) job_wait: Histograms<1>,
    pub(super) job_run: Histograms<1>,
    pub(super) jobs: Counters<2>,
    pub(super) provider_calls: Histograms<2>,
    pub(super) feed_delay: Histogram,
    pub(super) requests: Histograms<1>,
    pub(super) sign_ins: Counters<1>,
    pub(super) breaches: Counters<1>,
    pub(super) database_failures: Counters<1>,
    pub(super) traces: Counters<1>,
    pub(super) audited_at: Gauge,
}

/// The instruments of this process.
pub(super) fn instruments() -> &'static Instruments {
    static INSTRUMENTS: LazyLock<Instruments> = LazyLock::new(Instruments::new);
    &INSTRUMENTS
}

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

fn histograms<const N: usize>() -> Histograms<N> {
    Family::new_with_constructor(histogram)
}

impl Instruments {
    fn new() -> Self {
        let mut made = Self {
            registry: Registry::with_prefix("property_lounge"),
            roll_lateness: histogram(),
            intake: histograms(),
            webhooks: Family::default(),
            job_wait: histograms(),
            job_run: histograms(),
            jobs: Family::default(),
            provider_calls: histograms(),
            feed_delay: histogram(),
            requests: histograms(),
            sign_ins: Family::default(),
            breaches: Family::default(),
            database_failures: Family::default(),
            traces: Family::default(),
            audited_at: Gauge::default(),
        };
        made.register_times();
        made.register_counts();
        made
    }

    fn register_times(&mut self) {
        let registry = &mut self.registry;
        let mut seconds = |name: &str, help: &str, metric: &Histogram| {
            registry.register_with_unit(name, help, Unit::Seconds, metric.clone());
        };
        seconds(
            "roll_lateness",
            "From a deadline to the commit of the next offer",
            &self.roll_lateness,
        );
        seconds(
            "feed_delay",
            "From the commit of a change to the live feed's readers",
            &self.feed_delay,
        );
        let mut families = |name: &str, help: &str, metric: &Histograms<1>| {
            registry.register_with_unit(name, help, Unit::Seconds, metric.clone());
        };
        families(
            "intake",
            "From a delivery or form to its commit, by kind",
            &self.intake,
        );
        families(
            "job_wait",
            "From the time that a job is due to its start, by queue",
            &self.job_wait,
        );
        families("job_run", "How long a job ran, by queue", &self.job_run);
        families(
            "http_request",
            "From a request to its answer, by class of status",
            &self.requests,
        );
        let (help, calls) = (
            "Calls to outside services, by service and class of the answer",
            self.provider_calls.clone(),
        );
        registry.register_with_unit("provider_call", help, Unit::Seconds, calls);
    }

    fn register_counts(&mut self) {
        let registry = &mut self.registry;
        let mut by_two = |name: &str, help: &str, metric: &Counters<2>| {
            registry.register(name, help, metric.clone());
        };
        by_two("jobs", "Runs of jobs, by queue and outcome", &self.jobs);
        by_two("webhooks", "Webhooks, by source and result", &self.webhooks);
        let mut by_one = |name: &str, help: &str, metric: &Counters<1>| {
            registry.register(name, help, metric.clone());
        };
        by_one("sign_ins", "Tries to sign in, by result", &self.sign_ins);
        by_one(
            "breaches",
            "Breaches that the audit of this process found, by rule",
            &self.breaches,
        );
        // An alert compares two scrapes, so the first failure must have a zero before it.
        for trouble in DatabaseTrouble::ALL {
            drop(
                self.database_failures
                    .get_or_create(&[("class", trouble.as_str())]),
            );
        }
        by_one(
            "database_failures",
            "Operations that the database could not do, by class",
            &self.database_failures,
        );
        by_one(
            "trace_batches",
            "Batches of spans for the collector of traces, by result",
            &self.traces,
        );
        let (help, audited_at) = (
            "When the last audit of this process ended, in Unix time",
            self.audited_at.clone(),
        );
        registry.register("audited_at_seconds", help, audited_at);
        let build = Info::new([
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("schema", migrations::newest().to_string()),
        ]);
        registry.register("build", "The version and the last migration", build);
        registry.register_collector(Box::new(pools::Pools));
        registry.register_collector(Box::new(resident::Memory));
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(error) => format!("# {error}\n"),
        }
    }
}
