//! Many at once: held leads that a morning releases, and deadlines at one instant.

use chrono::TimeDelta;
use clap::Parser;
use futures::future::join_all;
use shared::distribution;
use shared::testing::{Harness, ad, trials};
use sqlx::PgPool;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use worker::config::Settings;
use worker::drain;

async fn execute(pool: &PgPool, statement: &'static str) {
    sqlx::raw_sql(statement)
        .execute(pool)
        .await
        .expect(statement);
}

async fn count(pool: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query)
        .fetch_one(pool)
        .await
        .expect(query)
}

async fn leads(harness: &Harness, number: usize) {
    for lead in 0..number {
        let ad = ad(
            &format!("storm-{lead}"),
            &format!("+62812{:08}", 10_000_000 + lead),
        );
        distribution::take_ad(&harness.app, &ad)
            .await
            .expect("taken");
    }
}

#[tokio::test]
async fn a_morning_releases_held_leads_in_one_chain_one_stagger_apart() {
    let mut harness = Harness::new().await;
    // The offers stay open, so that only the release is counted.
    harness.app.distribution.ack_window = Duration::from_secs(4 * 86_400);
    let (app, pool) = (harness.app.clone(), harness.app.pool.clone());
    let held = trials(150, 5_000);
    // Everybody works from nine; it is eight.
    execute(
        &pool,
        "insert into agent_availability (sales_id, paused_since, paused_until)
         select sales_id, '2026-01-05 07:00+07', '2026-01-05 10:00+07' from sales_queue",
    )
    .await;
    leads(&harness, held).await;
    drain::drain(&app).await.expect("jobs run");
    execute(
        &pool,
        "create table written (kind text);
         create function count_job() returns trigger language plpgsql as $$
         begin insert into written values (new.job_type); return new; end $$;
         create trigger count_job after insert on apalis.jobs for each row execute function count_job();",
    )
    .await;
    let commits = "select xact_commit from pg_stat_database where datname = current_database()";
    execute(&pool, "select pg_stat_force_next_flush()").await;
    let before = count(&pool, commits).await;
    let last = harness.now()
        + TimeDelta::hours(1)
        + TimeDelta::seconds(20) * i32::try_from(held - 1).expect("few");
    drain::run_until(&app, last).await.expect("jobs run");
    let offered = count(&pool, "select count(*) from distribution_attempt").await;
    assert_eq!(offered, i64::try_from(held).expect("few"));
    let first_and_last: (i64, i64) = sqlx::query_as(
        "select extract(epoch from max(assigned_at) - min(assigned_at))::bigint, count(distinct assigned_at)
         from distribution_attempt",
    )
    .fetch_one(&pool)
    .await
    .expect("offers");
    assert_eq!(
        first_and_last,
        (20 * (offered - 1), offered),
        "one stagger apart, to the last"
    );
    let jobs = count(&pool, "select count(*) from written").await;
    let chain = count(
        &pool,
        "select count(*) from written where kind like 'release%'",
    )
    .await;
    assert!(chain <= offered + 1, "{chain} jobs of the chain");
    assert!(jobs <= offered * 3 + 1, "{jobs} jobs");
    execute(&pool, "select pg_stat_force_next_flush()").await;
    let commits = count(&pool, commits).await - before;
    println!("{held} held leads: {jobs} jobs ({chain} of the chain), {commits} transactions");
    assert_eq!(
        distribution::audit(&app, false).await.expect("an audit"),
        []
    );
}

/// Runs this many workers in one process until the query counts zero. Returns how long that took.
async fn work(harness: &Harness, workers: usize, left: &'static str) -> Duration {
    let arguments = [
        "worker",
        "--worker-port",
        "0",
        "--database-url",
        harness.database.url(),
    ];
    let settings = Settings::parse_from(arguments);
    let (stopping, stop) = watch::channel(false);
    let started = Instant::now();
    let running = join_all((0..workers).map(|_| {
        let app = shared::App {
            pool: harness.database.pool(5),
            ..harness.app.clone()
        };
        worker::run(&settings, app, stop.clone())
    }));
    let watching = async {
        while count(&harness.app.pool, left).await > 0 {
            assert!(
                started.elapsed() < Duration::from_secs(120),
                "never: {left}"
            );
            sleep(Duration::from_millis(50)).await;
        }
        let took = started.elapsed();
        stopping.send_replace(true);
        took
    };
    let (ended, took) = tokio::join!(running, watching);
    for ended in ended {
        ended.expect("the worker ends well");
    }
    took
}

/// Offers that were sent, with their deadline at this time from now.
async fn due_together(harness: &Harness, number: usize, from_now: &'static str) {
    leads(harness, number).await;
    sqlx::query(
        "with due as (
             update distribution_attempt
             set assigned_at = clock_timestamp() - interval '6 minutes',
                 offer_accepted_at = clock_timestamp() - interval '6 minutes',
                 ack_deadline_at = clock_timestamp() + $1::interval
             returning id, ack_deadline_at)
         update apalis.jobs j set run_at = due.ack_deadline_at,
                idempotency_key = due.id || '@' || (extract(epoch from due.ack_deadline_at) * 1000000)::bigint
         from due where j.job_type like 'check-ack%' and j.idempotency_key like due.id || '%'",
    )
    .bind(from_now)
    .execute(&harness.app.pool)
    .await
    .expect("one deadline");
    execute(
        &harness.app.pool,
        "delete from apalis.jobs where job_type like 'forward%'",
    )
    .await;
}

/// Returns the figures.
async fn all_roll_once(workers: usize, from_now: &'static str) -> String {
    let harness = Harness::on_database_clock().await;
    let number = trials(150, 1_000);
    due_together(&harness, number, from_now).await;
    let left = "select count(*) from distribution_attempt where status = 'open' and position = 1";
    let took = work(&harness, workers, left).await;
    let pool = &harness.app.pool;
    let rolled = "select count(*) from distribution_event where kind = 'timed_out'";
    assert_eq!(
        count(pool, rolled).await,
        i64::try_from(number).expect("few")
    );
    let breaches = count(pool, "select count(*) from audit_breach").await;
    assert_eq!(breaches, 0, "{workers} workers");
    let tried = "select count(*) from apalis.jobs where attempts > 0 and job_type like 'check%'";
    assert_eq!(count(pool, tried).await, 0, "no try failed");
    let dead = "select count(*) from apalis.jobs where status = 'Killed'";
    assert_eq!(count(pool, dead).await, 0);
    let lateness: (f64, f64) = sqlx::query_as(
        "select percentile_disc(0.5) within group (order by lateness_us) / 1e6::float8, max(lateness_us) / 1e6::float8
         from distribution_event where kind = 'timed_out'",
    )
    .fetch_one(pool)
    .await
    .expect("lateness");
    let (p50, max) = lateness;
    format!(
        "{number} at once ({from_now}), {workers} workers: {took:?}, late p50 {p50:.3} s, max {max:.3} s"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deadlines_at_one_instant_roll_once_each_without_an_error_with_one_worker() {
    println!("{}", all_roll_once(1, "4 seconds").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deadlines_at_one_instant_roll_once_each_without_an_error_with_three_workers() {
    println!("{}", all_roll_once(3, "4 seconds").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offers_that_are_overdue_after_an_outage_roll_once_each_with_one_worker_and_with_three() {
    println!("{}", all_roll_once(1, "-20 seconds").await);
    println!("{}", all_roll_once(3, "-20 seconds").await);
}
