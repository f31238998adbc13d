//! The list of messages, newest first.

use crate::Result;
use crate::id::{LeadId, MessageId};
use crate::whatsapp::{RecentMessage, RecentMessages};
use sqlx::PgConnection;

/// A page of messages. Two statements, so that each has the plan of its own index.
pub(crate) async fn recent(
    connection: &mut PgConnection,
    page: &RecentMessages,
) -> Result<Vec<RecentMessage>> {
    let before = page.before.map(|message| message.0);
    macro_rules! messages {
        ($condition:literal) => {
            sqlx::query_as!(
                RecentMessage,
                r#"select m.id as "id: MessageId", m.direction, m.kind, m.from_wa, m.to_wa, m.body, m.delivery_status,
                          m.delivery_error, m.lead_id as "lead: LeadId", l.name as "lead_name?", m.accepted_at,
                          m.delivered_at, m.read_at, m.created_at
                   from wa_message m left join lead l on l.id = m.lead_id
                   where ($1::uuid is null
                          or (m.created_at, m.id) < (select b.created_at, b.id from wa_message b where b.id = $1))"#
                    + $condition
                    + " order by m.created_at desc, m.id desc limit $2",
                before,
                page.limit
            )
            .fetch_all(connection)
            .await?
        };
    }
    Ok(if page.only_failed {
        messages!(" and m.delivery_status = 'failed'")
    } else {
        messages!("")
    })
}
