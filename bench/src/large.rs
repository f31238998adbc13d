//! How late offers roll with many open deadlines over many old leads, beside the same on an empty database.

use crate::cluster::measure_on_fresh;
use crate::percentiles::Percentiles;
use crate::workload;
use serde::Serialize;
use sqlx::PgPool;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leads whose distribution is over.
    #[arg(long, default_value_t = 1_000_000)]
    old: i32,
    /// Open offers whose deadline is hours away.
    #[arg(long, default_value_t = 100_000)]
    open: i32,
    /// Deadlines per second while lateness is measured.
    #[arg(long, default_value_t = 100)]
    rate: u32,
    /// For how many seconds.
    #[arg(long, default_value_t = 30)]
    seconds: u32,
}

#[derive(Serialize)]
struct Report {
    figure: &'static str,
    old: i32,
    open: i32,
    rate: u32,
    total_mib: i64,
    empty_ms: Percentiles,
    large_ms: Percentiles,
}

/// Measures on a durable cluster that is removed afterwards.
pub(crate) async fn measure(options: &Options) -> anyhow::Result<()> {
    measure_on_fresh(async |pool, url| measure_on(pool, url, options).await).await
}

async fn measure_on(pool: &PgPool, url: &str, options: &Options) -> anyhow::Result<Report> {
    let (rate, seconds) = (options.rate, options.seconds);
    let empty_ms = workload::lateness(pool, url, (0, rate), seconds).await?;
    println!("empty {}", empty_ms.line());
    workload::clear(pool).await?;
    add_old(pool, options.old).await?;
    workload::add_offers(pool, (1_000_000, options.open), 1e9, 6.0 * 3600.0).await?;
    sqlx::raw_sql("vacuum analyze").execute(pool).await?;
    let bytes: i64 = sqlx::query_scalar("select pg_database_size(current_database())")
        .fetch_one(pool)
        .await?;
    let large_ms = workload::lateness(pool, url, (0, rate), seconds).await?;
    println!("large {}", large_ms.line());
    println!(
        "p50 {:.2} times, p99 {:.2} times, {} MiB",
        large_ms.p50 / empty_ms.p50,
        large_ms.p99 / empty_ms.p99,
        bytes >> 20
    );
    Ok(Report {
        figure: "large",
        old: options.old,
        open: options.open,
        rate,
        total_mib: bytes >> 20,
        empty_ms,
        large_ms,
    })
}

/// Leads of the last three years that the second agent took, with what each leaves: two offers, four events, two messages.
pub(crate) async fn add_old(pool: &PgPool, count: i32) -> anyhow::Result<()> {
    for first in (0..count).step_by(50_000) {
        let mut transaction = shared::db::begin(pool).await?;
        // No trigger fires: the live feed has nothing of them.
        sqlx::raw_sql("set local session_replication_role = replica")
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "create temporary table old on commit drop as
             select n, md5('lead' || n)::uuid as lead, md5('cycle' || n)::uuid as cycle,
                    now() - interval '1 day' - n * interval '95 seconds' as at
             from generate_series($1, $2) n",
        )
        .bind(first)
        .bind(count.min(first + 50_000) - 1)
        .execute(&mut *transaction)
        .await?;
        for statement in OLD {
            sqlx::query(statement).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
    }
    println!("{count} old leads");
    Ok(())
}

const OLD: [&str; 5] = [
    "insert into lead (id, name, phone, status, progress, owner_sales_id, locked_at, created_at, updated_at)
     select lead, 'Lama', '+62813' || 10000000 + n, 'claimed', 'pending', 'sales-b', at, at, at from old",
    "insert into distribution_cycle (id, lead_id, status, trigger, started_at, closed_at, queue_id)
     select cycle, lead, 'accepted', 'chat', at, at + interval '6 minutes', default_distribution_queue() from old",
    "insert into distribution_attempt (id, cycle_id, sales_id, code, offered_to, position, status, assigned_at,
                                       offer_accepted_at, ack_deadline_at, closed_at, acknowledged_at)
     select md5('attempt' || seat || '.' || n)::uuid, cycle, 'sales-' || (array['a', 'b'])[seat],
            (array['A', 'B'])[seat] || n % 999, '+628111000000' || seat, seat,
            (array['timed_out', 'accepted'])[seat], at + (seat - 1) * interval '5 minutes',
            at + (seat - 1) * interval '5 minutes', at + seat * interval '5 minutes',
            at + (seat - 1) * interval '1 minute' + interval '5 minutes',
            case seat when 2 then at + interval '6 minutes' end
     from old, generate_series(1, 2) seat",
    "insert into distribution_event (at, kind, cause, lead_id, cycle_id, attempt_id, sales_id, worker)
     select at + step * interval '1 minute', (array['started', 'offered', 'timed_out', 'offered'])[step], 'enquiry', lead, cycle,
            case when step > 1 then md5('attempt' || step / 2 || '.' || n)::uuid end,
            case when step > 1 then 'sales-a' end, 'bench'
     from old, generate_series(1, 4) step",
    "insert into wa_message (id, lead_id, cycle_id, direction, kind, from_wa, to_wa, body, provider, delivery_status, created_at)
     select md5(direction || n)::uuid, lead, cycle, direction, case direction when 'in' then 'client' else 'auto_reply' end,
            '+62813' || 10000000 + n, '+620000000000', 'Halo, apakah rumah ini masih ada?', 'dummy',
            case direction when 'in' then 'received' else 'delivered' end, at
     from old, unnest(array['in', 'out']) direction",
];
