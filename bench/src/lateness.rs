//! How late an offer rolls.
//!
//! Lateness is (commit of the transaction that made the next offer) − (deadline of the previous offer), by the
//! server's clock: `pg_xact_commit_timestamp` of the timed-out row, which only that transaction wrote. A
//! negative value would be early.

use crate::baseline;
use crate::boards::Boards;
use crate::cluster::measure_on_fresh;
use crate::percentiles::Percentiles;
use crate::workers::Workers;
use crate::workload;
use anyhow::{Context, ensure};
use serde::Serialize;
use shared::Clock;
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Deadlines per second.
    #[arg(long, value_delimiter = ',', default_value = "10,100")]
    rates: Vec<u32>,
    /// Over how many seconds they are spread.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Only this scenario: `one`, `three` or `kill`.
    #[arg(long)]
    only: Option<String>,
    /// How many boards of the desk are open, 20 at most: the same workers with and without them.
    #[arg(long, default_value_t = 0)]
    boards: usize,
}

/// Which workers run, and what happens to them.
#[derive(Clone, Copy)]
struct Scenario {
    name: &'static str,
    workers: usize,
    kill: bool,
}

const SCENARIOS: [Scenario; 3] = [
    Scenario {
        name: "one",
        workers: 1,
        kill: false,
    },
    Scenario {
        name: "three",
        workers: 3,
        kill: false,
    },
    Scenario {
        name: "kill",
        workers: 2,
        kill: true,
    },
];

#[derive(Serialize)]
struct Measured {
    scenario: &'static str,
    workers: usize,
    rate: u32,
    /// Deadline to commit.
    lateness_ms: Percentiles,
    /// From the deadline to the instant that the locked row got: the job's part.
    decided_ms: Percentiles,
}

#[derive(Serialize)]
struct Report {
    figure: &'static str,
    seconds: u32,
    commit_ms: Percentiles,
    /// A transaction with as many statements, ten a second: the machine's part.
    paced_ms: Percentiles,
    runs: Vec<Measured>,
}

/// Measures on a durable cluster that is removed afterwards.
pub(crate) async fn measure(options: &Options) -> anyhow::Result<()> {
    measure_on_fresh(async |pool, url| measure_on(pool, url, options).await).await
}

async fn measure_on(pool: &PgPool, url: &str, options: &Options) -> anyhow::Result<Report> {
    let commit_ms = baseline::commits(pool, 1000).await?;
    println!("one commit                {}", commit_ms.line());
    let paced_ms = baseline::paced(pool, 300).await?;
    println!("trivial transaction, 10/s {}", paced_ms.line());
    let _boards = match options.boards {
        0 => None,
        count => Some(Boards::open(pool, url, count).await?),
    };
    let mut runs = Vec::new();
    for scenario in SCENARIOS {
        if options
            .only
            .as_deref()
            .is_some_and(|only| only != scenario.name)
        {
            continue;
        }
        for rate in &options.rates {
            let (lateness_ms, decided_ms) =
                run(pool, url, scenario, *rate, options.seconds).await?;
            println!(
                "{:>5}, {:>4}/s               {}",
                scenario.name,
                rate,
                lateness_ms.line()
            );
            println!("       decided            {}", decided_ms.line());
            ensure!(lateness_ms.min >= 0.0, "an offer rolled early");
            runs.push(Measured {
                scenario: scenario.name,
                workers: scenario.workers,
                rate: *rate,
                lateness_ms,
                decided_ms,
            });
        }
    }
    Ok(Report {
        figure: "lateness",
        seconds: options.seconds,
        commit_ms,
        paced_ms,
        runs,
    })
}

async fn run(
    pool: &PgPool,
    url: &str,
    scenario: Scenario,
    rate: u32,
    seconds: u32,
) -> anyhow::Result<(Percentiles, Percentiles)> {
    let count = i32::try_from(rate * seconds).context("too many deadlines")?;
    workload::offers(pool, count, f64::from(rate), 4.0).await?;
    let mut workers = Workers::start(scenario.workers, url)?;
    let mut killed_at = None;
    if scenario.kill {
        sleep(Duration::from_secs_f64(4.0 + f64::from(seconds) / 2.0)).await;
        let mut connection = pool.acquire().await?;
        killed_at = Some(Clock::database().now(&mut connection).await?);
        workers.kill_one();
    }
    wait_until_rolled(pool, count, seconds).await?;
    drop(workers);
    let milliseconds: Vec<(f64, f64)> = sqlx::query_as(
        "select extract(epoch from pg_xact_commit_timestamp(xmin) - ack_deadline_at)::float8 * 1000,
                extract(epoch from closed_at - ack_deadline_at)::float8 * 1000
         from distribution_attempt
         where status = 'timed_out' and ack_deadline_at >= coalesce($1, '-infinity'::timestamptz)",
    )
    .bind(killed_at)
    .fetch_all(pool)
    .await?;
    let (committed, decided) = milliseconds.into_iter().unzip();
    Ok((Percentiles::of(committed), Percentiles::of(decided)))
}

async fn wait_until_rolled(pool: &PgPool, count: i32, seconds: u32) -> anyhow::Result<()> {
    let give_up = Instant::now() + Duration::from_secs(u64::from(seconds) + 60);
    loop {
        let rolled: i64 = sqlx::query_scalar(
            "select count(*) from distribution_attempt where status = 'timed_out'",
        )
        .fetch_one(pool)
        .await?;
        if rolled >= i64::from(count) {
            return Ok(());
        }
        ensure!(
            Instant::now() < give_up,
            "only {rolled} of {count} were rolled"
        );
        sleep(Duration::from_millis(500)).await;
    }
}
