//! Presence: which worker processes are alive.
//!
//! Each process holds a session advisory lock under its own random number, which is part of the names of
//! its apalis workers. When the process dies, its connection closes and PostgreSQL releases the lock within
//! milliseconds. Another worker then puts its jobs back. apalis's heartbeat is the second check.

use shared::jobs::WORKER_LOCK_CLASS;
use shared::linked_device::DEVICE_LOCK_CLASS;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, PgPool};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

const PING_EVERY: Duration = Duration::from_secs(1);
const PING_WITHIN: Duration = Duration::from_secs(5);

/// This process among all workers.
pub(crate) struct Presence {
    instance: i32,
    held: Notify,
}

impl Presence {
    /// A process with a new random number.
    pub(crate) fn new() -> Self {
        Self {
            instance: rand::random_range(1..i32::MAX),
            held: Notify::new(),
        }
    }

    /// The number of this process.
    pub(crate) fn instance(&self) -> i32 {
        self.instance
    }

    /// A new name for an apalis worker of this process. apalis loses jobs if a name is used twice.
    pub(crate) fn worker_name(&self, queue: &str) -> String {
        format!("{}.{queue}.{:08x}", self.instance, rand::random::<u32>())
    }

    /// Waits until the lock is held for the first time.
    pub(crate) async fn first_held(&self) {
        self.held.notified().await;
    }

    /// Holds the lock of this class of processes for as long as the future lives. A lost connection is made
    /// again.
    pub(crate) async fn hold(self: Arc<Self>, options: PgConnectOptions, class: i32) {
        // If this host disappears, the server notices within seconds instead of hours.
        let options = options
            .application_name("property-lounge-worker-presence")
            .options([
                ("tcp_keepalives_idle", "5"),
                ("tcp_keepalives_interval", "2"),
                ("tcp_keepalives_count", "3"),
            ]);
        loop {
            if let Err(error) = self.hold_once(&options, class).await {
                tracing::warn!(%error, "worker.presence_lost");
            }
            sleep(Duration::from_millis(250)).await;
        }
    }

    async fn hold_once(&self, options: &PgConnectOptions, class: i32) -> sqlx::Result<()> {
        let mut connection: PgConnection = options.connect().await?;
        sqlx::query!("select pg_advisory_lock($1, $2)", class, self.instance)
            .execute(&mut connection)
            .await?;
        self.held.notify_one();
        loop {
            sleep(PING_EVERY).await;
            let ping = sqlx::query!("select 1 as alive").fetch_one(&mut connection);
            // A dead peer may never answer.
            timeout(PING_WITHIN, ping)
                .await
                .map_err(|_| sqlx::Error::PoolTimedOut)??;
        }
    }

    /// Puts back the jobs that one of this process's apalis workers left behind.
    pub(crate) async fn release_worker(&self, pool: &PgPool, name: &str) {
        let released = sqlx::query!(
            "update apalis.jobs set status = 'Pending', lock_by = null, lock_at = null
             where lock_by = $1 and status in ('Queued', 'Running')",
            name
        )
        .execute(pool)
        .await;
        if let Err(error) = released {
            tracing::warn!(%error, "worker.release_failed: another worker puts the jobs back");
        }
    }

    /// Puts back every job that this process still has, before it exits.
    pub(crate) async fn release_jobs(&self, pool: &PgPool) {
        let released = sqlx::query!(
            "update apalis.jobs set status = 'Pending', lock_by = null, lock_at = null
             where split_part(lock_by, '.', 1) = $1::text and status in ('Queued', 'Running')",
            self.instance.to_string()
        )
        .execute(pool)
        .await;
        if let Err(error) = released {
            tracing::warn!(%error, "worker.release_failed: another worker puts the jobs back");
        }
    }
}

/// Finds the jobs of dead workers and puts them back.
#[derive(Default)]
pub(crate) struct Reaper {
    /// The apalis workers that looked dead at the last check.
    suspects: HashSet<String>,
}

impl Reaper {
    /// Puts back the jobs of workers whose process was missing at two checks. A process that lost only its
    /// connection has its lock again by then. The try counts, so a job that kills its workers is discarded
    /// in the end. Returns the number of jobs.
    pub(crate) async fn reap(&mut self, pool: &PgPool, own: i32) -> sqlx::Result<u64> {
        let seeming_dead: HashSet<String> = sqlx::query_scalar!(
            r#"select distinct lock_by as "lock_by!" from apalis.jobs
               where lock_by is not null and status in ('Queued', 'Running')
                 and lock_by ~ '^[0-9]+[.]' and split_part(lock_by, '.', 1) <> $2
                 and not exists (
                     select from pg_locks
                     where locktype = 'advisory' and granted and objsubid = 2
                       and database = (select oid from pg_database where datname = current_database())
                       and classid::bigint in ($1, $3) and objid::bigint = split_part(lock_by, '.', 1)::bigint)"#,
            i64::from(WORKER_LOCK_CLASS),
            own.to_string(),
            i64::from(DEVICE_LOCK_CLASS)
        )
        .fetch_all(pool)
        .await?
        .into_iter()
        .collect();
        let dead: Vec<String> = seeming_dead.intersection(&self.suspects).cloned().collect();
        self.suspects = seeming_dead;
        if dead.is_empty() {
            return Ok(0);
        }
        // By name: a job that another worker has taken in the meantime has another name.
        let reaped = sqlx::query!(
            "update apalis.jobs set status = 'Pending', lock_by = null, lock_at = null, attempts = attempts + 1
             where lock_by = any($1) and status in ('Queued', 'Running')",
            &dead
        )
        .execute(pool)
        .await?;
        Ok(reaped.rows_affected())
    }
}
