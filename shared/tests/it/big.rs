//! With years of history the deadline path reads its few open rows, by index.

use shared::distribution::{self, Cause};
use shared::testing::{Harness, ad, trials};
use sqlx::PgPool;
use std::time::Duration;

/// Fills the tables with leads that went hangus long ago.
async fn history(pool: &PgPool, leads: usize) {
    let leads = i64::try_from(leads).expect("a number of leads");
    let mut transaction = shared::db::begin(pool).await.expect("a transaction");
    sqlx::query(
        "create temporary table past on commit drop as
         select n, gen_random_uuid() as lead_id, gen_random_uuid() as cycle_id,
                timestamptz '2025-01-01 00:00Z' + n * interval '1 second' as at
         from generate_series(1, $1) n",
    )
    .bind(leads)
    .execute(&mut *transaction)
    .await
    .expect("the past");
    for statement in [
        "insert into lead (id, name, phone, status, progress, created_at, updated_at)
         select lead_id, 'Past', '+62811' || (20000000 + n), 'hangus', 'no-action', at, at from past",
        "insert into distribution_cycle (id, lead_id, status, trigger, started_at, closed_at)
         select cycle_id, lead_id, 'hangus', 'chat', at, at + interval '30 minutes' from past",
        "insert into distribution_attempt
             (id, cycle_id, sales_id, position, status, assigned_at, ack_deadline_at, closed_at)
         select gen_random_uuid(), cycle_id, sales_id, queue_order, 'timed_out', at, at + interval '5 minutes',
                at + interval '5 minutes'
         from past, sales_queue",
        "insert into wa_message (id, lead_id, cycle_id, direction, kind, from_wa, to_wa, body, provider,
                                 delivery_status, created_at)
         select gen_random_uuid(), lead_id, cycle_id, 'in', 'client', '+62811' || (20000000 + n), '+620000000000',
                'Halo', 'dummy', 'received', at
         from past",
        "analyze",
    ] {
        sqlx::raw_sql(statement)
            .execute(&mut *transaction)
            .await
            .expect(statement);
    }
    transaction.commit().await.expect("the past is written");
}

/// Every statement of the deadline path that looks for rows, and what it must not do.
const LOOKS: [&str; 8] = [
    "select min(ack_deadline_at) from distribution_attempt where status = 'open'",
    "select a.id from distribution_attempt a
     join distribution_cycle c on c.id = a.cycle_id join lead l on l.id = c.lead_id
     where a.status = 'open' and a.ack_deadline_at <= '2026-06-01' order by a.ack_deadline_at limit 1
     for update of l, c, a skip locked",
    "select a.id from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id
     where a.sales_id = 'sales-a' and a.status = 'open' order by a.assigned_at, a.id",
    "select a.id from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id
     where a.sales_id = 'sales-a' and a.status <> 'undeliverable' and a.assigned_at <= '2026-06-01'
     order by a.assigned_at desc, a.id desc limit 1",
    "select a.id from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id
     where a.sales_id = 'sales-a' and a.code = 'A17'
       and a.assigned_at between timestamptz '2026-05-30' and '2026-06-01'
     order by (a.status = 'open') desc, a.assigned_at desc limit 1",
    "select c.id from distribution_cycle c
     where status = 'open'
       and not exists (select from distribution_attempt a where a.cycle_id = c.id and a.status = 'open')",
    "select l.id from lead l where status = 'distributing'
       and not exists (select from distribution_cycle c where c.lead_id = l.id and c.status in ('open', 'held'))",
    "select count(*) from wa_message
     where direction = 'out' and kind in ('nothing_open', 'ambiguous') and to_wa = '+6281110000001'",
];

#[tokio::test]
async fn the_deadline_path_reads_by_index_however_long_the_history() {
    let harness = Harness::new().await;
    harness.accept_offers_at_once().await;
    history(&harness.app.pool, trials(5_000, 300_000)).await;
    let ad = ad("meta-001", "081234001234");
    let report = distribution::take_ad(&harness.app, &ad)
        .await
        .expect("taken");
    for look in LOOKS {
        let statement = format!("explain (costs off) {look}");
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
            .fetch_all(&harness.app.pool)
            .await
            .expect("a plan");
        let plan = plan.join("\n");
        assert!(!plan.contains("Seq Scan"), "{look}:\n{plan}");
    }
    harness
        .app
        .clock
        .set(harness.now() + chrono::TimeDelta::minutes(5));
    let rolled = distribution::roll_all_due(&harness.app, Duration::ZERO, Cause::Sweep)
        .await
        .expect("a sweep");
    assert_eq!(rolled.len(), 1);
    assert_eq!(Some(rolled[0].attempt), report.attempt);
}
