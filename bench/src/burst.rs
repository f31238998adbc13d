//! How many rolls a second, if many offers are due at one instant: a thaw does that, and an outage.
//!
//! Beside it, on the same cluster: pgbench runs the statements of a roll as one script, with eight clients.

use crate::cluster::measure_on_fresh;
use crate::percentiles::Percentiles;
use crate::pgbench::Script;
use crate::statements::{self, Cost};
use crate::workers::Workers;
use crate::workload;
use anyhow::ensure;
use serde::Serialize;

use sqlx::PgPool;
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many offers are due at once.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
    offers: Vec<usize>,
    /// How many workers roll them.
    #[arg(long, value_delimiter = ',', default_value = "1,3")]
    workers: Vec<usize>,
    /// Print this many of the statements that cost most.
    #[arg(long, default_value_t = 0)]
    top: i32,
}

#[derive(Serialize)]
struct Measured {
    offers: usize,
    workers: usize,
    /// From the deadline to the commit.
    lateness_ms: Percentiles,
    per_second: f64,
    /// Of the rate of pgbench.
    ratio: f64,
    breaches: i64,
    /// Offers that WhatsApp accepted before the last roll: work that could have waited.
    sent_meanwhile: i64,
    cost: Option<Cost>,
}

#[derive(Serialize)]
struct Report {
    figure: &'static str,
    /// The statements of a roll by pgbench, eight clients.
    pgbench_per_second: f64,
    runs: Vec<Measured>,
}

/// Measures on a durable cluster that is removed afterwards.
pub(crate) async fn measure(options: &Options) -> anyhow::Result<()> {
    measure_on_fresh(async |pool, url| measure_on(pool, url, options).await).await
}

async fn measure_on(pool: &PgPool, url: &str, options: &Options) -> anyhow::Result<Report> {
    workload::offers(pool, 4000, 1e9, 3600.0).await?;
    let script = Script {
        name: "our_roll",
        clients: 8,
    };
    let pgbench_per_second = script.times(url, 4000)?;
    println!("a roll's statements by pgbench    {pgbench_per_second:>6.0}/s");
    let mut runs = Vec::new();
    for offers in &options.offers {
        for workers in &options.workers {
            let measured = run(
                pool,
                url,
                (*offers, *workers),
                pgbench_per_second,
                options.top,
            )
            .await?;
            println!(
                "{offers:>6} offers, {workers} workers  {:>6.0}/s ({:.2})  {} breaches, {} sent meanwhile  {}",
                measured.per_second,
                measured.ratio,
                measured.breaches,
                measured.sent_meanwhile,
                measured.lateness_ms.line()
            );
            println!("                                {:?}", measured.cost);
            runs.push(measured);
        }
    }
    Ok(Report {
        figure: "burst",
        pgbench_per_second,
        runs,
    })
}

async fn run(
    pool: &PgPool,
    url: &str,
    (offers, workers): (usize, usize),
    pgbench_per_second: f64,
    top: i32,
) -> anyhow::Result<Measured> {
    #[allow(clippy::cast_precision_loss, reason = "some thousand offers")]
    let count = offers as f64;
    sqlx::query("delete from audit_breach")
        .execute(pool)
        .await?;
    workload::offers(pool, i32::try_from(offers)?, 1e9, 6.0 + count / 1000.0).await?;
    let running = Workers::start(workers, url)?;
    statements::reset(pool).await?;
    wait_until_rolled(pool, offers).await?;
    let cost = statements::cost(pool, offers).await?;
    for line in statements::top(pool, offers, top).await? {
        println!("{line}");
    }
    drop(running);
    let lateness = Percentiles::of(
        sqlx::query_scalar(
            "select extract(epoch from pg_xact_commit_timestamp(xmin) - ack_deadline_at)::float8 * 1000
             from distribution_attempt where status = 'timed_out'",
        )
        .fetch_all(pool)
        .await?,
    );
    ensure!(lateness.min >= 0.0, "an offer rolled early");
    let twice: i64 = sqlx::query_scalar(
        "select count(*) from (select cycle_id from distribution_attempt group by 1 having count(*) <> 2) x",
    )
    .fetch_one(pool)
    .await?;
    ensure!(
        twice == 0,
        "{twice} cycles have not exactly one further offer"
    );
    let breaches = sqlx::query_scalar("select coalesce(sum(times), 0)::bigint from audit_breach")
        .fetch_one(pool)
        .await?;
    let sent_meanwhile = sqlx::query_scalar(
        "select count(*) from distribution_attempt
         where status = 'open' and offer_accepted_at < (select max(closed_at) from distribution_attempt where status = 'timed_out')",
    )
    .fetch_one(pool)
    .await?;
    let per_second = count / (lateness.max / 1000.0);
    Ok(Measured {
        offers,
        workers,
        per_second,
        ratio: per_second / pgbench_per_second,
        lateness_ms: lateness,
        breaches,
        sent_meanwhile,
        cost,
    })
}

async fn wait_until_rolled(pool: &PgPool, offers: usize) -> anyhow::Result<()> {
    let give_up = Instant::now() + Duration::from_secs(300);
    loop {
        let rolled: i64 = sqlx::query_scalar(
            "select count(*) from distribution_attempt where status = 'timed_out'",
        )
        .fetch_one(pool)
        .await?;
        if usize::try_from(rolled)? >= offers {
            return Ok(());
        }
        ensure!(
            Instant::now() < give_up,
            "only {rolled} of {offers} were rolled"
        );
        // Often, because what workers send after the last roll must not count.
        sleep(Duration::from_millis(25)).await;
    }
}
