//! The linked device (`WA_PROVIDER=qr_local`): a phone's WhatsApp, joined by QR code.
//!
//! The `device` process holds the connection; this is what it shares with the others. Admins' wishes and
//! the device's own word are one row, so that any api can tell and be told; the session is rows that only
//! the process with the highest epoch may write.

mod model;
mod seal;
mod store;
mod vault;

pub use model::{Command, NAME, Report, State, Status, Wish};
pub use seal::DeviceKey;
pub use vault::{Name, Row, Vault, is_over};

use crate::distribution::{self, Word};
use crate::id::MessageId;
use crate::whatsapp::{self, Address, Correction};
use crate::{App, Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The channel on which the device is told of a wish.
pub const CHANNEL: &str = "property_lounge_device";
/// The first key of the lock that every device process holds while it lives; the second is its number.
/// `PLdv` in ASCII.
pub const DEVICE_LOCK_CLASS: i32 = 0x504C_6476;
/// The lock that the one process holds that has the session. `PLdh` in ASCII.
pub const HOLDER_LOCK: i64 = 0x504C_6468;

/// A device that has been connected for so long has ended its freeze.
const JUST_BACK: TimeDelta = TimeDelta::seconds(15);
/// A command's answer waits so long for the device to have heard of it.
const ANSWER_WITHIN: Duration = Duration::from_millis(600);
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// How the linked device is.
pub async fn status(app: &App) -> Result<Status> {
    let mut connection = app.pool.acquire().await?;
    store::status(&mut connection).await
}

/// What operators watch of it: name, meaning, value. Nothing with another provider.
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

/// Wishes something of the device, wherever it runs; returns how it is once it has heard of it, or after
/// a moment. A wish that no process hears waits for the next.
pub async fn command(app: &App, command: Command) -> Result<Status> {
    if app.provider.name() != NAME {
        return Err(Error::Conflict {
            code: "no_linked_device",
        });
    }
    let request = {
        let mut connection = app.pool.acquire().await?;
        store::wish(&mut connection, command).await?
    };
    tracing::info!(?command, request, "linked_device.wished");
    let deadline = Instant::now() + ANSWER_WITHIN;
    loop {
        let status = status(app).await?;
        if status.handled >= request || !status.is_held || Instant::now() >= deadline {
            return Ok(status);
        }
        sleep(LOOK_EVERY).await;
    }
}

/// What is wished of the device.
pub async fn wish(app: &App) -> Result<Wish> {
    let mut connection = app.pool.acquire().await?;
    store::current_wish(&mut connection).await
}

/// The device's word that it has done what was wished up to this number.
pub async fn set_handled(app: &App, epoch: i64, request: i64) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    fenced(store::set_handled(&mut connection, epoch, request).await?)
}

/// The device's word of how it is. Offers stand still from the moment on that nobody can be reached, and
/// go on with a full window as soon as they can.
pub async fn report(app: &App, epoch: i64, holder: &str, report: &Report) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    fenced(store::report(&mut connection, epoch, holder, report).await?)?;
    drop(connection);
    let followed = if report.state == State::Connected {
        distribution::provider_is_back(app).await
    } else {
        watch(app).await
    };
    // The connection is what it is: the workers' next look, or the next message, mends it.
    if let Err(error) = followed {
        tracing::error!(%error, "linked_device.offers_not_told");
    }
    Ok(())
}

/// The word of a process that has just taken the session over: nothing that the last holder said of a
/// connection is true any more.
pub async fn begin(app: &App, epoch: i64, holder: &str) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    fenced(store::begin(&mut connection, epoch, holder).await?)
}

/// As [`beat`], after a silence in which the workers may have made offers stand still.
pub async fn wake(app: &App) -> Result<()> {
    distribution::provider_is_back(app).await
}

/// The device's word that it is there, and how long ago it last heard from and spoke to WhatsApp.
pub async fn beat(
    app: &App,
    epoch: i64,
    received: Option<Duration>,
    sent: Option<Duration>,
) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    fenced(store::beat(&mut connection, epoch, received, sent).await?)
}

/// Makes offers stand still if nobody is reached over the device. Any process may look; nothing happens
/// with another provider.
pub async fn watch(app: &App) -> Result<()> {
    if app.provider.name() != NAME {
        return Ok(());
    }
    let mut transaction = app.pool.begin().await?;
    // The device cannot become connected, and thaw, between the look and the freeze.
    store::share_row(&mut transaction).await?;
    let status = store::status(&mut transaction).await?;
    if let Some(reason) = status.outage() {
        distribution::provider_is_away(app, &mut transaction, &reason).await?;
    }
    Ok(transaction.commit().await?)
}

/// Whether a freeze without a message that waits is as it should be: the device is away, or is only just
/// back and about to end it itself.
pub(crate) async fn minds_its_freeze(app: &App, connection: &mut PgConnection) -> Result<bool> {
    if app.provider.name() != NAME {
        return Ok(false);
    }
    let status = store::status(connection).await?;
    Ok(status.outage().is_some() || status.now - status.since < JUST_BACK)
}

/// What came over the device.
#[derive(Clone, Debug, Default)]
pub struct Inbound {
    /// What people wrote.
    pub words: Vec<Word>,
    /// What they changed of it afterwards.
    pub corrections: Vec<Correction>,
    /// What somebody wrote with the phone itself: to whom, words, WhatsApp's id, when.
    pub echoes: Vec<(Address, String, String, DateTime<Utc>)>,
}

impl Inbound {
    /// Each thing that came by itself, in the same order among its kind.
    pub fn one_by_one(self) -> impl Iterator<Item = Self> {
        let corrections = self.corrections.into_iter().map(|correction| Self {
            corrections: vec![correction],
            ..Self::default()
        });
        let echoes = self.echoes.into_iter().map(|echo| Self {
            echoes: vec![echo],
            ..Self::default()
        });
        let words = self.words.into_iter().map(|word| Self {
            words: vec![word],
            ..Self::default()
        });
        words.chain(corrections).chain(echoes)
    }
}

/// Writes down what came, in one transaction: only then may it be acknowledged. The words are then to be
/// heard ([`distribution::hear`]); what is left is found by the workers.
pub async fn take(app: &App, inbound: &Inbound) -> Result<Vec<MessageId>> {
    let mut transaction = app.pool.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let mut words = inbound.words.clone();
    for word in &mut words {
        distribution::recognise(&mut transaction, word).await?;
    }
    for correction in &inbound.corrections {
        let correction = Correction {
            at: correction.at.min(now),
            ..correction.clone()
        };
        whatsapp::correct(app, &mut transaction, &correction).await?;
    }
    for (to, body, id, at) in &inbound.echoes {
        whatsapp::file_echo(app, &mut transaction, to, body, id, (*at).min(now)).await?;
    }
    let ids = if words.is_empty() {
        Vec::new()
    } else {
        distribution::receive_all(app, &mut transaction, &words, None).await?
    };
    transaction.commit().await?;
    Ok(ids)
}

/// Another process has taken the session over.
pub fn fenced_off() -> Error {
    Error::Conflict {
        code: "epoch_is_over",
    }
}

fn fenced(written: bool) -> Result<()> {
    if written { Ok(()) } else { Err(fenced_off()) }
}
