//! SQL of notices that collect.

use crate::Result;
use crate::address::Address;
use crate::id::{LeadId, MessageId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// What a notice is found by: the lead, the kind and the recipient.
type NoticeKey<'a> = (LeadId, &'static str, &'a Address);

/// A notice that is not sent yet.
pub(in super::super) struct CollectingNotice {
    pub(in super::super) id: MessageId,
    pub(in super::super) covers: i32,
    pub(in super::super) created_at: DateTime<Utc>,
}

/// The notice that waits until after `until`, locked.
pub(in super::super) async fn collecting_notice(
    connection: &mut PgConnection,
    (lead, kind, to): NoticeKey<'_>,
    until: DateTime<Utc>,
) -> Result<Option<CollectingNotice>> {
    Ok(sqlx::query_as!(
        CollectingNotice,
        r#"select id as "id: MessageId", covers, created_at from wa_message
           where to_wa = $3 and direction = 'out' and delivery_status = 'queued' and kind = $2 and lead_id = $1
             and not_before > $4
           order by created_at limit 1 for update"#,
        lead.0,
        kind,
        to.as_str(),
        until
    )
    .fetch_optional(connection)
    .await?)
}

pub(in super::super) async fn extend_notice(
    connection: &mut PgConnection,
    notice: MessageId,
    body: &str,
    covers: i32,
) -> Result<()> {
    sqlx::query!(
        "update wa_message set body = $2, covers = $3 where id = $1",
        notice.0,
        body,
        covers
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// When the last notice was or will be sent. Looks only at notices that were written after `since`.
pub(in super::super) async fn last_notice(
    connection: &mut PgConnection,
    (lead, kind, to): NoticeKey<'_>,
    since: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!(
        "select max(coalesce(not_before, created_at)) from wa_message
         where lead_id = $1 and created_at > $4 and direction = 'out' and kind = $2 and to_wa = $3",
        lead.0,
        kind,
        to.as_str(),
        since
    )
    .fetch_one(connection)
    .await?)
}

pub(in super::super) async fn not_before(
    connection: &mut PgConnection,
    message: MessageId,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update wa_message set not_before = $2 where id = $1",
        message.0,
        at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a client wrote since an instant, oldest first.
pub(in super::super) async fn client_texts_since(
    connection: &mut PgConnection,
    lead: LeadId,
    since: DateTime<Utc>,
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select body from wa_message
         where lead_id = $1 and created_at >= $2 and direction = 'in' and kind = 'client'
         order by created_at, id",
        lead.0,
        since
    )
    .fetch_all(connection)
    .await?)
}

pub(in super::super) async fn text_of(
    connection: &mut PgConnection,
    message: MessageId,
) -> Result<String> {
    Ok(
        sqlx::query_scalar!("select body from wa_message where id = $1", message.0)
            .fetch_one(connection)
            .await?,
    )
}

pub(in super::super) async fn hints_since(
    connection: &mut PgConnection,
    address: &Address,
    since: DateTime<Utc>,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from wa_message
           where to_wa = $1 and direction = 'out' and kind in ('offer_hint', 'ambiguous') and created_at > $2"#,
        address.as_str(),
        since
    )
    .fetch_one(connection)
    .await?)
}

pub(in super::super) async fn last_list(
    connection: &mut PgConnection,
    address: &Address,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "select body from wa_message
         where to_wa = $1 and direction = 'out' and kind in ('ambiguous', 'queue', 'offer_hint')
           and created_at > $2::timestamptz - interval '2 days'
         order by created_at desc, id desc limit 1",
        address.as_str(),
        now
    )
    .fetch_optional(connection)
    .await?)
}
