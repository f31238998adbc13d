//! After a restore: what was under way at the instant of the backup may have been sent since, and is not sent again.

use super::model::{Actor, UnderWay};
use super::store;
use crate::{App, Result};

/// Counts what was under way at the instant of the backup that this database is.
pub async fn under_way(app: &App) -> Result<UnderWay> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    store::under_way(&mut connection, now).await
}

/// Ends everything that was under way, so that nothing is sent a second time, and returns what it was. Messages become failed,
/// with the reason, and are listed as such. Call it before a worker runs.
///
/// An offer that was queued ends as not sent when a worker runs, and costs no turn.
pub async fn after_restore(app: &App, by: &Actor) -> Result<UnderWay> {
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let found = store::under_way(&mut transaction, now).await?;
    let ended = store::end_under_way(&mut transaction, now).await?;
    let subject = serde_json::json!({ "messages": ended });
    let rows = found.messages + found.sends + found.reminders;
    let what = (by, "after_restore", &subject);
    store::record(&mut transaction, now, what, rows).await?;
    transaction.commit().await?;
    tracing::warn!(rows, %by, "operations.restored");
    Ok(found)
}
