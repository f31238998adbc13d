//! The database: connecting, and bringing its schema up to date.

use crate::{Error, Result};
use apalis_postgres::PostgresStorage;
use secrecy::{ExposeSecret, SecretString};
use sqlx::Postgres;
use sqlx::migrate::{MigrateDatabase, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use std::str::FromStr;
use std::time::Duration;

/// Our own tables. apalis keeps its tables and its own history of migrations in schema `apalis`.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

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

/// As [`pool`], without asking the server whether a connection is alive before each use: a round
/// trip saved where every millisecond counts. A worker's first jobs after an outage may fail for it,
/// and are tried again.
pub fn trusting_pool(options: PgConnectOptions, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .connect_lazy_with(options.options(MANNERS))
}

/// A pool for the queue's own bookkeeping, which may be lost in a crash of the database.
///
/// `synchronous_commit` is off: what apalis writes here says only who is running a job. Should the
/// server lose the last of it, a job runs a second time, and every job may. Jobs are *enqueued* in
/// the domain's transactions, on the durable pool.
pub fn bookkeeping_pool(options: PgConnectOptions, connections: u32) -> PgPool {
    pool(
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

/// Brings both schemas up to date: apalis's, then ours. Safe to run again, and by several at once.
pub async fn migrate(pool: &PgPool) -> Result<()> {
    // Both migrators take the same advisory lock, one after the other. Jobs have to exist before
    // ours, whose operations write them.
    PostgresStorage::migrations().run(pool).await?;
    MIGRATIONS.run(pool).await?;
    Ok(())
}

/// Whether every migration that this binary knows has been applied.
pub async fn is_migrated(pool: &PgPool) -> Result<bool> {
    let tables: bool = sqlx::query_scalar!(
        r#"select to_regclass('public._sqlx_migrations') is not null
              and to_regclass('apalis.jobs') is not null as "exist!""#
    )
    .fetch_one(pool)
    .await?;
    if !tables {
        return Ok(false);
    }
    // Not a checked query: the table is the migrator's own, made when it first runs.
    let newest: Option<i64> =
        sqlx::query_scalar("select max(version) from public._sqlx_migrations where success")
            .fetch_one(pool)
            .await?;
    let known = MIGRATIONS.iter().map(|migration| migration.version).max();
    Ok(newest >= known)
}
