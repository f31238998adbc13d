//! A company that speaks over a linked device: a database, the mock of WhatsApp, and real processes.

use crate::mock::WhatsApp;
use shared::linked_device::{self, Command, State, Status};
use shared::providers::qr_local::QrLocal;
use shared::testing::{Harness, Process};
use shared::{App, whatsapp};
use sqlx::PgPool;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Longer than any step takes on a busy machine. A step that succeeds does not wait for it.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
/// The company's number.
pub(crate) const COMPANY: &str = "+6281200000000";
pub(crate) const CLIENT: &str = "+6281234001234";
/// Sales A.
pub(crate) const AGENT: &str = "+6281110000001";

pub(crate) struct Company {
    pub(crate) whatsapp: WhatsApp,
    pub(crate) app: App,
    pub(crate) pool: PgPool,
    harness: Harness,
}

impl Company {
    pub(crate) async fn open() -> Self {
        let harness = Harness::on_database_clock().await;
        let app = App {
            provider: Arc::new(QrLocal),
            ..harness.app.clone()
        };
        let whatsapp = WhatsApp::open().await;
        whatsapp.person(CLIENT, "Bapak Test").await;
        whatsapp.person(AGENT, "Sales A").await;
        Self {
            whatsapp,
            pool: app.pool.clone(),
            app,
            harness,
        }
    }

    pub(crate) fn device(&self) -> Process {
        self.device_with(&[])
    }

    pub(crate) fn device_with(&self, more: &[(&str, &str)]) -> Process {
        let mut settings = vec![
            ("DATABASE_URL", self.harness.database.url()),
            ("WA_PROVIDER", "qr_local"),
            ("PROPERTY_LOUNGE_WA", COMPANY),
            ("WA_DEVICE_KEY", KEY),
            ("WA_MOCK_URL", &self.whatsapp.url),
            ("DEVICE_PORT", "0"),
            ("LOG", "debug,apalis=warn,sqlx=warn"),
        ];
        settings.extend(more);
        Process::spawn(PathBuf::from(env!("CARGO_BIN_EXE_device")), &[], &settings)
    }

    pub(crate) fn worker(&self) -> Process {
        let settings = [
            ("DATABASE_URL", self.harness.database.url()),
            ("WA_PROVIDER", "qr_local"),
            ("PROPERTY_LOUNGE_WA", COMPANY),
            ("WORKER_PORT", "0"),
        ];
        Process::spawn(beside("worker"), &[], &settings)
    }

    /// The api, and where it is served.
    pub(crate) async fn api(&self, more: &[(&str, &str)]) -> (Process, String) {
        let mut settings = vec![
            ("DATABASE_URL", self.harness.database.url()),
            ("WA_PROVIDER", "qr_local"),
            ("PROPERTY_LOUNGE_WA", COMPANY),
            ("PORT", "0"),
            (
                "BETTER_AUTH_SECRET",
                "a secret of the tests, thirty-two long",
            ),
        ];
        settings.extend(more);
        let api = Process::spawn(beside("api"), &["serve"], &settings);
        let line = api.logs("api.started").await;
        let (_, address) = line.split_once("socket://").expect("an address");
        let url = format!("http://{}", address.trim_end_matches('"'));
        (api, url)
    }

    pub(crate) async fn status(&self) -> Status {
        let status = linked_device::status(&self.app).await.expect("a status");
        status.plainly()
    }

    pub(crate) async fn desired(&self, command: Command) -> Status {
        let status = linked_device::command(&self.app, command).await;
        status.expect("a desired").plainly()
    }

    /// Waits until the device is in this state.
    pub(crate) async fn is(&self, state: State) -> Status {
        self.is_where(state.as_str(), |status| status.state == state)
            .await
    }

    /// Waits until this is true of the device.
    pub(crate) async fn is_where(&self, what: &str, fits: impl Fn(&Status) -> bool) -> Status {
        self.is_within(PATIENCE, what, fits).await
    }

    pub(crate) async fn is_within(
        &self,
        time: Duration,
        what: &str,
        fits: impl Fn(&Status) -> bool,
    ) -> Status {
        let deadline = Instant::now() + time;
        loop {
            let status = self.status().await;
            if fits(&status) {
                return status;
            }
            assert!(Instant::now() < deadline, "not {what}: {status:#?}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// A device process whose QR code was scanned.
    pub(crate) async fn linked_device(&self) -> Process {
        let device = self.device();
        self.scan().await;
        self.is(State::Connected).await;
        device
    }

    /// Waits for a QR code and scans it.
    pub(crate) async fn scan(&self) {
        let shown = self
            .is_where("a QR code", |status| status.qr.is_some())
            .await;
        self.whatsapp.scan(&shown.qr.expect("a QR code")).await;
    }

    /// Writes a message to a person.
    pub(crate) async fn say(&self, to: &str, words: &str) {
        let to = shared::phone::Phone::from_e164(to).expect("a number");
        whatsapp::send_test(&self.app, &to, Some(words.to_owned()))
            .await
            .expect("a message");
    }

    /// Waits until a person has read this text, and returns WhatsApp's id of it.
    pub(crate) async fn reads(&self, number: &str, words: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let read = self.whatsapp.read_by(number).await;
            if let Some(found) = read.iter().find(|read| read.text.contains(words)) {
                return found.id.clone();
            }
            assert!(
                Instant::now() < deadline,
                "{number} has not read {words:?}: {read:?}"
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement)
            .fetch_one(&self.pool)
            .await
            .expect("a count")
    }

    /// Waits until the count is at least `wanted`, or zero if that is wanted. Fails after a minute.
    pub(crate) async fn wait_for(&self, statement: &'static str, wanted: i64) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.count(statement).await;
            // A count may go past the wanted one between two looks. Zero is a state that stays.
            let is_reached = if wanted == 0 {
                found == 0
            } else {
                found >= wanted
            };
            if is_reached {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{statement}: {found}, waiting for {wanted}"
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the device has logged in more often than that.
    pub(crate) async fn logs_in_again(&self, logins: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.whatsapp.world().await.logins <= logins {
            assert!(
                Instant::now() < deadline,
                "the device does not connect anew"
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the device has acknowledged all that came.
    pub(crate) async fn nothing_waits_at_whatsapp(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !self.whatsapp.world().await.waiting.is_empty() {
            assert!(Instant::now() < deadline, "the device has not acknowledged");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// A binary that is built beside the device's.
fn beside(name: &str) -> PathBuf {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_device")).with_file_name(name);
    assert!(binary.exists(), "build it first: cargo build -p {name}");
    binary
}
