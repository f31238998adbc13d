//! Leads that wait for an agent, while the queue and its agents change.

use super::availability::{set, time};
use super::story::{Story, minutes, text};
use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::address::Address;
use shared::availability::Availability;
use shared::phone::Phone;

async fn sql(story: &Story, statement: &'static str) {
    sqlx::query(statement)
        .execute(&story.harness.app.pool)
        .await
        .expect(statement);
}

async fn held_until(story: &Story, lead: &str) -> (Value, Value) {
    let journey = story.journey(lead).await;
    let cycle = &journey["cycles"][0];
    (cycle["status"].clone(), cycle["resumeAt"].clone())
}

/// Only A works, and is away until tomorrow morning. A client writes.
async fn held_for_a(story: &Story) -> String {
    let only_a = "update sales_queue set active = label = 'A'";
    sql(story, only_a).await;
    let away = Availability {
        paused_since: Some(story.now()),
        paused_until: Some(time("2026-01-06T02:00:00Z")),
        ..Availability::default()
    };
    set(story, &["A"], away).await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    let tomorrow = json!("2026-01-06T02:00:00.000000Z");
    assert_eq!(held_until(story, &lead).await, (json!("held"), tomorrow));
    lead
}

#[tokio::test]
async fn a_lead_that_nobody_was_asked_about_goes_to_whoever_gets_a_place_since() {
    let story = Story::begin().await;
    let lead = held_for_a(&story).await;
    // B gets a place and is back in an hour, long before A.
    let back = story.now() + TimeDelta::hours(1);
    let away = Availability {
        paused_since: Some(story.now()),
        paused_until: Some(back),
        ..Availability::default()
    };
    set(&story, &["B"], away).await;
    sql(
        &story,
        "update sales_queue set active = true where label = 'B'",
    )
    .await;
    shared::distribution::reconsider_held(&story.harness.app)
        .await
        .expect("the queue was changed");
    let (_, until) = held_until(&story, &lead).await;
    assert_eq!(until, "2026-01-05T03:00:00.000000Z");
    story.fast_forward(TimeDelta::hours(1)).await;
    story.agent("B").is_offered_the_lead();
    assert_eq!(story.agent("B").says("OK").await["outcome"], "accepted");
    story.agent("B").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn managers_are_told_once_when_nobody_is_known_to_come_back_any_more() {
    let story = Story::begin().await;
    sql(
        &story,
        "update distribution_queue set manager_phones = array['+6281299990001']",
    )
    .await;
    let lead = held_for_a(&story).await;
    let gone = Availability {
        paused_since: Some(story.now()),
        ..Availability::default()
    };
    set(&story, &["A"], gone.clone()).await;
    assert_eq!(
        held_until(&story, &lead).await,
        (json!("held"), Value::Null)
    );
    story
        .client("081299990001")
        .is_told("tidak ada agen yang bisa ditawari");
    set(&story, &["A"], gone).await;
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_lead_whose_only_offer_did_not_arrive_waits_for_the_agent_who_comes_back() {
    let story = Story::begin().await;
    sql(
        &story,
        "update sales_queue set active = label in ('A', 'B')",
    )
    .await;
    let away = Availability {
        paused_since: Some(story.now()),
        paused_until: Some(story.now() + minutes(10)),
        ..Availability::default()
    };
    set(&story, &["B"], away).await;
    let of_a = Phone::from_human("agent", "+6281110000001").expect("a number");
    story.harness.provider.never_takes(&Address::from(&of_a));
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.fast_forward(TimeDelta::seconds(31)).await;
    assert_eq!(story.standing(&lead).await.1, ["undeliverable"]);
    assert_eq!(held_until(&story, &lead).await.0, "held");
    story.fast_forward(minutes(10)).await;
    story.agent("B").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_agent_who_gets_a_number_is_asked_about_a_lead_that_is_held() {
    let story = Story::begin().await;
    sql(
        &story,
        "update sales_queue set active = label in ('A', 'B')",
    )
    .await;
    sql(
        &story,
        r#"update "user" set phone = null where id = 'sales-a'"#,
    )
    .await;
    let away = Availability {
        paused_since: Some(story.now()),
        paused_until: Some(time("2026-01-12T02:00:00Z")),
        ..Availability::default()
    };
    set(&story, &["B"], away).await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    assert_eq!(held_until(&story, &lead).await.0, "held");
    story.fast_forward(minutes(1)).await;
    sql(
        &story,
        r#"update "user" set phone = '+6281110000001' where id = 'sales-a'"#,
    )
    .await;
    shared::distribution::reconsider_held(&story.harness.app)
        .await
        .expect("a number was set");
    story.fast_forward(minutes(1)).await;
    story.agent("A").is_offered_the_lead();
    assert_eq!(story.standing(&lead).await.1, ["undeliverable", "open"]);
    let found = shared::distribution::audit(&story.harness.app, false).await;
    assert_eq!(found.expect("an audit"), []);
    story.nobody_else_was_messaged().await;
}
