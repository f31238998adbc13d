//! Messages as they are shown: of one lead, and all.

use crate::id::{AttemptId, LeadId, MessageId};
use crate::whatsapp::MessageRow;
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Selects messages with the edits and deletions of their senders. Only inbound messages have them: an edit that names a message of
/// ours changes nothing.
macro_rules! messages {
    ($connection:expr, $rest:literal, $($value:expr),*) => {
        sqlx::query_as!(
            MessageRow,
            r#"select m.id as "id: MessageId", m.direction, m.kind, m.from_wa, m.to_wa, m.body, m.outcome,
                      m.delivery_status, m.delivery_error, m.provider_message_id, m.lead_id as "lead_id: LeadId",
                      l.name as "lead_name?", m.attempt_id as "attempt_id: AttemptId", m.accepted_at,
                      m.delivered_at, m.read_at, m.created_at,
                      (select c.body from wa_correction c
                       where m.direction = 'in' and c.provider = m.provider and c.original_id = m.provider_message_id
                         and c.kind = 'edit'
                       order by c.at desc, c.id desc limit 1) as edited_body,
                      (select min(c.at) from wa_correction c
                       where m.direction = 'in' and c.provider = m.provider and c.original_id = m.provider_message_id
                         and c.kind = 'revoke')
                          as revoked_at
               from wa_message m left join lead l on l.id = m.lead_id "#
                + $rest,
            $($value),*
        )
        .fetch_all($connection)
        .await
    };
}

/// Every message about a lead, oldest first.
pub(crate) async fn of_lead(
    connection: &mut PgConnection,
    lead: LeadId,
) -> Result<Vec<MessageRow>> {
    Ok(messages!(
        connection,
        "where m.lead_id = $1 order by m.created_at, m.id",
        lead.0
    )?)
}

/// A page of all messages, newest first: at most `limit` before the message `before`. Two statements, so that each has the
/// plan of its own index. Fails with `NotFound` if there is no message `before`.
pub(crate) async fn recent(
    connection: &mut PgConnection,
    only_failed: bool,
    before: Option<MessageId>,
    limit: i64,
) -> Result<Vec<MessageRow>> {
    let created_at = match before {
        Some(before) => Some(created_at(connection, before).await?),
        None => None,
    };
    let before = before.map(|message| message.0);
    Ok(if only_failed {
        messages!(
            connection,
            "where m.delivery_status = 'failed'
               and (m.created_at, m.id) < (coalesce($1::timestamptz, 'infinity'), coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
             order by m.created_at desc, m.id desc limit $3",
            created_at,
            before,
            limit
        )?
    } else {
        messages!(
            connection,
            "where (m.created_at, m.id) < (coalesce($1::timestamptz, 'infinity'), coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
             order by m.created_at desc, m.id desc limit $3",
            created_at,
            before,
            limit
        )?
    })
}

async fn created_at(connection: &mut PgConnection, message: MessageId) -> Result<DateTime<Utc>> {
    let found = sqlx::query_scalar!("select created_at from wa_message where id = $1", message.0)
        .fetch_optional(connection)
        .await?;
    found.ok_or(Error::NotFound { what: "message" })
}
