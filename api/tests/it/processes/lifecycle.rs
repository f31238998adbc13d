//! Starting, stopping, and jobs that are beyond help.

use super::company::Company;
use std::net::TcpListener;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_told_to_stop_finishes_its_jobs_and_keeps_none() {
    let company = Company::open("30").await;
    let (api, url) = company.start_api().await;
    let worker = company.start_worker();
    worker.logs("worker.started").await;
    for client in 0..10 {
        company
            .client_writes(&url, client)
            .await
            .expect("an answer");
    }
    let status = worker.terminate().await;
    assert!(status.success(), "{status}");
    let held = "select count(*) from apalis.jobs where status in ('Queued', 'Running')";
    assert_eq!(company.count(held).await, 0);
    // Its successor has what was left.
    let _successor = company.start_worker();
    let sent =
        "select count(*) from wa_message where direction = 'out' and delivery_status = 'accepted'";
    company.wait_for(sent, 20).await;
    assert!(api.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_needs_only_a_database_url_and_takes_a_busy_port_lightly() {
    let company = Company::open("300").await;
    let (_api, url) = company.start_api().await;
    // Another process has the port.
    let busy = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = busy.local_addr().expect("an address").port().to_string();
    let worker = company.start_worker_with(&[("WORKER_PORT", &port)]);
    worker.logs("worker.no_health").await;
    worker.logs("worker.started").await;
    company.client_writes(&url, 1).await.expect("an answer");
    let sent =
        "select count(*) from wa_message where direction = 'out' and delivery_status = 'accepted'";
    company.wait_for(sent, 2).await;
    let (status, ready) = company
        .get(&format!("{url}/health/ready"))
        .await
        .expect("an answer");
    assert_eq!((status, &ready["worker"]), (200, &serde_json::json!(true)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_cannot_be_read_becomes_a_dead_letter_and_its_worker_goes_on() {
    let company = Company::open("300").await;
    let (_api, url) = company.start_api().await;
    let mut worker = company.start_worker();
    worker.logs("worker.started").await;
    sqlx::raw_sql(
        r#"insert into apalis.jobs (id, job_type, job, run_at, max_attempts, priority)
          select apalis.generate_ulid(), queue, payload, now(), 12, 0
          from unnest(array['forward-lead-to-sales.v1', 'send-message.v1', 'check-ack-deadline.v1']) queue,
               unnest(array['\xff00fe'::bytea, '{}'::bytea, '{"attempt": 7}'::bytea]) payload"#,
    )
    .execute(&company.pool)
    .await
    .expect("nine bad jobs");
    company
        .wait_for(
            "select count(*) from apalis.jobs where status = 'Killed'",
            9,
        )
        .await;
    company.client_writes(&url, 1).await.expect("an answer");
    let sent =
        "select count(*) from wa_message where direction = 'out' and delivery_status = 'accepted'";
    company.wait_for(sent, 2).await;
    assert!(worker.is_running());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn done_jobs_are_removed_early() {
    let company = Company::open("0.2").await;
    let (_api, url) = company.start_api().await;
    let _worker = company.start_worker();
    for client in 0..5 {
        company
            .client_writes(&url, client)
            .await
            .expect("an answer");
    }
    company
        .wait_for("select count(*) from lead where status = 'hangus'", 5)
        .await;
    company
        .wait_for(
            // The summary of the day waits for its time.
            "select count(*) from apalis.jobs where job_type <> 'send-summary.v1'",
            0,
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_started_before_the_migration_waits_for_it() {
    let database = shared::testing::TestDatabase::empty().await;
    let pool = database.pool(2);
    let company = Company::at(database.url().to_owned(), pool.clone(), "300");
    let mut worker = company.start_worker();
    worker.logs("worker.waiting").await;
    assert!(worker.is_running());
    shared::db::migrate(&pool)
        .await
        .expect("the migrations apply");
    worker.logs("worker.started").await;
}
