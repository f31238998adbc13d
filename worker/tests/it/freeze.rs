//! A message that waits for a frozen provider.

use clap::Parser;
use shared::distribution;
use shared::jobs::{ForwardLeadToSales, Job};
use shared::testing::{Harness, ad};
use sqlx::PgPool;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use worker::config::Settings;

/// Waits until a query answers true, a while.
async fn wait_for(pool: &PgPool, query: &'static str) {
    let give_up = Instant::now() + Duration::from_secs(20);
    loop {
        let answer: bool = sqlx::query_scalar(query)
            .fetch_one(pool)
            .await
            .expect("an answer");
        if answer {
            return;
        }
        assert!(Instant::now() < give_up, "never: {query}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_waits_through_a_freeze_without_using_up_its_tries_and_ends_it() {
    let harness = Harness::on_database_clock().await;
    harness.provider.suspends_us(1);
    let database_url = harness.database.url();
    let arguments = [
        "worker",
        "--worker-port",
        "0",
        "--database-url",
        database_url,
    ];
    let settings = Settings::parse_from(arguments);
    let (stopping, stop) = watch::channel(false);
    let story = async {
        a_freeze_and_a_thaw(&harness).await;
        stopping.send_replace(true);
    };
    let (ended, ()) = tokio::join!(worker::run(&settings, harness.app.clone(), stop), story);
    ended.expect("the worker ends well");
}

async fn a_freeze_and_a_thaw(harness: &Harness) {
    let pool = &harness.app.pool;
    let ad = ad("meta-001", "081234001234");
    distribution::take_ad(&harness.app, &ad)
        .await
        .expect("taken");
    let frozen = "select exists (select from provider_health where frozen_since is not null)";
    wait_for(pool, frozen).await;
    let waiting = "select exists (select from apalis.jobs
         where job_type like 'forward-lead%' and status = 'Pending' and attempts = 0
           and lock_by is null and run_at > clock_timestamp() + interval '5 seconds')";
    wait_for(pool, waiting).await;

    // It is due, and no notification announces it.
    sqlx::query("update apalis.jobs set run_at = clock_timestamp() where job_type = $1")
        .bind(ForwardLeadToSales::QUEUE)
        .execute(pool)
        .await
        .expect("an earlier time");
    let taken =
        "select exists (select from distribution_attempt where offer_accepted_at is not null)";
    wait_for(pool, taken).await;
    let thawed = "select not exists (select from provider_health where frozen_since is not null)";
    wait_for(pool, thawed).await;
    let done = "select not exists (select from apalis.jobs where job_type like 'forward-lead%')";
    wait_for(pool, done).await;
}
