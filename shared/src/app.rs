//! What every operation needs, built once for each process.

use crate::appointments::Reminders;
use crate::clock::Clock;
use crate::config::Distribution;
use crate::distribution::Inbox;
use crate::distribution::lexicon::Lexicon;
use crate::jobs::Announce;
use crate::local_time::Timezone;
use crate::meta::Meta;
use crate::phone::Phone;
use crate::providers::Provider;
use crate::providers::calendar::Calendar;
use crate::texts::Texts;
use crate::whatsapp::Sending;
use crate::{Result, db};
use chrono::NaiveTime;
use sqlx::{PgPool, Postgres, Transaction};
use std::sync::Arc;

/// Database, clock, provider and settings of this process. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Connections for domain transactions, durable at commit.
    pub pool: PgPool,
    /// The clock of every decision.
    pub clock: Clock,
    /// The WhatsApp provider.
    pub provider: Arc<dyn Provider>,
    /// The messages that wait to be handled.
    pub inbox: Arc<Inbox>,
    /// What waits before and after calls to the provider.
    pub sending: Arc<Sending>,
    /// How leads are distributed.
    pub distribution: Distribution,
    /// Which workers are notified of the jobs that a roll enqueues.
    pub announce: Announce,
    /// The name of this process in the event log: `api/17`, `worker/4711`.
    pub instance: Arc<str>,
    /// The phrases that agents can write.
    pub lexicon: Arc<Lexicon>,
    /// The texts that people read.
    pub texts: Arc<Texts>,
    /// The connection to Meta; `None` if it is not configured.
    pub meta: Option<Arc<Meta>>,
    /// When people are reminded of visits.
    pub reminders: Arc<Reminders>,
    /// The calendar that shows visits.
    pub calendar: Arc<dyn Calendar>,
    /// The company's time zone (`COMPANY_TIMEZONE`).
    pub timezone: Timezone,
    /// When managers get the summary of the day (`COMPANY_SUMMARY_AT`); `None`: never.
    pub summary_at: Option<NaiveTime>,
    /// The company's number, which sends every message (`PROPERTY_LOUNGE_WA`).
    pub company_phone: Phone,
}

impl App {
    /// Begins a domain transaction ([`db::begin`]).
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>> {
        db::begin(&self.pool).await
    }

    /// The same app, which notifies every worker of the jobs that it enqueues. For operations outside of jobs.
    pub(crate) fn announcing(&self) -> Self {
        Self {
            announce: Announce::Everyone,
            ..self.clone()
        }
    }
}
