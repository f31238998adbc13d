//! Agents, and open offers with evenly spaced deadlines.

use crate::percentiles::Percentiles;
use crate::workers::Workers;
use anyhow::ensure;
use shared::Clock;
use shared::jobs::{CheckAckDeadline, Job};
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long before the first deadline the offers are written, in seconds.
const LEAD_TIME: f64 = 30.0;

/// Sales A to F without passwords, because no user signs in.
pub(crate) async fn seed_agents(pool: &PgPool) -> anyhow::Result<()> {
    sqlx::raw_sql(
        r#"insert into "user" (id, name, email, phone, role)
           select 'sales-' || letter, 'Sales ' || upper(letter), letter || '@bench', '+628111000000' || seat, 'sales'
           from unnest(array['a', 'b', 'c', 'd', 'e', 'f']) with ordinality as s (letter, seat)
           on conflict do nothing;
           insert into sales_queue (sales_id, queue_order, label)
           select id, row_number() over (order by id), upper(right(id, 1)) from "user"
           on conflict (queue_id, sales_id) do nothing"#,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Removes every lead and job.
pub(crate) async fn clear(pool: &PgPool) -> anyhow::Result<()> {
    sqlx::raw_sql(
        "truncate lead, lead_change, lead_enquiry, distribution_cycle, distribution_cycle_member,
                  distribution_attempt, wa_message, inbound_event cascade;
         delete from apalis.jobs",
    )
    .execute(pool)
    .await?;
    // Not VACUUM: the tables are as a new installation has them, without statistics.
    sqlx::raw_sql("checkpoint").execute(pool).await?;
    Ok(())
}

/// Replaces every lead by `count` new ones, each offered to Sales A. The first deadline is `lead_time` seconds
/// from now, the others `1/rate` seconds apart. The rows are those that an intake writes, with their jobs.
/// They are written at once, because the intake is not measured.
pub(crate) async fn offers(
    pool: &PgPool,
    count: i32,
    rate: f64,
    lead_time: f64,
) -> anyhow::Result<()> {
    clear(pool).await?;
    add_offers(pool, (0, count), rate, lead_time).await
}

/// As [`offers`], beside what is there: with the numbers from `first` on, which no lead must have.
pub(crate) async fn add_offers(
    pool: &PgPool,
    (first, count): (i32, i32),
    rate: f64,
    lead_time: f64,
) -> anyhow::Result<()> {
    let mut transaction = shared::db::begin(pool).await?;
    sqlx::query(
        "create temporary table bench_offer on commit drop as
         select n, 10000000 + $4 + n as number, gen_random_uuid() as lead_id, gen_random_uuid() as cycle_id, gen_random_uuid() as attempt_id,
                clock.now + ($3 + n / $2) * interval '1 second' as deadline
         from generate_series(0, $1 - 1) n, (select clock_timestamp() as now offset 0) clock",
    )
    .bind(count)
    .bind(rate)
    .bind(lead_time)
    .bind(first)
    .execute(&mut *transaction)
    .await?;
    for statement in [
        "insert into lead (id, name, phone, status, created_at, updated_at)
         select lead_id, 'Bench', '+62812' || number, 'distributing', deadline, deadline from bench_offer",
        "insert into distribution_cycle (id, lead_id, status, trigger, started_at, queue_id)
         select cycle_id, lead_id, 'open', 'chat', deadline - interval '300 seconds', default_distribution_queue() from bench_offer",
        "insert into distribution_cycle_member (cycle_id, seat, sales_id, label)
         select cycle_id, queue_order, sales_id, label from bench_offer, sales_queue",
        "insert into distribution_attempt (id, cycle_id, sales_id, offered_to, position, status, assigned_at,
                                           offer_accepted_at, ack_deadline_at)
         select attempt_id, cycle_id, 'sales-a', '+6281110000001', 1, 'open', deadline - interval '300 seconds',
                deadline - interval '299 seconds', deadline
         from bench_offer",
        "insert into distribution_event (at, kind, cause, lead_id, cycle_id, attempt_id, sales_id, worker)
         select deadline - interval '300 seconds', 'offered', 'enquiry', lead_id, cycle_id, attempt_id, 'sales-a', 'bench'
         from bench_offer",
    ] {
        sqlx::query(statement).execute(&mut *transaction).await?;
    }
    sqlx::query(
        "insert into apalis.jobs (id, job_type, job, run_at, max_attempts, priority, idempotency_key)
         select apalis.generate_ulid(), $1, convert_to(json_build_object('attempt', attempt_id)::text, 'UTF8'),
                deadline, $2, 0, attempt_id || '@' || (extract(epoch from deadline) * 1000000)::bigint
         from bench_offer",
    )
    .bind(CheckAckDeadline::QUEUE)
    .bind(CheckAckDeadline::TRIES)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    sqlx::raw_sql("analyze").execute(pool).await?;
    Ok(())
}

/// Offers with deadlines at a steady pace beside what is there, and how late one worker rolls them. With the numbers from `first` on,
/// which no lead must have.
pub(crate) async fn lateness(
    pool: &PgPool,
    url: &str,
    (first, rate): (i32, u32),
    seconds: u32,
) -> anyhow::Result<Percentiles> {
    let start = Clock::database().now(&mut *pool.acquire().await?).await?;
    let count = i32::try_from(rate * seconds)?;
    // A worker that starts beside a large database reads it from the disk first; the statistics are renewed for as long.
    let workers = Workers::start(1, url)?;
    add_offers(pool, (first, count), f64::from(rate), LEAD_TIME).await?;
    let give_up = Instant::now() + Duration::from_secs(u64::from(seconds) + 120);
    let late = loop {
        let late: Vec<f64> = sqlx::query_scalar(
            "select extract(epoch from pg_xact_commit_timestamp(xmin) - ack_deadline_at)::float8 * 1000
             from distribution_attempt where status = 'timed_out' and closed_at > $1",
        )
        .bind(start)
        .fetch_all(pool)
        .await?;
        if late.len() >= usize::try_from(count)? {
            break late;
        }
        ensure!(
            Instant::now() < give_up,
            "only {} of {count} were rolled",
            late.len()
        );
        sleep(Duration::from_millis(500)).await;
    };
    drop(workers);
    Ok(Percentiles::of(late))
}
