//! The figures of each agent: what became of the offers, how fast the answers were, and what followed.

use super::model::Period;
use crate::id::UserId;
use crate::{App, Result};

/// The figures of one agent in a period. Leads with a mark are left out.
#[derive(Clone, Debug)]
pub struct AgentRow {
    /// The agent.
    pub sales_id: UserId,
    /// The agent's name.
    pub name: String,
    /// Offers of the period that WhatsApp accepted.
    pub offered: i64,
    /// Offers that the agent answered with an OK in time.
    pub claimed: i64,
    /// Offers that the agent passed on.
    pub passed: i64,
    /// Offers that the agent did not answer in time.
    pub silent: i64,
    /// Offers that ended otherwise (withdrawn, or assigned to somebody), and those that are open.
    pub other: i64,
    /// Leads that the agent got by hand.
    pub assigned: i64,
    /// The median time from an offer to its OK, in seconds.
    pub answer_seconds_p50: Option<f64>,
    /// The 90th percentile of that time, in seconds.
    pub answer_seconds_p90: Option<f64>,
    /// Visits of the period that were not cancelled.
    pub visits: i64,
    /// Leads of the period that the agent owns and sold.
    pub won: i64,
    /// Leads of the period that the agent owns and that are lost.
    pub lost: i64,
}

/// The figures of every agent who had an offer, a lead or a visit in the period, best first.
pub async fn agents(app: &App, period: Period) -> Result<Vec<AgentRow>> {
    let (from, to) = period.instants()?;
    let mut connection = app.pool.acquire().await?;
    Ok(sqlx::query_as!(
        AgentRow,
        r#"with offers as (
               select a.sales_id,
                      count(*) filter (where a.status not in ('assigned', 'undeliverable')) as offered,
                      count(*) filter (where a.status = 'accepted') as claimed,
                      count(*) filter (where a.status = 'declined') as passed,
                      count(*) filter (where a.status = 'timed_out') as silent,
                      count(*) filter (where a.status = 'assigned') as assigned,
                      percentile_disc(0.5) within group (order by answer.seconds) as p50,
                      percentile_disc(0.9) within group (order by answer.seconds) as p90
               from distribution_attempt a
               cross join lateral (
                   select case when a.status = 'accepted'
                               then extract(epoch from a.acknowledged_at - a.assigned_at)::float8 end as seconds) answer
               where a.assigned_at >= $1 and a.assigned_at < $2
                 and not exists (select from lead m join distribution_cycle c on c.lead_id = m.id
                                 where m.mark is not null and c.id = a.cycle_id)
               group by a.sales_id),
           visits as (
               select v.sales_id, count(*) as visits from appointment v
               where v.starts_at >= $1 and v.starts_at < $2 and v.status = 'booked'
                 and not exists (select from lead m where m.mark is not null and m.id = v.lead_id)
               group by v.sales_id),
           results as (
               select l.owner_sales_id as sales_id, count(*) filter (where l.progress = 'won') as won,
                      count(*) filter (where l.progress = 'lost') as lost
               from lead l
               where l.created_at >= $1 and l.created_at < $2 and l.owner_sales_id is not null and l.mark is null
               group by l.owner_sales_id)
           select u.id as "sales_id: UserId", u.name, coalesce(o.offered, 0) as "offered!", coalesce(o.claimed, 0) as "claimed!",
                  coalesce(o.passed, 0) as "passed!", coalesce(o.silent, 0) as "silent!",
                  coalesce(o.offered - o.claimed - o.passed - o.silent, 0) as "other!",
                  coalesce(o.assigned, 0) as "assigned!", o.p50 as answer_seconds_p50, o.p90 as answer_seconds_p90,
                  coalesce(v.visits, 0) as "visits!", coalesce(r.won, 0) as "won!", coalesce(r.lost, 0) as "lost!"
           from "user" u
           left join offers o on o.sales_id = u.id
           left join visits v on v.sales_id = u.id
           left join results r on r.sales_id = u.id
           where o.sales_id is not null or v.sales_id is not null or r.sales_id is not null
           order by coalesce(r.won, 0) desc, coalesce(o.claimed, 0) desc, u.name"#,
        from,
        to
    )
    .fetch_all(&mut *connection)
    .await?)
}
