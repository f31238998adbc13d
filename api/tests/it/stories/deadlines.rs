//! The deadline is exact.

use super::story::{Story, minutes, text};
use chrono::TimeDelta;

const MICROSECOND: TimeDelta = TimeDelta::microseconds(1);

/// A lead with Sales A, whose offer was sent at once.
async fn offered(story: &Story) -> String {
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    lead
}

#[tokio::test]
async fn an_ok_at_the_last_microsecond_claims() {
    let story = Story::begin().await;
    let lead = offered(&story).await;
    story.fast_forward(minutes(5) - MICROSECOND).await;
    assert_eq!(story.agent("A").says("OK").await["outcome"], "accepted");
    story.agent("A").is_told("sekarang milik Anda");
    assert_eq!(story.standing(&lead).await.1, ["accepted"]);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_ok_at_the_deadline_itself_is_late_though_no_worker_has_rolled_yet() {
    let story = Story::begin().await;
    let lead = offered(&story).await;
    story.time_passes_without_workers(minutes(5));
    let answer = story
        .post(
            "/webhooks/whatsapp/dummy/sales-ack",
            &serde_json::json!({ "salesWa": "+6281110000001", "body": "OK" }),
        )
        .await;
    assert_eq!(answer["outcome"], "late");
    assert_eq!(answer["attempt"]["status"], "open");
    story.workers_catch_up().await;
    story.agent("A").is_told("terlambat");
    story.agent("B").is_offered_the_lead();
    assert_eq!(story.standing(&lead).await.1, ["timed_out", "open"]);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_late_ok_is_refused_though_no_worker_ran_for_an_hour_and_then_each_gets_a_full_window() {
    let story = Story::begin().await;
    let lead = offered(&story).await;
    story.time_passes_without_workers(minutes(60));
    assert_eq!(story.agent("A").says("OK").await["outcome"], "late");
    story.agent("A").is_told("terlambat");

    // The outage is over: the overdue attempt rolled once, and B has five minutes from now.
    story.agent("B").is_offered_the_lead();
    assert_eq!(story.standing(&lead).await.1, ["timed_out", "open"]);
    story.fast_forward(minutes(5) - MICROSECOND).await;
    assert_eq!(story.agent("B").says("OK").await["outcome"], "accepted");
    story.agent("B").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_ok_that_was_sent_in_time_counts_for_its_own_time_while_nobody_has_rolled() {
    let story = Story::begin().await;
    offered(&story).await;
    let sent_at = story.now() + minutes(4);
    story.time_passes_without_workers(minutes(10));
    let ok = serde_json::json!({ "body": "OK", "sentAt": sent_at.to_rfc3339() });
    let answer = story.agent("A").sends(ok).await;
    assert_eq!(answer["outcome"], "accepted");
    assert_eq!(
        answer["attempt"]["acknowledgedAt"],
        "2026-01-05T02:04:00.000000Z"
    );
    assert_eq!(answer["lead"]["lockedAt"], "2026-01-05T02:10:00.000000Z");
    story.agent("A").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_ok_that_claims_to_come_from_the_future_counts_for_its_receipt() {
    let story = Story::begin().await;
    offered(&story).await;
    let ahead = (story.now() + minutes(60)).to_rfc3339();
    let ok = serde_json::json!({ "body": "OK", "sentAt": ahead });
    assert_eq!(story.agent("A").sends(ok).await["outcome"], "accepted");
    story.agent("A").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_provider_that_takes_the_offer_late_moves_the_deadline_once() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    // The auto-reply goes first, the offer second.
    story
        .harness
        .provider
        .takes_the_next_after(TimeDelta::seconds(30));
    story
        .harness
        .provider
        .takes_the_next_after(TimeDelta::seconds(30));
    let answer = client.says("Halo").await;
    let lead = text(&answer["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();

    let attempt = story.journey(&lead).await["cycles"][0]["attempts"][0].clone();
    let taken = text(&attempt["offerAcceptedAt"]);
    assert!(
        taken == "2026-01-05T02:00:30.000000Z" || taken == "2026-01-05T02:01:00.000000Z",
        "{taken}"
    );
    let deadline = if taken.contains("02:00:30") {
        "02:05:30"
    } else {
        "02:06:00"
    };
    assert!(
        text(&attempt["ackDeadlineAt"]).contains(deadline),
        "{attempt}"
    );

    // The old job runs at 02:05:00 and rolls nothing; the new one rolls.
    story
        .fast_forward(minutes(5) - TimeDelta::seconds(60) + MICROSECOND)
        .await;
    assert_eq!(story.standing(&lead).await.1, ["open"]);
    story.fast_forward(minutes(1)).await;
    assert_eq!(story.standing(&lead).await.1, ["timed_out", "open"]);
    story.agent("B").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_provider_that_takes_the_offer_within_a_second_moves_nothing() {
    let story = Story::begin().await;
    story
        .harness
        .provider
        .takes_the_next_after(TimeDelta::milliseconds(400));
    story
        .harness
        .provider
        .takes_the_next_after(TimeDelta::milliseconds(400));
    let answer = story.client("081234001234").says("Halo").await;
    let lead = text(&answer["lead"]["id"]);
    story.client("081234001234").is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    let attempt = story.journey(&lead).await["cycles"][0]["attempts"][0].clone();
    assert_eq!(attempt["ackDeadlineAt"], "2026-01-05T02:05:00.000000Z");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn two_oks_at_once_claim_once() {
    let story = Story::begin().await;
    let lead = offered(&story).await;
    let ok = serde_json::json!({ "salesWa": "+6281110000001", "body": "OK" });
    let path = "/webhooks/whatsapp/dummy/sales-ack";
    let (one, other) = tokio::join!(story.post(path, &ok), story.post(path, &ok));
    let mut outcomes = [text(&one["outcome"]), text(&other["outcome"])];
    outcomes.sort();
    assert_eq!(outcomes, ["accepted", "nothing_open"]);
    story.workers_catch_up().await;
    story.agent("A").is_told("sekarang milik Anda");
    assert_eq!(story.standing(&lead).await.1, ["accepted"]);
    story.nobody_else_was_messaged().await;
}
