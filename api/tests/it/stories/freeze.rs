//! The provider is unavailable for longer than a moment: no deadline passes.

use super::story::{Story, minutes, text};
use chrono::TimeDelta;
use serde_json::json;

/// A client wrote, A was offered the lead a minute ago, and then the provider went away. The messages to
/// another client, and the offers of their lead to A and, half a minute later, to B failed: three people,
/// so the provider is frozen. Returns both leads.
async fn frozen(story: &Story) -> [String; 2] {
    let first = story.client("081234001234");
    let one = text(&first.says("Halo").await["lead"]["id"]);
    first.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.fast_forward(minutes(1)).await;
    story.harness.provider.is_away(10_000);
    let other = text(&story.client("081234001235").says("Halo").await["lead"]["id"]);
    story.fast_forward(TimeDelta::seconds(70)).await;
    assert!(is_frozen(story).await);
    [one, other]
}

async fn is_frozen(story: &Story) -> bool {
    sqlx::query_scalar("select count(*) = 1 from provider_health where frozen_since is not null")
        .fetch_one(&story.harness.app.pool)
        .await
        .expect("a look")
}

#[tokio::test]
async fn while_the_provider_is_away_no_offer_rolls_and_no_message_is_given_up() {
    let story = Story::begin().await;
    let [one, other] = frozen(&story).await;
    story.fast_forward(minutes(60)).await;
    assert!(is_frozen(&story).await);
    assert_eq!(story.run_timeouts().await["rolled"], json!([]));
    assert_eq!(story.standing(&one).await.1, ["open"]);
    assert_eq!(story.standing(&other).await.1, ["undeliverable", "open"]);

    // It works again: waiting offers are sent. The offer that was not sent, and the offer whose deadline
    // passed in the freeze, have the full window from now.
    story.harness.provider.is_back();
    story.fast_forward(minutes(2)).await;
    assert!(!is_frozen(&story).await);
    story.client("081234001235").is_asked_to_wait();
    story.agent("B").is_told("dalam 5 menit (sebelum 10:");
    assert_eq!(story.standing(&one).await.1, ["open"]);
    story.fast_forward(minutes(5)).await;
    story.agent("B").is_offered_the_lead();
    story.agent("C").is_offered_the_lead();
    assert_eq!(story.standing(&one).await.1, ["timed_out", "open"]);
    let passed_on = ["undeliverable", "timed_out", "open"];
    assert_eq!(story.standing(&other).await.1, passed_on);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_ok_to_an_offer_that_was_open_when_the_freeze_began_counts_however_late() {
    let story = Story::begin().await;
    let [one, other] = frozen(&story).await;
    story.fast_forward(minutes(30)).await;
    assert_eq!(story.agent("A").says("OK").await["outcome"], "accepted");
    assert_eq!(story.standing(&one).await.0, "claimed");

    story.harness.provider.is_back();
    story.fast_forward(minutes(2)).await;
    story.client("081234001235").is_asked_to_wait();
    story.agent("A").is_told("sekarang milik Anda");
    story.agent("B").is_offered_the_lead();
    let waits = ["undeliverable", "open"];
    assert_eq!(story.standing(&other).await.1, waits);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_hiccup_freezes_nothing() {
    let story = Story::begin().await;
    story.harness.provider.is_away(4);
    let client = story.client("081234001234");
    client.says("Halo").await;
    story.fast_forward(TimeDelta::seconds(10)).await;
    assert!(!is_frozen(&story).await);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    // What failed long ago is forgotten with the first success.
    story.fast_forward(minutes(3)).await;
    story.harness.provider.is_away(2);
    story.client("081234001235").says("Halo").await;
    story.fast_forward(TimeDelta::seconds(10)).await;
    assert!(!is_frozen(&story).await);
    story.client("081234001235").is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_ends_the_freeze_too() {
    let story = Story::begin().await;
    story.harness.provider.suspends_us(1);
    let lead = text(&story.ad("meta-001", "081234001234").await["lead"]["id"]);
    assert!(is_frozen(&story).await);
    // The offer to A is tried again, and refused for A's number.
    story.harness.provider.refuses_the_next();
    story.fast_forward(TimeDelta::seconds(16)).await;
    assert!(!is_frozen(&story).await);
    assert_eq!(story.standing(&lead).await.1, ["undeliverable", "open"]);
    story.agent("B").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_account_that_is_suspended_freezes_at_once() {
    let story = Story::begin().await;
    story.harness.provider.suspends_us(2);
    let lead = text(&story.client("081234001234").says("Halo").await["lead"]["id"]);
    assert!(is_frozen(&story).await);
    assert_eq!(story.standing(&lead).await.1, ["open"]);
    story.fast_forward(TimeDelta::seconds(16)).await;
    assert!(!is_frozen(&story).await);
    story.client("081234001234").is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn one_recipient_whom_the_provider_never_accepts_freezes_nobody() {
    let story = Story::begin().await;
    let poison = story.client("081234006666");
    story
        .harness
        .provider
        .never_takes(&shared::address::Address::from(
            &shared::phone::Phone::from_human("client", "081234006666").expect("a number"),
        ));
    poison.says("Halo").await;
    story.agent("A").is_offered_the_lead();
    // For ten minutes their answer fails. Offers roll as they should.
    story.fast_forward(minutes(5)).await;
    story.agent("B").is_offered_the_lead();
    story.fast_forward(minutes(5)).await;
    story.agent("C").is_offered_the_lead();
    assert!(!is_frozen(&story).await);
    assert_eq!(story.agent("C").says("OK").await["outcome"], "accepted");
    story.agent("C").is_told("sekarang milik Anda");
    // After its calls are used up, the message is given up, and people see why.
    story.fast_forward(TimeDelta::hours(30)).await;
    let given_up: String = sqlx::query_scalar(
        "select delivery_status || ': ' || delivery_error from wa_message where kind = 'auto_reply'",
    )
    .fetch_one(&story.harness.app.pool)
    .await
    .expect("the answer");
    assert!(
        given_up.starts_with("failed: given up after 300 calls"),
        "{given_up}"
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_thaw_leaves_the_deadline_of_an_offer_that_the_freeze_did_not_harm() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    // Our account is suspended for a moment: the freeze opens, and the next try ends it.
    story.fast_forward(minutes(1)).await;
    story.harness.provider.suspends_us(2);
    story.client("081234001235").says("Halo").await;
    assert!(is_frozen(&story).await);
    story.fast_forward(minutes(1)).await;
    assert!(!is_frozen(&story).await);
    story.client("081234001235").is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.fast_forward(minutes(3)).await;
    story.agent("B").is_offered_the_lead();
    assert_eq!(story.standing(&lead).await.1, ["timed_out", "open"]);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_freeze_of_a_night_loses_no_message() {
    let story = Story::begin().await;
    let [one, other] = frozen(&story).await;
    story.fast_forward(TimeDelta::hours(10)).await;
    assert!(is_frozen(&story).await);
    story.harness.provider.is_back();
    story.fast_forward(minutes(2)).await;
    story.client("081234001235").is_asked_to_wait();
    story.agent("B").is_offered_the_lead();
    assert_eq!(story.standing(&one).await.1, ["open"]);
    let passed_on = ["undeliverable", "open"];
    assert_eq!(story.standing(&other).await.1, passed_on);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn what_waits_for_the_end_of_a_freeze_leaves_when_it_ends() {
    let story = Story::begin().await;
    frozen(&story).await;
    let clients: Vec<String> = (10..22).map(|last| format!("0812340020{last}")).collect();
    for number in &clients {
        story.client(number).says("Halo").await;
    }
    story.fast_forward(minutes(60)).await;
    story.harness.provider.is_back();
    while is_frozen(&story).await {
        story.fast_forward(TimeDelta::seconds(1)).await;
    }
    let waiting: i64 =
        sqlx::query_scalar("select count(*) from wa_message where delivery_status = 'queued'")
            .fetch_one(&story.harness.app.pool)
            .await
            .expect("a count");
    assert_eq!(waiting, 0, "everything left");
    // When the patience for an offer that did not leave would be over.
    story.fast_forward(TimeDelta::seconds(41)).await;
    let found = shared::distribution::audit(&story.harness.app, false).await;
    assert_eq!(found.expect("an audit"), []);
    story.client("081234001235").is_asked_to_wait();
    story.agent("B").is_offered_the_lead();
    for number in &clients {
        story.client(number).is_asked_to_wait();
        story.agent("A").is_offered_the_lead();
    }
    story.nobody_else_was_messaged().await;
}
