//! SQL of unread parts of deliveries, and of events of the account.

use crate::id::{DeliveryId, UserId};
use crate::meta::envelope::AccountEvent;
use crate::meta::inbox::{ReportedEvent, UnreadPart};
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

pub(in crate::meta) async fn insert_unread(
    connection: &mut PgConnection,
    delivery: DeliveryId,
    place: &str,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into webhook_unread (id, delivery_id, place, reason, found_at) values ($1, $2, $3, $4, $5)
         on conflict (delivery_id, place) do nothing",
        Uuid::now_v7(),
        delivery.0,
        place,
        reason,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in crate::meta) async fn open_unread(connection: &mut PgConnection) -> Result<Vec<UnreadPart>> {
    Ok(sqlx::query_as!(
        UnreadPart,
        r#"select u.id, u.delivery_id as "delivery: DeliveryId", d.source, u.place, u.reason, d.received_at
           from webhook_unread u join webhook_delivery d on d.id = u.delivery_id
           where u.closed_at is null order by u.found_at, u.id limit 200"#
    )
    .fetch_all(connection)
    .await?)
}

/// The open part, locked.
pub(in crate::meta) async fn lock_unread(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<Option<UnreadPart>> {
    Ok(sqlx::query_as!(
        UnreadPart,
        r#"select u.id, u.delivery_id as "delivery: DeliveryId", d.source, u.place, u.reason, d.received_at
           from webhook_unread u join webhook_delivery d on d.id = u.delivery_id
           where u.id = $1 and u.closed_at is null for update of u"#,
        id
    )
    .fetch_optional(connection)
    .await?)
}

pub(in crate::meta) async fn close_unread(
    connection: &mut PgConnection,
    id: Uuid,
    by: Option<&UserId>,
    now: DateTime<Utc>,
) -> Result<()> {
    let closed = sqlx::query!(
        "update webhook_unread set closed_at = $2, closed_by = $3 where id = $1 and closed_at is null",
        id,
        now,
        by.map(|by| by.0.as_str())
    )
    .execute(connection)
    .await?;
    match closed.rows_affected() {
        1 => Ok(()),
        _ => Err(Error::NotFound {
            what: "unread part",
        }),
    }
}

pub(in crate::meta) async fn delivery_body(
    connection: &mut PgConnection,
    id: DeliveryId,
) -> Result<Vec<u8>> {
    Ok(
        sqlx::query_scalar!("select body from webhook_delivery where id = $1", id.0)
            .fetch_one(connection)
            .await?,
    )
}

/// Lets the delivery's job handle it again.
pub(in crate::meta) async fn set_waiting(
    connection: &mut PgConnection,
    id: DeliveryId,
) -> Result<()> {
    sqlx::query!(
        "update webhook_delivery set handled_at = null where id = $1",
        id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns `false` if the event is stored already.
pub(in crate::meta) async fn insert_account_event(
    connection: &mut PgConnection,
    delivery: DeliveryId,
    event: &AccountEvent,
    now: DateTime<Utc>,
) -> Result<bool> {
    let inserted = sqlx::query!(
        "insert into whatsapp_account_event (id, delivery_id, place, field, event, severity, detail, received_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (delivery_id, place) do nothing",
        Uuid::now_v7(),
        delivery.0,
        event.place,
        event.field,
        event.event,
        event.severity.as_str(),
        event.detail,
        now
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

pub(in crate::meta) async fn account_events(
    connection: &mut PgConnection,
) -> Result<Vec<ReportedEvent>> {
    Ok(sqlx::query_as!(
        ReportedEvent,
        "select id, field, event, severity, detail, received_at from whatsapp_account_event
         order by received_at desc, id desc limit 200"
    )
    .fetch_all(connection)
    .await?)
}

pub(in crate::meta) async fn delete_old_account_events(
    connection: &mut PgConnection,
    days: f64,
) -> Result<u64> {
    let deleted = sqlx::query!(
        "delete from whatsapp_account_event where id in (
             select id from whatsapp_account_event
             where received_at < now() - $1::float8 * interval '1 day' limit 1000)",
        days
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}
