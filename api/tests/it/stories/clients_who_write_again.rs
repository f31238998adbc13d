//! A client who writes, or fills in an ad, again: in every state of the lead.

use super::story::{Story, minutes, text};
use serde_json::Value;

async fn cycles(story: &Story, lead: &str) -> usize {
    story.journey(lead).await["cycles"]
        .as_array()
        .map_or(0, Vec::len)
}

fn lead_of(answer: &Value) -> String {
    text(&answer["lead"]["id"])
}

#[tokio::test]
async fn while_a_cycle_is_open_a_message_is_added_and_the_auto_reply_is_not_repeated() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = lead_of(&client.says("Halo").await);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();

    let again = client.says("Masih ada unitnya?").await;
    assert_eq!(again["outcome"], "added");
    assert_eq!(again["lead"]["id"], lead.as_str());
    assert_eq!(cycles(&story, &lead).await, 1);

    // The next agent's offer has the client's latest message.
    story.fast_forward(minutes(5)).await;
    story.agent("B").is_told("Masih ada unitnya?");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn while_a_cycle_is_open_a_second_ad_is_added() {
    let story = Story::begin().await;
    let lead = lead_of(&story.ad("meta-001", "081234001234").await);
    story.agent("A").is_offered_the_lead();
    let again = story.ad("meta-002", "+62 812-3400-1234").await;
    assert_eq!(again["outcome"], "added");
    assert_eq!(again["duplicate"], false);
    assert_eq!(again["lead"]["id"], lead.as_str());
    assert_eq!(cycles(&story, &lead).await, 1);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn once_claimed_the_owner_is_told_of_messages_and_ads() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = lead_of(&client.says("Halo").await);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("A").says("OK").await;
    story.agent("A").is_told("sekarang milik Anda");

    let again = client.says("Kapan bisa survei?").await;
    assert_eq!(again["outcome"], "owner_told");
    story.agent("A").is_told("Kapan bisa survei?");
    let ad = story.ad("meta-009", "081234001234").await;
    assert_eq!(ad["outcome"], "owner_told");
    story.agent("A").is_told("mengisi iklan lagi");
    assert_eq!(cycles(&story, &lead).await, 1);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn after_hangus_a_new_cycle_begins_with_a_new_auto_reply() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = lead_of(&client.says("Halo").await);
    story.fast_forward(minutes(30)).await;
    assert_eq!(story.standing(&lead).await.0, "hangus");

    let again = client.says("Halo?").await;
    assert_eq!(again["outcome"], "distributing");
    assert_eq!(again["lead"]["id"], lead.as_str());
    assert_eq!(again["lead"]["progress"], "pending");
    assert_eq!(again["agent"]["name"], "Sales A");
    assert_eq!(cycles(&story, &lead).await, 2);
    client.is_asked_to_wait();
    client.is_asked_to_wait();
    for label in ["A", "B", "C", "D", "E", "F", "A"] {
        story.agent(label).is_offered_the_lead();
    }
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_lead_that_was_closed_begins_anew() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = lead_of(&client.says("Halo").await);
    story.agent("A").says("OK").await;
    sqlx::query("update lead set status = 'closed'")
        .execute(&story.harness.app.pool)
        .await
        .expect("an admin closes the lead");

    let again = client.says("Saya kembali").await;
    assert_eq!(again["outcome"], "distributing");
    assert_eq!(again["lead"]["id"], lead.as_str());
    assert_eq!(again["lead"].get("ownerSalesId"), None);
    client.is_asked_to_wait();
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("A").is_told("sekarang milik Anda");
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}
