//! How long it takes to show and to erase a person of many, and how late offers roll meanwhile.

use crate::api_process::ApiProcess;
use crate::percentiles::Percentiles;
use crate::workload;
use anyhow::ensure;
use clap::Parser;
use serde::Serialize;
use shared::App;
use shared::operations::Actor;
use shared::phone::Phone;
use shared::privacy::{self, Sought};
use sqlx::PgPool;
use tokio::time::Instant;

/// How many people are shown and erased.
const PEOPLE: i64 = 5;
/// Of leads that ended before so many days, one batch is erased by age.
const DAYS: f64 = 180.0;

/// Milliseconds.
#[derive(Serialize)]
pub(crate) struct Erasure {
    export_ms: Percentiles,
    erase_ms: Percentiles,
    /// Leads of one batch that were erased by their age.
    by_age: u64,
    by_age_ms: f64,
    /// How late offers rolled meanwhile.
    roll_ms: Percentiles,
}

/// Shows people, erases them, and erases a batch of old leads by age, while `rate` deadlines a second roll for `seconds`. No lead has
/// a number of `workload`'s from `first` on.
pub(crate) async fn measure(
    pool: &PgPool,
    url: &str,
    (first, rate): (i32, u32),
    seconds: u32,
) -> anyhow::Result<Erasure> {
    let process = ApiProcess::try_parse_from(["api", "--database-url", url])?;
    let app = process.settings.app()?;
    let rolling = workload::lateness(pool, url, (first, rate), seconds);
    let (erasure, roll_ms) = tokio::join!(erase(&app), rolling);
    let (roll_ms, erasure) = (roll_ms?, erasure?);
    println!("while people are erased {}", roll_ms.line());
    Ok(Erasure { roll_ms, ..erasure })
}

async fn erase(app: &App) -> anyhow::Result<Erasure> {
    let by = Actor::Terminal("bench".to_owned());
    let phones: Vec<String> = sqlx::query_scalar(
        "select phone from lead where phone like '+62813%' and erased_at is null order by id limit $1",
    )
    .bind(PEOPLE)
    .fetch_all(&app.pool)
    .await?;
    let (mut exports, mut erasures) = (Vec::new(), Vec::new());
    for phone in phones {
        let sought = Sought::Phone(Phone::from_human("phone", &phone)?);
        let started = Instant::now();
        privacy::export(app, &by, &sought).await?;
        exports.push(milliseconds(started));
        let started = Instant::now();
        let erased = privacy::erase(app, &by, &sought, "bench").await?;
        erasures.push(milliseconds(started));
        ensure!(erased.leads > 0, "nothing was erased of {phone}");
    }
    let (export_ms, erase_ms) = (Percentiles::of(exports), Percentiles::of(erasures));
    println!("export {}", export_ms.line());
    println!("erase  {}", erase_ms.line());
    let started = Instant::now();
    let by_age = privacy::erase_ended(&mut *app.pool.acquire().await?, DAYS).await?;
    let by_age_ms = milliseconds(started);
    println!("{by_age} leads erased by age in {by_age_ms:.0} ms");
    Ok(Erasure {
        export_ms,
        erase_ms,
        by_age,
        by_age_ms,
        roll_ms: Percentiles::of(Vec::new()),
    })
}

fn milliseconds(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1000.0
}
