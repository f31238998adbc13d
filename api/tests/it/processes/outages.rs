//! The database goes away and comes back.

use super::company::Company;
use super::own_server::{OwnServer, company_on};
use std::time::Duration;
use tokio::time::sleep;
use xtask::postgres::Profile;

const HANGUS: &str = "select count(*) from lead where status = 'hangus'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_crashes_and_comes_back_finds_its_processes_waiting() {
    let server = OwnServer::start("crash", Profile::ThrowAway);
    let company = company_on(&server, "1").await;
    let (mut api, url) = company.start_api().await;
    let mut worker = company.start_worker();
    worker.logs("worker.started").await;
    let leads = 5;
    for client in 0..leads {
        company
            .client_writes(&url, client)
            .await
            .expect("an answer");
    }
    for _ in 0..2 {
        company
            .wait_for("select least(count(*), 6) from distribution_attempt", 6)
            .await;
        server.cluster().crash().expect("a crash");
        // Deadlines pass while no worker can roll them.
        sleep(Duration::from_millis(2500)).await;
        server.cluster().start_again().expect("a recovery");
    }
    let leads = i64::try_from(leads).expect("a few");
    company.wait_for(HANGUS, leads).await;
    company.nothing_was_lost_or_doubled(leads).await;
    assert!(
        worker.is_running() && api.is_running(),
        "a process ended with the database"
    );
    // The worker listens again: a new lead's offer is sent at once, not at the next poll.
    company.client_writes(&url, 99).await.expect("an answer");
    let offered = "select count(*) from wa_message m join lead l on l.id = m.lead_id
        where l.status = 'distributing' and m.kind = 'offer' and m.delivery_status = 'accepted'";
    company.wait_for(offered, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_the_api_says_so_and_keeps_nothing_from_anybody() {
    let server = OwnServer::start("away", Profile::ThrowAway);
    let company = company_on(&server, "30").await;
    let (_api, url) = company.start_api().await;
    let ready = format!("{url}/health/ready");
    let (status, body) = company.get(&ready).await.expect("an answer");
    assert_eq!((status, &body["worker"]), (200, &serde_json::json!(false)));

    server.cluster().crash().expect("a crash");
    let (status, body) = company.get(&ready).await.expect("an answer");
    assert_eq!(
        (status, &body["database"]),
        (503, &serde_json::json!(false))
    );
    let refused = company
        .client_writes(&url, 1)
        .await
        .expect_err("no database");
    assert_eq!(refused.status().map(|status| status.as_u16()), Some(503));
    let (status, _) = company
        .get(&format!("{url}/health/live"))
        .await
        .expect("an answer");
    assert_eq!(status, 200);

    server.cluster().start_again().expect("a recovery");
    company.wait_for("select count(*) from lead", 0).await;
    company.client_is_answered_at_last(&url, 1).await;
    assert_eq!(company.count("select count(*) from lead").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_cut_under_a_worker_do_not_make_it_deaf() {
    let company = Company::open("1").await;
    let (_api, url) = company.start_api().await;
    let mut worker = company.start_worker();
    worker.logs("worker.started").await;
    company.client_writes(&url, 1).await.expect("an answer");
    for _ in 0..4 {
        sleep(Duration::from_millis(700)).await;
        sqlx::raw_sql(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and application_name like 'property-lounge-worker%'",
        )
        .execute(&company.pool)
        .await
        .expect("the connections are cut");
    }
    company.wait_for(HANGUS, 1).await;
    company.nothing_was_lost_or_doubled(1).await;
    assert!(worker.is_running());
}

/// What PostgreSQL says when it cannot make this table larger.
const NO_ROOM: &str = "create function no_room() returns trigger language plpgsql as $$
    begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$;
    create trigger no_room before insert on lead execute function no_room()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_new_leads_cannot_be_stored_offers_roll_and_the_log_is_not_filled() {
    let company = Company::open("1").await;
    let (_api, url) = company.start_api().await;
    let worker = company.start_worker();
    worker.logs("worker.started").await;
    company.client_writes(&url, 1).await.expect("an answer");
    sqlx::raw_sql(NO_ROOM)
        .execute(&company.pool)
        .await
        .expect("a full disk");
    let refused = company.client_writes(&url, 2).await.expect_err("no room");
    assert_eq!(refused.status().map(|status| status.as_u16()), Some(503));
    worker.logs("sweep.failed").await;
    company.wait_for(HANGUS, 1).await;
    let filled = worker
        .lines()
        .iter()
        .any(|line| line.contains("message_not_handled"));
    assert!(!filled, "the failure is one line a sweep");
    sqlx::raw_sql("drop trigger no_room on lead")
        .execute(&company.pool)
        .await
        .expect("room");
    company.wait_for(HANGUS, 2).await;
}
