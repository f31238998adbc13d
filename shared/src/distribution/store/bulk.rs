//! Bulk assignments, and what became of their leads.

use crate::Result;
use crate::id::{LeadId, UserId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A bulk assignment, as an admin sees it.
#[derive(Clone, Debug)]
pub struct BulkAssignment {
    /// Its id.
    pub id: Uuid,
    /// The agent who gets the leads.
    pub sales_id: UserId,
    /// It begins at this time, unless it is cancelled before.
    pub begins_at: DateTime<Utc>,
    /// When it was cancelled.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// How many leads matched.
    pub count: i64,
    /// How many leads were assigned until now.
    pub assigned: i64,
    /// How many became the agent's in the meantime.
    pub already_theirs: i64,
    /// How many were merged into other leads in the meantime.
    pub gone: i64,
    /// How many were refused, because the agent was disabled in the meantime.
    pub refused: i64,
}

/// What became of a lead of a bulk assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BulkResult {
    Assigned,
    AlreadyTheirs,
    /// The lead was merged into another one.
    Gone,
    /// The agent is disabled.
    Refused,
}

impl BulkResult {
    fn as_str(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::AlreadyTheirs => "already_theirs",
            Self::Gone => "gone",
            Self::Refused => "refused",
        }
    }
}

/// A bulk assignment that has begun.
pub(crate) struct BegunBulk {
    pub(crate) sales_id: UserId,
    pub(crate) by: Option<UserId>,
}

/// A bulk assignment to store.
pub(crate) struct NewBulk<'new> {
    pub(crate) sales_id: &'new UserId,
    pub(crate) by: &'new UserId,
    pub(crate) leads: &'new [LeadId],
    pub(crate) now: DateTime<Utc>,
    pub(crate) begins_at: DateTime<Utc>,
}

pub(crate) async fn insert_bulk(
    connection: &mut PgConnection,
    id: Uuid,
    new: &NewBulk<'_>,
) -> Result<()> {
    sqlx::query!(
        "with bulk as (insert into bulk_assignment (id, sales_id, by_user, created_at, begins_at)
                       values ($1, $2, $3, $4, $5) returning id)
         insert into bulk_assignment_lead (bulk_id, lead_id) select bulk.id, unnest($6::uuid[]) from bulk",
        id,
        new.sales_id.0,
        new.by.0,
        new.now,
        new.begins_at,
        new.leads as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The bulk assignment with this id.
pub(crate) async fn bulk(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<Option<BulkAssignment>> {
    Ok(sqlx::query_as!(
        BulkAssignment,
        r#"select b.id, b.sales_id as "sales_id: UserId", b.begins_at, b.cancelled_at, b.ended_at, l.count as "count!",
                  l.assigned as "assigned!", l.already_theirs as "already_theirs!", l.gone as "gone!", l.refused as "refused!"
           from bulk_assignment b, lateral (
               select count(*) as count, count(*) filter (where result = 'assigned') as assigned,
                      count(*) filter (where result = 'already_theirs') as already_theirs,
                      count(*) filter (where result = 'gone') as gone,
                      count(*) filter (where result = 'refused') as refused
               from bulk_assignment_lead where bulk_id = b.id) l
           where b.id = $1"#,
        id
    )
    .fetch_optional(connection)
    .await?)
}

/// Cancels a bulk assignment that has not begun. Does nothing if it has, or was cancelled before.
pub(crate) async fn cancel_bulk(
    connection: &mut PgConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update bulk_assignment set cancelled_at = $2 where id = $1 and begun_at is null and cancelled_at is null",
        id,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Begins a bulk assignment, or goes on with one that has begun. `None`: it was cancelled, has ended, or is gone.
pub(crate) async fn begin_bulk(
    connection: &mut PgConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<BegunBulk>> {
    Ok(sqlx::query_as!(
        BegunBulk,
        r#"update bulk_assignment set begun_at = coalesce(begun_at, greatest($2, begins_at))
           where id = $1 and cancelled_at is null and ended_at is null
           returning sales_id as "sales_id: UserId", by_user as "by: UserId""#,
        id,
        now
    )
    .fetch_optional(connection)
    .await?)
}

/// A lead whose turn has not come. `None`: all had theirs.
pub(crate) async fn next_bulk_lead(
    connection: &mut PgConnection,
    bulk: Uuid,
) -> Result<Option<LeadId>> {
    Ok(sqlx::query_scalar!(
        r#"select lead_id as "lead: LeadId" from bulk_assignment_lead where bulk_id = $1 and result is null limit 1"#,
        bulk
    )
    .fetch_optional(connection)
    .await?)
}

/// Records what became of a lead, and whose it was. Returns `false` if that was recorded before.
pub(crate) async fn set_bulk_result(
    connection: &mut PgConnection,
    (bulk, lead): (Uuid, LeadId),
    result: BulkResult,
    former_owner: Option<&UserId>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update bulk_assignment_lead set result = $3, former_owner = $4
         where bulk_id = $1 and lead_id = $2 and result is null",
        bulk,
        lead.0,
        result.as_str(),
        former_owner.map(|owner| owner.0.as_str())
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The leads that a bulk assignment has assigned, each with its former owner, oldest first.
pub(crate) async fn bulk_leads(
    connection: &mut PgConnection,
    bulk: Uuid,
) -> Result<Vec<(LeadId, Option<UserId>)>> {
    let rows = sqlx::query!(
        r#"select l.id as "id: LeadId", b.former_owner as "former_owner: UserId"
           from bulk_assignment_lead b join lead l on l.id = b.lead_id
           where b.bulk_id = $1 and b.result = 'assigned' order by l.created_at, l.id"#,
        bulk
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.former_owner))
        .collect())
}

/// Returns `false` if it was ended before.
pub(crate) async fn end_bulk(
    connection: &mut PgConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update bulk_assignment set ended_at = $2 where id = $1 and ended_at is null",
        id,
        now
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
