//! SQL of the archive of old events.

use crate::Result;
use crate::distribution::model::EventArchive;
use crate::id::LeadId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Whether this role may delete events.
pub(crate) async fn owns_events(connection: &mut PgConnection) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select pg_has_role(current_user, relowner, 'usage') as "owns!" from pg_class
           where oid = 'distribution_event'::regclass"#
    )
    .fetch_one(connection)
    .await?)
}

pub(crate) async fn count_archivable(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "events!" from distribution_event e where e.at < $1 and is_archivable(e, $1)"#,
        before
    )
    .fetch_one(connection)
    .await?)
}

/// The next events that can move, by id: their id, time and the row as JSON.
pub(crate) async fn archivable(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, DateTime<Utc>, String)>> {
    let rows = sqlx::query!(
        r#"select id, at, to_jsonb(e)::text as "line!" from distribution_event e
           where id > $2 and at < $1 and is_archivable(e, $1) order by id limit $3"#,
        before,
        after,
        limit
    )
    .fetch_all(connection)
    .await?;
    let row = rows.into_iter().map(|row| (row.id, row.at, row.line));
    Ok(row.collect())
}

pub(crate) async fn insert_archive(
    connection: &mut PgConnection,
    archive: &EventArchive,
) -> Result<()> {
    sqlx::query!(
        "insert into event_archive (id, before, file, sha256, events, first_at, last_at, made_at, made_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        archive.id,
        archive.before,
        archive.file,
        archive.sha256,
        archive.events,
        archive.first_at,
        archive.last_at,
        archive.made_at,
        archive.made_by
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes those of these events that can still move, and counts them. The caller's transaction is for nothing else.
pub(crate) async fn delete_archived(
    transaction: &mut PgConnection,
    archive: &EventArchive,
    events: &[i64],
) -> Result<i64> {
    sqlx::query!("select set_config('property_lounge.archiving', 'on', true)")
        .fetch_one(&mut *transaction)
        .await?;
    Ok(sqlx::query_scalar!(
        r#"with movable as (
               select id from distribution_event e where id = any($2) and is_archivable(e, $3)),
           deleted as (
               delete from distribution_event e using movable where e.id = movable.id returning 1)
           update event_archive set deleted = deleted + (select count(*) from deleted)
           where id = $1 returning (select count(*) from deleted) as "deleted!""#,
        archive.id,
        events,
        archive.before
    )
    .fetch_one(transaction)
    .await?)
}

/// Every archive, the latest first.
pub(crate) async fn archives(connection: &mut PgConnection) -> Result<Vec<EventArchive>> {
    Ok(sqlx::query_as!(
        EventArchive,
        "select id, before, file, sha256, events, deleted, first_at, last_at, made_at, made_by
         from event_archive order by made_at desc, id desc"
    )
    .fetch_all(connection)
    .await?)
}

/// The files that can have events of this lead's cycles that began before `first`, the first event that is left.
pub(crate) async fn archives_of(
    connection: &mut PgConnection,
    lead: LeadId,
    first: Option<DateTime<Utc>>,
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select file from event_archive
         where exists (select from distribution_cycle
                       where lead_id = $1 and started_at < coalesce($2, 'infinity'::timestamptz)
                         and started_at between first_at and last_at)
         order by made_at",
        lead.0,
        first
    )
    .fetch_all(connection)
    .await?)
}

/// From which instant on the log is whole.
pub(crate) async fn whole_since(connection: &mut PgConnection) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!("select max(before) from event_archive")
        .fetch_one(connection)
        .await?)
}
