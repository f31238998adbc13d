//! Old rows are deleted by a worker that runs, and nothing else is.

use clap::Parser;
use shared::testing::Harness;
use shared::whatsapp;
use sqlx::PgPool;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use worker::config::Settings;

/// Two rows of each kind: one too old, one not. The names of those that stay begin with `young`.
const ROWS: &str = "
    insert into webhook_delivery (id, source, body, received_at, handled_at)
    values (gen_random_uuid(), 'whatsapp', 'old', now() - interval '8 days', now() - interval '8 days'),
           (gen_random_uuid(), 'whatsapp', 'young', now() - interval '6 days', now() - interval '6 days'),
           (gen_random_uuid(), 'whatsapp', 'young: not handled', now() - interval '80 days', null);
    insert into lead (id, name, phone, status, created_at, updated_at)
    values ('01890000-0000-7000-8000-000000000001', 'Budi', '+6281234001234', 'closed', now() - interval '3 years', now());
    insert into wa_message (id, lead_id, direction, kind, provider, from_wa, to_wa, body, delivery_status, created_at, in_reply_to)
    values ('01890000-0000-7000-8000-000000000011', '01890000-0000-7000-8000-000000000001', 'in', 'client', 'dummy', '+6281234001234', '+620000000000', 'old', 'received', now() - interval '731 days', null),
           ('01890000-0000-7000-8000-000000000012', '01890000-0000-7000-8000-000000000001', 'out', 'ambiguous', 'dummy', '+620000000000', '+6281234001234', 'young: answers the old one', 'accepted', now() - interval '729 days', '01890000-0000-7000-8000-000000000011'),
           ('01890000-0000-7000-8000-000000000013', '01890000-0000-7000-8000-000000000001', 'out', 'nothing_open', 'dummy', '+620000000000', '+6281234001234', 'young: waits to be sent', 'queued', now() - interval '800 days', null);
    insert into session (id, token, user_id, expires_at)
    values ('old', 'old', 'sales-a', now() - interval '2 days'), ('young', 'young', 'sales-a', now() + interval '2 days');
    insert into operator_action (id, at, by_whom, action, subject, rows)
    values (gen_random_uuid(), now() - interval '366 days', 'old', 'pause', '{}', 1), (gen_random_uuid(), now() - interval '364 days', 'young', 'pause', '{}', 1);
    insert into job_failure (job_id, tried, queue, error_class, reason, failed_at)
    values ('old', 1, 'x.v1', 'database', 'x', now() - interval '31 days'), ('young', 1, 'x.v1', 'database', 'x', now() - interval '29 days');
    insert into audit_breach (rule, subject, first_seen_at, last_seen_at)
    values ('gap', 'old', now() - interval '400 days', now() - interval '400 days'), ('gap', 'young', now() - interval '400 days', now() - interval '4 days');
    insert into summary_sent (address, day, kind) values ('old', current_date - 367, 'day'), ('young', current_date - 300, 'day');
    insert into sign_in_try (account, failures, last_at, blocked_until)
    values ('old', 3, now() - interval '3 days', now() - interval '3 days'), ('young', 3, now(), now());";

const LEFT: &str = "select word from (
    select convert_from(body, 'UTF8') as word from webhook_delivery union all select body from wa_message union all select id from session
    union all select by_whom from operator_action union all select job_id from job_failure
    union all select subject from audit_breach union all select address from summary_sent
    union all select account from sign_in_try) rows order by word";

async fn words(pool: &PgPool, statement: &'static str) -> Vec<String> {
    sqlx::query_scalar(statement)
        .fetch_all(pool)
        .await
        .expect(statement)
}

#[tokio::test]
async fn a_send_without_an_outcome_is_settled_if_nobody_sends_its_message_again() {
    let harness = Harness::new().await;
    let pool = harness.app.pool.clone();
    sqlx::raw_sql(
        "insert into wa_send (id, provider, to_wa, form, started_at)
         select ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'cloud_api', '+6281110000001', 'text', now() - minutes * interval '1 minute'
         from (values (1, 11), (2, 11), (3, 9)) as sends (n, minutes);
         insert into wa_message (id, direction, kind, provider, from_wa, to_wa, body, delivery_status, created_at, send_id)
         select gen_random_uuid(), 'out', 'help', 'cloud_api', '+620000000000', '+6281110000001', 'x', status, now(),
                ('00000000-0000-0000-0000-00000000000' || n)::uuid
         from (values (1, 'failed'), (2, 'queued'), (3, 'failed')) as messages (n, status)",
    )
    .execute(&pool)
    .await
    .expect("sends");
    let mut connection = pool.acquire().await.expect("a connection");
    let settled = whatsapp::settle_left(&mut connection)
        .await
        .expect("settled");
    assert_eq!(settled, 1);
    drop(connection);
    let lost = "select id::text from wa_send where outcome = 'lost'";
    assert_eq!(
        words(&pool, lost).await,
        ["00000000-0000-0000-0000-000000000001"],
        "not the one that is sent again, and not the young one"
    );
}

#[tokio::test]
async fn what_is_old_goes_and_the_lead_with_all_that_is_younger_stays() {
    let harness = Harness::new().await;
    let pool = harness.app.pool.clone();
    sqlx::raw_sql(ROWS).execute(&pool).await.expect("rows");
    let young = words(&pool, LEFT)
        .await
        .into_iter()
        .filter(|word| word.starts_with("young"))
        .collect::<Vec<_>>();
    let settings = Settings::parse_from([
        "worker",
        "--worker-port",
        "0",
        "--database-url",
        harness.database.url(),
    ]);
    let (stopping, stop) = watch::channel(false);
    let running = worker::run(&settings, harness.app.clone(), stop);
    let watching = async {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut left = words(&pool, LEFT).await;
        while left.iter().any(|word| word == "old") && Instant::now() < deadline {
            sleep(Duration::from_millis(50)).await;
            left = words(&pool, LEFT).await;
        }
        stopping.send_replace(true);
        left
    };
    let (ran, left) = tokio::join!(running, watching);
    ran.expect("it ran");
    assert_eq!(left, young);
    let leads = words(&pool, "select name from lead").await;
    assert_eq!(leads, ["Budi"]);
    // A reply stays, with the id of a message that is gone: no key is checked on the path of a lead (ADR 16).
    let answered = "select body from wa_message m
                    where not exists (select from wa_message gone where gone.id = m.in_reply_to) order by body";
    assert_eq!(words(&pool, answered).await.len(), 2);
}
