//! Handovers: what becomes of the work of a disabled agent.

use crate::Result;
use crate::id::{LeadId, UserId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A handover that is not done.
pub(crate) struct Handover {
    pub(crate) id: Uuid,
    /// The disabled agent.
    pub(crate) agent: UserId,
    pub(crate) destination: Destination,
}

/// Where the leads go.
#[derive(PartialEq, Eq)]
pub(crate) enum Destination {
    /// They stay, listed for the managers.
    List,
    /// To this agent.
    Colleague(UserId),
    /// Into distribution.
    Distribute,
}

pub(crate) async fn handover(connection: &mut PgConnection, id: Uuid) -> Result<Option<Handover>> {
    let row = sqlx::query!(
        r#"select agent_id as "agent: UserId", leads, to_agent as "to_agent: UserId"
           from agent_handover where id = $1 and ended_at is null"#,
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Handover {
        id,
        agent: row.agent,
        destination: match (row.leads.as_str(), row.to_agent) {
            ("distribute", _) => Destination::Distribute,
            (_, Some(to)) => Destination::Colleague(to),
            _ => Destination::List,
        },
    }))
}

/// Records that a handover has moved a lead.
pub(crate) async fn record_moved(
    connection: &mut PgConnection,
    handover: Uuid,
    lead: LeadId,
) -> Result<()> {
    sqlx::query!(
        "insert into agent_handover_lead (handover_id, lead_id) values ($1, $2) on conflict do nothing",
        handover,
        lead.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The leads that a handover has moved, oldest first.
pub(crate) async fn moved_leads(
    connection: &mut PgConnection,
    handover: Uuid,
) -> Result<Vec<LeadId>> {
    Ok(sqlx::query_scalar!(
        r#"select l.id as "id: LeadId" from agent_handover_lead h join lead l on l.id = h.lead_id
           where h.handover_id = $1 order by l.created_at, l.id"#,
        handover
    )
    .fetch_all(connection)
    .await?)
}

/// Returns `false` if it was ended before.
pub(crate) async fn end_handover(
    connection: &mut PgConnection,
    id: Uuid,
    (moved, remaining): (i32, i32),
    now: DateTime<Utc>,
) -> Result<bool> {
    let ended = sqlx::query!(
        "update agent_handover set ended_at = $2, moved = $3, remaining = $4
         where id = $1 and ended_at is null",
        id,
        now,
        moved,
        remaining
    )
    .execute(connection)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// The leads that an agent owns and that are not closed, oldest first.
pub(crate) async fn claimed_leads_of(
    connection: &mut PgConnection,
    agent: &UserId,
) -> Result<Vec<LeadId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: LeadId" from lead
           where owner_sales_id = $1 and status = 'claimed' order by created_at, id"#,
        agent.0
    )
    .fetch_all(connection)
    .await?)
}

/// How many visits of an agent are booked and have not begun.
pub(crate) async fn visits_ahead_of(
    connection: &mut PgConnection,
    agent: &UserId,
    now: DateTime<Utc>,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from appointment
           where sales_id = $1 and status = 'booked' and starts_at > $2"#,
        agent.0,
        now
    )
    .fetch_one(connection)
    .await?)
}

/// The numbers of the managers of the queues in which an agent has a place, or else of the default queue.
pub(crate) async fn managers_of_agent(
    connection: &mut PgConnection,
    agent: &UserId,
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct phone as "phone!" from distribution_queue q, unnest(q.manager_phones) phone
           where q.id in (select queue_id from sales_queue where sales_id = $1)
              or (q.is_default and not exists (select from sales_queue where sales_id = $1))"#,
        agent.0
    )
    .fetch_all(connection)
    .await?)
}
