//! How long the list and the dashboard take with years of leads.

use crate::percentiles::Percentiles;
use anyhow::{Context, ensure};
use clap::Parser;
use futures::TryStreamExt;
use secrecy::SecretString;
use serde::Serialize;
use shared::auth::{self, User};
use shared::leads::LeadStatus;
use shared::pipeline::{self, Cursor, Filter, Layout, PageRequest};
use shared::{App, dashboard, db};
use std::time::Duration;
use tokio::time::Instant;
use worker::config::Settings;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many leads there are.
    #[arg(long, default_value_t = 1_000_000)]
    leads: i64,
    /// How often each request is repeated.
    #[arg(long, default_value_t = 30)]
    times: usize,
}

#[derive(Serialize)]
struct Measured {
    what: &'static str,
    ms: Percentiles,
    /// A multiple of the median of reading one lead by its id, in the same run.
    ratio: f64,
}

#[derive(Serialize)]
struct Report {
    figure: &'static str,
    leads: i64,
    one_lead_ms: Percentiles,
    runs: Vec<Measured>,
    export_leads_per_second: f64,
}

/// Measures on a durable cluster that is removed afterwards.
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
    let pool = db::patient_pool(db::options(&secret, "bench")?);
    db::migrate(&pool).await?;
    let app = Settings::parse_from(["worker", "--database-url", url]).app()?;
    shared::seed::seed(&app).await?;
    println!("writing {} leads …", options.leads);
    shared::testing::years_of_leads(&pool, options.leads).await?;
    let people = Viewers::of(&app).await?;
    let middle = middle_of(&app, &people.admin, options.leads).await?;
    let one = timed(options.times, || async {
        pipeline::entry(&app, &people.admin, middle.id)
            .await
            .map(drop)
    })
    .await?;
    println!("one lead by id            {}", one.line());
    let mut runs = Vec::new();
    for (what, viewer, request) in people.requests(middle) {
        let ms = timed(options.times, || async {
            pipeline::list(&app, viewer, &request).await.map(drop)
        })
        .await?;
        runs.push(Measured::told(what, ms, &one));
    }
    let period = dashboard::period(&app, None, None).await?;
    for (what, viewer) in [
        ("stats, admin", &people.admin),
        ("stats, agent", &people.agent),
    ] {
        let ms = timed(options.times, || async {
            dashboard::stats(&app, viewer, period).await.map(drop)
        })
        .await?;
        runs.push(Measured::told(what, ms, &one));
    }
    let chart = timed(options.times, || async {
        dashboard::layer2(&app, period).await.map(drop)
    });
    runs.push(Measured::told("layer 2 chart", chart.await?, &one));
    let started = Instant::now();
    let mut lines = 0;
    let (_total, pieces) =
        pipeline::export(&app, &people.admin, Filter::default(), Layout::default()).await?;
    let mut pieces = std::pin::pin!(pieces);
    while let Some(piece) = pieces.try_next().await? {
        lines += piece.split(|byte| *byte == b'\n').count() - 1;
    }
    ensure!(lines > 1, "the export is empty");
    #[allow(clippy::cast_precision_loss, reason = "a few million lines")]
    let export_leads_per_second = lines as f64 / started.elapsed().as_secs_f64();
    println!("export                    {export_leads_per_second:.0} leads/s");
    Ok(Report {
        figure: "lists",
        leads: options.leads,
        one_lead_ms: one,
        runs,
        export_leads_per_second,
    })
}

impl Measured {
    fn told(what: &'static str, ms: Percentiles, one: &Percentiles) -> Self {
        let ratio = ms.p50 / one.p50;
        println!("{what:<25} {}  × {ratio:.1}", ms.line());
        Self { what, ms, ratio }
    }
}

async fn timed<F: Future<Output = shared::Result<()>>>(
    times: usize,
    work: impl Fn() -> F,
) -> anyhow::Result<Percentiles> {
    work().await?;
    let mut milliseconds = Vec::with_capacity(times);
    for _ in 0..times {
        let started = Instant::now();
        work().await?;
        milliseconds.push(started.elapsed().as_secs_f64() * 1000.0);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(Percentiles::of(milliseconds))
}

struct Viewers {
    admin: User,
    agent: User,
}

impl Viewers {
    async fn of(app: &App) -> anyhow::Result<Self> {
        let users = auth::accounts(app).await?;
        let find = |id: &str| {
            let found = users.iter().find(|account| account.user.id.0 == id);
            found
                .map(|account| account.user.clone())
                .context("a seeded user")
        };
        Ok(Self {
            admin: find("admin")?,
            agent: find("sales-a")?,
        })
    }

    fn requests(&self, middle: Cursor) -> Vec<(&'static str, &User, PageRequest)> {
        let page = |filter: Filter, after| PageRequest {
            filter,
            after,
            limit: 50,
            ..PageRequest::default()
        };
        let hangus = Filter {
            status: vec![LeadStatus::Hangus],
            ..Filter::default()
        };
        let text = |text: &str| Filter {
            text: Some(text.to_owned()),
            ..Filter::default()
        };
        vec![
            (
                "list, first page",
                &self.admin,
                page(Filter::default(), None),
            ),
            (
                "list, page in the middle",
                &self.admin,
                page(Filter::default(), Some(middle)),
            ),
            ("list, hangus", &self.admin, page(hangus, None)),
            (
                "list, an agent's own",
                &self.agent,
                page(Filter::default(), None),
            ),
            ("list, by number", &self.admin, page(text("20012345"), None)),
        ]
    }
}

async fn middle_of(app: &App, admin: &User, leads: i64) -> anyhow::Result<Cursor> {
    let (created_at, id): (chrono::DateTime<chrono::Utc>, uuid::Uuid) =
        sqlx::query_as("select created_at, id from lead order by created_at, id offset $1 limit 1")
            .bind(leads / 2)
            .fetch_one(&app.pool)
            .await?;
    let id = shared::id::LeadId(id);
    pipeline::entry(app, admin, id).await?;
    Ok(Cursor { created_at, id })
}
