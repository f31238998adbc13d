//! Bulk assignments, and the leads that they have assigned.

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
    /// How many leads matched.
    pub count: i64,
    /// It begins at this time, unless it is cancelled before.
    pub begins_at: DateTime<Utc>,
    /// When it was cancelled.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// How many leads were assigned.
    pub assigned: i32,
    /// How many were not: they are the agent's already, were merged away, or the agent was disabled.
    pub skipped: i32,
}

/// A bulk assignment that has begun.
pub(crate) struct BegunBulk {
    pub(crate) sales_id: UserId,
    pub(crate) by: Option<UserId>,
    pub(crate) leads: Vec<LeadId>,
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
        "insert into bulk_assignment (id, sales_id, by_user, leads, created_at, begins_at) values ($1, $2, $3, $4, $5, $6)",
        id,
        new.sales_id.0,
        new.by.0,
        new.leads as _,
        new.now,
        new.begins_at
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
        r#"select id, sales_id as "sales_id: UserId", cardinality(leads)::bigint as "count!", begins_at, cancelled_at, ended_at,
                  assigned, skipped
           from bulk_assignment where id = $1"#,
        id
    )
    .fetch_optional(connection)
    .await?)
}

/// Cancels a bulk assignment that has not begun. Returns `false` if it has, or was cancelled before.
pub(crate) async fn cancel_bulk(
    connection: &mut PgConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update bulk_assignment set cancelled_at = $2 where id = $1 and begun_at is null and cancelled_at is null",
        id,
        now
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Begins a bulk assignment that is due, or goes on with one that was interrupted. `None`: it was cancelled, has ended, is
/// not due, or is gone.
pub(crate) async fn begin_bulk(
    connection: &mut PgConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<BegunBulk>> {
    Ok(sqlx::query_as!(
        BegunBulk,
        r#"update bulk_assignment set begun_at = coalesce(begun_at, $2)
           where id = $1 and cancelled_at is null and ended_at is null and begins_at <= $2
           returning sales_id as "sales_id: UserId", by_user as "by: UserId", leads as "leads!: Vec<LeadId>""#,
        id,
        now
    )
    .fetch_optional(connection)
    .await?)
}

/// Records that a bulk assignment has assigned a lead, and whose it was.
pub(crate) async fn record_bulk_lead(
    connection: &mut PgConnection,
    bulk: Uuid,
    lead: LeadId,
    former_owner: Option<&UserId>,
) -> Result<()> {
    sqlx::query!(
        "insert into bulk_assignment_lead (bulk_id, lead_id, former_owner) values ($1, $2, $3) on conflict do nothing",
        bulk,
        lead.0,
        former_owner.map(|owner| owner.0.as_str())
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The leads that a bulk assignment has assigned, each with its former owner, oldest first.
pub(crate) async fn bulk_leads(
    connection: &mut PgConnection,
    bulk: Uuid,
) -> Result<Vec<(LeadId, Option<UserId>)>> {
    let rows = sqlx::query!(
        r#"select l.id as "id: LeadId", b.former_owner as "former_owner: UserId"
           from bulk_assignment_lead b join lead l on l.id = b.lead_id
           where b.bulk_id = $1 order by l.created_at, l.id"#,
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
    (assigned, skipped): (i32, i32),
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update bulk_assignment set ended_at = $2, assigned = $3, skipped = $4 where id = $1 and ended_at is null",
        id,
        now,
        assigned,
        skipped
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
