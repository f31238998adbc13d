//! What open screens are told of, from whichever process it was changed in.
//!
//! Changes are read in the order of the transactions that wrote them, and only once every older one is
//! over: a place in that order ([`Cursor`]) is all that a reader needs to miss nothing. What is told is
//! read back when it is told, and only to whom it is shown anyway.

mod model;
mod store;

pub use model::{Change, Cursor, Detail};

use crate::{App, Result};

/// The changes after a place, in order, up to so many.
pub async fn since(app: &App, after: Cursor, limit: i64) -> Result<Vec<Change>> {
    let mut connection = app.pool.acquire().await?;
    store::since(&mut connection, after, limit).await
}

/// The place after everything that has changed until now.
pub async fn now(app: &App) -> Result<Cursor> {
    let mut connection = app.pool.acquire().await?;
    store::now(&mut connection).await
}

/// Whether all that changed after this place is still at hand: changes are kept for an hour or so.
pub async fn reaches_back_to(app: &App, place: Cursor) -> Result<bool> {
    let mut connection = app.pool.acquire().await?;
    store::reaches_back_to(&mut connection, place).await
}
