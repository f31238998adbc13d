//! Processes: which run, where, and in which version. Each process writes its own row.

use super::model::{ProcessKind, ProcessRow};
use super::store;
use crate::{App, Result};
use chrono::TimeDelta;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;
use uuid::Uuid;

/// How often a process writes its row.
pub const BEAT_EVERY: Duration = Duration::from_secs(10);
/// A process that has not written for this long is not alive.
pub const SILENT_AFTER: TimeDelta = TimeDelta::seconds(35);

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

    /// Writes this process's row every ten seconds. Never returns. A database that is away is tried again.
    pub async fn beat(&self, pool: &PgPool) {
        loop {
            if let Err(error) = self.beat_once(pool).await {
                tracing::debug!(%error, "process.not_seen");
            }
            sleep(BEAT_EVERY).await;
        }
    }

    /// Writes this process's row.
    pub async fn beat_once(&self, pool: &PgPool) -> Result<()> {
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

    /// Deletes the row, when the process stops.
    pub async fn stop(&self, pool: &PgPool) {
        let gone = async { store::forget(&mut *pool.acquire().await?, self.id).await };
        if let Err(error) = gone.await {
            tracing::debug!(%error, "process.not_forgotten");
        }
    }
}

/// The name of this host; `unknown` if the kernel does not say.
fn hostname() -> String {
    let named = std::fs::read_to_string("/proc/sys/kernel/hostname");
    named.map_or_else(|_| "unknown".to_owned(), |name| name.trim().to_owned())
}
