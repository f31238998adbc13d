//! How many leads a second the api takes in, and how soon the provider accepts the offer.
//!
//! Every request is a new client who writes. Beside it, on the same cluster: the previous server's nine statements
//! and our own rows, both by pgbench, and the previous server's kind of program (`bench/twin`).

use crate::api_process::{Api, client};
use crate::cluster::measure_on_fresh;
use crate::percentiles::Percentiles;
use crate::pgbench::Script;
use crate::statements::{self, Cost};
use crate::twin::Twin;
use crate::workers::Workers;
use crate::workload;
use anyhow::ensure;
use serde::Serialize;

use sqlx::PgPool;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many requests are under way at once.
    #[arg(long, value_delimiter = ',', default_value = "8,32")]
    connections: Vec<usize>,
    /// For how many seconds each is measured.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Leads a second while the time to the accepted offer is measured.
    #[arg(long, default_value_t = 50)]
    pace: u32,
    /// Print this many of the statements that cost most.
    #[arg(long, default_value_t = 0)]
    top: i32,
    /// Also measure Express with drizzle: needs Node and the npm registry.
    #[arg(long)]
    twin: bool,
}

#[derive(Serialize)]
pub(crate) struct Closed {
    connections: usize,
    per_second: f64,
    answered_ms: Percentiles,
    /// CPU of the api process a lead.
    api_cpu_ms: f64,
    api_memory_kib: u64,
    cost: Option<Cost>,
    previous_statements_per_second: f64,
    our_rows_per_second: f64,
    express_per_second: Option<f64>,
}

#[derive(Serialize)]
pub(crate) struct Report {
    figure: &'static str,
    closed: Vec<Closed>,
    pace: u32,
    /// From the receipt of the message to the provider's acceptance of the offer, with one worker.
    accepted_ms: Percentiles,
}

/// Measures on a durable cluster that is removed afterwards.
pub(crate) async fn measure(options: &Options) -> anyhow::Result<()> {
    measure_on_fresh(async |pool, url| measure_on(pool, url, options).await).await
}

async fn measure_on(pool: &PgPool, url: &str, options: &Options) -> anyhow::Result<Report> {
    sqlx::raw_sql(include_str!("../sql/previous_server.sql"))
        .execute(pool)
        .await?;
    let mut closed = Vec::new();
    for connections in &options.connections {
        closed.push(closed_loop(pool, url, options, *connections).await?);
    }
    let accepted_ms = paced(pool, url, options).await?;
    println!(
        "offer accepted, {}/s, one worker  {}",
        options.pace,
        accepted_ms.line()
    );
    Ok(Report {
        figure: "intake",
        closed,
        pace: options.pace,
        accepted_ms,
    })
}

/// New clients write, as fast as this many connections can.
async fn closed_loop(
    pool: &PgPool,
    url: &str,
    options: &Options,
    connections: usize,
) -> anyhow::Result<Closed> {
    let by_pgbench = |name| Script {
        name,
        clients: connections,
    };
    let nine = by_pgbench("previous_enquiry");
    let rows = by_pgbench("our_enquiry");
    let previous_statements_per_second = nine.for_seconds(url, options.seconds)?;
    workload::clear(pool).await?;
    let our_rows_per_second = rows.for_seconds(url, options.seconds)?;
    let express_per_second = if options.twin {
        let twin = Twin::start(url)?;
        twin.is_ready().await?;
        let (rate, _) = load(&twin.url, connections, options.seconds).await?;
        Some(rate)
    } else {
        None
    };
    workload::clear(pool).await?;
    let api = Api::start(url, 39_103)?;
    api.is_ready(&client()?).await?;
    load(&api.url, connections, 2).await?;
    statements::reset(pool).await?;
    let cpu = api.processor()?;
    let (per_second, answered_ms) = load(&api.url, connections, options.seconds).await?;
    let leads = answered_ms.count;
    let cost = statements::cost(pool, leads).await?;
    #[allow(clippy::cast_precision_loss, reason = "some thousand ticks and leads")]
    let api_cpu_ms = (api.processor()? - cpu) as f64 * 10.0 / leads as f64;
    println!(
        "{connections:>3} connections  ours {per_second:>6.0}/s  our rows by pgbench {our_rows_per_second:>6.0}/s ({:.2})  \
         nine statements {previous_statements_per_second:>6.0}/s ({:.2})  Express {express_per_second:?}",
        per_second / our_rows_per_second,
        per_second / previous_statements_per_second,
    );
    println!("                 {}", answered_ms.line());
    println!(
        "                 api {api_cpu_ms:.2} ms of CPU a lead, {} KiB; PostgreSQL {cost:?}",
        api.memory()?
    );
    for line in statements::top(pool, leads, options.top).await? {
        println!("{line}");
    }
    Ok(Closed {
        connections,
        per_second,
        answered_ms,
        api_cpu_ms,
        api_memory_kib: api.memory()?,
        cost,
        previous_statements_per_second,
        our_rows_per_second,
        express_per_second,
    })
}

/// The clients of a whole run, so that each is new.
static CLIENTS: AtomicUsize = AtomicUsize::new(0);

async fn write(http: &reqwest::Client, url: &str) -> anyhow::Result<f64> {
    let number = format!(
        "0812{:08}",
        10_000_000 + CLIENTS.fetch_add(1, Ordering::Relaxed)
    );
    let message = serde_json::json!({ "clientWa": number, "body": "Halo saya tertarik unitnya", "clientName": "Bench" });
    let started = Instant::now();
    let request = http.post(format!("{url}/webhooks/whatsapp/dummy/client-message"));
    let answer = request.json(&message).send().await?;
    let status = answer.status();
    let told = answer.text().await?;
    ensure!(status.is_success(), "{status}: {told}");
    Ok(started.elapsed().as_secs_f64() * 1000.0)
}

/// Returns requests a second, and their times.
pub(crate) async fn load(
    url: &str,
    connections: usize,
    seconds: u32,
) -> anyhow::Result<(f64, Percentiles)> {
    let http = client()?;
    let started = Instant::now();
    let end = started + Duration::from_secs(u64::from(seconds));
    let one = async || -> anyhow::Result<Vec<f64>> {
        let mut times = Vec::new();
        while Instant::now() < end {
            times.push(write(&http, url).await?);
        }
        Ok(times)
    };
    let all = futures::future::try_join_all((0..connections).map(|_| one())).await?;
    let times: Vec<f64> = all.into_iter().flatten().collect();
    #[allow(clippy::cast_precision_loss, reason = "some thousand requests")]
    let rate = times.len() as f64 / started.elapsed().as_secs_f64();
    Ok((rate, Percentiles::of(times)))
}

/// New clients write at a steady pace, and one worker sends the offers.
async fn paced(pool: &PgPool, url: &str, options: &Options) -> anyhow::Result<Percentiles> {
    workload::clear(pool).await?;
    let api = Api::start(url, 39_103)?;
    let http = client()?;
    api.is_ready(&http).await?;
    let workers = Workers::start(1, url)?;
    load(&api.url, 2, 3).await?;
    let settled = Instant::now() + Duration::from_secs(2);
    sleep_until(settled).await;
    workload::clear(pool).await?;
    let first = Instant::now() + Duration::from_millis(100);
    let count = options.pace * options.seconds;
    let requests = (0..count).map(|n| {
        let (http, url) = (http.clone(), api.url.clone());
        async move {
            sleep_until(first + Duration::from_secs_f64(f64::from(n) / f64::from(options.pace)))
                .await;
            write(&http, &url).await
        }
    });
    futures::future::try_join_all(requests).await?;
    let give_up = Instant::now() + Duration::from_secs(60);
    loop {
        let times: Vec<f64> = sqlx::query_scalar(
            "select extract(epoch from a.offer_accepted_at - m.created_at)::float8 * 1000
             from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id
             join wa_message m on m.lead_id = c.lead_id and m.direction = 'in'
             where a.offer_accepted_at is not null",
        )
        .fetch_all(pool)
        .await?;
        if times.len() >= usize::try_from(count)? {
            drop(workers);
            return Ok(Percentiles::of(times));
        }
        ensure!(
            Instant::now() < give_up,
            "only {} of {count} offers were accepted",
            times.len()
        );
        sleep_until(Instant::now() + Duration::from_millis(200)).await;
    }
}
