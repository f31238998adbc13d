//! An agent gives away their desk: all or chosen open leads, with one summary for each side.

use super::pipeline::{patch, post};
use super::story::{Story, text};
use serde_json::{Value, json};

async fn claimed(story: &Story, number: &str) -> String {
    let client = story.client(number);
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("A").says("OK").await;
    story.agent("A").is_told("sekarang milik Anda");
    lead
}

#[tokio::test]
async fn a_whole_desk_goes_to_a_colleague_with_its_visits_and_one_summary_to_each() {
    let story = Story::begin().await;
    let first = claimed(&story, "081234001231").await;
    let second = claimed(&story, "081234001232").await;
    let visit = json!({ "startsAt": "2026-01-09T09:00:00+07:00" });
    let book = format!("/api/leads/{first}/appointments");
    assert_eq!(post(&story, "sales-a", &book, visit).await.0, 200);
    let path = "/api/sales/sales-a/handovers";
    let preview = json!({ "colleague": "sales-b", "preview": true });
    let (status, would) = post(&story, "admin", path, preview).await;
    assert_eq!(
        (status, &would["visits"], &would["id"]),
        (200, &json!(1), &Value::Null)
    );
    assert_eq!(would["leads"].as_array().map(Vec::len), Some(2));
    story.workers_catch_up().await;

    let (status, moved) = post(&story, "admin", path, json!({ "colleague": "sales-b" })).await;
    assert_eq!(
        (status, moved["leads"].as_array().map(Vec::len)),
        (200, Some(2))
    );
    story.workers_catch_up().await;
    let summary = story.agent("B").reads();
    assert!(
        summary.starts_with("2 lead dari Sales A sekarang milik Anda:\n"),
        "{summary}"
    );
    assert!(
        summary.contains("(+6281234001231) · kunjungan Jumat, 9 Januari pukul 09:00 WIB\n"),
        "{summary}"
    );
    let farewell = story.agent("A").reads();
    assert!(
        farewell.starts_with("2 lead Anda sekarang dipegang Sales B."),
        "{farewell}"
    );
    for lead in [&first, &second] {
        let entry = story.get_as("sales-b", &format!("/api/leads/{lead}")).await;
        assert_eq!(entry["lead"]["ownerName"], "Sales B");
    }
    let visits = story.get_as("sales-b", "/api/appointments").await;
    assert_eq!(visits[0]["salesId"], "sales-b", "{visits}");
    let past = story.get_as("admin", path).await;
    assert_eq!(
        (&past[0]["moved"], &past[0]["remaining"]),
        (&json!(2), &json!(0))
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_chosen_lead_goes_back_into_distribution_and_its_client_is_told_once() {
    let story = Story::begin_telling_clients().await;
    let lead = claimed(&story, "081234001231").await;
    story
        .client("081234001231")
        .is_told("Anda dilayani oleh Sales A");
    let kept = claimed(&story, "081234001232").await;
    story
        .client("081234001232")
        .is_told("Anda dilayani oleh Sales A");
    let path = "/api/sales/sales-a/handovers";
    let (status, _) = post(&story, "admin", path, json!({ "leads": [lead] })).await;
    assert_eq!(status, 200);
    story.workers_catch_up().await;
    // The queue begins with Sales A.
    story.agent("A").is_told("Client lama untuk A");
    story
        .agent("A")
        .is_told("1 lead Anda sekarang dipegang antrian.");
    story.agent("A").says("LEWATI").await;
    story.agent("A").is_told("dilewatkan");
    story.agent("B").is_offered_the_lead();
    story.agent("B").says("OK").await;
    story.agent("B").is_told("sekarang milik Anda");
    story
        .client("081234001231")
        .is_told("Anda dilayani oleh Sales B");
    let entry = story.get_as("sales-a", &format!("/api/leads/{kept}")).await;
    assert_eq!(entry["lead"]["ownerName"], "Sales A");

    for (body, status) in [
        (json!({ "colleague": "sales-a" }), 422),
        (json!({ "colleague": "sales-b", "leads": [lead] }), 422),
        (json!({ "colleague": "nobody" }), 404),
    ] {
        assert_eq!(
            post(&story, "admin", path, body.clone()).await.0,
            status,
            "{body}"
        );
    }
    assert_eq!(post(&story, "sales-a", path, json!({})).await.0, 403);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_handover_that_runs_twice_leaves_a_lead_that_its_giver_claimed_again() {
    let story = Story::begin().await;
    let lead = claimed(&story, "081234001231").await;
    let path = "/api/sales/sales-a/handovers";
    let (status, moved) = post(&story, "admin", path, json!({})).await;
    assert_eq!((status, &moved["leads"]), (200, &json!([lead])));
    story.workers_catch_up().await;
    story.agent("A").is_told("Client lama untuk A");
    story.agent("A").is_told("dipegang antrian");
    story.agent("A").says("OK").await;
    story.agent("A").is_told("sekarang milik Anda");
    // The worker died before it could record that it had ended.
    sqlx::query("update agent_handover set ended_at = null")
        .execute(&story.harness.app.pool)
        .await
        .expect("as if it had not ended");
    let id = text(&moved["id"]).parse().expect("an id");
    shared::distribution::hand_over(&story.harness.app, id)
        .await
        .expect("the second run");
    story.workers_catch_up().await;
    story.agent("A").is_told("dipegang antrian");
    assert_eq!(story.standing(&lead).await.0, "claimed");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_sold_lead_stays_with_its_agent_when_the_desk_goes_back_into_distribution() {
    let story = Story::begin().await;
    let sold = claimed(&story, "081234001231").await;
    let open = claimed(&story, "081234001232").await;
    for progress in ["contacted", "won"] {
        let path = format!("/api/leads/{sold}/progress");
        let change = json!({ "progress": progress });
        let (status, told) = patch(&story, "sales-a", &path, change).await;
        assert_eq!(status, 200, "{told}");
    }
    let path = "/api/sales/sales-a/handovers";
    let preview = json!({ "preview": true });
    let (status, would) = post(&story, "admin", path, preview).await;
    assert_eq!((status, &would["leads"]), (200, &json!([open])));
    let disabled = json!({ "disabled": true, "leads": "distribute" });
    let (status, _) = patch(&story, "admin", "/api/users/sales-a", disabled).await;
    assert_eq!(status, 200);
    story.workers_catch_up().await;
    story.agent("B").is_told("Client lama untuk B");
    let entry = story.get_as("admin", &format!("/api/leads/{sold}")).await;
    let lead = &entry["lead"];
    assert_eq!(
        (&lead["ownerName"], &lead["progress"]),
        (&json!("Sales A"), &json!("won"))
    );
    story.nobody_else_was_messaged().await;
}
