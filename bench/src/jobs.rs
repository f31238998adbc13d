//! How many forwards and messages a second workers send, with the `dummy` provider.
//!
//! The api takes leads in while no worker runs. Then workers start and send what waits: for each lead an offer and an
//! automatic answer. Beside it, on the same cluster: pgbench takes and deletes jobs of the same queue that do nothing.

use crate::api_process::{Api, client};
use crate::cluster::measure_on_fresh;
use crate::intake::load;
use crate::pgbench::Script;
use crate::statements::{self, Cost};
use crate::workers::Workers;
use crate::workload;
use anyhow::ensure;
use serde::Serialize;

use shared::jobs::{ForwardLeadToSales, Job, SendMessage};
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// For how many seconds leads come in.
    #[arg(long, default_value_t = 8)]
    seconds: u32,
    /// How many workers send.
    #[arg(long, value_delimiter = ',', default_value = "1,3")]
    workers: Vec<usize>,
    /// Print this many of the statements that cost most.
    #[arg(long, default_value_t = 0)]
    top: i32,
}

#[derive(Serialize)]
struct Measured {
    workers: usize,
    jobs: i64,
    per_second: f64,
    /// Of the rate of jobs that do nothing.
    ratio: f64,
    cost: Option<Cost>,
}

#[derive(Serialize)]
struct Report {
    figure: &'static str,
    /// Jobs that do nothing, by pgbench: one taken and deleted a transaction, eight clients.
    no_ops_per_second: f64,
    runs: Vec<Measured>,
}

/// Measures on a durable cluster that is removed afterwards.
pub(crate) async fn measure(options: &Options) -> anyhow::Result<()> {
    measure_on_fresh(async |pool, url| measure_on(pool, url, options).await).await
}

async fn measure_on(pool: &PgPool, url: &str, options: &Options) -> anyhow::Result<Report> {
    let no_ops_per_second = no_ops(pool, url).await?;
    println!("jobs that do nothing, by pgbench  {no_ops_per_second:>6.0}/s");
    let mut runs = Vec::new();
    for workers in &options.workers {
        let measured = run(pool, url, options, *workers, no_ops_per_second).await?;
        println!(
            "{workers} workers  {} jobs  {:>6.0}/s ({:.2})  {:?}",
            measured.jobs, measured.per_second, measured.ratio, measured.cost
        );
        runs.push(measured);
    }
    Ok(Report {
        figure: "jobs",
        no_ops_per_second,
        runs,
    })
}

async fn no_ops(pool: &PgPool, url: &str) -> anyhow::Result<f64> {
    sqlx::query(
        "insert into apalis.jobs (id, job_type, job, run_at, max_attempts, priority, idempotency_key)
         select 'no-op-' || n, 'bench-no-op', '{}', now(), 9, 0, n from generate_series(1, 8000) n",
    )
    .execute(pool)
    .await?;
    let script = Script {
        name: "no_op_job",
        clients: 8,
    };
    script.times(url, 8000)
}

async fn run(
    pool: &PgPool,
    url: &str,
    options: &Options,
    workers: usize,
    no_ops_per_second: f64,
) -> anyhow::Result<Measured> {
    workload::clear(pool).await?;
    let api = Api::start(url, 39_105)?;
    api.is_ready(&client()?).await?;
    load(&api.url, 8, options.seconds).await?;
    drop(api);
    let jobs = waiting(pool).await?;
    statements::reset(pool).await?;
    let running = Workers::start(workers, url)?;
    let give_up = Instant::now() + Duration::from_secs(300);
    // From the first job that is done, so that the start of the process does not count.
    let mut first = None;
    loop {
        let left = waiting(pool).await?;
        if left < jobs && first.is_none() {
            first = Some((Instant::now(), left));
        }
        if left == 0 {
            break;
        }
        ensure!(Instant::now() < give_up, "{left} of {jobs} jobs are left");
        sleep(Duration::from_millis(20)).await;
    }
    let (started, at_first) = first.unwrap_or((Instant::now(), 0));
    let seconds = started.elapsed().as_secs_f64();
    let done = usize::try_from(jobs)?;
    let cost = statements::cost(pool, done).await?;
    for line in statements::top(pool, done, options.top).await? {
        println!("{line}");
    }
    drop(running);
    #[allow(clippy::cast_precision_loss, reason = "some thousand jobs")]
    let per_second = at_first as f64 / seconds;
    Ok(Measured {
        workers,
        jobs,
        per_second,
        ratio: per_second / no_ops_per_second,
        cost,
    })
}

/// How many offers and messages wait to be sent.
async fn waiting(pool: &PgPool) -> anyhow::Result<i64> {
    Ok(
        sqlx::query_scalar("select count(*) from apalis.jobs where job_type in ($1, $2)")
            .bind(ForwardLeadToSales::QUEUE)
            .bind(SendMessage::QUEUE)
            .fetch_one(pool)
            .await?,
    )
}
