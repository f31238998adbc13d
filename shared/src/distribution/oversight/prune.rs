//! Deleting old records.

use crate::Result;
use crate::distribution::store;
use sqlx::PgConnection;

/// Deletes a batch of records that ended this many days ago: of assignments and handovers of many leads, uploaded lists, sent
/// summaries and breaches. Returns how many.
pub async fn prune_records(connection: &mut PgConnection, days: f64) -> Result<u64> {
    store::delete_old_records(connection, days).await
}
