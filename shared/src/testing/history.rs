//! Past leads for benchmarks and tests.

use sqlx::PgPool;
use std::time::Duration;

/// Inserts leads, evenly over the last three years. Each has a cycle: three in four claimed by one of Sales A
/// to F at their first offer, the others hangus. Every fifth claimed lead is rejected.
pub async fn years_of_leads(pool: &PgPool, leads: i64) -> crate::Result<()> {
    let mut transaction = crate::db::begin(pool).await?;
    sqlx::query(
        "create temporary table past on commit drop as
         select n, n % 4 <> 0 as claimed, 'sales-' || substr('abcdef', 1 + (n % 6)::int, 1) as agent,
                gen_random_uuid() as lead_id, gen_random_uuid() as cycle_id,
                clock.now - (($1 - n)::float8 / $1 * 1095) * interval '1 day' as at
         from generate_series(1, $1) n, (select clock_timestamp() as now offset 0) clock",
    )
    .bind(leads)
    .execute(&mut *transaction)
    .await?;
    for statement in [
        "insert into lead (id, name, phone, status, progress, owner_sales_id, locked_at, source_ads,
                           layer2_status_id, rejected_reason_id, created_at, updated_at)
         select lead_id, 'Klien ' || n, '+62811' || (20000000 + n),
                case when claimed then 'claimed' else 'hangus' end,
                case when claimed then 'contacted' else 'no-action' end,
                case when claimed then agent end, case when claimed then at end, 'Iklan ' || n % 20,
                case when claimed then case when n % 5 = 0 then 'ditolak' else 'prospek' end end,
                case when claimed and n % 5 = 0 then 'harga' end, at, at from past",
        "insert into distribution_cycle (id, lead_id, status, trigger, started_at, closed_at, queue_id)
         select cycle_id, lead_id, case when claimed then 'accepted' else 'hangus' end, 'chat', at,
                at + interval '5 minutes', default_distribution_queue() from past",
        "insert into distribution_attempt (id, cycle_id, sales_id, position, status, assigned_at,
                                           ack_deadline_at, acknowledged_at, closed_at)
         select gen_random_uuid(), cycle_id, agent, 1, case when claimed then 'accepted' else 'timed_out' end, at,
                at + interval '5 minutes', case when claimed then at + n % 300 * interval '1 second' end,
                at + interval '5 minutes' from past",
    ] {
        sqlx::query(statement).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    vacuum(pool).await
}

/// Vacuums until the pages are known to be visible to all: where commits are asynchronous, that is
/// only once they are on disk.
async fn vacuum(pool: &PgPool) -> crate::Result<()> {
    for _ in 0..100 {
        sqlx::raw_sql("vacuum analyze").execute(pool).await?;
        let visible: bool =
            sqlx::query_scalar("select relallvisible > 0 from pg_class where relname = 'lead'")
                .fetch_one(pool)
                .await?;
        if visible {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("a vacuum finds nothing to mark");
}
