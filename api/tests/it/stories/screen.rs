//! The desk: an admin's board, and an agent who takes and passes offers on the screen.

use super::story::{Story, minutes, text};
use chrono::TimeDelta;
use poem::http::Method;
use serde_json::{Value, json};

const CLIENT: &str = "081234001234";

/// The offers on an agent's screen.
async fn offers_of(story: &Story, agent: &str) -> Vec<Value> {
    let mine = story.get_as(agent, "/api/offers/mine").await;
    mine["offers"].as_array().expect("offers").clone()
}

/// The agent taps a button of an offer.
async fn taps(story: &Story, agent: &str, verb: &str, offer: &Value) -> (u16, Value) {
    let path = format!("/api/offers/{}/{verb}", text(&offer["attemptId"]));
    let answer = story.send_as(agent, Method::POST, &path, &json!({})).await;
    story.workers_catch_up().await;
    answer
}

/// The first lead on the board, and each seat's label with the status of its offer.
async fn board(story: &Story) -> (Value, Vec<(String, String)>) {
    let board = story.get_as("admin", "/api/board").await;
    let lead = board["leads"][0].clone();
    let seats = lead["seats"].as_array().cloned().unwrap_or_default();
    let seats = seats
        .iter()
        .filter(|seat| seat["status"].is_string())
        .map(|seat| (text(&seat["label"]), text(&seat["status"])))
        .collect();
    (lead, seats)
}

fn seats(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(label, status): &(&str, &str)| ((*label).to_owned(), (*status).to_owned());
    expected.iter().map(own).collect()
}

#[tokio::test]
async fn a_lead_is_taken_on_the_screen_while_the_board_follows() {
    let story = Story::begin_masked().await;
    assert!(offers_of(&story, "sales-a").await.is_empty());
    let said = story
        .client(CLIENT)
        .says("Halo, nomor saya 081234001234")
        .await;
    assert_eq!(said["outcome"], "distributing");
    let offers = offers_of(&story, "sales-a").await;
    let offer = &offers[0];
    // Masked as the offer of the chat.
    assert!(!offer.to_string().contains("081234001234"), "{offer}");
    assert_eq!(offer["phone"], Value::Null);
    assert!(text(&offer["words"][0]).starts_with("Halo, nomor saya"));
    let (lead, now) = board(&story).await;
    assert_eq!(
        (&lead["status"], now),
        (&json!("open"), seats(&[("A", "open")]))
    );
    assert_eq!(lead["phone"], "+6281234001234");

    // A is silent, and B takes it at the last moment.
    story.fast_forward(minutes(5)).await;
    let offers = offers_of(&story, "sales-b").await;
    story
        .fast_forward(minutes(5) - TimeDelta::milliseconds(1))
        .await;
    let (status, taken) = taps(&story, "sales-b", "take", &offers[0]).await;
    assert_eq!(
        (status, &taken["outcome"]),
        (200, &json!("accepted")),
        "{taken}"
    );
    assert_eq!(taken["lead"]["phone"], "+6281234001234");
    assert!(text(&taken["chatLink"]).starts_with("https://wa.me/6281234001234?text="));
    assert!(offers_of(&story, "sales-b").await.is_empty());
    let (lead, now) = board(&story).await;
    assert_eq!(now, seats(&[("A", "timed_out"), ("B", "accepted")]));
    assert_eq!(
        (&lead["status"], &lead["owner"]),
        (&json!("accepted"), &json!("Sales B"))
    );

    // The same tap again changes nothing.
    let (status, again) = taps(&story, "sales-b", "take", &offers[0]).await;
    assert_eq!(
        (status, &again["outcome"], &again["duplicate"]),
        (200, &json!("accepted"), &json!(true))
    );
    story.client(CLIENT).is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("B").is_offered_the_lead();
    story.agent("B").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_tap_after_the_deadline_is_late_and_says_who_has_the_lead() {
    let story = Story::begin().await;
    story.client(CLIENT).says("Halo").await;
    let offers = offers_of(&story, "sales-a").await;
    story.fast_forward(minutes(5)).await;
    story.agent("B").says("OK").await;
    let (status, late) = taps(&story, "sales-a", "take", &offers[0]).await;
    assert_eq!(
        (status, &late["outcome"], &late["owner"]),
        (200, &json!("late"), &json!("Sales B"))
    );
    // Who is late learns nothing of the client.
    assert_eq!(
        (&late["lead"], &late["chatLink"]),
        (&Value::Null, &Value::Null)
    );
    story.client(CLIENT).is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("B").is_offered_the_lead();
    story.agent("B").is_told("sekarang milik Anda");
    story.agent("A").is_told("sudah diambil Sales B");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_tap_that_came_before_the_deadline_counts_although_the_roll_is_due() {
    let story = Story::begin().await;
    story.client(CLIENT).says("Halo").await;
    let offers = offers_of(&story, "sales-a").await;
    story.time_passes_without_workers(minutes(5) - TimeDelta::milliseconds(1));
    let (_, taken) = taps(&story, "sales-a", "take", &offers[0]).await;
    assert_eq!(taken["outcome"], "accepted");
    story.fast_forward(minutes(1)).await;
    assert_eq!(board(&story).await.1, seats(&[("A", "accepted")]));
    story.client(CLIENT).is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("A").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn passing_on_the_screen_gives_the_next_agent_the_lead_at_once() {
    let story = Story::begin().await;
    story.client(CLIENT).says("Halo").await;
    let offers = offers_of(&story, "sales-a").await;
    let (status, passed) = taps(&story, "sales-a", "pass", &offers[0]).await;
    assert_eq!((status, &passed["outcome"]), (200, &json!("declined")));
    assert_eq!(
        board(&story).await.1,
        seats(&[("A", "declined"), ("B", "open")])
    );
    assert_eq!(offers_of(&story, "sales-b").await.len(), 1);
    story.client(CLIENT).is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("A").is_told("dilewatkan ke agen berikutnya");
    story.agent("B").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn nobody_answers_the_offer_of_somebody_else() {
    let story = Story::begin().await;
    story.client(CLIENT).says("Halo").await;
    let offers = offers_of(&story, "sales-a").await;
    for who in ["sales-b", "admin"] {
        assert!(offers_of(&story, who).await.is_empty());
        for verb in ["take", "pass"] {
            assert_eq!(
                taps(&story, who, verb, &offers[0]).await.0,
                404,
                "{who} {verb}"
            );
        }
    }
    assert_eq!(board(&story).await.1, seats(&[("A", "open")]));
    let nothing = json!({ "attemptId": "0190b8a0-0000-7000-8000-000000000000" });
    assert_eq!(taps(&story, "sales-a", "take", &nothing).await.0, 404);
    story.client(CLIENT).is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_tap_and_an_ok_by_chat_at_one_instant_have_one_owner() {
    for tap_first in [true, false] {
        let story = Story::begin().await;
        story.client(CLIENT).says("Halo").await;
        let offers = offers_of(&story, "sales-a").await;
        let (tap, ok) = if tap_first {
            let tap = taps(&story, "sales-a", "take", &offers[0]).await.1;
            (tap, story.agent("A").says("OK").await)
        } else {
            let ok = story.agent("A").says("OK").await;
            (taps(&story, "sales-a", "take", &offers[0]).await.1, ok)
        };
        let outcomes = [text(&tap["outcome"]), text(&ok["outcome"])];
        let won = outcomes.iter().filter(|one| *one == "accepted").count();
        assert_eq!(won, 1, "{outcomes:?}");
        // Sales A owns the lead either way, so the answer to the tap shows it.
        assert_eq!(tap["lead"]["phone"], "+6281234001234", "{tap}");
        story.client(CLIENT).is_asked_to_wait();
        story.agent("A").is_offered_the_lead();
        story.agent("A").is_told("sekarang milik Anda");
        story.nobody_else_was_messaged().await;
    }
}
