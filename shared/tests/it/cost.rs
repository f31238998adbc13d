//! What a lead costs does not grow with what is open: PostgreSQL's own counters with 5,000 open offers.

use chrono::TimeDelta;
use secrecy::SecretString;
use shared::distribution::{self, Cause, Channel, InboundMessage};
use shared::id::AttemptId;
use shared::phone::Phone;
use shared::testing::{Harness, ok_of};
use shared::{App, db, leads};
use sqlx::PgPool;
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// More rows than any step of a lead reads by one index, and far fewer than are open.
const MOST_ROWS: i64 = 200;

/// How many entries of each index, and rows of each table, were read so far.
async fn rows_read(pool: &PgPool) -> BTreeMap<String, i64> {
    for statement in [
        "select pg_stat_force_next_flush()",
        "select pg_stat_clear_snapshot()",
    ] {
        sqlx::query(statement).execute(pool).await.expect(statement);
    }
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "select indexrelname::text, idx_tup_read from pg_stat_user_indexes
         union all select relname::text, seq_tup_read from pg_stat_user_tables where seq_tup_read is not null",
    )
    .fetch_all(pool)
    .await
    .expect("the counters");
    rows.into_iter().collect()
}

/// Opens offers of other leads to Sales A, as an intake does: those with the numbers from `first` on.
async fn open_offers(pool: &PgPool, first: i32, count: i32) {
    sqlx::query("drop table if exists many")
        .execute(pool)
        .await
        .expect("no table");
    sqlx::query(
        "create temporary table many as
         select n, gen_random_uuid() as lead, gen_random_uuid() as cycle, gen_random_uuid() as attempt,
                timestamptz '2026-01-05 09:00:00+07' + n * interval '1 millisecond' as at
         from generate_series($1, $1 + $2 - 1) n",
    )
    .bind(first)
    .bind(count)
    .execute(pool)
    .await
    .expect("many");
    for statement in [
        "insert into lead (id, phone, status, created_at, updated_at)
         select lead, '+62811' || 20000000 + n, 'distributing', at, at from many",
        "insert into distribution_cycle (id, lead_id, status, trigger, started_at, queue_id)
         select cycle, lead, 'open', 'chat', at, default_distribution_queue() from many",
        "insert into distribution_cycle_member (cycle_id, seat, sales_id, label)
         select cycle, queue_order, sales_id, label from many, sales_queue",
        "insert into distribution_attempt
             (id, cycle_id, sales_id, code, offered_to, position, status, assigned_at, offer_accepted_at, ack_deadline_at)
         select attempt, cycle, 'sales-a', 'A' || 1000 + n, '+6281110000001', 1, 'open', at, at,
                at + interval '10 minutes'
         from many",
        "insert into distribution_event (at, kind, cause, lead_id, cycle_id, attempt_id, sales_id, worker)
         select at, 'offered', 'enquiry', lead, cycle, attempt, 'sales-a', 'test' from many",
        "insert into wa_message (id, lead_id, cycle_id, attempt_id, direction, kind, from_wa, to_wa, body, provider,
                                 delivery_status, created_at)
         select gen_random_uuid(), lead, cycle, attempt, 'out', 'offer', '+620000000000', '+6281110000001', 'Lead baru',
                'dummy', 'delivered', at
         from many",
    ] {
        sqlx::query(statement).execute(pool).await.expect(statement);
    }
}

async fn client_writes(app: &App, number: &str) {
    let from = Phone::from_human("client", number).expect("a number");
    let message = InboundMessage::new(Channel::Chat, from.into(), "Halo");
    distribution::receive_and_handle(app, &message)
        .await
        .expect("handled");
}

/// The latest three offers to this agent, the latest first, with their codes. Another connection looks for them, by primary keys
/// alone, so that the counters hold nothing of the search whatever its plan is.
async fn latest_offers(others: &PgPool, agent: &str) -> Vec<(AttemptId, String)> {
    let offers: Vec<(Uuid, String)> = sqlx::query_as(
        "select attempt_id, (select code from distribution_attempt where id = attempt_id)
         from (select id, kind, attempt_id, sales_id from distribution_event order by id desc limit 100) latest
         where kind = 'offered' and sales_id = $1 order by id desc limit 3",
    )
    .bind(agent)
    .fetch_all(others)
    .await
    .expect("offers");
    let offers = offers.into_iter();
    offers.map(|(id, code)| (AttemptId(id), code)).collect()
}

/// Rolls those of the latest three offers of this agent together that are due. Returns how many.
async fn roll_together(app: &App, others: &PgPool, agent: &str) -> usize {
    let offers = latest_offers(others, agent).await;
    let offers: Vec<AttemptId> = offers.into_iter().map(|(attempt, _)| attempt).collect();
    let rolled = distribution::roll_due_together(app, &offers, Cause::Alarm).await;
    rolled.expect("rolled").len()
}

/// What a worker asks after each offer.
async fn next_deadline(app: &App) {
    let next = distribution::time_to_next_deadline(app).await;
    assert!(next.expect("a time").is_some());
    distribution::next_deadline(app).await.expect("a deadline");
}

/// PostgreSQL chooses between indexes by their sizes at the moment when a connection plans: several are equally good then.
#[tokio::test]
async fn no_step_of_a_lead_reads_what_others_have_open_whatever_was_open_when_it_was_planned() {
    for planned_at in [0, 60, 140, 400] {
        let read = rows_of_a_lead(planned_at).await;
        assert!(read.is_empty(), "planned at {planned_at}: {read:#?}");
    }
}

/// What the steps of a lead read too much of, if they were planned with this many open offers and others have opened since.
async fn rows_of_a_lead(planned_at: i32) -> Vec<String> {
    let harness = Harness::new().await;
    harness.accept_offers_at_once().await;
    // As in a new installation, and in the benchmarks: no statistics, so that several indexes seem equally good.
    sqlx::query(
        "truncate lead, lead_change, lead_enquiry, distribution_cycle, distribution_cycle_member, distribution_attempt,
                  wa_message, inbound_event cascade",
    )
    .execute(&harness.app.pool)
    .await
    .expect("empty tables");
    let app = with_one_connection(&harness);
    open_offers(&app.pool, 1, planned_at).await;
    let clock = &app.clock;
    let five_minutes = TimeDelta::minutes(5);
    client_writes(&app, "081234001234").await;
    let ok = |body: &str| InboundMessage {
        body: body.to_owned(),
        ..ok_of("A")
    };
    distribution::receive_and_handle(&app, &ok("OK"))
        .await
        .expect("claimed");
    client_writes(&app, "081234001235").await;
    clock.set(harness.now() + five_minutes);
    let rolled = distribution::roll_all_due(&app, Duration::ZERO, Cause::Sweep).await;
    assert!(!rolled.expect("rolled").is_empty());
    roll_together(&app, &harness.app.pool, "sales-b").await;
    next_deadline(&app).await;
    open_offers(&app.pool, 1 + planned_at, 5_000).await;

    let mut before = rows_read(&app.pool).await;
    client_writes(&app, "081234001236").await;
    let mut read = Vec::new();
    for step in [
        "the enquiry",
        "the OK",
        "the second enquiry",
        "the third enquiry",
        "the next deadline",
        "the rolls together",
        "the roll",
    ] {
        match step {
            "the OK" => {
                let offers = latest_offers(&harness.app.pool, "sales-a").await;
                let (_, code) = offers.first().expect("an offer");
                let message = ok(&format!("OK {code}"));
                distribution::receive_and_handle(&app, &message)
                    .await
                    .expect("claimed");
            }
            "the second enquiry" => client_writes(&app, "081234001237").await,
            "the third enquiry" => client_writes(&app, "081234001238").await,
            "the next deadline" => next_deadline(&app).await,
            "the rolls together" => {
                clock.set(harness.now() + five_minutes);
                assert_eq!(roll_together(&app, &harness.app.pool, "sales-a").await, 2);
            }
            "the roll" => {
                let rolled = distribution::roll_all_due(&app, Duration::ZERO, Cause::Sweep).await;
                assert!(!rolled.expect("rolled").is_empty());
            }
            _ => {}
        }
        let now = rows_read(&app.pool).await;
        for (name, rows) in &now {
            let rows = rows - before.get(name).copied().unwrap_or_default();
            if rows > MOST_ROWS {
                read.push(format!("{step} reads {rows} rows by {name}"));
            }
        }
        before = now;
    }
    read
}

/// One connection to the harness's database as those that work on leads: it plans each statement once, and keeps the plan.
pub(crate) fn one_connection(harness: &Harness) -> PgPool {
    let url = SecretString::from(harness.database.url().to_owned());
    db::intake_pool(db::options(&url, "test").expect("a URL"), 1)
}

/// An app with one connection, which plans each statement while the tables are nearly empty.
fn with_one_connection(harness: &Harness) -> App {
    App {
        pool: one_connection(harness),
        ..harness.app.clone()
    }
}

/// How many rows this reads.
async fn rows_of(pool: &PgPool, step: impl AsyncFn()) -> i64 {
    let before = rows_read(pool).await;
    step().await;
    let after = rows_read(pool).await;
    let read = |(name, rows): (&String, &i64)| rows - before.get(name).copied().unwrap_or_default();
    after.iter().map(read).sum()
}

/// How many rows an audit reads when nothing is to be repaired any more.
async fn rows_of_an_audit(app: &App) -> i64 {
    let audit = async || distribution::audit(app, false).await.expect("an audit");
    while !audit().await.is_empty() {}
    rows_of(&app.pool, async || assert!(audit().await.is_empty())).await
}

#[tokio::test]
async fn an_audit_of_four_times_as_many_offers_reads_four_times_as_much_whatever_was_open_when_it_was_planned()
 {
    let harness = Harness::new().await;
    let app = with_one_connection(&harness);
    distribution::audit(&app, false).await.expect("an audit");
    open_offers(&app.pool, 1, 500).await;
    let few = rows_of_an_audit(&app).await;
    open_offers(&app.pool, 501, 1_500).await;
    let many = rows_of_an_audit(&app).await;
    assert!(few > 500, "it reads what is open: {few} rows");
    assert!(many < 6 * few, "{few} rows, then {many}");
}

/// Leads that ended long ago and wrote again just now, so that none of them is to be erased.
async fn ended_leads(pool: &PgPool, first: i32, count: i32) {
    sqlx::query(
        "with ended as (
             insert into lead (id, phone, status, progress, created_at, updated_at)
             select gen_random_uuid(), '+62811' || 20000000 + n, 'hangus', 'no-action', now() - interval '9 years',
                    now() - interval '9 years'
             from generate_series($1, $1 + $2 - 1) n
             returning id, phone)
         insert into wa_message (id, lead_id, direction, kind, from_wa, to_wa, body, provider, delivery_status, created_at)
         select gen_random_uuid(), id, 'in', 'client', phone, '+620000000000', 'Halo', 'dummy', 'received', now()
         from ended",
    )
    .bind(first)
    .bind(count)
    .execute(pool)
    .await
    .expect("leads");
}

#[tokio::test]
async fn the_search_for_clients_who_ended_reads_each_once_whatever_there_was_when_it_was_planned() {
    let harness = Harness::new().await;
    let pool = one_connection(&harness);
    let search = async || {
        let mut connection = pool.acquire().await.expect("a connection");
        let found = leads::ended_before(&mut connection, 365.0, None, 50).await;
        assert_eq!(found.expect("leads"), []);
    };
    // What PostgreSQL knows of tables that stayed empty for a while.
    sqlx::query("vacuum analyze lead, wa_message, appointment, lead_list_row")
        .execute(&pool)
        .await
        .expect("vacuumed");
    search().await;
    ended_leads(&pool, 1, 500).await;
    let few = rows_of(&pool, search).await;
    ended_leads(&pool, 501, 1_500).await;
    let many = rows_of(&pool, search).await;
    assert!(few >= 500, "it reads the leads: {few} rows");
    assert!(many < 6 * few, "{few} rows, then {many}");
}
