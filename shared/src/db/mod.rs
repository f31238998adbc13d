//! The database: connections and migrations.

mod begin;
mod facts;

pub use begin::begin;
pub use facts::{Blocker, Facts, blockers, facts, write_temporarily};

pub use sqlx::PgPool as Pool;

use crate::{Error, Result};
use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::MigrateDatabase;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection, Postgres};
use std::str::FromStr;
use std::time::Duration;

/// How long an operation waits for a connection before it fails.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// The same in a worker, where no person waits. Jobs that wait for a connection must not fail because of it.
const WORKER_ACQUIRE_TIMEOUT: Duration = Duration::from_secs(20);

/// Parses a `DATABASE_URL`. `name` appears in `pg_stat_activity`.
pub fn options(database_url: &SecretString, name: &str) -> Result<PgConnectOptions> {
    PgConnectOptions::from_str(database_url.expose_secret())
        .map(|options| options.application_name(name))
        .map_err(|_| Error::invalid("DATABASE_URL", "not a PostgreSQL URL"))
}

/// If one of our hosts vanishes, the server releases its locks within seconds, not after TCP's hours. And no
/// operation waits for a lock for ever.
const MANNERS: [(&str, &str); 5] = [
    ("idle_in_transaction_session_timeout", "10s"),
    ("lock_timeout", "10s"),
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "2"),
    ("tcp_keepalives_count", "3"),
];

/// For connections that work on leads. Their statements look for a few rows by index and run thousands of times. Of a
/// table that is empty or small when a connection plans a statement, PostgreSQL would read every row for as long as
/// the plan lives, also after the table has grown. These settings leave one plan.
const BY_INDEX: [(&str, &str); 3] = [
    ("enable_seqscan", "off"),
    ("plan_cache_mode", "force_generic_plan"),
    ("jit", "off"),
];

/// A pool for migrations, which wait for each other without a limit.
pub fn patient_pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(options)
}

/// A pool for domain transactions. It connects at first use, so that a process starts and reports that it is
/// not ready while the database is away.
pub fn pool(options: PgConnectOptions, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(options.options(MANNERS))
}

/// Like [`pool`], for the messages and forms that come in: a long report cannot take these connections, and each
/// statement has one plan.
pub fn intake_pool(options: PgConnectOptions, connections: u32) -> PgPool {
    worker_pool(options, connections)
}

/// A worker and a webhook assume that a connection which was used within this time works: one round trip less for every
/// job and message. If the connection is broken, the job fails and is tried again, and Meta delivers again.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// Like [`pool`], for a process that tries again.
pub fn worker_pool(options: PgConnectOptions, connections: u32) -> PgPool {
    trusting_pool(options, |pool| {
        pool.max_connections(connections)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > TRUSTED_FOR {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
    })
}

/// Like [`pool`], but never checks a connection, which saves a round trip where every millisecond counts. The
/// first operations after an outage can fail, and are tried again.
pub(crate) fn trusting_pool(
    options: PgConnectOptions,
    further: impl FnOnce(PgPoolOptions) -> PgPoolOptions,
) -> PgPool {
    let pool = PgPoolOptions::new()
        .acquire_timeout(WORKER_ACQUIRE_TIMEOUT)
        .test_before_acquire(false);
    further(pool).connect_lazy_with(options.options(MANNERS).options(BY_INDEX))
}

/// A pool for the queue's own records. A crash of the database can lose the last of them.
///
/// `synchronous_commit` is off: what apalis writes here only says which worker runs a job. If the server
/// loses it, a job runs a second time, and every job can. Jobs are *enqueued* in the domain's transactions,
/// on the durable pool.
pub fn bookkeeping_pool(options: PgConnectOptions, connections: u32) -> PgPool {
    worker_pool(
        options.options([("synchronous_commit", "off")]),
        connections,
    )
}

/// Creates the database of the URL if it does not exist.
pub async fn create_if_missing(database_url: &SecretString) -> Result<()> {
    let url = database_url.expose_secret();
    if Postgres::database_exists(url).await? {
        return Ok(());
    }
    match Postgres::create_database(url).await {
        // Another process created it first.
        Err(_) if Postgres::database_exists(url).await? => Ok(()),
        created => Ok(created?),
    }
}

/// Applies the migrations. Can be repeated, and run by several processes at once.
///
/// Fails with the conflict `older_processes_live`, and their names, if one of the migrations takes something away that they
/// still use.
pub async fn migrate(pool: &PgPool) -> Result<()> {
    migrate_and_tell(pool, |_| {}).await
}

/// As [`migrate`], and gives `tell` a line for a person now and then: what is applied, and for whom a migration waits.
pub async fn migrate_and_tell(pool: &PgPool, tell: impl Fn(&str)) -> Result<()> {
    let in_the_way = migrations::in_the_way(pool, &migrations::CONTRACTS).await?;
    if !in_the_way.is_empty() {
        return Err(Error::Clash {
            code: "older_processes_live",
            detail: format!("stop these first: {}", in_the_way.join(", ")),
        });
    }
    Ok(migrations::run(pool, tell).await?)
}

/// Whether every migration of this binary is applied.
pub async fn is_migrated(pool: &PgPool) -> Result<bool> {
    Ok(migrations::are_applied(pool).await?)
}

/// The last migration that this binary knows.
pub fn newest_schema() -> i64 {
    migrations::newest()
}

/// Runs an operation, and once more if a lock of another operation ended it.
///
/// The operation must be one transaction, so that its first run left nothing.
pub async fn retry_once<T, F>(operation: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    match operation().await {
        Err(error) if error.is_lock_failure() => {
            tracing::warn!(%error, "database.lock_failed: the operation runs once more");
            operation().await
        }
        result => result,
    }
}
