//! For the `device` process, which links this crate: works the queues that send messages, for as long
//! as the phone is connected. With the other providers the workers do that.

use crate::health;
use crate::presence::Presence;
use crate::process::Process;
use crate::queue::QueueConfig;
use crate::registry::JOBS;
use crate::rolls::Rolls;
use crate::wakeups::{self, Wakeups};
use shared::linked_device::DEVICE_LOCK_CLASS;
use shared::{App, db};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A fetch and an acknowledgement for each of two queues, their alarms, and one that listens.
const BOOKKEEPING_CONNECTIONS: u32 = 7;

/// A process that can send messages, whether or not it does at the moment.
pub struct OutboundWorker {
    bookkeeping: PgPool,
    presence: Arc<Presence>,
    held: JoinHandle<()>,
    wakeups: Arc<Wakeups>,
    listening: JoinHandle<()>,
}

impl OutboundWorker {
    /// Registers this process as alive, for as long as the value lives.
    pub async fn open(options: PgConnectOptions) -> Self {
        let bookkeeping = db::bookkeeping_pool(options.clone(), BOOKKEEPING_CONNECTIONS);
        let presence = Arc::new(Presence::new());
        let held = tokio::spawn(Arc::clone(&presence).hold(options, DEVICE_LOCK_CLASS));
        presence.first_held().await;
        let (wakeups, listening) = wakeups::listen(bookkeeping.clone());
        Self {
            bookkeeping,
            presence,
            held,
            wakeups,
            listening,
        }
    }

    /// The number of this process.
    pub fn instance(&self) -> i32 {
        self.presence.instance()
    }

    /// Serves the health of this process. A busy port is only a warning.
    pub async fn serve_health(&self, app: &App, host: IpAddr, port: u16) {
        let (_, never) = watch::channel(false);
        let process = self.process(app, never);
        health::serve(host, port, "DEVICE_PORT", process).await;
    }

    /// Sends messages through the app's provider, `slots` of a kind at once, until `stop` turns true.
    /// Then it finishes the running jobs and returns.
    pub async fn send_messages(&self, app: &App, slots: usize, stop: watch::Receiver<bool>) {
        let process = self.process(app, stop);
        let queues = JOBS.iter().filter(|job| job.sends_messages).map(|job| {
            let config = QueueConfig {
                app: app.clone(),
                slots,
                ahead: job.ahead,
                is_roll: false,
                rolls: Arc::new(Rolls::new(1)),
                wakeup: self.wakeups.of(job.queue),
                wakes: Vec::new(),
            };
            (job.work)(Arc::clone(&process), config)
        });
        futures::future::join_all(queues).await;
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

impl Drop for OutboundWorker {
    fn drop(&mut self) {
        self.held.abort();
        self.listening.abort();
    }
}
