//! SIGKILL, before, at and after a deadline, and in the middle of a request.

use super::company::Company;
use futures::future::join_all;
use shared::testing::trials;
use std::time::Duration;
use tokio::time::sleep;

const HANGUS: &str = "select count(*) from lead where status = 'hangus'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_silent_agents_in_real_time_end_in_hangus_each_rolled_soon_after_its_deadline() {
    let company = Company::open("1").await;
    let (_api, url) = company.start_api().await;
    let _worker = company.start_worker();
    company.client_writes(&url, 1).await.expect("an answer");
    company.wait_for(HANGUS, 1).await;
    company.nothing_was_lost_or_doubled(1).await;
    // bench/ measures how soon. A delay of seconds would mean that no job ran.
    let late = "select count(*) from distribution_attempt where closed_at > ack_deadline_at + interval '3 seconds'";
    assert_eq!(company.count(late).await, 0);
    let sent =
        "select count(*) from wa_message where direction = 'out' and delivery_status = 'accepted'";
    company.wait_for(sent, 7).await;
}

/// Kills the worker `offset_ms` after each deadline (before it, if negative) and starts another.
async fn worker_killed_around_each_deadline(offset_ms: i64) {
    let company = Company::open("1").await;
    let (_api, url) = company.start_api().await;
    let mut worker = company.start_worker();
    worker.logs("worker.started").await;
    let leads = 3;
    for client in 0..leads {
        company
            .client_writes(&url, client)
            .await
            .expect("an answer");
    }
    for _ in 0..trials(4, 30) {
        let to_next: Option<f64> = sqlx::query_scalar(
            "select extract(epoch from min(ack_deadline_at) - clock_timestamp())::float8 * 1000
             from distribution_attempt where status = 'open'",
        )
        .fetch_one(&company.pool)
        .await
        .expect("a deadline");
        let Some(to_next) = to_next else { break };
        #[allow(clippy::cast_precision_loss, reason = "a few milliseconds")]
        let wait = (to_next + offset_ms as f64).max(0.0);
        sleep(Duration::from_secs_f64(wait / 1000.0)).await;
        worker.kill();
        worker = company.start_worker();
        worker.logs("worker.started").await;
    }
    let leads = i64::try_from(leads).expect("a few");
    company.wait_for(HANGUS, leads).await;
    company.nothing_was_lost_or_doubled(leads).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_just_before_each_deadline_loses_none() {
    worker_killed_around_each_deadline(-15).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_at_each_deadline_loses_none() {
    worker_killed_around_each_deadline(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_just_after_each_deadline_loses_none() {
    worker_killed_around_each_deadline(8).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_killed_in_the_middle_of_requests_loses_and_doubles_none() {
    let company = Company::open("2").await;
    let worker = company.start_worker();
    worker.logs("worker.started").await;
    let leads = 24;
    for round in 0..trials(4, 40) {
        let (api, url) = company.start_api().await;
        let writing = (0..leads).map(|client| company.client_writes(&url, client));
        let killing = async {
            sleep(Duration::from_millis(
                3 + 4 * u64::try_from(round % 8).expect("small"),
            ))
            .await;
            api.kill();
        };
        tokio::join!(join_all(writing), killing);
    }
    // A client without an answer sends again; a message that was stored changes nothing.
    let (_api, url) = company.start_api().await;
    for client in 0..leads {
        company
            .client_writes(&url, client)
            .await
            .expect("an answer");
    }
    let leads = i64::try_from(leads).expect("a few");
    company.wait_for(HANGUS, leads).await;
    company.nothing_was_lost_or_doubled(leads).await;
    company
        .wait_for("select count(*) from inbound_event", 0)
        .await;
    let heard = "select count(*) from wa_message where direction = 'in'";
    assert_eq!(company.count(heard).await, leads);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_workers_at_once_one_of_them_killed_serve_every_lead_once() {
    let company = Company::open("1.5").await;
    let (_api, url) = company.start_api().await;
    let victim = company.start_worker();
    let _others = [company.start_worker(), company.start_worker()];
    company
        .wait_for(
            "select count(distinct split_part(id, '.', 1)) from apalis.workers",
            3,
        )
        .await;
    let leads = trials(24, 200);
    for client in 0..leads {
        company
            .client_writes(&url, client)
            .await
            .expect("an answer");
        if client == leads / 2 {
            // Sales A takes what is theirs while it is the only one, or is asked which.
            company.agent_says_ok(&url, 1).await.expect("an answer");
        }
    }
    victim.kill();
    let leads = i64::try_from(leads).expect("a few");
    company
        .wait_for(
            "select count(*) from lead where status in ('hangus', 'claimed')",
            leads,
        )
        .await;
    company.nothing_was_lost_or_doubled(leads).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_in_a_killed_workers_hands_is_sent_by_another_at_once() {
    let company = Company::open("30").await;
    let (_api, url) = company.start_api().await;
    let _worker = company.start_worker();
    // As if a worker had fetched the job and died: no process holds its lock.
    sqlx::raw_sql(
        "insert into apalis.workers (id, worker_type, storage_name, last_seen)
         values ('1.forward-lead-to-sales.v1.dead', 'forward-lead-to-sales.v1', 'PgStorage', now());
         create function fetched_by_the_dead() returns trigger language plpgsql as $$
         begin
             if new.job_type = 'forward-lead-to-sales.v1' then
                 new.status := 'Queued'; new.lock_by := '1.forward-lead-to-sales.v1.dead'; new.lock_at := now();
             end if;
             return new;
         end $$;
         create trigger fetched_by_the_dead before insert on apalis.jobs
             for each row execute function fetched_by_the_dead()",
    )
    .execute(&company.pool)
    .await
    .expect("a dead worker");
    company.client_writes(&url, 1).await.expect("an answer");
    let offered =
        "select count(*) from wa_message where kind = 'offer' and delivery_status = 'accepted'
        and accepted_at < created_at + interval '10 seconds'";
    company.wait_for(offered, 1).await;
    let moved = "select count(*) from distribution_attempt where ack_deadline_at > assigned_at + interval '35 seconds'";
    assert_eq!(company.count(moved).await, 0);
}
