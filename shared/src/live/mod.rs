//! The live feed: what changed, for screens that are open, whichever process changed it.
//!
//! Changes are read in the order of the transactions that wrote them, and only once every older
//! transaction has ended. A reader that keeps its place in that order ([`Cursor`]) misses nothing. A
//! change is read back when it is shown, and is shown only to people who may see it anyway.

mod model;
mod store;

pub use model::{Change, Cursor, Detail};

use crate::{App, Result};
use sqlx::PgConnection;

/// A screen that lost its connection can continue where it was for this many minutes.
const KEEP_CHANGES_MINUTES: f64 = 60.0;

/// Up to `limit` changes after a place, in order.
pub async fn since(app: &App, after: Cursor, limit: i64) -> Result<Vec<Change>> {
    let mut connection = app.pool.acquire().await?;
    store::since(&mut connection, after, limit).await
}

/// The place after every change until now.
pub async fn now(app: &App) -> Result<Cursor> {
    let mut connection = app.pool.acquire().await?;
    store::now(&mut connection).await
}

/// Whether every change after this place still exists. Changes are kept for an hour.
pub async fn reaches_back_to(app: &App, place: Cursor) -> Result<bool> {
    let mut connection = app.pool.acquire().await?;
    store::reaches_back_to(&mut connection, place).await
}

/// The feed's lag, as a figure for operators: how long the oldest change that was written has waited to be
/// readable, in seconds. A long transaction of this database makes it grow.
pub async fn figures(app: &App) -> Result<[(&'static str, &'static str, f64); 1]> {
    let mut connection = app.pool.acquire().await?;
    let lag = store::lag(&mut connection).await?;
    let help = "Age of the oldest change that the live feed cannot read yet";
    Ok([("feed_lag_seconds", help, lag)])
}

/// Deletes changes that are older than an hour. Returns how many.
pub async fn prune(connection: &mut PgConnection) -> Result<u64> {
    store::delete_old_changes(connection, KEEP_CHANGES_MINUTES).await
}
