//! Cycles and the queue that each began with.

use super::super::model::{Attempt, Cycle, CycleStatus};
use crate::Result;
use crate::id::{CycleId, LeadId, UserId};
use crate::leads::EnquiryKind;
use crate::phone::Phone;
use crate::sales::{Agent, Seat};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

impl CycleStatus {
    fn as_str(self) -> &'static str {
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
pub(in super::super) async fn read_one_snapshot(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!("set transaction isolation level repeatable read, read only")
        .execute(connection)
        .await?;
    Ok(())
}

pub(in super::super) async fn insert_cycle(
    connection: &mut PgConnection,
    lead: LeadId,
    trigger: EnquiryKind,
    status: CycleStatus,
    now: DateTime<Utc>,
) -> Result<CycleId> {
    let id = CycleId::new();
    sqlx::query!(
        "insert into distribution_cycle (id, lead_id, status, trigger, started_at) values ($1, $2, $3, $4, $5)",
        id.0,
        lead.0,
        status.as_str(),
        trigger.as_str(),
        now
    )
    .execute(connection)
    .await?;
    Ok(id)
}

pub(in super::super) async fn insert_members(
    connection: &mut PgConnection,
    cycle: CycleId,
    queue: &[Seat],
) -> Result<()> {
    let sales: Vec<String> = queue.iter().map(|seat| seat.sales_id.0.clone()).collect();
    let labels: Vec<String> = queue.iter().map(|seat| seat.label.clone()).collect();
    sqlx::query!(
        "insert into distribution_cycle_member (cycle_id, seat, sales_id, label)
         select $1, seat, sales_id, label
         from unnest($2::text[], $3::text[]) with ordinality as queue (sales_id, label, seat)",
        cycle.0,
        &sales,
        &labels
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The lead's open or held cycle, locked. The lead must be locked already.
pub(in super::super) async fn lock_open_cycle(
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

/// A held cycle with its lead, locked in order; one that somebody else is at is passed over.
pub(in super::super) async fn lock_a_held_cycle(
    connection: &mut PgConnection,
) -> Result<Option<(LeadId, CycleId)>> {
    let row = sqlx::query!(
        r#"select l.id as "lead: LeadId", c.id as "cycle: CycleId"
           from distribution_cycle c join lead l on l.id = c.lead_id
           where c.status = 'held' order by c.started_at limit 1
           for update of l, c skip locked"#
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.lead, row.cycle)))
}

pub(in super::super) async fn open_held_cycle(
    connection: &mut PgConnection,
    cycle: CycleId,
) -> Result<()> {
    sqlx::query!(
        "update distribution_cycle set status = 'open' where id = $1 and status = 'held'",
        cycle.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in super::super) async fn close_cycle(
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

/// Ends the lead's journey with an OK in `won`: that cycle is accepted, even if it had gone hangus,
/// and one that the client began since is called off.
pub(in super::super) async fn end_cycles(
    connection: &mut PgConnection,
    lead: LeadId,
    won: CycleId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update distribution_cycle
         set status = case when id = $2 then 'accepted' else 'cancelled' end, closed_at = $3
         where lead_id = $1 and (status in ('open', 'held') or id = $2)",
        lead.0,
        won.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in super::super) async fn cycles(
    connection: &mut PgConnection,
    lead: LeadId,
) -> Result<Vec<Cycle>> {
    Ok(sqlx::query_as!(
        Cycle,
        r#"select id as "id: CycleId", lead_id as "lead_id: LeadId", status as "status: CycleStatus",
                  started_at, closed_at
           from distribution_cycle where lead_id = $1 order by started_at, id"#,
        lead.0
    )
    .fetch_all(connection)
    .await?)
}

/// The attempt's cycle, or else the lead's latest.
pub(in super::super) async fn cycle_to_show(
    connection: &mut PgConnection,
    lead: LeadId,
    attempt: Option<&Attempt>,
) -> Result<Option<Cycle>> {
    Ok(sqlx::query_as!(
        Cycle,
        r#"select id as "id: CycleId", lead_id as "lead_id: LeadId", status as "status: CycleStatus",
                  started_at, closed_at
           from distribution_cycle where lead_id = $1
           order by (id = $2) desc nulls last, started_at desc, id desc limit 1"#,
        lead.0,
        attempt.map(|attempt| attempt.cycle_id.0)
    )
    .fetch_optional(connection)
    .await?)
}

pub(in super::super) async fn members(
    connection: &mut PgConnection,
    cycle: CycleId,
) -> Result<Vec<(String, Agent)>> {
    let rows = sqlx::query!(
        r#"select m.label, u.id, u.name, u.phone
           from distribution_cycle_member m join "user" u on u.id = m.sales_id
           where m.cycle_id = $1 order by m.seat"#,
        cycle.0
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let agent = Agent {
                id: UserId(row.id),
                name: row.name,
                phone: row.phone.as_deref().and_then(Phone::from_e164),
            };
            (row.label, agent)
        })
        .collect())
}
