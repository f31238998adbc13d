//! Processes: which run, where, and in which version. Each process writes its own row.

use super::model::{ProcessKind, ProcessRow};
use super::store;
use crate::{App, Result};
use chrono::TimeDelta;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// How often a process writes its row.
const BEAT_EVERY: Duration = Duration::from_secs(10);
/// A process that stops waits no longer than this for the database.
const STOP_WITHIN: Duration = Duration::from_secs(2);
/// A process that has not written for this long is not alive.
const SILENT_AFTER: TimeDelta = TimeDelta::seconds(migrations::SILENT_AFTER_SECONDS as i64);

/// Every process that was heard of in the last hour, those that are alive first.
pub async fn processes(app: &App) -> Result<Vec<ProcessRow>> {
    let mut connection = app.pool.acquire().await?;
    store::processes(&mut connection, SILENT_AFTER).await
}

/// This process, among those that run.
#[derive(Clone, Debug)]
pub struct Beating {
    id: Uuid,
    kind: ProcessKind,
    instance: Arc<str>,
    host: String,
}

impl Beating {
    /// A process of this kind, with its name in the event log.
    pub fn new(kind: ProcessKind, instance: Arc<str>) -> Self {
        Self {
            id: Uuid::now_v7(),
            kind,
            instance,
            host: hostname(),
        }
    }

    /// Writes this process's row every ten seconds until `stop` turns true, and deletes it then. A database that is away is
    /// tried again.
    pub async fn run(&self, pool: &PgPool, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.beat(pool).await {
                tracing::debug!(%error, "process.not_seen");
            }
            tokio::select! {
                () = sleep(BEAT_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        match timeout(STOP_WITHIN, self.forget(pool)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "process.not_forgotten"),
            Err(_) => tracing::debug!("process.not_forgotten"),
        }
    }

    async fn beat(&self, pool: &PgPool) -> Result<()> {
        let mut connection = pool.acquire().await?;
        let row = store::Beat {
            id: self.id,
            kind: self.kind.as_str(),
            instance: &self.instance,
            host: &self.host,
            pid: i32::try_from(std::process::id()).unwrap_or(0),
            version: env!("CARGO_PKG_VERSION"),
            schema: crate::db::newest_schema(),
        };
        store::beat(&mut connection, &row).await
    }

    async fn forget(&self, pool: &PgPool) -> Result<()> {
        store::forget(&mut *pool.acquire().await?, self.id).await
    }
}

/// The name of this host; `unknown` if the kernel does not say.
fn hostname() -> String {
    let named = std::fs::read_to_string("/proc/sys/kernel/hostname");
    named.map_or_else(|_| "unknown".to_owned(), |name| name.trim().to_owned())
}
