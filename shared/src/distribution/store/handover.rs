//! Handovers: what becomes of the work of a disabled agent.

use crate::Result;
use crate::id::{LeadId, UserId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A handover that is not done.
pub(crate) struct Handover {
    pub(crate) id: Uuid,
    /// The agent whose work it is.
    pub(crate) agent: UserId,
    pub(crate) destination: Destination,
    /// Whether an admin asked for it, and the agent stays. Otherwise the agent is disabled.
    pub(crate) of_desk: bool,
    /// The leads of a desk; `None`: all that the disabled agent owns.
    pub(crate) chosen: Option<Vec<LeadId>>,
    /// The admin.
    pub(crate) by: Option<UserId>,
}

/// A desk that an admin hands over.
#[derive(Clone, Debug)]
pub struct DeskHandover {
    /// The agent who gives.
    pub from: UserId,
    /// The colleague who gets the leads; `None`: they are distributed.
    pub to: Option<UserId>,
    /// The leads; `None`: all open ones.
    pub leads: Option<Vec<LeadId>>,
}

/// A handover of an agent's leads, under way or done.
#[derive(Clone, Debug)]
pub struct PastHandover {
    /// Its id.
    pub id: Uuid,
    /// Who got the leads; `None`: they were distributed or listed.
    pub to: Option<UserId>,
    /// The admin.
    pub by: Option<UserId>,
    /// When it began.
    pub begun_at: DateTime<Utc>,
    /// When it ended; `None`: it is under way.
    pub ended_at: Option<DateTime<Utc>>,
    /// How many leads moved.
    pub moved: i32,
    /// How many are left for a person.
    pub remaining: i32,
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
        r#"select agent_id as "agent: UserId", leads, to_agent as "to_agent: UserId", of_desk,
                  chosen as "chosen: Vec<LeadId>",
                  by_user as "by: UserId"
           from agent_handover where id = $1 and ended_at is null"#,
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Handover {
        id,
        agent: row.agent,
        of_desk: row.of_desk,
        chosen: row.chosen,
        by: row.by,
        destination: match (row.leads.as_str(), row.to_agent) {
            ("distribute", _) => Destination::Distribute,
            (_, Some(to)) => Destination::Colleague(to),
            _ => Destination::List,
        },
    }))
}

/// Stores the handover of a desk, with the leads that it moves.
pub(crate) async fn insert_desk_handover(
    connection: &mut PgConnection,
    id: Uuid,
    (desk, leads): (&DeskHandover, &[LeadId]),
    by: &UserId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into agent_handover (id, agent_id, leads, to_agent, by_user, begun_at, of_desk, chosen)
         values ($1, $2, case when $3::text is null then 'distribute' else 'colleague' end, $3, $4, $5, true, $6)",
        id,
        desk.from.0,
        desk.to.as_ref().map(|to| to.0.as_str()),
        by.0,
        now,
        leads as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The handovers of an agent, the latest first.
pub(crate) async fn handovers_of(
    connection: &mut PgConnection,
    agent: &UserId,
) -> Result<Vec<PastHandover>> {
    Ok(sqlx::query_as!(
        PastHandover,
        r#"select id, to_agent as "to: UserId", by_user as "by: UserId", begun_at, ended_at, moved, remaining
           from agent_handover where agent_id = $1 order by begun_at desc limit 50"#,
        agent.0
    )
    .fetch_all(connection)
    .await?)
}

/// How many visits are booked with these leads and have not begun.
pub(crate) async fn visits_with(
    connection: &mut PgConnection,
    leads: &[LeadId],
    now: DateTime<Utc>,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from appointment
           where lead_id = any($1) and status = 'booked' and starts_at > $2"#,
        leads as _,
        now
    )
    .fetch_one(connection)
    .await?)
}

/// The next visit of a lead, if one is booked.
pub(crate) async fn next_visit_of(
    connection: &mut PgConnection,
    lead: LeadId,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!(
        "select min(starts_at) from appointment where lead_id = $1 and status = 'booked' and starts_at > $2",
        lead.0,
        now
    )
    .fetch_one(connection)
    .await?)
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

/// The open leads that an agent owns, oldest first: neither closed nor sold nor lost.
pub(crate) async fn claimed_leads_of(
    connection: &mut PgConnection,
    agent: &UserId,
) -> Result<Vec<LeadId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: LeadId" from lead
           where owner_sales_id = $1 and status = 'claimed' and lead_is_open(status, progress) and erased_at is null
           order by created_at, id"#,
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
