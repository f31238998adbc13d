//! What every operation needs, built once per process.

use crate::appointments::Reminders;
use crate::clock::Clock;
use crate::config::Distribution;
use crate::distribution::lexicon::Lexicon;
use crate::jobs::Announce;
use crate::local_time::Timezone;
use crate::meta::Meta;
use crate::phone::Phone;
use crate::providers::Provider;
use crate::providers::calendar::Calendar;
use crate::texts::Texts;
use sqlx::PgPool;
use std::sync::Arc;

/// The process's handle on the world: database, clock, provider and settings. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Connections for domain transactions, durable at commit.
    pub pool: PgPool,
    /// The one clock that decides.
    pub clock: Clock,
    /// The way out to WhatsApp.
    pub provider: Arc<dyn Provider>,
    /// How leads are distributed.
    pub distribution: Distribution,
    /// Who is told of the jobs that a roll writes.
    pub announce: Announce,
    /// Which process this is, in the log of distribution's events: `api/17`, `worker/4711`.
    pub instance: Arc<str>,
    /// What agents' words mean.
    pub lexicon: Arc<Lexicon>,
    /// What clients and salespeople read.
    pub texts: Arc<Texts>,
    /// How we stand with Meta; `None`: not at all.
    pub meta: Option<Arc<Meta>>,
    /// When people are reminded of visits.
    pub reminders: Arc<Reminders>,
    /// The calendar that shows visits.
    pub calendar: Arc<dyn Calendar>,
    /// The zone by whose days figures are counted (`COMPANY_TIMEZONE`).
    pub timezone: Timezone,
    /// The company's own number, the sender of everything we say (`PROPERTY_LOUNGE_WA`).
    pub company_phone: Phone,
}

impl App {
    /// The same, telling everybody of the jobs that it writes: for what is done beside the jobs whose
    /// worker looks for what they wrote.
    pub(crate) fn announcing(&self) -> Self {
        Self {
            announce: Announce::Everyone,
            ..self.clone()
        }
    }
}
