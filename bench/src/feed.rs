//! How soon a change through one api reaches a reader of another, and what idle readers cost.

use crate::api_process::{Api, client, cookie_of};
use crate::percentiles::Percentiles;
use anyhow::{Context, ensure};
use secrecy::SecretString;
use serde::Serialize;
use shared::db;
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many changes are made.
    #[arg(long, default_value_t = 500)]
    changes: usize,
    /// How many readers are idle.
    #[arg(long, default_value_t = 1000)]
    idle: usize,
    /// For how many seconds they are measured.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
}

#[derive(Serialize)]
struct Report {
    figure: &'static str,
    /// From the request of the change to its event.
    told_ms: Percentiles,
    /// The request alone: the part of the above that is not the feed.
    answered_ms: Percentiles,
    idle_readers: usize,
    memory_kib_without: u64,
    memory_kib_with: u64,
    /// Part of one core, while nothing changes.
    processor_percent: f64,
}

/// Measures on a durable cluster that is removed afterwards, with two api processes.
pub(crate) async fn measure(options: &Options) -> anyhow::Result<()> {
    let cluster = crate::cluster::fresh()?;
    let measured = measure_on(options, &cluster.url("property_lounge_bench")).await;
    cluster.destroy().map_err(anyhow::Error::msg)?;
    println!("{}", serde_json::to_string(&measured?)?);
    Ok(())
}

async fn measure_on(options: &Options, url: &str) -> anyhow::Result<Report> {
    let secret = SecretString::from(url.to_owned());
    db::create_if_missing(&secret).await?;
    let pool = db::pool(db::options(&secret, "bench")?, 4);
    db::migrate(&pool).await?;
    people(&pool).await?;
    let (one, two) = (Api::start(url, 39_101)?, Api::start(url, 39_102)?);
    let http = client()?;
    for api in [&one, &two] {
        api.is_ready(&http).await?;
    }
    let (told_ms, answered_ms) = changes(options, &pool, &http, &one, &two).await?;
    println!("told by the other api      {}", told_ms.line());
    println!("the change alone           {}", answered_ms.line());
    let memory_kib_without = two.memory()?;
    let mut readers = Vec::with_capacity(options.idle);
    for nth in 0..options.idle {
        // Ten for each user.
        let request = http
            .get(format!("{}/api/events", two.url))
            .header("cookie", cookie(nth / 10));
        let response = request.send().await?;
        ensure!(
            response.status().is_success(),
            "reader {nth}: {}",
            response.status()
        );
        readers.push(response);
    }
    let memory_kib_with = two.memory()?;
    let before = two.processor()?;
    sleep(Duration::from_secs(options.seconds)).await;
    #[allow(clippy::cast_precision_loss, reason = "some hundred ticks")]
    let processor_percent = (two.processor()? - before) as f64 / options.seconds as f64;
    println!(
        "{} idle readers: {memory_kib_without} KiB without, {memory_kib_with} KiB with, {processor_percent:.1} % of a core",
        readers.len()
    );
    Ok(Report {
        figure: "feed",
        told_ms,
        answered_ms,
        idle_readers: readers.len(),
        memory_kib_without,
        memory_kib_with,
        processor_percent,
    })
}

/// Changes one lead repeatedly through one api, and reads the other's feed.
async fn changes(
    options: &Options,
    pool: &PgPool,
    http: &reqwest::Client,
    one: &Api,
    two: &Api,
) -> anyhow::Result<(Percentiles, Percentiles)> {
    let lead: String = sqlx::query_scalar("select id::text from lead")
        .fetch_one(pool)
        .await?;
    let mut feed = http
        .get(format!("{}/api/events", two.url))
        .header("cookie", cookie(0))
        .send()
        .await?;
    let mut heard = String::new();
    let (mut told, mut answered) = (Vec::new(), Vec::new());
    for nth in 0..options.changes {
        // At random times, so that they do not coincide with the feed's reads.
        sleep(Duration::from_millis(20 + (nth as u64 * 7) % 41)).await;
        let progress = ["contacted", "follow-up"][nth % 2];
        let started = Instant::now();
        let request = http
            .patch(format!("{}/api/leads/{lead}/progress", one.url))
            .header("cookie", cookie(0));
        let asked = request
            .header("origin", "http://localhost:5173")
            .json(&serde_json::json!({ "progress": progress }));
        let answer = asked.send().await?;
        ensure!(answer.status().is_success(), "{}", answer.text().await?);
        answered.push(started.elapsed().as_secs_f64() * 1000.0);
        let wanted = format!("\"progress\":\"{progress}\"");
        loop {
            if let Some(at) = heard.find(&wanted) {
                heard.drain(..at + wanted.len());
                break;
            }
            let chunk = timeout(Duration::from_secs(5), feed.chunk())
                .await
                .context("no event")??;
            heard.push_str(&String::from_utf8_lossy(&chunk.context("the feed ended")?));
        }
        told.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    Ok((Percentiles::of(told), Percentiles::of(answered)))
}

/// Creates an admin, a hundred more users who are signed in, and a lead.
async fn people(pool: &PgPool) -> anyhow::Result<()> {
    for statement in [
        r#"insert into "user" (id, name, email, role) select 'bench-' || n, 'Bench', 'bench' || n || '@x.co', 'admin' from generate_series(0, 999) n"#,
        "insert into session (id, token, user_id, expires_at) select 'bench-' || n, 'bench-token-' || n, 'bench-' || n, now() + interval '1 day' from generate_series(0, 999) n",
        "insert into lead (id, name, phone, status, owner_sales_id, locked_at, created_at, updated_at)
         values (gen_random_uuid(), 'Bench', '+6281234001234', 'claimed', 'bench-0', now(), now(), now())",
    ] {
        sqlx::query(statement).execute(pool).await?;
    }
    Ok(())
}

fn cookie(user: usize) -> String {
    cookie_of(&format!("bench-token-{user}"))
}
