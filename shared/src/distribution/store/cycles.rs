//! Cycles and the queue that each began with.

use crate::Result;
use crate::distribution::model::CycleStatus;
use crate::id::{CycleId, LeadId, UserId};
use crate::leads::EnquiryKind;
use crate::sales::{Route, Seat};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

impl CycleStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Held => "held",
            Self::Accepted => "accepted",
            Self::Assigned => "assigned",
            Self::Hangus => "hangus",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Every read of the transaction sees the same moment.
pub(crate) async fn read_one_snapshot(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!("set transaction isolation level repeatable read, read only")
        .execute(connection)
        .await?;
    Ok(())
}

/// The lead's open or held cycle, locked. The lead must be locked already.
pub(crate) async fn lock_open_cycle(
    connection: &mut PgConnection,
    lead: LeadId,
) -> Result<Option<CycleId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: CycleId" from distribution_cycle
           where lead_id = $1 and status in ('open', 'held') for update"#,
        lead.0
    )
    .fetch_optional(connection)
    .await?)
}

pub(crate) async fn close_cycle(
    connection: &mut PgConnection,
    cycle: CycleId,
    status: CycleStatus,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update distribution_cycle set status = $2, closed_at = $3 where id = $1 and status = 'open'",
        cycle.0,
        status.as_str(),
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A cycle that begins.
pub(crate) struct NewCycle<'agent> {
    pub(crate) lead: LeadId,
    pub(crate) trigger: EnquiryKind,
    pub(crate) route: Route,
    /// Whose client this was.
    pub(crate) sticky: Option<&'agent UserId>,
}

pub(crate) async fn insert_cycle(
    connection: &mut PgConnection,
    new: &NewCycle<'_>,
    now: DateTime<Utc>,
) -> Result<CycleId> {
    let id = CycleId::new();
    sqlx::query!(
        "insert into distribution_cycle (id, lead_id, status, trigger, started_at, queue_id, strategy, sticky_sales_id)
         values ($1, $2, 'open', $3, $4, $5, $6, $7)",
        id.0,
        new.lead.0,
        new.trigger.as_str(),
        now,
        new.route.queue.0,
        new.route.strategy.as_str(),
        new.sticky.map(|agent| agent.0.as_str())
    )
    .execute(connection)
    .await?;
    Ok(id)
}

/// Copies a queue into a cycle. Whose client this was comes along, if they are in another queue now.
pub(crate) async fn insert_members(
    connection: &mut PgConnection,
    cycle: CycleId,
    queue: &[Seat],
    sticky: Option<&Seat>,
) -> Result<()> {
    let guest = sticky.filter(|sticky| queue.iter().all(|seat| seat.sales_id != sticky.sales_id));
    let seats = || queue.iter().chain(guest);
    let sales: Vec<&str> = seats().map(|seat| seat.sales_id.0.as_str()).collect();
    let labels: Vec<&str> = seats().map(|seat| seat.label.as_str()).collect();
    let weights: Vec<i32> = seats().map(|seat| seat.weight).collect();
    sqlx::query!(
        "insert into distribution_cycle_member (cycle_id, seat, sales_id, label, weight, guest)
         select $1, seat, sales_id, label, weight, seat > $5
         from unnest($2::text[], $3::text[], $4::int[]) with ordinality as queue (sales_id, label, weight, seat)",
        cycle.0,
        &sales as _,
        &labels as _,
        &weights,
        i64::try_from(queue.len()).unwrap_or(i64::MAX)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends the lead's journey with an OK in `won`: that cycle is accepted, even if it had gone hangus,
/// and one that the client began since is called off. Returns those that were.
pub(crate) async fn end_cycles(
    connection: &mut PgConnection,
    lead: LeadId,
    won: CycleId,
    now: DateTime<Utc>,
) -> Result<Vec<CycleId>> {
    let ended = sqlx::query_scalar!(
        r#"update distribution_cycle
           set status = case when id = $2 then 'accepted' else 'cancelled' end, closed_at = $3, resume_at = null
           where lead_id = $1 and (status in ('open', 'held') or id = $2)
           returning id as "id: CycleId""#,
        lead.0,
        won.0,
        now
    )
    .fetch_all(connection)
    .await?;
    Ok(ended.into_iter().filter(|cycle| *cycle != won).collect())
}
