//! Reads the leads that are being distributed, for a board. Every list has a limit and is read by an index; the two counts
//! read the index of what is open.

use crate::Result;
use crate::distribution::model::{
    AttemptStatus, BoardAgent, BoardLead, BoardSeat, CycleStatus, LastHour, QueueSeat,
};
use crate::id::{AttemptId, CycleId, LeadId, QueueId, UserId};
use crate::strategy::Strategy;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// The most open offers, held leads and ended cycles that are read.
pub(crate) struct BoardLimits {
    /// Open offers, the most urgent first.
    pub(crate) offered: i64,
    /// Held leads.
    pub(crate) held: i64,
    /// Cycles that ended, the latest first.
    pub(crate) ended: i64,
}

/// The cycles of a board: with open offers, the most urgent first; then held; then ended since `since`.
pub(crate) async fn board_leads(
    connection: &mut PgConnection,
    limits: &BoardLimits,
    since: DateTime<Utc>,
) -> Result<Vec<BoardLead>> {
    Ok(sqlx::query_as!(
        BoardLead,
        r#"with offered as (
               select cycle_id, min(ack_deadline_at) as deadline
               from (select cycle_id, ack_deadline_at from distribution_attempt
                     where status = 'open' order by ack_deadline_at limit $1) due
               group by cycle_id),
           held as (
               select id as cycle_id from distribution_cycle
               where status = 'held' order by queue_id, started_at, id limit $2),
           ended as (
               select distinct a.cycle_id
               from (select cycle_id from distribution_attempt
                     where status <> 'open' and closed_at > $4 order by closed_at desc limit $3::bigint * 8) a
               join distribution_cycle c on c.id = a.cycle_id and c.closed_at > $4),
           shown as (
               select cycle_id, deadline, 0 as part from offered
               union all select cycle_id, null, 1 from held
               union all (select cycle_id, null, 2 from ended limit $3::bigint))
           select c.id as "cycle: CycleId", c.status as "status: CycleStatus", c.started_at, c.closed_at,
                  c.resume_at, c.code, q.name as "queue?", l.id as "lead: LeadId", l.name, l.phone,
                  l.source_ads, l.project, o.name as "owner?", c.trigger,
                  c.strategy as "strategy: Strategy", c.sticky_sales_id as "former_agent: UserId",
                  q.most_turns_owed as "most_turns_owed?"
           from shown s
           join distribution_cycle c on c.id = s.cycle_id
           join lead l on l.id = c.lead_id
           left join distribution_queue q on q.id = c.queue_id
           left join "user" o on o.id = l.owner_sales_id
           where l.mark is null or c.closed_at is null
           order by s.part, s.deadline, c.closed_at desc, c.started_at, c.id"#,
        limits.offered,
        limits.held,
        limits.ended,
        since
    )
    .fetch_all(connection)
    .await?)
}

/// The places of cycles in their order, each with its agent's last offer.
pub(crate) async fn board_seats(
    connection: &mut PgConnection,
    cycles: &[CycleId],
) -> Result<Vec<BoardSeat>> {
    let cycles: Vec<uuid::Uuid> = cycles.iter().map(|cycle| cycle.0).collect();
    Ok(sqlx::query_as!(
        BoardSeat,
        r#"select m.cycle_id as "cycle: CycleId", m.label, m.sales_id as "sales_id: UserId", u.name,
                  a.id as "attempt?: AttemptId", a.status as "status?: AttemptStatus",
                  a.assigned_at as "assigned_at?", a.ack_deadline_at as "ack_deadline_at?",
                  a.offer_accepted_at as "offer_accepted_at?", a.closed_at as "closed_at?",
                  m.weight, m.guest, sq.credit as "credit?"
           from distribution_cycle_member m
           join distribution_cycle c on c.id = m.cycle_id
           left join sales_queue sq on sq.queue_id = c.queue_id and sq.sales_id = m.sales_id
           join "user" u on u.id = m.sales_id
           left join lateral (select * from distribution_attempt a
                              where a.cycle_id = m.cycle_id and a.sales_id = m.sales_id
                              order by a.position desc limit 1) a on true
           where m.cycle_id = any($1) order by m.cycle_id, m.seat"#,
        &cycles
    )
    .fetch_all(connection)
    .await?)
}

/// The state of agents. Open offers are counted up to `most_open`.
pub(crate) async fn board_agents(
    connection: &mut PgConnection,
    agents: &[UserId],
    most_open: u32,
) -> Result<Vec<BoardAgent>> {
    Ok(sqlx::query_as!(
        BoardAgent,
        r#"select u.id as "id: UserId", u.offer_address as address, u.disabled_at is not null as "disabled!",
                  (select count(*) from (select o.sales_id from distribution_attempt o
                                         where o.closed_at is null and (o.sales_id, o.code) >= (u.id, '')
                                         order by o.sales_id, o.code limit $2) o
                   where o.sales_id = u.id) as "open!"
           from "user" u where u.id = any($1)"#,
        agents as _,
        i64::from(most_open)
    )
    .fetch_all(connection)
    .await?)
}

/// The agents who are asked in a queue, in order, as the places of a cycle that would begin now.
pub(crate) async fn seats_of_queue(
    connection: &mut PgConnection,
    queue: QueueId,
) -> Result<Vec<QueueSeat>> {
    Ok(sqlx::query_as!(
        QueueSeat,
        r#"select q.strategy as "strategy: Strategy", q.most_turns_owed, sq.sales_id as "sales_id: UserId", sq.label,
                  sq.weight, sq.credit
           from distribution_queue q join sales_queue sq on sq.queue_id = q.id
           where q.id = $1 and q.retired_at is null and sq.active order by sq.queue_order"#,
        queue.0
    )
    .fetch_all(connection)
    .await?)
}

/// What became of the leads whose offers ended since `since`, and how many are open now.
pub(crate) async fn last_hour(
    connection: &mut PgConnection,
    since: DateTime<Utc>,
) -> Result<LastHour> {
    Ok(sqlx::query_as!(
        LastHour,
        r#"with ended as (
               select a.status, extract(epoch from a.acknowledged_at - c.started_at)::float8 as seconds,
                      c.id as cycle, c.status as cycle_status
               from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id
               where a.status <> 'open' and a.closed_at > $1)
           select (select count(*) from distribution_cycle where status = 'open') as "offered!",
                  (select count(*) from distribution_cycle where status = 'held') as "held!",
                  count(*) filter (where status = 'accepted') as "claimed!",
                  count(distinct cycle) filter (where cycle_status = 'hangus') as "hangus!",
                  percentile_cont(0.5) within group (order by seconds) filter (where status = 'accepted')
                      as claim_seconds_p50,
                  percentile_cont(0.9) within group (order by seconds) filter (where status = 'accepted')
                      as claim_seconds_p90
           from ended"#,
        since
    )
    .fetch_one(connection)
    .await?)
}
