//! Moving the log of old leads to a file.
//!
//! The caller writes the file and reads it back. Only events that it read back are deleted, so that each is in the file, in the
//! database, or in both.

use crate::distribution::model::EventArchive;
use crate::distribution::store;
use crate::{Error, Result, db};
use chrono::{DateTime, Utc};
use sqlx::PgPool;

/// How many events a statement reads or deletes.
const BATCH: i64 = 5000;

/// How many events belong to leads that have no event since `before` and are not being distributed. Fails with the conflict
/// `not_the_owner` if the role of this pool cannot delete events.
pub async fn count_archivable(pool: &PgPool, before: DateTime<Utc>) -> Result<i64> {
    let mut connection = pool.acquire().await?;
    if !store::owns_events(&mut connection).await? {
        return Err(Error::Clash {
            code: "not_the_owner",
            detail: "only the role that owns the schema can archive: use its DATABASE_URL, as for `api migrate`"
                .to_owned(),
        });
    }
    store::count_archivable(&mut connection, before).await
}

/// The next of these events after the id `after`, by id: their id, time and the row as a line of JSON. Empty: there are no more.
pub async fn archivable(
    pool: &PgPool,
    before: DateTime<Utc>,
    after: i64,
) -> Result<Vec<(i64, DateTime<Utc>, String)>> {
    store::archivable(&mut *pool.acquire().await?, before, after, BATCH).await
}

/// Records the file, and deletes the events of these ids, in batches. One whose lead is distributed again stays. Returns how many
/// were deleted.
pub async fn delete_archived(pool: &PgPool, archive: &EventArchive, events: &[i64]) -> Result<i64> {
    store::insert_archive(&mut *pool.acquire().await?, archive).await?;
    let mut deleted = 0;
    for batch in events.chunks(usize::try_from(BATCH).unwrap_or(1)) {
        let mut transaction = db::begin(pool).await?;
        deleted += store::delete_archived(&mut transaction, archive, batch).await?;
        transaction.commit().await?;
    }
    Ok(deleted)
}

/// Every archive, the latest first.
pub async fn archives(pool: &PgPool) -> Result<Vec<EventArchive>> {
    store::archives(&mut *pool.acquire().await?).await
}
