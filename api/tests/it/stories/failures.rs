//! Providers that fail, code that panics, messages that were not handled.

use super::story::{Story, minutes, text};
use chrono::TimeDelta;
use serde_json::json;
use shared::distribution;
use shared::id::AttemptId;
use shared::testing::ok_of;
use worker::drain;

#[tokio::test]
async fn a_provider_that_is_away_is_tried_again_and_the_agent_still_has_five_minutes() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    // Both the auto-reply and the offer fail, then both succeed.
    story.harness.provider.is_away(2);
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    assert!(story.harness.provider.unheard().is_empty());
    story.fast_forward(TimeDelta::seconds(10)).await;
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    assert_eq!(story.standing(&lead).await.1, ["open"]);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_offer_that_is_refused_for_good_goes_to_the_next_agent_at_once() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    // The auto-reply, which is recorded and not tried again, and the offer to A.
    story.harness.provider.refuses_the_next();
    story.harness.provider.refuses_the_next();
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    story.agent("B").is_offered_the_lead();
    let journey = story.journey(&lead).await;
    let attempts = &journey["cycles"][0]["attempts"];
    assert_eq!(attempts[0]["status"], "undeliverable");
    assert_eq!(attempts[0]["reason"], "refused");
    assert_eq!(attempts[1]["position"], 2);
    let messages = journey["messages"].as_array().expect("messages");
    let failed = messages
        .iter()
        .filter(|message| message["deliveryStatus"] == "failed");
    assert_eq!(failed.count(), 2);
    // B has the full window, and A has no offer to be late for.
    story.fast_forward(minutes(4)).await;
    assert_eq!(story.standing(&lead).await.1, ["undeliverable", "open"]);
    assert_eq!(story.agent("A").says("OK").await["outcome"], "nothing_open");
    story.agent("A").is_told("Tidak ada penawaran");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn when_no_offer_arrives_the_lead_is_hangus_at_once_and_the_history_says_why() {
    let story = Story::begin().await;
    for _ in 0..7 {
        story.harness.provider.refuses_the_next();
    }
    let answer = story.client("081234001234").says("Halo").await;
    let (status, attempts) = story.standing(&text(&answer["lead"]["id"])).await;
    assert_eq!(status, "hangus");
    assert_eq!(attempts, ["undeliverable"; 6]);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_refusal_whose_worker_died_before_it_passed_the_lead_on_is_passed_on_by_the_next_run() {
    let story = Story::begin().await;
    let app = &story.harness.app;
    let client = story.client("081234001234");
    let path = "/webhooks/whatsapp/dummy/client-message";
    let answer = story
        .post(path, &json!({ "clientWa": "081234001234", "body": "Halo" }))
        .await;
    let attempt: AttemptId =
        serde_json::from_value(answer["attempt"]["id"].clone()).expect("an id");
    sqlx::query(
        "insert into wa_message (id, lead_id, attempt_id, direction, kind, from_wa, to_wa, body, provider,
                                 delivery_status, created_at)
         select gen_random_uuid(), c.lead_id, a.id, 'out', 'offer', '+620000000000', '+6281110000001', '', 'dummy',
                'failed', a.assigned_at
         from distribution_attempt a join distribution_cycle c on c.id = a.cycle_id where a.id = $1",
    )
    .bind(attempt.0)
    .execute(&app.pool)
    .await
    .expect("what the dead worker left");
    story.workers_catch_up().await;
    let lead = text(&answer["lead"]["id"]);
    assert_eq!(story.standing(&lead).await.1, ["undeliverable", "open"]);
    client.is_asked_to_wait();
    story.agent("B").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn code_that_panics_ends_its_job_and_no_other() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    story.harness.provider.panics_at_the_next();
    client.says("Halo").await;
    story.fast_forward(TimeDelta::seconds(5)).await;
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_message_that_never_gets_through_becomes_a_dead_letter() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    // The auto-reply and every offer hit the same fault of ours, each time.
    for _ in 0..4000 {
        story.harness.provider.panics_at_the_next();
    }
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    story.fast_forward(minutes(30 * 60)).await;
    assert!(
        drain::dead_letters(&story.harness.app)
            .await
            .expect("a count")
            >= 1
    );
    let journey = story.journey(&lead).await;
    let messages = journey["messages"].as_array().expect("messages");
    let auto_reply = messages
        .iter()
        .find(|message| message["kind"] == "auto_reply");
    assert_eq!(
        auto_reply.expect("an auto-reply")["deliveryStatus"],
        "failed"
    );
    assert_eq!(journey["lead"]["status"], "hangus");
    // A dead letter is a person's to deal with; here the person deletes it.
    sqlx::query("delete from apalis.jobs where status = 'Killed'")
        .execute(&story.harness.app.pool)
        .await
        .expect("a tidy queue");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_ok_received_in_time_by_a_process_that_died_is_heard_before_the_roll() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    story.fast_forward(minutes(4)).await;
    // The api stored the message and was killed.
    distribution::receive(&story.harness.app, &ok_of("A"))
        .await
        .expect("received");
    story.fast_forward(minutes(10)).await;
    let (status, attempts) = story.standing(&lead).await;
    assert_eq!(status, "claimed");
    assert_eq!(attempts, ["accepted"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("A").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_word_that_nobody_acted_on_is_found_by_the_sweep() {
    let story = Story::begin().await;
    let app = &story.harness.app;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    distribution::receive(app, &ok_of("A"))
        .await
        .expect("received");
    // Its own process may still be at it.
    assert_eq!(
        distribution::handle_unhandled(app).await.expect("a look"),
        0
    );
    story.time_passes_without_workers(TimeDelta::seconds(6));
    assert_eq!(
        distribution::handle_unhandled(app).await.expect("a look"),
        1
    );
    assert_eq!(
        distribution::handle_unhandled(app).await.expect("a look"),
        0
    );
    assert_eq!(story.standing(&lead).await.0, "claimed");
    story.workers_catch_up().await;
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("A").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}
