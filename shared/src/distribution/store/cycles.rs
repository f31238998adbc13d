//! Cycles, and the copy of the queue that each has.

use crate::Result;
use crate::distribution::model::{CycleStatus, Trigger};
use crate::id::{CycleId, LeadId, QueueId};
use crate::sales::{ActivePlace, Route};
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

/// All reads of the transaction see the same snapshot.
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

/// The lead's latest cycle, whatever its state.
pub(crate) async fn latest_cycle(
    connection: &mut PgConnection,
    lead: LeadId,
) -> Result<Option<CycleId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: CycleId" from distribution_cycle
           where lead_id = $1 order by started_at desc, id desc limit 1"#,
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
        "update distribution_cycle set status = $2, closed_at = $3, hangus_at = case when $2 = 'hangus' then $3::timestamptz end
         where id = $1 and coalesce(status = 'open', false)",
        cycle.0,
        status.as_str(),
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A cycle to insert.
pub(crate) struct NewCycle<'agent> {
    pub(crate) lead: LeadId,
    pub(crate) trigger: Trigger,
    pub(crate) route: Route,
    /// The places that are copied into it.
    pub(crate) queue: &'agent [ActivePlace],
    /// The agent who owned this client before. Becomes a member, too.
    pub(crate) former_agent: Option<&'agent ActivePlace>,
    /// What became of the client's earlier enquiry.
    pub(crate) past: Option<&'agent str>,
}

/// The members of a cycle, as columns: the places of a queue, and then the client's former agent if they are in no
/// place of it.
pub(super) struct Members<'agent> {
    pub(super) sales: Vec<&'agent str>,
    pub(super) labels: Vec<&'agent str>,
    pub(super) weights: Vec<i32>,
    /// How many of them have places. Those after them are guests.
    pub(super) places: i64,
}

impl<'agent> Members<'agent> {
    pub(super) fn of(
        queue: &'agent [ActivePlace],
        former_agent: Option<&'agent ActivePlace>,
    ) -> Self {
        let guest = former_agent.filter(|former_agent| {
            queue
                .iter()
                .all(|place| place.sales_id != former_agent.sales_id)
        });
        let places = || queue.iter().chain(guest);
        Self {
            sales: places().map(|place| place.sales_id.0.as_str()).collect(),
            labels: places().map(|place| place.label.as_str()).collect(),
            weights: places().map(|place| place.weight).collect(),
            places: i64::try_from(queue.len()).unwrap_or(i64::MAX),
        }
    }
}

/// Inserts cycles with their members, in one statement. Returns their ids, in their order.
pub(crate) async fn insert_cycles(
    connection: &mut PgConnection,
    new: &[NewCycle<'_>],
    now: DateTime<Utc>,
) -> Result<Vec<CycleId>> {
    let ids: Vec<CycleId> = new.iter().map(|_| CycleId::new()).collect();
    let leads: Vec<LeadId> = new.iter().map(|cycle| cycle.lead).collect();
    let triggers: Vec<&str> = new.iter().map(|cycle| cycle.trigger.as_str()).collect();
    let queues: Vec<QueueId> = new.iter().map(|cycle| cycle.route.queue).collect();
    let strategies: Vec<&str> = new
        .iter()
        .map(|cycle| cycle.route.strategy.as_str())
        .collect();
    let formers: Vec<Option<&str>> = new
        .iter()
        .map(|cycle| cycle.former_agent.map(|place| place.sales_id.0.as_str()))
        .collect();
    let pasts: Vec<Option<&str>> = new.iter().map(|cycle| cycle.past).collect();
    let (mut cycles, mut seats, mut guests) = (Vec::new(), Vec::new(), Vec::new());
    let (mut sales, mut labels, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    for (id, cycle) in ids.iter().zip(new) {
        let members = Members::of(cycle.queue, cycle.former_agent);
        for seat in (1_i64..).take(members.sales.len()) {
            cycles.push(*id);
            seats.push(seat);
            guests.push(seat > members.places);
        }
        sales.extend(members.sales);
        labels.extend(members.labels);
        weights.extend(members.weights);
    }
    sqlx::query!(
        "with new_cycle as (
             insert into distribution_cycle (id, lead_id, status, trigger, started_at, queue_id, strategy, sticky_sales_id, past)
             select id, lead, 'open', trigger, $14, queue, strategy, former, past
             from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[])
                  as cycle (id, lead, trigger, queue, strategy, former, past))
         insert into distribution_cycle_member (cycle_id, seat, sales_id, label, weight, guest)
         select cycle, seat, sales_id, label, weight, guest
         from unnest($8::uuid[], $9::bigint[], $10::text[], $11::text[], $12::int[], $13::bool[])
              as member (cycle, seat, sales_id, label, weight, guest)",
        &ids as _,
        &leads as _,
        &triggers as _,
        &queues as _,
        &strategies as _,
        &formers as _,
        &pasts as _,
        &cycles as _,
        &seats,
        &sales as _,
        &labels as _,
        &weights,
        &guests,
        now
    )
    .execute(connection)
    .await?;
    Ok(ids)
}

/// Adds the places of a queue that a cycle does not have, after its own: of one that was held because its queue was empty, or that
/// waited while the queue was changed.
pub(crate) async fn insert_members(
    connection: &mut PgConnection,
    cycle: CycleId,
    queue: &[ActivePlace],
) -> Result<()> {
    let members = Members::of(queue, None);
    sqlx::query!(
        "insert into distribution_cycle_member (cycle_id, seat, sales_id, label, weight)
         select $1, (select coalesce(max(m.seat), 0) from distribution_cycle_member m where m.cycle_id = $1) + seat,
                sales_id, label, weight
         from unnest($2::text[], $3::text[], $4::int[]) with ordinality as queue (sales_id, label, weight, seat)
         where not exists (select from distribution_cycle_member m where m.cycle_id = $1 and m.sales_id = queue.sales_id)",
        cycle.0,
        &members.sales as _,
        &members.labels as _,
        &members.weights
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Accepts the cycle of the attempt `won`, even if it is hangus, and cancels a cycle that the client started
/// since. Returns the cancelled cycles.
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
