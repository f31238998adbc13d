//! The linked device: a phone's WhatsApp, linked by QR code (`WA_PROVIDER=qr_local`).
//!
//! **Licence.** whatsapp-rust declares MIT, but the Signal code under it is AGPL-3.0-only. Treat this crate, and
//! everything that links it, as AGPL-3.0-only. Nothing else of this workspace links it (`device/README.md`).
//!
//! ```text
//! session_lock ──► supervisor ──► session (one client) ──► WhatsApp
//!  │ one process      │            │  inbox: stores messages, then acknowledges them
//!  └ others wait      │            └  store: PostgreSQL, encrypted, fenced by epoch
//!                     ├ connection_state: what the client's events mean
//!                     └ outbound_task: sends messages while it is connected
//! ```

pub mod config;

mod connection;
mod connection_state;
mod context;
mod errors;
mod event_handler;
mod inbox;
mod message_mapping;
mod outbound_task;
mod provider;
mod receipts;
mod recipients;
mod session;
mod session_lock;
mod store;
mod supervisor;
mod terminal;

use config::Settings;
use context::DeviceContext;
use session::Endpoint;
use session_lock::SessionLock;
use shared::config::{LogFormat, Telemetry};
use shared::{App, Result, db};
use std::sync::Arc;
use std::time::Duration;
use supervisor::{Supervisor, ends_lock};
use tokio::sync::watch;
use tokio::time::sleep;
use worker::outbound::OutboundWorker;

/// How many messages of one kind are sent at once. Fewer than in a worker, because it is one phone.
const SLOTS: usize = 4;
/// The pause after a failure of the database.
const PAUSE: Duration = Duration::from_millis(500);

/// Runs the device until `stop` becomes true.
pub async fn run(settings: &Settings, app: App, stop: watch::Receiver<bool>) -> Result<()> {
    if settings.device.wa_qr_auth_path.is_some() {
        tracing::warn!(
            "device.old_setting: WA_QR_AUTH_PATH is not read; the session is in the database"
        );
    }
    let key = settings.device.key()?;
    let pairing_phone = settings.device.pairing_phone()?;
    let mut told_to_stop = stop.clone();
    tokio::select! {
        () = wait_for_schema(&app) => {}
        _ = told_to_stop.wait_for(|stop| *stop) => return Ok(()),
    }
    let options = db::options(
        &settings.common.database.database_url,
        "property-lounge-device-queue",
    )?;
    let sender = Arc::new(OutboundWorker::open(options.clone()).await);
    let app = App {
        instance: Arc::from(format!("device/{}", sender.instance())),
        ..app
    };
    let at = (settings.device.device_host, settings.device.device_port);
    let telemetry = settings.common.telemetry.clone();
    sender.serve_health(&app, at, telemetry).await;
    let context = Arc::new(DeviceContext {
        app,
        key,
        pairing_phone,
        endpoint: endpoint(settings),
        sender,
        slots: SLOTS,
        recovered: Arc::default(),
        shows: matches!(settings.common.telemetry.log_format, LogFormat::Text),
    });
    let seen = {
        let (context, stop) = (Arc::clone(&context), stop.clone());
        tokio::spawn(async move { context.sender.beat(&context.app, stop).await })
    };
    tracing::info!(instance = %context.app.instance, "device.started");
    loop {
        let lock = tokio::select! {
            lock = SessionLock::take(&options) => lock,
            _ = told_to_stop.wait_for(|stop| *stop) => break,
        };
        let stopped = run_with_lock(&context, lock, stop.clone()).await;
        if stopped {
            break;
        }
        sleep(PAUSE).await;
    }
    seen.await.ok();
    tracing::info!("device.stopped");
    Ok(())
}

/// Runs while this process has the session. Returns `true` if the process must stop.
async fn run_with_lock(
    context: &Arc<DeviceContext>,
    mut lock: SessionLock,
    stop: watch::Receiver<bool>,
) -> bool {
    tracing::info!("device.holds_session");
    let mut supervisor = match Supervisor::take_over(Arc::clone(context), &mut lock).await {
        Ok(supervisor) => supervisor,
        Err(error) => {
            tracing::warn!(%error, "device.not_taken_over");
            return false;
        }
    };
    let mut lost = false;
    let stopped = tokio::select! {
        ended = supervisor.run(stop.clone()) => match ended {
            Ok(()) => true,
            Err(error) if ends_lock(&error) => {
                tracing::warn!("device.fenced_off: another process has taken the session over");
                lost = true;
                false
            }
            Err(error) => {
                tracing::warn!(%error, "device.interrupted");
                false
            }
        },
        () = lock.lost() => {
            tracing::warn!("device.hold_lost: the connection that held the session's lock is gone");
            lost = true;
            false
        }
    };
    if lost {
        supervisor.cut();
    }
    supervisor.close().await;
    lock.release().await;
    stopped
}

/// Suppresses the client's own log lines, because they contain numbers and messages. Only an operator who
/// names `whatsapp_rust` in `LOG` gets them.
pub fn quiet_client(telemetry: &Telemetry) {
    if !telemetry.log.contains("whatsapp_rust") {
        // Only the client uses the `log` crate; our code uses `tracing`.
        log::set_max_level(log::LevelFilter::Off);
    }
}

#[cfg(feature = "mock-server")]
fn endpoint(settings: &Settings) -> Endpoint {
    Endpoint {
        mock: settings.wa_mock_url.clone(),
    }
}

#[cfg(not(feature = "mock-server"))]
fn endpoint(_: &Settings) -> Endpoint {
    Endpoint::default()
}

/// Waits until the database is migrated.
async fn wait_for_schema(app: &App) {
    let mut told = false;
    while !matches!(db::is_migrated(&app.pool).await, Ok(true)) {
        if !told {
            told = true;
            tracing::warn!(
                "device.waiting: the database is away or not migrated; run `api migrate`"
            );
        }
        sleep(Duration::from_millis(250)).await;
    }
}
