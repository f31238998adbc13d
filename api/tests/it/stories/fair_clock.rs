//! An OK counts by its own time: sent before the deadline, it claims even if it is handled after the roll, as long
//! as no agent owns the lead.

use super::story::{Story, minutes, text};
use chrono::TimeDelta;
use serde_json::{Value, json};

/// A client wrote, A was offered the lead and, five minutes later, B. Returns the lead; A's offer
/// was made five minutes ago.
async fn rolled_to_b(story: &Story) -> String {
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.fast_forward(minutes(5)).await;
    story.agent("B").is_offered_the_lead();
    lead
}

/// An agent's OK that was sent this long ago and is handled now.
async fn says_ok_sent(story: &Story, label: &str, ago: TimeDelta) -> Value {
    let sent_at = (story.now() - ago).to_rfc3339();
    let message = json!({ "body": "OK", "sentAt": sent_at });
    story.agent(label).sends(message).await
}

#[tokio::test]
async fn an_ok_that_was_in_time_and_is_heard_after_the_roll_wins_and_the_holder_is_told() {
    let story = Story::begin().await;
    let lead = rolled_to_b(&story).await;
    story.fast_forward(minutes(1)).await;
    let answer = says_ok_sent(&story, "A", TimeDelta::seconds(61)).await;
    assert_eq!(answer["outcome"], "accepted");
    assert_eq!(answer["lead"]["ownerSalesId"], "sales-a");
    assert_eq!(answer["cycle"]["status"], "accepted");
    let standing = story.standing(&lead).await;
    assert_eq!(
        standing,
        (
            "claimed".to_owned(),
            vec!["accepted".to_owned(), "withdrawn".to_owned()]
        )
    );
    story.agent("A").is_told("sekarang milik Anda");
    story.agent("B").is_told("ditarik: Sales A");

    // B, who has an offer that was withdrawn, is notified again; the owner stays.
    let answer = story.agent("B").says("OK").await;
    assert_eq!(answer["outcome"], "late");
    assert_eq!(answer["lead"]["ownerSalesId"], "sales-a");
    story.agent("B").is_told("ditarik: Sales A");
    story.fast_forward(minutes(30)).await;
    assert_eq!(story.standing(&lead).await.0, "claimed");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn if_the_next_agent_has_claimed_the_earlier_ok_is_late_and_hears_who_has_the_lead() {
    let story = Story::begin().await;
    let lead = rolled_to_b(&story).await;
    assert_eq!(story.agent("B").says("OK").await["outcome"], "accepted");
    story.agent("B").is_told("sekarang milik Anda");
    let answer = says_ok_sent(&story, "A", TimeDelta::seconds(10)).await;
    assert_eq!(answer["outcome"], "late");
    story.agent("A").is_told("sudah diambil Sales B");
    assert_eq!(story.standing(&lead).await.1, ["timed_out", "accepted"]);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_ok_sent_at_the_deadline_is_late_whenever_it_is_heard() {
    let story = Story::begin().await;
    let lead = rolled_to_b(&story).await;
    let answer = says_ok_sent(&story, "A", TimeDelta::zero()).await;
    assert_eq!(answer["outcome"], "late");
    story.agent("A").is_told("terlambat");
    assert_eq!(story.standing(&lead).await.1, ["timed_out", "open"]);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_ok_sent_before_its_offer_never_binds_to_it() {
    let story = Story::begin().await;
    rolled_to_b(&story).await;
    // Two seconds before B was offered the lead; one would be a whole second's cutting.
    let answer = says_ok_sent(&story, "B", TimeDelta::seconds(2)).await;
    assert_eq!(answer["outcome"], "nothing_open");
    story.agent("B").is_told("Tidak ada penawaran");
    let answer = says_ok_sent(&story, "B", TimeDelta::seconds(1)).await;
    assert_eq!(answer["outcome"], "accepted");
    story.agent("B").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

/// No agent answered; `since` later F's OK arrives, sent in F's last second.
async fn the_last_agents_ok_arrives_after_hangus(story: &Story, since: TimeDelta) -> Value {
    rolled_to_b(story).await;
    for label in ["C", "D", "E", "F"] {
        story.fast_forward(minutes(5)).await;
        story.agent(label).is_offered_the_lead();
    }
    story.fast_forward(minutes(5) + since).await;
    says_ok_sent(story, "F", since + TimeDelta::seconds(1)).await
}

#[tokio::test]
async fn a_lead_that_went_hangus_minutes_ago_is_still_taken_by_an_ok_that_was_in_time() {
    let story = Story::begin().await;
    let answer = the_last_agents_ok_arrives_after_hangus(&story, minutes(9)).await;
    assert_eq!(answer["outcome"], "accepted");
    assert_eq!(answer["lead"]["status"], "claimed");
    assert_eq!(answer["lead"]["progress"], "pending");
    assert_eq!(answer["cycle"]["status"], "accepted");
    story.agent("F").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn ten_minutes_after_hangus_it_is_too_late() {
    let story = Story::begin().await;
    let answer = the_last_agents_ok_arrives_after_hangus(&story, minutes(10)).await;
    assert_eq!(answer["outcome"], "late");
    assert_eq!(answer["lead"]["status"], "hangus");
    story.agent("F").is_told("terlambat");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_cycle_that_the_client_began_since_is_called_off() {
    let story = Story::begin().await;
    rolled_to_b(&story).await;
    for label in ["C", "D", "E", "F"] {
        story.fast_forward(minutes(5)).await;
        story.agent(label).is_offered_the_lead();
    }
    story.fast_forward(minutes(6)).await;
    let client = story.client("081234001234");
    assert_eq!(client.says("Halo?").await["outcome"], "distributing");
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();

    let answer = says_ok_sent(&story, "F", TimeDelta::seconds(61)).await;
    assert_eq!(answer["outcome"], "accepted");
    let journey = story.journey(&text(&answer["lead"]["id"])).await;
    assert_eq!(journey["cycles"][0]["status"], "accepted");
    assert_eq!(journey["cycles"][1]["status"], "cancelled");
    assert_eq!(journey["cycles"][1]["attempts"][0]["status"], "withdrawn");
    story.agent("F").is_told("sekarang milik Anda");
    story.agent("A").is_told("ditarik: Sales F");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_ok_that_could_mean_a_rolled_offer_or_an_open_one_claims_neither() {
    let story = Story::begin().await;
    let first = rolled_to_b(&story).await;
    let client = story.client("081234001235");
    let second = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    // Within the second that WhatsApp's times are cut to, both were A's to take.
    let answer = says_ok_sent(&story, "A", TimeDelta::milliseconds(500)).await;
    assert_eq!(answer["outcome"], "ambiguous");
    story.agent("A").is_told("Ada 2 penawaran terbuka");
    assert_eq!(story.standing(&first).await.1, ["timed_out", "open"]);
    assert_eq!(story.standing(&second).await.1, ["open"]);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_ok_in_time_that_is_heard_while_the_lead_is_held_takes_it() {
    let story = Story::begin().await;
    for label in ["B", "C", "D", "E", "F"] {
        let agent = shared::id::UserId(format!("sales-{}", label.to_lowercase()));
        let until_noon = shared::availability::Availability {
            paused_since: Some(story.now()),
            paused_until: Some(story.now() + TimeDelta::hours(3)),
            ..Default::default()
        };
        shared::availability::set(&story.harness.app, &agent, &until_noon)
            .await
            .expect("a break");
    }
    story.workers_catch_up().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("A").says("istirahat").await;
    story.agent("A").is_told("istirahat");
    story.fast_forward(minutes(6)).await;
    assert_eq!(story.journey(&lead).await["cycles"][0]["status"], "held");
    let answer = says_ok_sent(&story, "A", TimeDelta::seconds(61)).await;
    assert_eq!(answer["outcome"], "accepted");
    story.agent("A").is_told("sekarang milik Anda");
    assert_eq!(story.standing(&lead).await.0, "claimed");
    story.fast_forward(TimeDelta::hours(3)).await;
    story.nobody_else_was_messaged().await;
}
