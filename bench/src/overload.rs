//! What becomes of deadlines past the capacity: later, in a line, and well again when the load is gone.
//!
//! One run through several loads, one after the other: each offers deadlines at a steady rate, and the last are as low as the
//! first. Nothing waits between them, so a backlog of one load is the next one's.

use crate::cluster::measure_on_fresh;
use crate::percentiles::Percentiles;
use crate::workers::Workers;
use crate::workload;
use anyhow::ensure;
use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::Clock;
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Deadlines per second, one load after the other.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "200,400,800,1600,2700,200,200,200,200,200"
    )]
    rates: Vec<u32>,
    /// For how many seconds each is offered.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// How many workers roll them.
    #[arg(long, default_value_t = 1)]
    workers: usize,
}

#[derive(Serialize)]
struct Load {
    rate: u32,
    /// How many offers rolled in each second of this load, whichever load they are of.
    rolled_per_second: f64,
    /// From the deadline to the commit, of the deadlines of this load.
    lateness_ms: Percentiles,
}

#[derive(Serialize)]
struct Report {
    figure: &'static str,
    seconds: u32,
    workers: usize,
    loads: Vec<Load>,
    /// Seconds from the end of the highest load until every later offer rolled within 100 ms.
    well_again_after: f64,
    /// Breaches that the audit counted: lateness by load is none.
    breaches: i64,
    /// Jobs that ended as dead letters.
    dead_letters: i64,
}

/// Measures on a durable cluster that is removed afterwards.
pub(crate) async fn measure(options: &Options) -> anyhow::Result<()> {
    measure_on_fresh(async |pool, url| measure_on(pool, url, options).await).await
}

async fn measure_on(pool: &PgPool, url: &str, options: &Options) -> anyhow::Result<Report> {
    let seconds = f64::from(options.seconds);
    let total: u32 = options
        .rates
        .iter()
        .map(|rate| rate * options.seconds)
        .sum();
    // Writing the offers takes as long as it takes; the first deadline is after that.
    let lead_time = 8.0 + f64::from(total) / 1000.0;
    let written_from = Instant::now();
    workload::clear(pool).await?;
    let start = Clock::database().now(&mut *pool.acquire().await?).await?;
    let (mut first, mut offset) = (0, lead_time);
    for rate in &options.rates {
        let count = i32::try_from(rate * options.seconds)?;
        let ahead = offset - written_from.elapsed().as_secs_f64();
        workload::add_offers(pool, (first, count), f64::from(*rate), ahead).await?;
        first += count;
        offset += seconds;
    }
    let left = lead_time - written_from.elapsed().as_secs_f64();
    ensure!(
        left > 4.0,
        "the offers took too long to write: {left} s are left"
    );
    let workers = Workers::start(options.workers, url)?;
    wait_until_rolled(pool, i64::from(first), offset * 4.0 + 60.0).await?;
    drop(workers);
    let highest = options.rates.iter().max();
    let (mut loads, mut end_of_highest) = (Vec::new(), 0.0);
    let mut from = lead_time;
    for rate in &options.rates {
        let load = of_load(pool, start, (from, from + seconds), *rate).await?;
        if Some(rate) == highest {
            end_of_highest = from + seconds;
        }
        println!(
            "{rate:>5}/s offered  {:>6.0}/s rolled  {}",
            load.rolled_per_second,
            load.lateness_ms.line()
        );
        loads.push(load);
        from += seconds;
    }
    let report = Report {
        figure: "overload",
        seconds: options.seconds,
        workers: options.workers,
        loads,
        well_again_after: well_again(pool, start, end_of_highest).await?,
        breaches: count(
            pool,
            "select coalesce(sum(times), 0)::bigint from audit_breach",
        )
        .await?,
        dead_letters: count(
            pool,
            "select count(*) from apalis.jobs where status = 'Killed'",
        )
        .await?,
    };
    println!(
        "well again {:.1} s after the highest load, {} breaches, {} dead letters",
        report.well_again_after, report.breaches, report.dead_letters
    );
    Ok(report)
}

/// The offers whose deadline is between these seconds after the start, and what rolled between them.
async fn of_load(
    pool: &PgPool,
    start: DateTime<Utc>,
    (from, to): (f64, f64),
    rate: u32,
) -> anyhow::Result<Load> {
    let lateness: Vec<f64> = sqlx::query_scalar(
        "select extract(epoch from pg_xact_commit_timestamp(xmin) - ack_deadline_at)::float8 * 1000
         from distribution_attempt where status = 'timed_out'
           and ack_deadline_at >= $1 + $2 * interval '1 second' and ack_deadline_at < $1 + $3 * interval '1 second'",
    )
    .bind(start)
    .bind(from)
    .bind(to)
    .fetch_all(pool)
    .await?;
    let rolled: i64 = sqlx::query_scalar(
        "select count(*) from distribution_attempt where status = 'timed_out'
           and pg_xact_commit_timestamp(xmin) >= $1 + $2 * interval '1 second'
           and pg_xact_commit_timestamp(xmin) < $1 + $3 * interval '1 second'",
    )
    .bind(start)
    .bind(from)
    .bind(to)
    .fetch_one(pool)
    .await?;
    #[allow(clippy::cast_precision_loss, reason = "some ten thousand rolls")]
    let rolled_per_second = rolled as f64 / (to - from);
    Ok(Load {
        rate,
        rolled_per_second,
        lateness_ms: Percentiles::of(lateness),
    })
}

/// Seconds from this instant until the last offer rolled that was more than 100 ms late.
async fn well_again(pool: &PgPool, start: DateTime<Utc>, from: f64) -> anyhow::Result<f64> {
    Ok(sqlx::query_scalar(
        "select greatest(0, coalesce(max(extract(epoch from pg_xact_commit_timestamp(xmin) - $1)::float8 - $2), 0))
         from distribution_attempt where status = 'timed_out'
           and pg_xact_commit_timestamp(xmin) - ack_deadline_at > interval '100 milliseconds'",
    )
    .bind(start)
    .bind(from)
    .fetch_one(pool)
    .await?)
}

async fn count(pool: &PgPool, query: &'static str) -> anyhow::Result<i64> {
    Ok(sqlx::query_scalar(query).fetch_one(pool).await?)
}

async fn wait_until_rolled(pool: &PgPool, offers: i64, within: f64) -> anyhow::Result<()> {
    let give_up = Instant::now() + Duration::from_secs_f64(within);
    loop {
        let rolled = count(
            pool,
            "select count(*) from distribution_attempt where status = 'timed_out'",
        )
        .await?;
        if rolled >= offers {
            return Ok(());
        }
        ensure!(
            Instant::now() < give_up,
            "only {rolled} of {offers} were rolled"
        );
        sleep(Duration::from_secs(1)).await;
    }
}
