//! Which client an agent means.

use crate::Result;
use crate::id::{LeadId, UserId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// The lead that a message of ours is about, by the provider's id.
pub(crate) async fn lead_of_message(
    connection: &mut PgConnection,
    provider_message_id: &str,
) -> Result<Option<LeadId>> {
    Ok(sqlx::query_scalar!(
        r#"select lead_id as "lead!: LeadId" from wa_message
           where provider_message_id = $1 and direction = 'out' and lead_id is not null limit 1"#,
        provider_message_id
    )
    .fetch_optional(connection)
    .await?)
}

/// The lead of the client that an agent heard of last, within a day: they wrote, or the lead became the agent's.
pub(crate) async fn last_client_of(
    connection: &mut PgConnection,
    agent: &UserId,
    now: DateTime<Utc>,
) -> Result<Option<LeadId>> {
    Ok(sqlx::query_scalar!(
        r#"select lead.id as "lead: LeadId"
           from lead
           cross join lateral (
               select greatest(lead.locked_at,
                               (select max(m.created_at) from wa_message m
                                where m.lead_id = lead.id and m.direction = 'in' and m.kind = 'client')) as heard_at) last
           where lead.owner_sales_id = $1 and lead.status = 'claimed' and last.heard_at > $2::timestamptz - interval '1 day'
           order by last.heard_at desc, lead.id limit 1"#,
        agent.0,
        now
    )
    .fetch_optional(connection)
    .await?)
}
