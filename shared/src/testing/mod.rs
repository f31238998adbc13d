//! The base of all tests: a database each, a manual clock, a scripted provider.

mod database;
mod history;
mod process;
mod provider;
mod reset;
mod variants;
mod waits;

pub use database::TestDatabase;
pub use history::years_of_leads;
pub use process::Process;
pub use provider::ScriptedProvider;
pub use variants::trials;
pub use waits::until_somebody_waits;

use crate::address::Address;
use crate::config::{Distribution, SecondProject};
use crate::distribution::{Ad, Channel, InboundMessage};
use crate::jobs::Announce;
use crate::leads::Click;
use crate::local_time::Timezone;
use crate::phone::Phone;
use crate::providers::Provider;
use crate::providers::calendar::MockCalendar;
use crate::texts::{Text, Texts};
use crate::{App, Clock};
use chrono::{DateTime, Utc};
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;

/// An [`App`] with its own database.
pub struct Harness {
    /// The operations' handle.
    pub app: App,
    /// The script of the provider, and its messages.
    pub provider: Arc<ScriptedProvider>,
    /// Dropped, with its connections, at the end of the test.
    pub database: TestDatabase,
}

impl Harness {
    /// On a manual clock that stands at 2026-01-05 09:00:00 WIB, with Sales A to F and the default window.
    pub async fn new() -> Self {
        Self::with(Clock::manual(first_day()), variants::masks()).await
    }

    /// As [`Self::new`], with `DISTRIBUTION_MASK_OFFERS`.
    pub async fn masked() -> Self {
        Self::with(Clock::manual(first_day()), true).await
    }

    /// As [`Self::new`], with the texts that tell clients what happens.
    pub async fn telling_clients() -> Self {
        let mut harness = Self::new().await;
        harness.app.texts = Arc::default();
        harness
    }

    /// As [`Self::new`], with the question about the result of a visit.
    pub async fn asking_about_visits() -> Self {
        let mut harness = Self::new().await;
        let texts = Texts::default().without_optional_but(&[Text::VisitQuestion]);
        harness.app.texts = Arc::new(texts);
        harness
    }

    /// On the database's clock, for races between real connections.
    pub async fn on_database_clock() -> Self {
        Self::with(Clock::database(), false).await
    }

    async fn with(clock: Clock, masks: bool) -> Self {
        let database = TestDatabase::new().await;
        let (app, provider) = app_with_provider(database.pool(16), clock, masks);
        Self {
            app,
            provider,
            database,
        }
    }

    /// Keeps a copy of every row, for [`Self::begin_again`].
    pub async fn remember(&self) {
        reset::remember(&self.app.pool).await;
    }

    /// Begins again, as a new one on the first day: with the rows that [`Self::remember`] kept, a provider that has sent nothing,
    /// and the connections that are open.
    pub async fn begin_again(&mut self) {
        self.check_leaks();
        reset::restore(&self.app.pool).await;
        let (pool, clock) = (self.app.pool.clone(), Clock::manual(first_day()));
        (self.app, self.provider) = app_with_provider(pool, clock, variants::masks());
    }

    /// With masked offers, every message of every test is checked.
    fn check_leaks(&self) {
        let leaks = self.provider.leaks();
        assert!(
            leaks.is_empty() || std::thread::panicking(),
            "said too much: {leaks:#?}"
        );
    }

    /// From now on, every offer counts as accepted by the provider when it is made. For tests that run no
    /// jobs: an offer that was not accepted does not time out.
    pub async fn accept_offers_at_once(&self) {
        for statement in [
            "create function accept_at_once() returns trigger language plpgsql as $$
             begin new.offer_accepted_at := new.assigned_at; return new; end $$",
            "create trigger accept_at_once before insert on distribution_attempt
             for each row when (new.status = 'open') execute function accept_at_once()",
        ] {
            sqlx::query(statement)
                .execute(&self.app.pool)
                .await
                .expect("a trigger of the test");
        }
    }

    /// The manual clock's time.
    pub fn now(&self) -> DateTime<Utc> {
        self.app.clock.reading()
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        self.check_leaks();
    }
}

/// When the manual clock starts: 2026-01-05 09:00:00 WIB.
fn first_day() -> DateTime<Utc> {
    let start = DateTime::parse_from_rfc3339("2026-01-05T09:00:00+07:00").expect("a time");
    start.to_utc()
}

/// The handle of a test, and its provider, which has sent nothing.
fn app_with_provider(pool: PgPool, clock: Clock, masks: bool) -> (App, Arc<ScriptedProvider>) {
    let leaks = masks.then(|| pool.clone());
    let provider = Arc::new(ScriptedProvider::new(clock.clone(), leaks));
    let app = App {
        pool,
        clock,
        provider: Arc::clone(&provider) as Arc<dyn Provider>,
        inbox: Arc::default(),
        sending: Arc::default(),
        distribution: Distribution {
            ack_window: Duration::from_secs(300),
            send_patience: Duration::from_secs(30),
            poll: Duration::from_secs(15),
            most_open_offers: 0,
            burst_forms: 0,
            second_project: SecondProject::Owner,
            mask_offers: masks,
        },
        announce: Announce::Everyone,
        instance: Arc::from("test"),
        lexicon: Arc::default(),
        // An office that leaves it to its agents to tell clients what happens.
        texts: Arc::new(Texts::default().without_optional_but(&[])),
        meta: None,
        reminders: Arc::default(),
        calendar: Arc::new(MockCalendar),
        timezone: Timezone::Jakarta,
        summary_at: None,
        company_phone: Phone::from_e164("+620000000000").expect("the seed's number"),
    };
    (app, provider)
}

/// A lead of a form.
pub fn ad(meta_lead_id: &str, phone: &str) -> Ad {
    Ad {
        meta_lead_id: meta_lead_id.to_owned(),
        name: None,
        phone: Phone::from_human("test", phone).expect("a number"),
        source_ads: None,
        project: None,
        campaign: None,
        area: None,
        click: Click::default(),
    }
}

/// The OK of a seeded agent: `A` … `F`.
pub fn ok_of(label: &str) -> InboundMessage {
    InboundMessage::new(Channel::Ack, Address::from(agent_phone(label)), "OK")
}

/// The number of a seeded agent: `A` … `F`.
pub fn agent_phone(label: &str) -> Phone {
    let seat = u32::from(label.as_bytes()[0] - b'A') + 1;
    Phone::from_human("test", &format!("+628111000000{seat}")).expect("a seeded agent")
}
