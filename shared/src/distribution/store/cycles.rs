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

/// New cycles and their members, as columns.
pub(super) struct NewCycles<'new> {
    pub(super) ids: Vec<CycleId>,
    pub(super) leads: Vec<LeadId>,
    pub(super) triggers: Vec<&'new str>,
    pub(super) queues: Vec<QueueId>,
    pub(super) strategies: Vec<&'new str>,
    pub(super) formers: Vec<Option<&'new str>>,
    pub(super) pasts: Vec<Option<&'new str>>,
    /// The cycle of each member.
    pub(super) of: Vec<CycleId>,
    pub(super) seats: Vec<i64>,
    pub(super) sales: Vec<&'new str>,
    pub(super) labels: Vec<&'new str>,
    pub(super) weights: Vec<i32>,
    pub(super) guests: Vec<bool>,
}

impl<'new> NewCycles<'new> {
    pub(super) fn of(new: &'new [NewCycle<'_>]) -> Self {
        let former = |cycle: &NewCycle<'new>| cycle.former_agent.map(|place| &*place.sales_id.0);
        let mut columns = Self {
            ids: new.iter().map(|_| CycleId::new()).collect(),
            leads: new.iter().map(|cycle| cycle.lead).collect(),
            triggers: new.iter().map(|cycle| cycle.trigger.as_str()).collect(),
            queues: new.iter().map(|cycle| cycle.route.queue).collect(),
            strategies: new
                .iter()
                .map(|cycle| cycle.route.strategy.as_str())
                .collect(),
            formers: new.iter().map(former).collect(),
            pasts: new.iter().map(|cycle| cycle.past).collect(),
            of: Vec::new(),
            seats: Vec::new(),
            sales: Vec::new(),
            labels: Vec::new(),
            weights: Vec::new(),
            guests: Vec::new(),
        };
        for (id, cycle) in columns.ids.clone().into_iter().zip(new) {
            let members = Members::of(cycle.queue, cycle.former_agent);
            for seat in (1_i64..).take(members.sales.len()) {
                columns.of.push(id);
                columns.seats.push(seat);
                columns.guests.push(seat > members.places);
            }
            columns.sales.extend(members.sales);
            columns.labels.extend(members.labels);
            columns.weights.extend(members.weights);
        }
        columns
    }
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
