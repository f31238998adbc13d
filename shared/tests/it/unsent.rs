//! Offers that no worker sent in time: whose fault that is, and what follows.

use crate::audit::{attempts, audit, offered, tamper};
use chrono::TimeDelta;
use shared::distribution::{self, Breach};
use shared::testing::{Harness, ad};

#[tokio::test]
async fn an_offer_that_was_not_sent_in_time_goes_to_the_next_agent_and_costs_no_turn() {
    let harness = Harness::new().await;
    tamper(
        &harness,
        "update distribution_queue set strategy = 'rotating'",
    )
    .await;
    let credits = "select string_agg(credit::text, ',' order by queue_order) from sales_queue";
    let (_, attempt) = offered(&harness).await;
    harness
        .app
        .clock
        .set(harness.now() + TimeDelta::seconds(40));
    assert_eq!(audit(&harness).await, [], "ten seconds are the jobs'");
    harness
        .app
        .clock
        .set(harness.now() + TimeDelta::milliseconds(1));
    assert_eq!(audit(&harness).await, [Breach::Unsent(attempt)]);
    let standing = ["sales-a undeliverable", "sales-b open"];
    assert_eq!(attempts(&harness).await, standing);
    // As if A had never been asked: B alone has paid, and everybody was credited once.
    let after: String = sqlx::query_scalar(credits)
        .fetch_one(&harness.app.pool)
        .await
        .expect("credits");
    let part = 720_720_000_000_i64 / 6;
    let others = part.to_string();
    let paid = (part - part * 6).to_string();
    let expected = [&others, &paid, &others, &others, &others, &others];
    assert_eq!(after, expected.map(String::as_str).join(","));
    assert_eq!(audit(&harness).await, []);
}

#[tokio::test]
async fn an_offer_that_waits_behind_others_for_its_first_call_is_load_and_stays_with_its_agent() {
    let harness = Harness::new().await;
    let (_, attempt) = offered(&harness).await;
    let clock = &harness.app.clock;
    clock.set(harness.now() + TimeDelta::seconds(41));
    // A worker sends, and is far behind.
    let other = distribution::take_ad(&harness.app, &ad("meta-behind", "081299990002"))
        .await
        .expect("taken");
    let sent = other.attempt.expect("an offer");
    distribution::forward(&harness.app, sent)
        .await
        .expect("sent");
    assert_eq!(audit(&harness).await, []);
    assert_eq!(attempts(&harness).await[0], "sales-a open");
    // A call that came to nothing is no load.
    tamper(&harness, "update apalis.jobs set attempts = 1").await;
    assert_eq!(audit(&harness).await, [Breach::Unsent(attempt)]);
}
