//! What agents reply: a code alone, a list's number, a question.

use super::story::{Story, minutes, text};
use serde_json::Value;

/// Clients who wrote; each lead is offered to A. Returns the leads.
async fn offers_to_a(story: &Story, count: usize) -> Vec<String> {
    let mut leads = Vec::new();
    for nth in 0..count {
        let client = story.client(&format!("08123400123{nth}"));
        leads.push(text(&client.says("Halo").await["lead"]["id"]));
        client.is_asked_to_wait();
        story.agent("A").is_offered_the_lead();
    }
    leads
}

async fn code_of(story: &Story, lead: &str) -> String {
    let journey = story.journey(lead).await;
    let attempt: &Value = &journey["cycles"][0]["attempts"][0];
    text(&attempt["code"])
}

#[tokio::test]
async fn the_code_alone_claims_and_so_does_the_offers_own_wording() {
    let story = Story::begin().await;
    let leads = offers_to_a(&story, 3).await;
    for (lead, words) in leads.iter().zip(["{c}", "OK kode {c}", "ok {cs}"]) {
        let code = code_of(&story, lead).await;
        let spaced = format!("{} {}", &code[..1], &code[1..]);
        let words = words.replace("{cs}", &spaced).replace("{c}", &code);
        let answer = story.agent("A").says(&words).await;
        assert_eq!(answer["outcome"], "accepted", "{words}");
        assert_eq!(answer["lead"]["id"], lead.as_str(), "{words}");
        story.agent("A").is_told("sekarang milik Anda");
    }
    story.nobody_else_was_messaged().await;
}

/// The number means the list that was sent, whatever has been claimed or offered since.
#[tokio::test]
async fn a_number_is_the_line_of_the_list_that_was_sent() {
    let story = Story::begin().await;
    let leads = offers_to_a(&story, 3).await;
    let asked = story.agent("A").says("ok").await;
    assert_eq!(asked["outcome"], "ambiguous");
    story.agent("A").is_told("2. A");
    let first = story.agent("A").says("1").await;
    assert_eq!(first["lead"]["id"], leads[0].as_str());
    story.agent("A").is_told("sekarang milik Anda");
    let third = story.agent("A").says("ok 3").await;
    assert_eq!(third["lead"]["id"], leads[2].as_str());
    story.agent("A").is_told("sekarang milik Anda");
    // A line that the list has not takes nothing.
    assert_eq!(story.agent("A").says("7").await["outcome"], "ambiguous");
    story.agent("A").is_told("1. A");
    assert_eq!(story.standing(&leads[1]).await.1, ["open"]);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_number_of_an_offer_that_has_ended_is_told_that_it_is_late() {
    let story = Story::begin().await;
    let leads = offers_to_a(&story, 2).await;
    story.agent("A").says("ok").await;
    story.agent("A").is_told("1. A");
    story.fast_forward(minutes(5)).await;
    for _ in &leads {
        story.agent("B").is_offered_the_lead();
    }
    let late = story.agent("A").says("1").await;
    assert_eq!(late["outcome"], "late");
    story.agent("A").is_told("terlambat");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn without_an_open_offer_chatter_is_not_answered() {
    let story = Story::begin().await;
    assert_eq!(
        story.agent("A").says("[stiker]").await["outcome"],
        "not_an_ack"
    );
    story.nobody_else_was_messaged().await;
}
