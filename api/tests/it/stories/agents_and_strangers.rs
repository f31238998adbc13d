//! Who can answer OK, and to which offer.

use super::story::{Story, minutes, text};
use chrono::TimeDelta;
use serde_json::json;

#[tokio::test]
async fn a_strangers_ack_changes_nothing() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    let path = "/webhooks/whatsapp/dummy/sales-ack";
    let answer = story
        .post(path, &json!({ "salesWa": "081299999999", "body": "OK" }))
        .await;
    assert_eq!(
        answer,
        json!({ "outcome": "unknown_agent", "duplicate": false })
    );
    // A client is no agent either.
    let answer = story
        .post(path, &json!({ "salesWa": "081234001234", "body": "OK" }))
        .await;
    assert_eq!(answer["outcome"], "unknown_agent");
    assert_eq!(story.standing(&lead).await.1, ["open"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_ok_of_an_agent_whose_turn_has_not_come_claims_nothing() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    assert_eq!(story.agent("B").says("OK").await["outcome"], "nothing_open");
    story.agent("B").is_told("Tidak ada penawaran");
    assert_eq!(story.standing(&lead).await.1, ["open"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_agent_who_writes_to_the_company_is_an_agent_and_never_a_new_client() {
    let story = Story::begin().await;
    let path = "/webhooks/whatsapp/dummy/client-message";
    let chat = json!({ "clientWa": "081110000001", "body": "Halo, ini Sales A" });
    let answer = story.post(path, &chat).await;
    assert_eq!(
        answer,
        json!({ "outcome": "not_an_ack", "duplicate": false })
    );

    let client = story.client("081234001234");
    client.says("Halo").await;
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    let ok = json!({ "clientWa": "081110000001", "body": "ok" });
    assert_eq!(story.post(path, &ok).await["outcome"], "accepted");
    story.workers_catch_up().await;
    story.agent("A").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_bare_ok_with_two_open_offers_claims_nothing_and_asks() {
    let story = Story::begin().await;
    let first = text(&story.client("081234001234").says("Halo").await["lead"]["id"]);
    let second = text(&story.client("081234001235").says("Halo").await["lead"]["id"]);
    let answer = story.agent("A").says("OK").await;
    assert_eq!(
        answer,
        json!({ "outcome": "ambiguous", "duplicate": false })
    );
    assert_eq!(story.standing(&first).await.1, ["open"]);
    assert_eq!(story.standing(&second).await.1, ["open"]);

    // The question asks for a quote. Quoting the second offer claims it, and then OK is unambiguous again.
    let offer = story.offer_message(&second).await;
    let quoting = json!({ "body": "OK", "quotedMessageId": offer });
    let answer = story.agent("A").sends(quoting).await;
    assert_eq!(answer["outcome"], "accepted");
    assert_eq!(answer["lead"]["id"], second.as_str());
    let answer = story.agent("A").says("OK").await;
    assert_eq!(answer["lead"]["id"], first.as_str());

    for phone in ["081234001234", "081234001235"] {
        story.client(phone).is_asked_to_wait();
        story.agent("A").is_offered_the_lead();
    }
    story.agent("A").is_told("Ada 2 penawaran terbuka");
    story.agent("A").is_told("sekarang milik Anda");
    story.agent("A").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn quoting_somebody_elses_offer_claims_nothing() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    let offer = story.offer_message(&lead).await;
    let quoting = json!({ "body": "OK", "quotedMessageId": offer });
    assert_eq!(
        story.agent("B").sends(quoting).await["outcome"],
        "nothing_open"
    );
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("B").is_told("Tidak ada penawaran");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_agent_who_is_late_is_told_once_per_offer_however_often_they_say_ok() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    client.says("Halo").await;
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.fast_forward(minutes(5)).await;
    story.agent("B").is_offered_the_lead();
    for _ in 0..3 {
        let answer = story.agent("A").says("OK").await;
        assert_eq!(answer["outcome"], "late");
        assert_eq!(answer["attempt"]["status"], "timed_out");
    }
    story.agent("A").is_told("terlambat");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_robot_that_answers_our_answers_is_listened_to_only_after_the_fifth() {
    let story = Story::begin().await;
    for _ in 0..8 {
        assert_eq!(story.agent("A").says("OK").await["outcome"], "nothing_open");
    }
    for _ in 0..5 {
        story.agent("A").is_told("Tidak ada penawaran");
    }
    // A claim counts as an action, so A is answered again.
    let client = story.client("081234001234");
    client.says("Halo").await;
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    assert_eq!(story.agent("A").says("skip").await["outcome"], "declined");
    story.agent("A").is_told("dilewatkan");
    story.agent("B").is_offered_the_lead();
    story.fast_forward(TimeDelta::seconds(1)).await;
    assert_eq!(story.agent("A").says("OK").await["outcome"], "nothing_open");
    story.agent("A").is_told("Tidak ada penawaran");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn words_that_are_no_ok_claim_nothing() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    for words in ["tidak ok", "ok?", "siapa ini", "", "[pesan suara]"] {
        assert_eq!(
            story.agent("A").says(words).await["outcome"],
            "not_an_ack",
            "{words}"
        );
        // With an offer open nobody is met with silence.
        story.agent("A").is_told("Balas OK A");
    }
    // Five hints an hour are enough.
    story.agent("A").says("halo?").await;
    assert_eq!(story.standing(&lead).await.1, ["open"]);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_agent_without_a_number_is_passed_over_and_the_history_says_so() {
    let story = Story::begin().await;
    sqlx::query(r#"update "user" set phone = 'tanya admin' where id = 'sales-a'"#)
        .execute(&story.harness.app.pool)
        .await
        .expect("an operator edits the number");
    let client = story.client("081234001234");
    let answer = client.says("Halo").await;
    assert_eq!(answer["agent"]["name"], "Sales B");
    let journey = story.journey(&text(&answer["lead"]["id"])).await;
    let attempts = &journey["cycles"][0]["attempts"];
    assert_eq!(attempts[0]["status"], "undeliverable");
    assert_eq!(attempts[0]["reason"], "no_number");
    assert_eq!(attempts[1]["position"], 2);
    client.is_asked_to_wait();
    story.agent("B").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_queue_edited_while_a_cycle_runs_changes_only_later_cycles() {
    let story = Story::begin().await;
    story.client("081234001234").says("Halo").await;
    sqlx::query("update sales_queue set active = false where label = 'B'")
        .execute(&story.harness.app.pool)
        .await
        .expect("an operator edits the queue");
    story.fast_forward(minutes(5)).await;
    story.agent("A").is_offered_the_lead();
    story.agent("B").is_offered_the_lead();
    let later = story.client("081234001235").says("Halo").await;
    let journey = story.journey(&text(&later["lead"]["id"])).await;
    let queue = journey["cycles"][0]["queue"].as_array().expect("a queue");
    assert_eq!(queue.len(), 5);
    story.agent("A").is_offered_the_lead();
    story.client("081234001234").is_asked_to_wait();
    story.client("081234001235").is_asked_to_wait();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn with_nobody_in_the_queue_a_lead_is_held_and_released_when_somebody_is() {
    let story = Story::begin().await;
    let pool = &story.harness.app.pool;
    sqlx::query("update sales_queue set active = false")
        .execute(pool)
        .await
        .expect("edit");
    let client = story.client("081234001234");
    let answer = client.says("Halo").await;
    assert_eq!(answer["outcome"], "held");
    assert_eq!(answer["cycle"]["status"], "held");
    client.is_asked_to_wait();
    let held = shared::distribution::release_held(&story.harness.app).await;
    assert_eq!(held.expect("a look"), 0);

    sqlx::query("update sales_queue set active = true where label = 'C'")
        .execute(pool)
        .await
        .expect("edit");
    // The sweep notices the edit at its next look.
    story.time_passes_without_workers(TimeDelta::seconds(15));
    let released = shared::distribution::release_held(&story.harness.app).await;
    assert_eq!(released.expect("a release"), 1);
    story.workers_catch_up().await;
    story.agent("C").is_offered_the_lead();
    assert_eq!(story.agent("C").says("OK").await["outcome"], "accepted");
    story.agent("C").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}
