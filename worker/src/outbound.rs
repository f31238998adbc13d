//! For the `device` process, which links this crate: works the queues that send messages, for as long
//! as the phone is connected. With the other providers the workers do that.

use crate::health::{self, Place};
use crate::paused::Paused;
use crate::pauses;
use crate::presence::Presence;
use crate::process::Process;
use crate::queue::QueueConfig;
use crate::registry::JOBS;
use crate::rolls::Rolls;
use crate::wakeups::{self, Wakeups};
use shared::config::Telemetry;
use shared::linked_device::DEVICE_LOCK_CLASS;
use shared::operations::{Beating, ProcessKind};
use shared::{App, db, metrics};
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
    paused: Paused,
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
            paused: Paused::none(),
        }
    }

    /// The number of this process.
    pub fn instance(&self) -> i32 {
        self.presence.instance()
    }

    /// Serves the health and the metrics of this process. A busy port is only a warning.
    pub async fn serve_health(&self, app: &App, (host, port): (IpAddr, u16), telemetry: Telemetry) {
        let (_, never) = watch::channel(false);
        let process = self.process(app, never);
        for (name, pool) in [("work", &app.pool), ("bookkeeping", &self.bookkeeping)] {
            metrics::watch_pool(name, pool);
        }
        let at = Place {
            host,
            port,
            setting: "DEVICE_PORT",
        };
        health::serve(at, telemetry, process).await;
    }

    /// Sends messages through the app's provider, `slots` of a kind at once, until `stop` turns true.
    /// Then it finishes the running jobs and returns.
    pub async fn send_messages(&self, app: &App, slots: usize, stop: watch::Receiver<bool>) {
        let process = self.process(app, stop);
        let mut told_to_stop = process.stop.clone();
        tokio::select! {
            () = self.paused.first_read(&self.bookkeeping) => {}
            _ = told_to_stop.wait_for(|stop| *stop) => return,
        }
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
        // Both end when the process must stop; the queues finish their running jobs first.
        tokio::join!(
            futures::future::join_all(queues),
            pauses::watch(&process, &self.wakeups),
        );
    }

    /// Writes the row of this process until `stop` turns true, and deletes it.
    pub async fn beat(&self, app: &App, stop: watch::Receiver<bool>) {
        let beating = Beating::new(ProcessKind::Device, Arc::clone(&app.instance));
        beating.run(&self.bookkeeping, stop).await;
    }

    fn process(&self, app: &App, stop: watch::Receiver<bool>) -> Arc<Process> {
        Arc::new(Process {
            app: app.clone(),
            bookkeeping: self.bookkeeping.clone(),
            presence: Arc::clone(&self.presence),
            paused: self.paused.clone(),
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
