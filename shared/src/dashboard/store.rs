//! SQL of the figures.

use super::{Agent, AgentFigures, AgentPlace, Slice, Stats};
use crate::Result;
use crate::availability::DutyStatus;
use crate::id::{QueueId, UserId};
use crate::leads::LeadStatus;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Counts new leads and cycles. For one agent: leads that they own, and cycles that they claimed.
pub(super) async fn totals(
    connection: &mut PgConnection,
    scope: Option<&UserId>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Stats> {
    let scope = scope.map(|agent| agent.0.as_str());
    let row = sqlx::query!(
        r#"with won as (
               select c.id, c.hangus_at,
                      (select extract(epoch from a.acknowledged_at - c.started_at)::float8
                       from distribution_attempt a
                       where a.cycle_id = c.id and a.status = 'accepted' and ($1::text is null or a.sales_id = $1)) as seconds
               from distribution_cycle c
               where c.started_at >= $2 and c.started_at < $3
                 and not exists (select from lead m where m.mark is not null and m.id = c.lead_id))
           select (select count(*) from lead
                   where created_at >= $2 and created_at < $3 and ($1::text is null or owner_sales_id = $1))
                  - (select count(*) from lead
                     where mark is not null and created_at >= $2 and created_at < $3
                       and ($1::text is null or owner_sales_id = $1)) as "new_leads!",
                  count(*) filter (where $1::text is null or seconds is not null) as "cycles!",
                  count(seconds) as "claimed!",
                  count(hangus_at) filter (where $1::text is null) as "hangus!",
                  percentile_disc(0.5) within group (order by seconds) as p50,
                  percentile_disc(0.9) within group (order by seconds) as p90
           from won"#,
        scope,
        from,
        to
    )
    .fetch_one(connection)
    .await?;
    Ok(Stats {
        new_leads: row.new_leads,
        cycles: row.cycles,
        claimed: row.claimed,
        hangus: row.hangus,
        claim_seconds_p50: row.p50,
        claim_seconds_p90: row.p90,
        ..Stats::default()
    })
}

pub(super) async fn by_status(
    connection: &mut PgConnection,
    scope: Option<&UserId>,
) -> Result<Vec<(LeadStatus, i64)>> {
    let rows = sqlx::query!(
        r#"select status as "status: LeadStatus",
                  count(*) - (select count(*) from lead m
                              where m.mark is not null and m.status = lead.status
                                and ($1::text is null or m.owner_sales_id = $1)) as "count!"
           from lead
           where $1::text is null or owner_sales_id = $1 group by status order by status"#,
        scope.map(|agent| agent.0.as_str())
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.status, row.count))
        .collect())
}

pub(super) async fn by_source(
    connection: &mut PgConnection,
    scope: Option<&UserId>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<(Option<String>, i64)>> {
    let rows = sqlx::query!(
        r#"select source_ads, count(*) as "count!" from lead
           where created_at >= $2 and created_at < $3 and ($1::text is null or owner_sales_id = $1)
             and not exists (select from lead m where m.mark is not null and m.id = lead.id)
           group by source_ads order by count(*) desc, source_ads limit 50"#,
        scope.map(|agent| agent.0.as_str()),
        from,
        to
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.source_ads, row.count))
        .collect())
}

pub(super) async fn by_agent(
    connection: &mut PgConnection,
    scope: Option<&UserId>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<AgentFigures>> {
    Ok(sqlx::query_as!(
        AgentFigures,
        r#"select u.id as "sales_id: UserId", u.name, count(*) as "offered!",
                  count(*) filter (where a.status = 'accepted') as "claimed!"
           from distribution_attempt a join "user" u on u.id = a.sales_id
           where not exists (select from lead m join distribution_cycle c on c.lead_id = m.id
                             where m.mark is not null and c.id = a.cycle_id)
             and a.status not in ('assigned', 'undeliverable') and a.assigned_at >= $2 and a.assigned_at < $3 and ($1::text is null or a.sales_id = $1)
           group by u.id, u.name order by 4 desc, u.name"#,
        scope.map(|agent| agent.0.as_str()),
        from,
        to
    )
    .fetch_all(connection)
    .await?)
}

pub(super) async fn layer2(
    connection: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Slice>> {
    Ok(sqlx::query_as!(
        Slice,
        r#"select s.id, s.label,
                  count(l.id) - (select count(*) from lead m
                                 where m.mark is not null and m.layer2_status_id = s.id
                                   and m.created_at >= $1 and m.created_at < $2) as "count!"
           from layer2_status s
           left join lead l on l.layer2_status_id = s.id and l.created_at >= $1 and l.created_at < $2
           group by s.id having s.active or count(l.id) > 0 order by s.position, s.id"#,
        from,
        to
    )
    .fetch_all(connection)
    .await?)
}

pub(super) async fn rejected_reasons(
    connection: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Slice>> {
    Ok(sqlx::query_as!(
        Slice,
        r#"select r.id, r.label,
                  count(l.id) - (select count(*) from lead m
                                 where m.mark is not null and m.rejected_reason_id = r.id
                                   and m.created_at >= $1 and m.created_at < $2) as "count!"
           from rejected_reason r
           left join lead l on l.rejected_reason_id = r.id and l.created_at >= $1 and l.created_at < $2
           group by r.id having r.active or count(l.id) > 0 order by r.position, r.id"#,
        from,
        to
    )
    .fetch_all(connection)
    .await?)
}

/// Every user who has a place or the role `sales`.
pub(super) async fn team(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<Agent>> {
    let rows = sqlx::query!(
        r#"select u.id as "id: UserId", u.name, u.offer_address,
                  (select count(*) from lead l where l.owner_sales_id = u.id and lead_is_open(l.status, l.progress)) as "open_leads!",
                  (select count(*) from distribution_attempt a
                   where a.sales_id = u.id and a.closed_at is null) as "open_offers!",
                  (select count(*) from distribution_attempt a
                   where a.sales_id = u.id and a.status in ('accepted', 'assigned')
                     and a.assigned_at > $1::timestamptz - interval '30 days') as "claimed!"
           from "user" u
           left join sales_queue sq on sq.sales_id = u.id and sq.queue_id = default_distribution_queue()
           where u.role = 'sales' or exists (select from sales_queue any_place where any_place.sales_id = u.id)
           order by sq.queue_order nulls last, u.name, u.id"#,
        now
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Agent {
            id: row.id,
            name: row.name,
            offer_address: row.offer_address,
            places: Vec::new(),
            open_leads: row.open_leads,
            open_offers: row.open_offers,
            claimed_30_days: row.claimed,
            duty: DutyStatus::OnDuty,
        })
        .collect())
}

pub(super) async fn places(
    connection: &mut PgConnection,
    agent: &UserId,
) -> Result<Vec<AgentPlace>> {
    Ok(sqlx::query_as!(
        AgentPlace,
        r#"select q.id as "queue_id: QueueId", q.name as queue, sq.label, sq.queue_order as "order", sq.active
           from sales_queue sq join distribution_queue q on q.id = sq.queue_id
           where sq.sales_id = $1 order by q.is_default desc, q.name"#,
        agent.0
    )
    .fetch_all(connection)
    .await?)
}
