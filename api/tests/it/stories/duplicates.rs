//! The same event twice changes nothing; the same job twice changes nothing.

use super::story::{Story, minutes, text};
use serde_json::json;
use worker::drain;
use worker::outcome::Outcome;

#[tokio::test]
async fn the_same_meta_lead_id_twice_changes_nothing() {
    let story = Story::begin().await;
    let first = story.ad("meta-001", "081234001234").await;
    let again = story.ad("meta-001", "081234001234").await;
    assert_eq!(again["duplicate"], true);
    assert_eq!(again["lead"], first["lead"]);
    assert_eq!(again["attempt"]["id"], first["attempt"]["id"]);
    // Not even with another number: the form was filled in once.
    let other = story.ad("meta-001", "081234009999").await;
    assert_eq!(other["duplicate"], true);
    assert_eq!(other["lead"]["id"], first["lead"]["id"]);
    let leads: i64 = sqlx::query_scalar("select count(*) from lead")
        .fetch_one(&story.harness.app.pool)
        .await
        .expect("a count");
    assert_eq!(leads, 1);
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn the_same_client_message_twice_changes_nothing() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let message = json!({ "body": "Halo", "messageId": "wamid.1" });
    let first = client.sends(message.clone()).await;
    let again = client.sends(message).await;
    assert_eq!(again["duplicate"], true);
    assert_eq!(again["outcome"], "distributing");
    assert_eq!(again["attempt"]["id"], first["attempt"]["id"]);
    let journey = story.journey(&text(&first["lead"]["id"])).await;
    assert_eq!(journey["messages"].as_array().map(Vec::len), Some(3));
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn the_same_ok_twice_is_answered_as_the_first_time() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    client.says("Halo").await;
    let ok = json!({ "body": "OK", "messageId": "wamid.ok" });
    let first = story.agent("A").sends(ok.clone()).await;
    assert_eq!(first["outcome"], "accepted");
    story.fast_forward(minutes(10)).await;
    let again = story.agent("A").sends(ok).await;
    assert_eq!(again["outcome"], "accepted");
    assert_eq!(again["duplicate"], true);
    assert_eq!(again["attempt"], first["attempt"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("A").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn the_same_message_delivered_many_times_at_once_is_one() {
    let story = Story::begin().await;
    let message = json!({
        "clientWa": "081234001234", "body": "Halo", "messageId": "wamid.1"
    });
    let path = "/webhooks/whatsapp/dummy/client-message";
    let answers = tokio::join!(
        story.post(path, &message),
        story.post(path, &message),
        story.post(path, &message),
        story.post(path, &message),
    );
    let answers = [answers.0, answers.1, answers.2, answers.3];
    let new = answers
        .iter()
        .filter(|answer| answer["duplicate"] == false)
        .count();
    assert_eq!(new, 1, "{answers:#?}");
    story.workers_catch_up().await;
    story.client("081234001234").is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn every_job_may_run_twice() {
    let story = Story::begin().await;
    let app = &story.harness.app;
    let client = story.client("081234001234");
    let path = "/webhooks/whatsapp/dummy/client-message";
    story
        .post(path, &json!({ "clientWa": "081234001234", "body": "Halo" }))
        .await;

    // At each step of the journey, run what waits and is due three times over.
    for _ in 0..14 {
        for (queue, payload, run_at) in drain::waiting(app).await.expect("jobs") {
            if run_at <= story.now() {
                for _ in 0..2 {
                    assert_eq!(
                        drain::perform(app, &queue, &payload, 1).await,
                        Outcome::Done
                    );
                }
            }
        }
        story.workers_catch_up().await;
        story.time_passes_without_workers(minutes(5) / 2);
    }
    client.is_asked_to_wait();
    for label in ["A", "B", "C", "D", "E", "F"] {
        story.agent(label).is_offered_the_lead();
    }
    let status: String = sqlx::query_scalar("select status from lead")
        .fetch_one(&app.pool)
        .await
        .expect("the lead");
    assert_eq!(status, "hangus");
    story.nobody_else_was_messaged().await;
}
