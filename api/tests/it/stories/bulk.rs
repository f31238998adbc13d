//! An admin gives every lead that matches a filter to an agent, and can take it back for ten seconds.

use super::story::{Story, minutes, text};
use chrono::TimeDelta;
use poem::http::Method;
use serde_json::{Value, json};

const PATH: &str = "/api/leads/assignments";

/// Three hangus leads: nobody answered.
async fn three_hangus_leads(story: &Story) {
    for number in ["081234001231", "081234001232", "081234001233"] {
        story.client(number).says("Halo").await;
        story.client(number).is_asked_to_wait();
        for label in ["A", "B", "C", "D", "E", "F"] {
            story.agent(label).is_offered_the_lead();
            story.fast_forward(minutes(5)).await;
        }
    }
}

async fn send(story: &Story, method: Method, path: &str, body: Value) -> (u16, Value) {
    story.send_as("admin", method, path, &body).await
}

async fn owned_by(story: &Story, agent: &str) -> usize {
    let leads = story
        .get_as("admin", &format!("/api/leads?owner={agent}"))
        .await;
    leads["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn every_hangus_lead_goes_to_one_agent_who_reads_one_list() {
    let story = Story::begin().await;
    three_hangus_leads(&story).await;
    // One of them has an owner now: they are told that they lose it.
    let leads = story.get_as("admin", "/api/leads?status=hangus").await;
    let one = text(&leads["items"][0]["id"]);
    let path = format!("/api/leads/{one}/assign");
    let given = send(&story, Method::POST, &path, json!({ "salesId": "sales-c" })).await;
    assert_eq!(given.0, 200);
    story.workers_catch_up().await;
    story.agent("C").is_told("ditugaskan kepada Anda");

    let all = json!({ "salesId": "sales-b", "filter": { "status": ["hangus", "claimed"] } });
    let (status, preview) = send(&story, Method::POST, PATH, all.clone()).await;
    assert_eq!(
        (status, &preview["count"], &preview["id"]),
        (200, &json!(3), &Value::Null)
    );
    story.fast_forward(minutes(1)).await;
    assert_eq!(
        owned_by(&story, "sales-b").await,
        0,
        "a preview does nothing"
    );

    // Somebody else changed something since the preview.
    let mut sure = all;
    sure["count"] = json!(2);
    let (status, refused) = send(&story, Method::POST, PATH, sure.clone()).await;
    assert_eq!((status, &refused["code"]), (409, &json!("stale")));

    sure["count"] = json!(3);
    let (status, bulk) = send(&story, Method::POST, PATH, sure).await;
    assert_eq!((status, &bulk["count"]), (200, &json!(3)), "{bulk}");
    story.fast_forward(TimeDelta::seconds(9)).await;
    assert_eq!(owned_by(&story, "sales-b").await, 0, "it can be taken back");
    story.fast_forward(TimeDelta::seconds(1)).await;
    assert_eq!(owned_by(&story, "sales-b").await, 3);
    let list = story.agent("B").reads();
    assert!(
        list.starts_with("3 lead ditugaskan kepada Anda. Segera hubungi:\n"),
        "{list}"
    );
    assert!(
        list.contains("+6281234001231") && list.contains("+6281234001233"),
        "{list}"
    );
    story
        .agent("C")
        .is_told("1 lead Anda sekarang dipegang Sales B.");
    let path = format!("{PATH}/{}", text(&bulk["id"]));
    let done = story.get_as("admin", &path).await;
    assert_eq!(
        (&done["assigned"], &done["refused"]),
        (&json!(3), &json!(0)),
        "{done}"
    );
    let (status, late) = send(&story, Method::DELETE, &path, Value::Null).await;
    assert_eq!((status, &late["code"]), (409, &json!("begun")));

    // The same filter has nothing left to give.
    let again = json!({ "salesId": "sales-b", "filter": { "status": ["claimed"] }, "count": 0 });
    assert_eq!(send(&story, Method::POST, PATH, again).await.0, 422);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_slip_is_taken_back_before_anybody_is_told() {
    let story = Story::begin().await;
    three_hangus_leads(&story).await;
    let all = json!({ "salesId": "sales-b", "filter": { "status": ["hangus"] }, "count": 3 });
    let (_, bulk) = send(&story, Method::POST, PATH, all).await;
    let path = format!("{PATH}/{}", text(&bulk["id"]));
    story.fast_forward(TimeDelta::seconds(9)).await;
    for _ in 0..2 {
        let (status, cancelled) = send(&story, Method::DELETE, &path, Value::Null).await;
        assert_eq!(status, 200);
        assert!(cancelled["cancelledAt"].is_string(), "{cancelled}");
    }
    story.fast_forward(minutes(5)).await;
    assert_eq!(owned_by(&story, "sales-b").await, 0);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_agent_who_is_disabled_meanwhile_gets_none_and_the_admin_can_see_it() {
    let story = Story::begin().await;
    three_hangus_leads(&story).await;
    let all = json!({ "salesId": "sales-b", "filter": { "status": ["hangus"] }, "count": 3 });
    let (_, bulk) = send(&story, Method::POST, PATH, all.clone()).await;
    let disabled = send(
        &story,
        Method::PATCH,
        "/api/users/sales-b",
        json!({ "disabled": true }),
    )
    .await;
    assert_eq!(disabled.0, 200, "{}", disabled.1);
    story.fast_forward(TimeDelta::seconds(10)).await;
    let path = format!("{PATH}/{}", text(&bulk["id"]));
    let done = story.get_as("admin", &path).await;
    assert_eq!(
        (&done["assigned"], &done["refused"]),
        (&json!(0), &json!(3)),
        "{done}"
    );
    let (status, refused) = send(&story, Method::POST, PATH, all).await;
    assert_eq!((status, &refused["code"]), (409, &json!("agent_disabled")));
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn more_leads_than_one_job_assigns_are_all_assigned_and_a_merged_one_is_counted() {
    let story = Story::begin().await;
    sqlx::query(
        "insert into lead (id, name, phone, status, progress, created_at, updated_at)
         select gen_random_uuid(), 'Klien ' || n, '+62815' || (1000000 + n), 'hangus', 'no-action', now(), now()
         from generate_series(1, 450) n",
    )
    .execute(&story.harness.app.pool)
    .await
    .expect("leads");
    let all = json!({ "salesId": "sales-b", "filter": { "status": ["hangus"] }, "count": 450 });
    let (status, bulk) = send(&story, Method::POST, PATH, all).await;
    assert_eq!((status, &bulk["count"]), (200, &json!(450)), "{bulk}");
    // One is merged away before its turn, and one becomes theirs.
    let leads = story
        .get_as("admin", "/api/leads?status=hangus&limit=3")
        .await;
    let id = |nth: usize| text(&leads["items"][nth]["id"]);
    let merge = format!("/api/leads/{}/merges", id(0));
    let merged = send(&story, Method::POST, &merge, json!({ "leadId": id(1) })).await;
    assert_eq!(merged.0, 200, "{}", merged.1);
    let assign = format!("/api/leads/{}/assign", id(2));
    let given = send(
        &story,
        Method::POST,
        &assign,
        json!({ "salesId": "sales-b" }),
    )
    .await;
    assert_eq!(given.0, 200);
    story.workers_catch_up().await;
    story.agent("B").is_told("ditugaskan kepada Anda");
    story.fast_forward(TimeDelta::seconds(10)).await;
    let path = format!("{PATH}/{}", text(&bulk["id"]));
    let done = story.get_as("admin", &path).await;
    let figures =
        ["count", "assigned", "alreadyTheirs", "gone", "refused"].map(|name| done[name].as_i64());
    assert_eq!(figures, [450, 448, 1, 1, 0].map(Some), "{done}");
    assert!(done["endedAt"].is_string());
    let list = story.agent("B").reads();
    assert!(
        list.starts_with("448 lead ditugaskan kepada Anda."),
        "{list}"
    );
    assert!(list.contains("398"), "fifty are named: {list}");
    story.nobody_else_was_messaged().await;
}
