//! How large a year of leads is, and how late offers roll beside it.
//!
//! A sample of clients lives through the real processes: a quarter is hangus, the others are taken by the first to the sixth
//! agent, and write twice more. Their rows, of every table that grows, are copied as often as a year has them, with other ids,
//! numbers and times. What is kept for days is copied for those days only. Then a worker with its retention runs beside them, and people
//! are erased.

use crate::api_process::{Api, client};
use crate::cluster::measure_on_fresh;
use crate::erasure::{self, Erasure};
use crate::percentiles::Percentiles;
use crate::workers::Workers;
use crate::workload;
use anyhow::ensure;
use serde::Serialize;
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};
use std::collections::HashSet;
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leads a day.
    #[arg(long, default_value_t = 1000)]
    per_day: i64,
    /// Days.
    #[arg(long, default_value_t = 365)]
    days: i64,
    /// How many clients live through the real processes, 1,000 at most.
    #[arg(long, default_value_t = 200)]
    sample: i64,
    /// Deadlines per second while lateness is measured.
    #[arg(long, default_value_t = 20)]
    rate: u32,
    /// For how many seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

#[derive(Serialize)]
struct Report {
    figure: &'static str,
    leads: i64,
    /// With the indexes.
    total_mib: i64,
    bytes_a_lead: i64,
    tables_mib: Vec<(String, i64)>,
    /// Rows that retention deleted while lateness was measured.
    pruned: i64,
    empty_ms: Percentiles,
    year_ms: Percentiles,
    erasure: Erasure,
}

/// Tables whose rows stay for the year.
const KEPT: [&str; 11] = [
    "lead",
    "lead_change",
    "lead_enquiry",
    "distribution_cycle",
    "distribution_cycle_member",
    "distribution_attempt",
    "distribution_event",
    "wa_contact",
    "wa_send",
    "wa_message",
    "job_failure",
];
/// For how many days handled deliveries are kept.
const DELIVERY_DAYS: i64 = 7;
const PORT: u16 = 3977;
/// The sample lives fast.
const SHORT: [(&str, &str); 1] = [("DISTRIBUTION_ACK_SECONDS", "3")];

/// Measures on a durable cluster that is removed afterwards.
pub(crate) async fn measure(options: &Options) -> anyhow::Result<()> {
    measure_on_fresh(async |pool, url| measure_on(pool, url, options).await).await
}

async fn measure_on(pool: &PgPool, url: &str, options: &Options) -> anyhow::Result<Report> {
    let (rate, seconds) = (options.rate, options.seconds);
    let empty_ms = workload::lateness(pool, url, (0, rate), seconds).await?;
    println!("empty {}", empty_ms.line());
    workload::clear(pool).await?;
    live(pool, url, options.sample).await?;
    pretend_cloud_api(pool).await?;
    let leads = copy_year(pool, options).await?;
    sqlx::raw_sql("vacuum analyze").execute(pool).await?;
    let tables = sizes(pool).await?;
    let total: i64 = tables.iter().map(|(_, bytes)| bytes).sum();
    let deliveries = "select count(*) from webhook_delivery";
    let before: i64 = sqlx::query_scalar(deliveries).fetch_one(pool).await?;
    let year_ms = workload::lateness(pool, url, (0, rate), seconds).await?;
    println!("year  {}", year_ms.line());
    let after: i64 = sqlx::query_scalar(deliveries).fetch_one(pool).await?;
    let beyond = i32::try_from(rate * seconds)?;
    let erasure = erasure::measure(pool, url, (beyond, rate), seconds).await?;
    let mib = |(table, bytes): (String, i64)| (table, bytes >> 20);
    Ok(Report {
        figure: "year",
        leads,
        total_mib: total >> 20,
        bytes_a_lead: total / leads.max(1),
        tables_mib: tables
            .into_iter()
            .map(mib)
            .filter(|(_, mib)| *mib > 0)
            .collect(),
        pruned: before - after,
        empty_ms,
        year_ms,
        erasure,
    })
}

/// The sample lives: clients write, agents answer, until no job is left.
async fn live(pool: &PgPool, url: &str, sample: i64) -> anyhow::Result<()> {
    let (http, api) = (client()?, Api::start_with(url, PORT, &SHORT)?);
    api.is_ready(&http).await?;
    let _workers = Workers::start_with(1, url, &SHORT)?;
    let write = async |n: i64, what: &str| {
        let body = json!({ "clientWa": format!("+62812{:08}", 20_000_000 + n), "body": "Halo, apakah rumah ini masih ada?",
                           "messageId": format!("wamid.{what}.{n}") });
        let path = format!("{}/webhooks/whatsapp/dummy/client-message", api.url);
        http.post(path).json(&body).send().await?.error_for_status()
    };
    for n in 0..sample {
        write(n, "first").await?;
    }
    let mut taken = HashSet::new();
    let give_up = Instant::now() + Duration::from_secs(600);
    loop {
        let open: Vec<(i64, i32, String, Option<String>)> = sqlx::query_as(
            "select right(l.phone, 3)::bigint, a.position, u.phone, a.code from distribution_attempt a
             join distribution_cycle c on c.id = a.cycle_id join lead l on l.id = c.lead_id join \"user\" u on u.id = a.sales_id
             where a.status = 'open' and a.offer_accepted_at is not null",
        )
        .fetch_all(pool)
        .await?;
        for (n, position, agent, code) in open {
            // Of eight clients six are taken, by the first to the sixth agent, and two by nobody.
            if n % 8 + 1 != i64::from(position) || !taken.insert(n) {
                continue;
            }
            let said = format!("OK {}", code.unwrap_or_default());
            let path = format!("{}/webhooks/whatsapp/dummy/sales-ack", api.url);
            let body = json!({ "salesWa": agent, "body": said });
            http.post(path)
                .json(&body)
                .send()
                .await?
                .error_for_status()?;
            for what in ["second", "third"] {
                write(n, what).await?;
            }
        }
        let left: i64 = sqlx::query_scalar(
            "select (select count(*) from distribution_cycle where closed_at is null)
                  + (select count(*) from apalis.jobs where job_type <> 'send-summary.v1')",
        )
        .fetch_one(pool)
        .await?;
        if left == 0 {
            return Ok(());
        }
        ensure!(Instant::now() < give_up, "{left} leads and jobs do not end");
        sleep(Duration::from_millis(100)).await;
    }
}

/// What the dummy provider does not write: a send for each message, and the deliveries of messages and of three statuses each.
async fn pretend_cloud_api(pool: &PgPool) -> anyhow::Result<()> {
    sqlx::raw_sql(
        "insert into wa_send (id, provider, to_wa, form, started_at, settled_at, outcome, provider_message_id)
         select gen_random_uuid(), 'cloud_api', to_wa, 'text', created_at, created_at, 'accepted', provider_message_id
         from wa_message where direction = 'out' and provider_message_id is not null;
         update wa_message m set send_id = s.id from wa_send s where s.provider_message_id = m.provider_message_id;
         insert into webhook_delivery (id, source, body, received_at, handled_at)
         select gen_random_uuid(), 'whatsapp', convert_to(repeat(md5(m.id::text), 22), 'UTF8'), m.created_at, m.created_at
         from wa_message m, generate_series(1, case m.direction when 'out' then 3 else 1 end)",
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Copies the sample over the days before it. Returns how many leads there are.
async fn copy_year(pool: &PgPool, options: &Options) -> anyhow::Result<i64> {
    sqlx::raw_sql(
        r"create schema sample;
          create function sample.text_of(t text, k int) returns text language sql immutable as $$
              select case when t ~ '^\+62812\d{8}$' then '+628' || (1300000000 + k * 1000 + right(t, 3)::int)
                          when t ~ '^(dummy-|wamid\.)' then t || '.' || k else t end
          $$",
    )
    .execute(pool)
    .await?;
    let copies = i32::try_from(options.per_day * options.days / options.sample)?;
    let a_day = i32::try_from(options.per_day / options.sample)?.max(1);
    let deliveries = i32::try_from(DELIVERY_DAYS + 1)? * a_day;
    for table in KEPT.iter().chain(&["webhook_delivery"]) {
        let copies = if KEPT.contains(table) {
            copies
        } else {
            deliveries
        };
        copy_table(pool, table, copies, a_day).await?;
    }
    Ok(sqlx::query_scalar("select count(*) from lead")
        .fetch_one(pool)
        .await?)
}

async fn copy_table(pool: &PgPool, table: &str, copies: i32, a_day: i32) -> anyhow::Result<()> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select column_name::text, data_type::text from information_schema.columns
         where table_schema = 'public' and table_name = $1 and is_identity = 'NO' and is_generated = 'NEVER'
         order by ordinal_position",
    )
    .bind(table)
    .fetch_all(pool)
    .await?;
    let copy = |(name, kind): &(String, String)| match kind.as_str() {
        "uuid" if name != "queue_id" => format!("md5({name}::text || k)::uuid"),
        "timestamp with time zone" => format!("{name} - k * interval '1 day' / {a_day}"),
        "text" => format!("sample.text_of({name}, k)"),
        _ => name.clone(),
    };
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let (names, values) = (
        names.join(", "),
        columns.iter().map(copy).collect::<Vec<_>>().join(", "),
    );
    let taken = format!("create table sample.{table} as table public.{table}");
    sqlx::raw_sql(AssertSqlSafe(taken)).execute(pool).await?;
    for first in (1..=copies).step_by(50) {
        let last = copies.min(first + 49);
        let mut transaction = shared::db::begin(pool).await?;
        // Keys of other tables are not checked while those are copied, and no trigger fires.
        let insert = format!(
            "set local session_replication_role = replica;
             insert into public.{table} ({names}) select {values} from sample.{table}, generate_series({first}, {last}) k"
        );
        sqlx::raw_sql(AssertSqlSafe(insert))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
    }
    println!("{table}: {copies} copies");
    Ok(())
}

/// Every table of ours with its bytes, the largest first.
async fn sizes(pool: &PgPool) -> anyhow::Result<Vec<(String, i64)>> {
    Ok(sqlx::query_as(
        "select relname::text, pg_total_relation_size(oid) from pg_class
         where relkind = 'r' and relnamespace in ('public'::regnamespace, 'apalis'::regnamespace) order by 2 desc",
    )
    .fetch_all(pool)
    .await?)
}
