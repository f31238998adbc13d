//! The desk in a browser: the first live row on slow phones, the delay of the board, the cost of a tap, and memory.

use crate::api_process::{Api, client, cookie_of};
use crate::workers::Workers;
use anyhow::{Context, ensure};
use secrecy::SecretString;
use serde_json::{Value, json};
use shared::db;
use sqlx::PgPool;
use std::process::Command;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How often each profile opens the page.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many leads are taken while the board is watched.
    #[arg(long, default_value_t = 60)]
    claims: usize,
    /// How many open leads tick on the board.
    #[arg(long, default_value_t = 200)]
    rows: usize,
}

/// Measures on a durable cluster that is removed afterwards. Needs Node and Chromium (`CHROMIUM`).
pub(crate) async fn measure(options: &Options) -> anyhow::Result<()> {
    let cluster = crate::cluster::fresh()?;
    let measured = measure_on(options, &cluster.url("property_lounge_bench")).await;
    cluster.destroy().map_err(anyhow::Error::msg)?;
    println!("{}", measured?);
    Ok(())
}

async fn measure_on(options: &Options, url: &str) -> anyhow::Result<Value> {
    let secret = SecretString::from(url.to_owned());
    db::create_if_missing(&secret).await?;
    let pool = db::pool(db::options(&secret, "bench")?, 4);
    db::migrate(&pool).await?;
    people(&pool).await?;
    let api = Api::start(url, 39_111)?;
    api.is_ready(&client()?).await?;
    let idle = api.memory()?;
    let _workers = Workers::start(1, url)?;
    let measured = browse(options, &api.url)?;
    Ok(json!({
        "figure": "desk",
        "browser": measured,
        "api_memory_kib": { "idle": idle, "after": api.memory()? },
    }))
}

/// Runs the script that drives the browser; its last line is what it measured.
fn browse(options: &Options, url: &str) -> anyhow::Result<Value> {
    let told = Command::new("node")
        .arg("bench/desk.mjs")
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../web"))
        .env("DESK_URL", url)
        .env("DESK_ADMIN_COOKIE", cookie_of("bench-token-admin"))
        .env("DESK_AGENT_COOKIE", cookie_of("bench-token-agent"))
        .env("DESK_ROUNDS", options.rounds.to_string())
        .env("DESK_CLAIMS", options.claims.to_string())
        .env("DESK_ROWS", options.rows.to_string())
        .output()
        .context("node does not run")?;
    let said = String::from_utf8_lossy(&told.stdout);
    print!("{said}");
    let errors = String::from_utf8_lossy(&told.stderr);
    ensure!(told.status.success(), "{errors}");
    let last = said.lines().last().context("the script said nothing")?;
    Ok(serde_json::from_str(last)?)
}

/// An admin, and an agent who is alone in the queue, both signed in.
async fn people(pool: &PgPool) -> anyhow::Result<()> {
    for statement in [
        r#"insert into "user" (id, name, email, role, phone) values
           ('bench-admin', 'Bench', 'admin@bench.test', 'admin', null),
           ('bench-agent', 'Bench A', 'agent@bench.test', 'sales', '+6281110000001')"#,
        "insert into session (id, token, user_id, expires_at)
         select 'bench-' || who, 'bench-token-' || who, 'bench-' || who, now() + interval '1 day'
         from unnest(array['admin', 'agent']) who",
        "insert into sales_queue (queue_id, sales_id, label, queue_order)
         values (default_distribution_queue(), 'bench-agent', 'A', 1)",
    ] {
        sqlx::query(statement).execute(pool).await?;
    }
    Ok(())
}
