//! The schema: the SQL files of this folder, applied in their order, after apalis's own.
//!
//! This crate checks no query, so it builds while the queries of other crates change: `./test prepare` migrates with it
//! before it checks them.

use apalis_postgres::PostgresStorage;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::PgPool;

/// Our own tables. apalis has its tables and its own history of migrations in the schema `apalis`.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// apalis's tables.
pub fn of_apalis() -> Migrator {
    PostgresStorage::migrations()
}

/// Migrates both schemas: apalis's, then ours. Can be repeated, and run by several processes at once.
pub async fn run(pool: &PgPool) -> Result<(), MigrateError> {
    // Both migrators take the same advisory lock, one after the other. Our tables come second, because our operations write
    // jobs.
    of_apalis().run(pool).await?;
    MIGRATIONS.run(pool).await
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
    let newest: Option<i64> =
        sqlx::query_scalar("select max(version) from public._sqlx_migrations where success")
            .fetch_one(pool)
            .await?;
    Ok(newest >= Some(self::newest()))
}

/// The last migration of this binary.
pub fn newest() -> i64 {
    let versions = MIGRATIONS.iter().map(|migration| migration.version);
    versions.max().unwrap_or(0)
}
