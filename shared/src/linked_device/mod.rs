//! The linked device (`WA_PROVIDER=qr_local`): a phone's WhatsApp, linked by QR code.
//!
//! The `device` process holds the connection. This module is what it shares with the other processes. One
//! row holds the state that admins desire and the state that the device reports, so any api can read and
//! change it. The rows of the session may be written only by the process with the highest epoch.

mod fence;
mod locks;
mod model;
mod seal;
mod store;
mod vault;

pub use fence::fenced_off;
pub use locks::{CHANNEL, DEVICE_LOCK_CLASS, HOLDER_LOCK};
pub use model::{Command, DesiredState, Report, State, Status};
pub use seal::DeviceKey;
pub use vault::{Name, Row, Vault, is_over};

use fence::fenced;

use crate::address::Address;
use crate::distribution::{self, InboundMessage};
use crate::id::MessageId;
use crate::leads::Person;
use crate::providers::qr_local::NAME;
use crate::whatsapp::{self, Correction, Echo};
use crate::{App, Error, Result};
use chrono::TimeDelta;
use sqlx::PgConnection;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A device that has been connected for this long has ended its freeze.
const JUST_BACK: TimeDelta = TimeDelta::seconds(15);
/// How long the answer to a command waits for the device to execute it.
const ANSWER_WITHIN: Duration = Duration::from_millis(600);
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// The state of the linked device.
pub async fn status(app: &App) -> Result<Status> {
    let mut connection = app.pool.acquire().await?;
    store::status(&mut connection).await
}

/// Deletes the keys of the session with a person, by what their rows are named by. Returns how many rows.
pub(crate) async fn forget_peer(connection: &mut PgConnection, person: &Person) -> Result<u64> {
    store::forget_peer(connection, &person.keys()).await
}

/// Metrics of the linked device: name, help text, value. Empty with another provider.
pub async fn figures(app: &App) -> Result<Vec<(&'static str, &'static str, f64)>> {
    if app.provider.name() != NAME {
        return Ok(Vec::new());
    }
    let status = status(app).await?;
    #[allow(
        clippy::cast_precision_loss,
        reason = "processes are counted on a hand or two"
    )]
    let alive = status.devices_alive as f64;
    let connected = status.plainly().state == State::Connected;
    Ok(vec![
        (
            "linked_device_connected",
            "Whether the linked phone is connected",
            f64::from(u8::from(connected)),
        ),
        ("devices_alive", "Device processes that are alive", alive),
    ])
}

/// Gives the device a command, wherever it runs. Returns its state once it has executed the command, or
/// after 600 ms. A command that no process executes waits for the next process.
///
/// Fails with the conflict `no_linked_device` with another provider.
pub async fn command(app: &App, command: Command) -> Result<Status> {
    if app.provider.name() != NAME {
        return Err(Error::Conflict {
            code: "no_linked_device",
        });
    }
    let request = {
        let mut connection = app.pool.acquire().await?;
        store::insert_command(&mut connection, command).await?
    };
    tracing::info!(?command, request, "linked_device.commanded");
    let deadline = Instant::now() + ANSWER_WITHIN;
    loop {
        let status = status(app).await?;
        if status.handled >= request || !status.is_held || Instant::now() >= deadline {
            return Ok(status);
        }
        sleep(LOOK_EVERY).await;
    }
}

/// The state that admins desire.
pub async fn desired_state(app: &App) -> Result<DesiredState> {
    let mut connection = app.pool.acquire().await?;
    store::desired_state(&mut connection).await
}

/// The device reports that it has executed every command up to this number.
pub async fn set_handled(app: &App, epoch: i64, request: i64) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    fenced(store::set_handled(&mut connection, epoch, request).await?)
}

/// The device reports its state. While the phone cannot be reached, offers are frozen. When it can be
/// reached again, every open offer gets a full window.
pub async fn report(app: &App, epoch: i64, holder: &str, report: &Report) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    fenced(store::report(&mut connection, epoch, holder, report).await?)?;
    drop(connection);
    let followed = if report.state == State::Connected {
        distribution::provider_is_back(app).await
    } else {
        watch(app).await
    };
    // The report is stored. The workers' next look, or the next message, repairs the rest.
    if let Err(error) = followed {
        tracing::error!(%error, "linked_device.freeze_not_updated");
    }
    Ok(())
}

/// A process reports that it has taken over the session. What the former process reported about the
/// connection is void.
pub async fn begin(app: &App, epoch: i64, holder: &str) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    fenced(store::begin(&mut connection, epoch, holder).await?)
}

/// Like [`beat`], after a silence during which a worker can have frozen the offers.
pub async fn wake(app: &App) -> Result<()> {
    distribution::provider_is_back(app).await
}

/// The device's heartbeat: how long ago it last received something from WhatsApp and sent something.
pub async fn beat(
    app: &App,
    epoch: i64,
    received: Option<Duration>,
    sent: Option<Duration>,
) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    fenced(store::beat(&mut connection, epoch, received, sent).await?)
}

/// Freezes offers if the phone cannot be reached. Any process may call this. Does nothing with another
/// provider.
pub async fn watch(app: &App) -> Result<()> {
    if app.provider.name() != NAME {
        return Ok(());
    }
    let mut transaction = app.begin().await?;
    // The lock keeps the device from becoming connected, and thawing, between the check and the freeze.
    store::share_row(&mut transaction).await?;
    let status = store::status(&mut transaction).await?;
    if let Some(reason) = status.outage() {
        distribution::provider_is_away(app, &mut transaction, &reason).await?;
    }
    Ok(transaction.commit().await?)
}

/// Whether the linked device ends its own freeze: it is away, or it has just come back. `false` with
/// another provider. The audit asks this.
pub async fn ends_its_freeze(app: &App) -> Result<bool> {
    if app.provider.name() != NAME {
        return Ok(false);
    }
    let status = status(app).await?;
    Ok(status.outage().is_some() || status.now - status.since < JUST_BACK)
}

/// The messages that the device received from WhatsApp.
#[derive(Clone, Debug, Default)]
pub struct Inbound {
    /// The messages that people wrote.
    pub messages: Vec<InboundMessage>,
    /// Messages that their senders edited or deleted.
    pub corrections: Vec<(Address, Correction)>,
    /// Messages that a member of the company wrote with the phone itself.
    pub echoes: Vec<Echo>,
}

impl Inbound {
    /// Each message, correction and echo by itself, in the order of its kind.
    pub fn one_by_one(self) -> impl Iterator<Item = Self> {
        let corrections = self.corrections.into_iter().map(|correction| Self {
            corrections: vec![correction],
            ..Self::default()
        });
        let echoes = self.echoes.into_iter().map(|echo| Self {
            echoes: vec![echo],
            ..Self::default()
        });
        let messages = self.messages.into_iter().map(|message| Self {
            messages: vec![message],
            ..Self::default()
        });
        messages.chain(corrections).chain(echoes)
    }
}

/// Stores received messages in one transaction, and returns the ids of those that must be handled. The
/// device acknowledges them to WhatsApp only afterwards. The caller then handles the messages
/// ([`distribution::handle`]). Workers handle those that the caller did not.
pub async fn store_inbound(app: &App, inbound: &Inbound) -> Result<Vec<MessageId>> {
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let mut messages = inbound.messages.clone();
    for message in &mut messages {
        distribution::recognise(&mut transaction, message).await?;
    }
    for echo in &inbound.echoes {
        let echo = Echo {
            at: echo.at.min(now),
            ..echo.clone()
        };
        whatsapp::store_echo(app, &mut transaction, &echo).await?;
    }
    let mut ids = if messages.is_empty() {
        Vec::new()
    } else {
        distribution::receive_all(app, &mut transaction, &messages, None).await?
    };
    for (from, correction) in &inbound.corrections {
        let correction = Correction {
            at: correction.at.min(now),
            ..correction.clone()
        };
        ids.extend(
            distribution::receive_edit(app, &mut transaction, from, &correction, None).await?,
        );
        whatsapp::store_correction(app, &mut transaction, &correction).await?;
    }
    transaction.commit().await?;
    Ok(ids)
}
