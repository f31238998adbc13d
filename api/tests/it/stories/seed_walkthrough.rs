//! The previous server's steps A to E.

use super::story::{Story, minutes, text};
use serde_json::json;

#[tokio::test]
async fn step_a_a_lead_from_an_ad_is_offered_to_sales_a() {
    let story = Story::begin().await;
    let answer = story.ad("meta-001", "081234001234").await;
    assert_eq!(answer["outcome"], "distributing");
    assert_eq!(answer["lead"]["phone"], "+6281234001234");
    assert_eq!(answer["lead"]["status"], "distributing");
    assert_eq!(answer["lead"]["progress"], "pending");
    assert_eq!(answer["cycle"]["status"], "open");
    assert_eq!(answer["attempt"]["position"], 1);
    assert_eq!(answer["agent"]["name"], "Sales A");
    // A form has no chat to reply to.
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn step_b_a_client_who_writes_is_answered_and_offered_to_sales_a_with_five_minutes() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let answer = client.says("Halo saya tertarik unitnya").await;
    assert_eq!(answer["outcome"], "distributing");
    assert_eq!(
        answer["attempt"]["assignedAt"],
        "2026-01-05T02:00:00.000000Z"
    );
    assert_eq!(
        answer["attempt"]["ackDeadlineAt"],
        "2026-01-05T02:05:00.000000Z"
    );
    client.is_asked_to_wait();
    let offer = story
        .harness
        .provider
        .heard_by(&shared::testing::agent_phone("A"));
    let offer = offer.expect("A is offered the lead").body;
    let details = if story.harness.app.distribution.mask_offers {
        ["Nama: B*** T***", "Nomor client dikirim setelah OK"]
    } else {
        ["Nama: Bapak Test", "WA: +6281234001234"]
    };
    for detail in details.into_iter().chain([
        "Lead baru untuk A",
        "Sumber: Meta Ads CTA - Dummy",
        "Pesan: Halo saya tertarik unitnya",
        "Balas OK dalam 5 menit (sebelum 09:05:00 WIB)",
    ]) {
        assert!(offer.contains(detail), "{detail:?} is not in: {offer}");
    }
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn step_b_after_step_a_joins_the_cycle_that_the_ad_opened() {
    let story = Story::begin().await;
    let ad = story.ad("meta-001", "081234001234").await;
    let client = story.client("0812-3400-1234");
    let chat = client.says("Halo saya tertarik unitnya").await;
    assert_eq!(chat["outcome"], "added");
    assert_eq!(chat["lead"]["id"], ad["lead"]["id"]);
    assert_eq!(chat["cycle"]["id"], ad["cycle"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn step_c_an_ok_in_time_claims_and_locks_the_lead() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = client.says("Halo").await["lead"]["id"].clone();
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.fast_forward(minutes(4)).await;

    let answer = story.agent("A").says("OK").await;
    assert_eq!(answer["outcome"], "accepted");
    assert_eq!(answer["attempt"]["status"], "accepted");
    assert_eq!(answer["cycle"]["status"], "accepted");
    assert_eq!(answer["lead"]["id"], lead);
    assert_eq!(answer["lead"]["status"], "claimed");
    assert_eq!(answer["lead"]["ownerSalesId"], "sales-a");
    assert_eq!(answer["lead"]["lockedAt"], "2026-01-05T02:04:00.000000Z");
    story.agent("A").is_told("sekarang milik Anda");

    story.fast_forward(minutes(60)).await;
    assert_eq!(story.standing(&text(&lead)).await.0, "claimed");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn step_d_without_an_ok_the_offer_goes_from_a_to_f_and_the_lead_is_hangus() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    for (turn, label) in ["A", "B", "C", "D", "E", "F"].into_iter().enumerate() {
        story.agent(label).is_offered_the_lead();
        let (status, attempts) = story.standing(&lead).await;
        assert_eq!(status, "distributing");
        assert_eq!(attempts.len(), turn + 1);
        story.fast_forward(minutes(5)).await;
    }
    let journey = story.journey(&lead).await;
    assert_eq!(journey["lead"]["status"], "hangus");
    assert_eq!(journey["lead"]["progress"], "no-action");
    assert_eq!(journey["cycles"][0]["status"], "hangus");
    let attempts = journey["cycles"][0]["attempts"]
        .as_array()
        .expect("attempts");
    for (attempt, sales) in attempts.iter().zip(["a", "b", "c", "d", "e", "f"]) {
        assert_eq!(attempt["status"], "timed_out");
        assert_eq!(attempt["salesId"], format!("sales-{sales}"));
        // With a clock that stops at each deadline, not a microsecond late.
        assert_eq!(attempt["closedAt"], attempt["ackDeadlineAt"]);
    }
    assert_eq!(attempts.len(), 6);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn step_d_run_timeouts_rolls_only_what_is_due() {
    let story = Story::begin().await;
    story.client("081234001234").says("Halo").await;
    story.time_passes_without_workers(minutes(3));
    story.client("081234001235").says("Halo").await;

    let early = story.run_timeouts().await;
    assert_eq!(early["rolled"], json!([]));
    assert_eq!(early["nextDueAt"], "2026-01-05T02:05:00.000000Z");

    story.time_passes_without_workers(minutes(2));
    let due = story.run_timeouts().await;
    let rolled = due["rolled"].as_array().expect("rolled");
    assert_eq!(rolled.len(), 1);
    assert_eq!(rolled[0]["agent"]["name"], "Sales A");
    assert_eq!(rolled[0]["next"]["agent"]["name"], "Sales B");
    assert_eq!(
        rolled[0]["next"]["ackDeadlineAt"],
        "2026-01-05T02:10:00.000000Z"
    );
    assert_eq!(due["nextDueAt"], "2026-01-05T02:08:00.000000Z");

    story.workers_catch_up().await;
    for phone in ["081234001234", "081234001235"] {
        story.client(phone).is_asked_to_wait();
        story.agent("A").is_offered_the_lead();
    }
    story.agent("B").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn step_e_the_state_of_a_lead_tells_its_whole_story() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    story.fast_forward(minutes(5)).await;
    story.agent("A").says("OK").await;
    story.agent("B").says("OK").await;

    let journey = story.journey(&lead).await;
    let labels = journey["cycles"][0]["queue"].as_array().expect("a queue");
    let labels: Vec<String> = labels.iter().map(|seat| text(&seat["label"])).collect();
    assert_eq!(labels, ["A", "B", "C", "D", "E", "F"]);
    let messages = journey["messages"].as_array().expect("messages");
    let kinds: Vec<(String, String)> = messages
        .iter()
        .map(|message| (text(&message["direction"]), text(&message["kind"])))
        .collect();
    let expected = [
        ("in", "client"),
        ("out", "auto_reply"),
        ("out", "offer"),
        ("out", "offer"),
        ("in", "agent"),
        ("out", "late"),
        ("in", "agent"),
        ("out", "claimed"),
    ];
    let expected: Vec<(String, String)> = expected
        .iter()
        .map(|(d, k)| ((*d).to_owned(), (*k).to_owned()))
        .collect();
    assert_eq!(kinds, expected);
    assert!(
        messages
            .iter()
            .all(|message| message["deliveryStatus"] != "queued")
    );

    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("B").is_offered_the_lead();
    story.agent("A").is_told("terlambat");
    story.agent("B").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}
