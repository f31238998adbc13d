//! The database: connecting, and bringing its schema up to date.

use crate::{Error, Result};
use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::MigrateDatabase;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection, Postgres};
use std::str::FromStr;
use std::time::Duration;

/// How long an operation waits for a connection before it says that the database is away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Reads a `DATABASE_URL`. `name` is shown in `pg_stat_activity`.
pub fn options(database_url: &SecretString, name: &str) -> Result<PgConnectOptions> {
    PgConnectOptions::from_str(database_url.expose_secret())
        .map(|options| options.application_name(name))
        .map_err(|_| Error::invalid("DATABASE_URL", "not a PostgreSQL URL"))
}

/// What the server shall do when one of our hosts vanishes: let go of its locks in seconds, not in the
/// hours that TCP takes. And no operation waits for a lock for ever.
const MANNERS: [(&str, &str); 5] = [
    ("idle_in_transaction_session_timeout", "10s"),
    ("lock_timeout", "10s"),
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "2"),
    ("tcp_keepalives_count", "3"),
];

/// A pool for migrations, which may wait for one another as long as they like.
pub fn patient_pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(options)
}

/// A pool for domain transactions. Connects when first used, so that a process starts, and says
/// that it is not ready, while the database is away.
pub fn pool(options: PgConnectOptions, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(options.options(MANNERS))
}

/// A connection of a worker that was used within this time is taken to be alive: a round trip less
/// in every job. One that broke all the same fails that job, which is tried again.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// As [`pool`], for whoever tries again.
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

/// As [`pool`], without ever asking whether a connection is alive: a round trip saved where every
/// millisecond counts. The first operations after an outage may fail for it, and are tried again.
pub(crate) fn trusting_pool(
    options: PgConnectOptions,
    further: impl FnOnce(PgPoolOptions) -> PgPoolOptions,
) -> PgPool {
    let pool = PgPoolOptions::new()
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false);
    further(pool).connect_lazy_with(options.options(MANNERS))
}

/// A pool for the queue's own bookkeeping, which may be lost in a crash of the database.
///
/// `synchronous_commit` is off: what apalis writes here says only who is running a job. Should the
/// server lose the last of it, a job runs a second time, and every job may. Jobs are *enqueued* in
/// the domain's transactions, on the durable pool.
pub fn bookkeeping_pool(options: PgConnectOptions, connections: u32) -> PgPool {
    worker_pool(
        options.options([("synchronous_commit", "off")]),
        connections,
    )
}

/// Creates the database that the URL names, if its server has none of that name.
pub async fn create_if_missing(database_url: &SecretString) -> Result<()> {
    let url = database_url.expose_secret();
    if Postgres::database_exists(url).await? {
        return Ok(());
    }
    match Postgres::create_database(url).await {
        // Somebody else was quicker.
        Err(_) if Postgres::database_exists(url).await? => Ok(()),
        created => Ok(created?),
    }
}

/// Brings the schema up to date. Safe to run again, and by several at once.
pub async fn migrate(pool: &PgPool) -> Result<()> {
    Ok(migrations::run(pool).await?)
}

/// Whether every migration that this binary knows has been applied.
pub async fn is_migrated(pool: &PgPool) -> Result<bool> {
    Ok(migrations::are_applied(pool).await?)
}
