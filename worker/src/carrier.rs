//! For the `device` process, which links this crate: carries outbound messages for as long as it is
//! connected, as every worker does for the other providers.

use crate::bell::{self, Bell};
use crate::presence::Presence;
use crate::queue::{self, Terms};
use crate::{Process, health};
use shared::jobs::{ForwardLeadToSales, SendMessage};
use shared::linked_device::DEVICE_LOCK_CLASS;
use shared::{App, db};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A fetch and an acknowledgement for each of two queues, their alarms, and one that listens.
const BOOKKEEPING_CONNECTIONS: u32 = 7;

/// A process that is there to carry messages, whether or not it does at the moment.
pub struct Carrier {
    bookkeeping: PgPool,
    presence: Arc<Presence>,
    held: JoinHandle<()>,
    bell: Arc<Bell>,
    ringer: JoinHandle<()>,
}

impl Carrier {
    /// One among all device processes, known to be alive while this value lives.
    pub async fn open(options: PgConnectOptions) -> Self {
        let bookkeeping = db::bookkeeping_pool(options.clone(), BOOKKEEPING_CONNECTIONS);
        let presence = Arc::new(Presence::new());
        let held = tokio::spawn(Arc::clone(&presence).hold(options, DEVICE_LOCK_CLASS));
        presence.first_held().await;
        let (bell, ringer) = bell::hang(bookkeeping.clone());
        Self {
            bookkeeping,
            presence,
            held,
            bell,
            ringer,
        }
    }

    /// This process's number.
    pub fn instance(&self) -> i32 {
        self.presence.instance()
    }

    /// Serves the health of this process; a busy port is a warning.
    pub async fn serve_health(&self, app: &App, host: IpAddr, port: u16) {
        let (_, never) = watch::channel(false);
        let process = self.process(app, never);
        health::serve(host, port, "DEVICE_PORT", process).await;
    }

    /// Carries messages through the app's provider, `slots` of a kind at once, until `stop` turns true;
    /// then finishes those in hand.
    pub async fn carry(&self, app: &App, slots: usize, stop: watch::Receiver<bool>) {
        let process = self.process(app, stop);
        let terms = |bell| Terms {
            app: app.clone(),
            slots,
            ahead: Duration::ZERO,
            bell,
            rings: Vec::new(),
        };
        let (offers, messages) = (
            terms(self.bell.of::<ForwardLeadToSales>()),
            terms(self.bell.of::<SendMessage>()),
        );
        tokio::join!(
            queue::work::<ForwardLeadToSales>(Arc::clone(&process), offers),
            queue::work::<SendMessage>(Arc::clone(&process), messages),
        );
    }

    fn process(&self, app: &App, stop: watch::Receiver<bool>) -> Arc<Process> {
        Arc::new(Process {
            app: app.clone(),
            bookkeeping: self.bookkeeping.clone(),
            presence: Arc::clone(&self.presence),
            stop,
        })
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.held.abort();
        self.ringer.abort();
    }
}
