//! The schema: the SQL files of this folder, applied in their order, after apalis's own.
//!
//! This crate checks no query, so it builds while the queries of other crates change: `./test prepare` migrates with it
//! before it checks them.

mod progress;

use apalis_postgres::PostgresStorage;
use sqlx::Connection;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnection, PgPool};
use std::time::{Duration, Instant};

/// Our own tables. apalis has its tables and its own history of migrations in the schema `apalis`.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// apalis's tables.
pub fn of_apalis() -> Migrator {
    PostgresStorage::migrations()
}

/// Migrations that break processes with an older binary: the migration, and the migration that a process must know at least to keep
/// working. Each takes something away that older versions still use (`CONTRIBUTING.md`: expand, then contract).
pub const CONTRACTS: [(i64, i64); 0] = [];

/// A process that has not written its row for this many seconds is not alive. It writes it every ten.
pub const SILENT_AFTER_SECONDS: i32 = 35;

/// How long a migration waits for a lock, so that nobody waits behind it for longer.
const LOCK_TIMEOUT: &str = "set lock_timeout = '5s'";
/// The advisory lock of the migrator that runs: `PLmg` in ASCII.
const TURN: i64 = 0x504C_6D67;
/// How often a migration is tried that did not get its lock.
const TRIES: usize = 20;

/// The living processes that cannot stand the migrations that are not applied yet, each with its host.
pub async fn in_the_way(pool: &PgPool, contracts: &[(i64, i64)]) -> sqlx::Result<Vec<String>> {
    let known: bool = sqlx::query_scalar("select to_regclass('public.process') is not null")
        .fetch_one(pool)
        .await?;
    if !known {
        return Ok(Vec::new());
    }
    let applied: Option<i64> =
        sqlx::query_scalar("select max(version) from public._sqlx_migrations where success")
            .fetch_one(pool)
            .await?;
    let pending = contracts
        .iter()
        .filter(|(version, _)| Some(*version) > applied);
    let Some(needed) = pending.map(|(_, needed)| *needed).max() else {
        return Ok(Vec::new());
    };
    sqlx::query_scalar(
        "select instance || ' on ' || host from process
         where schema < $1 and seen_at > now() - $2 * interval '1 second' order by 1",
    )
    .bind(needed)
    .bind(SILENT_AFTER_SECONDS)
    .fetch_all(pool)
    .await
}

/// Migrates both schemas: apalis's, then ours. Can be repeated, and run by several processes at once.
///
/// A migration that does not get a lock within five seconds is rolled back and tried again, so that the processes that run
/// never wait for long. An index that was built halfway is removed first. `tell` is given a line for a person now and then:
/// what is applied, and for whom the migration waits.
pub async fn run(pool: &PgPool, tell: impl Fn(&str)) -> Result<(), MigrateError> {
    let begin = Instant::now();
    if let Some(pending) = progress::pending(pool).await? {
        tell(&format!("to apply: {pending}"));
    }
    let mut tried = 0;
    loop {
        tried += 1;
        let run = progress::told_of_waits(pool, run_once(pool, &tell), &tell).await;
        match run {
            Err(error) if is_lock_failure(&error) && tried < TRIES => {
                tell(&format!(
                    "did not get a lock in time, or gave way to a client: try {tried} of {TRIES} failed"
                ));
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            Err(error) => return Err(error),
            Ok(()) => break,
        }
    }
    let (took, newest) = (begin.elapsed().as_secs_f64(), newest());
    tell(&format!(
        "done in {took:.1} s; the database has migration {newest}"
    ));
    Ok(())
}

async fn run_once(pool: &PgPool, tell: &impl Fn(&str)) -> Result<(), MigrateError> {
    // A migration that fails keeps the migrators' lock on its connection, so that the connection is closed.
    let mut connection = pool.acquire().await?.detach();
    let result = run_on(&mut connection, tell).await;
    connection.close().await.ok();
    result
}

async fn run_on(connection: &mut PgConnection, tell: &impl Fn(&str)) -> Result<(), MigrateError> {
    sqlx::raw_sql(LOCK_TIMEOUT)
        .execute(&mut *connection)
        .await?;
    take_turn(connection, tell).await?;
    let halfway: Vec<String> = sqlx::query_scalar(
        "select format('drop index concurrently %s', indexrelid::regclass) from pg_index
         join pg_class c on c.oid = indexrelid where not indisvalid and c.relnamespace = 'public'::regnamespace",
    )
    .fetch_all(&mut *connection)
    .await?;
    for index in halfway {
        sqlx::raw_sql(sqlx::AssertSqlSafe(index))
            .execute(&mut *connection)
            .await?;
    }
    // Both migrators take the same advisory lock, one after the other. Our tables come second, because our operations write
    // jobs.
    of_apalis().run(&mut *connection).await?;
    MIGRATIONS.run(&mut *connection).await
}

/// Waits until no other migrator runs. It asks again and again and does not wait in a statement, because the building of an
/// index would wait for that statement in turn.
async fn take_turn(connection: &mut PgConnection, tell: &impl Fn(&str)) -> sqlx::Result<()> {
    let mut told = false;
    loop {
        let taken: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
            .bind(TURN)
            .fetch_one(&mut *connection)
            .await?;
        if taken {
            return Ok(());
        }
        if !told {
            tell("another migrator runs; this one waits for its turn");
            told = true;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn is_lock_failure(error: &MigrateError) -> bool {
    let (MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _)) = error else {
        return false;
    };
    source
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code == "55P03" || code == "40P01")
}

/// Whether every migration of this binary is applied.
pub async fn are_applied(pool: &PgPool) -> sqlx::Result<bool> {
    let tables: bool = sqlx::query_scalar(
        "select to_regclass('public._sqlx_migrations') is not null
            and to_regclass('apalis.jobs') is not null",
    )
    .fetch_one(pool)
    .await?;
    if !tables {
        return Ok(false);
    }
    let applied = sqlx::query_scalar(APPLIED).fetch_all(pool).await?;
    Ok(missing(&applied).is_empty())
}

/// The versions of our migrations that were applied.
pub(crate) const APPLIED: &str = "select version from public._sqlx_migrations where success";

/// The migrations of this binary that are not among the applied ones, in their order. One below the newest can be absent too: a
/// backup of an older version that was restored over a newer history, or a branch that somebody tried.
pub fn missing(applied: &[i64]) -> Vec<i64> {
    let versions = MIGRATIONS.iter().map(|migration| migration.version);
    versions
        .filter(|version| !applied.contains(version))
        .collect()
}

/// The last migration of this binary.
pub fn newest() -> i64 {
    let versions = MIGRATIONS.iter().map(|migration| migration.version);
    versions.max().unwrap_or(0)
}
