//! What clients notice of `api migrate`: transactions of the previous version's kind go on while a database with years of leads is
//! brought to this version's schema.

use crate::cluster::fresh;
use crate::percentiles::Percentiles;
use crate::{large, workload};
use anyhow::ensure;
use migrations::MIGRATIONS;
use secrecy::SecretString;
use serde::Serialize;
use shared::db;
use sqlx::migrate::Migrator;
use sqlx::{Connection, PgConnection, PgPool};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The last migration of the schema before the upgrade.
    #[arg(long, default_value_t = 60)]
    from: i64,
    /// Leads whose distribution is over.
    #[arg(long, default_value_t = 1_000_000)]
    old: i32,
    /// Clients that write at once.
    #[arg(long, default_value_t = 4)]
    clients: usize,
    /// For how many seconds they write before the upgrade, and after it.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
}

#[derive(Serialize)]
struct Report {
    figure: &'static str,
    from: i64,
    to: i64,
    old: i32,
    total_mib: i64,
    upgrade_seconds: f64,
    before_ms: Percentiles,
    during_ms: Percentiles,
    after_ms: Percentiles,
}

/// Measures on a durable cluster that is removed afterwards.
pub(crate) async fn measure(options: &Options) -> anyhow::Result<()> {
    let cluster = fresh()?;
    let url = cluster.url("property_lounge_bench");
    let measured = measure_on(&url, options).await;
    cluster.destroy().map_err(anyhow::Error::msg)?;
    println!("{}", serde_json::to_string(&measured?)?);
    Ok(())
}

async fn measure_on(url: &str, options: &Options) -> anyhow::Result<Report> {
    let secret = SecretString::from(url.to_owned());
    db::create_if_missing(&secret).await?;
    let pool = db::pool(db::options(&secret, "bench")?, 4);
    migrate_to(&pool, options.from).await?;
    workload::seed_agents(&pool).await?;
    large::add_old(&pool, options.old).await?;
    sqlx::raw_sql("vacuum analyze").execute(&pool).await?;
    let total_mib: i64 = sqlx::query_scalar("select pg_database_size(current_database()) >> 20")
        .fetch_one(&pool)
        .await?;
    let phase = Duration::from_secs(options.seconds);
    let before_ms = written_while(url, options, sleep(phase)).await?.0;
    println!("before {}", before_ms.line());
    let upgrade = Box::pin(async {
        let begun = Instant::now();
        let done = migrations::run(&pool, |line| println!("  migrate: {line}")).await;
        done.map(|()| begun.elapsed().as_secs_f64())
    });
    let (during_ms, upgrade_seconds) = written_while(url, options, upgrade).await?;
    let upgrade_seconds = upgrade_seconds?;
    println!("during {} in {upgrade_seconds:.1} s", during_ms.line());
    let after_ms = written_while(url, options, sleep(phase)).await?.0;
    println!("after  {}", after_ms.line());
    Ok(Report {
        figure: "upgrade",
        from: options.from,
        to: migrations::newest(),
        old: options.old,
        total_mib,
        upgrade_seconds,
        before_ms,
        during_ms,
        after_ms,
    })
}

/// apalis's tables, and ours up to this migration.
async fn migrate_to(pool: &PgPool, last: i64) -> anyhow::Result<()> {
    migrations::of_apalis().run(pool).await?;
    let known = MIGRATIONS
        .iter()
        .filter(|migration| migration.version <= last);
    let known = Migrator::with_migrations(known.cloned().collect());
    Ok(known.run(pool).await?)
}

/// Runs `work` while clients write. Returns how long each transaction took, and what `work` returned. Fails if a transaction does.
async fn written_while<T>(
    url: &str,
    options: &Options,
    work: impl Future<Output = T>,
) -> anyhow::Result<(Percentiles, T)> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for _ in 0..options.clients {
        clients.spawn(write_until(url.to_owned(), Arc::clone(&stop)));
    }
    let done = work.await;
    stop.store(true, Ordering::Relaxed);
    let mut times = Vec::new();
    for written in clients.join_all().await {
        times.extend(written?);
    }
    ensure!(!times.is_empty(), "no client wrote anything");
    Ok((Percentiles::of(times), done))
}

/// Milliseconds of each transaction.
async fn write_until(url: String, stop: Arc<AtomicBool>) -> anyhow::Result<Vec<f64>> {
    let mut connection = PgConnection::connect(&url).await?;
    let mut times = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        write(&mut connection).await?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        // A pace that leaves the processors something for the upgrade.
        sleep(Duration::from_millis(20)).await;
    }
    Ok(times)
}

/// A client writes for the first time, and the first agent takes the lead.
async fn write(connection: &mut PgConnection) -> anyhow::Result<()> {
    let lead = Uuid::now_v7();
    let mut transaction = connection.begin().await?;
    for statement in ENQUIRY {
        sqlx::query(statement)
            .bind(lead)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    let mut transaction = connection.begin().await?;
    for statement in CLAIM {
        sqlx::query(statement)
            .bind(lead)
            .execute(&mut *transaction)
            .await?;
    }
    Ok(transaction.commit().await?)
}

const ENQUIRY: [&str; 6] = [
    "insert into lead (id, name, phone, status, created_at, updated_at)
     values ($1, 'Baru', '+62899' || lpad(nextval('offer_code')::text, 9, '0'), 'distributing', now(), now())",
    "insert into wa_message (id, lead_id, direction, kind, from_wa, to_wa, body, provider, delivery_status, created_at)
     values (gen_random_uuid(), $1, 'in', 'client', '+628990000', '+620000000000', 'Halo', 'dummy', 'received', now())",
    "insert into distribution_cycle (id, lead_id, status, trigger, started_at, queue_id)
     values ($1, $1, 'open', 'chat', now(), default_distribution_queue())",
    "insert into distribution_cycle_member (cycle_id, seat, sales_id, label)
     select $1, queue_order, sales_id, label from sales_queue",
    "insert into distribution_attempt (id, cycle_id, sales_id, code, offered_to, position, status, assigned_at, ack_deadline_at)
     values ($1, $1, 'sales-a', 'A' || 1000 + nextval('offer_code'), '+6281110000001', 1, 'open', now(), now() + interval '5 minutes')",
    "insert into distribution_event (at, kind, cause, lead_id, cycle_id, attempt_id, sales_id, worker)
     values (now(), 'offered', 'enquiry', $1, $1, $1, 'sales-a', 'bench')",
];

const CLAIM: [&str; 4] = [
    "select from lead where id = $1 for update",
    "update distribution_attempt set status = 'accepted', closed_at = clock_timestamp(), acknowledged_at = clock_timestamp()
     where id = $1",
    "update distribution_cycle set status = 'accepted', closed_at = clock_timestamp() where id = $1",
    "update lead set status = 'claimed', progress = 'pending', owner_sales_id = 'sales-a', locked_at = now(), updated_at = now()
     where id = $1",
];
