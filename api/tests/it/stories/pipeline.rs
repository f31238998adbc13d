//! What agents make of their leads, through the api.

use super::story::{Story, minutes, text};
use poem::http::Method;
use serde_json::{Value, json};

/// A lead that Sales A has claimed.
pub(crate) async fn claimed_by_a(story: &Story) -> String {
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("A").says("OK").await;
    story.agent("A").is_told("sekarang milik Anda");
    lead
}

pub(crate) async fn post(story: &Story, user: &str, path: &str, body: Value) -> (u16, Value) {
    story.send_as(user, Method::POST, path, &body).await
}

pub(crate) async fn patch(story: &Story, user: &str, path: &str, body: Value) -> (u16, Value) {
    story.send_as(user, Method::PATCH, path, &body).await
}

#[tokio::test]
async fn an_agent_works_a_lead_to_the_sale_and_the_history_tells_it() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story).await;
    let path = format!("/api/leads/{lead}");
    for progress in ["contacted", "visit", "negotiation", "won"] {
        let (status, entry) = patch(
            &story,
            "sales-a",
            &format!("{path}/progress"),
            json!({ "progress": progress }),
        )
        .await;
        assert_eq!((status, &entry["progress"]), (200, &json!(progress)));
    }
    let (status, problem) = patch(
        &story,
        "sales-a",
        &format!("{path}/progress"),
        json!({ "progress": "visit" }),
    )
    .await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("illegal_transition"))
    );
    let layer2 = json!({ "status": "akad", "note": "Jumat depan" });
    let (status, entry) = patch(&story, "sales-a", &format!("{path}/layer2"), layer2.clone()).await;
    assert_eq!((status, &entry["layer2"]), (200, &layer2));
    let (status, entry) = patch(
        &story,
        "sales-a",
        &format!("{path}/status"),
        json!({ "status": "closed" }),
    )
    .await;
    assert_eq!(
        (status, &entry["status"], &entry["ownerName"]),
        (200, &json!("closed"), &json!("Sales A"))
    );

    let detail = story.get_as("sales-a", &path).await;
    let history: Vec<String> = detail["history"]
        .as_array()
        .expect("a history")
        .iter()
        .map(|change| {
            format!(
                "{} {} {} by {}",
                text(&change["field"]),
                text(&change["oldValue"]),
                text(&change["newValue"]),
                text(&change["byName"])
            )
        })
        .collect();
    assert_eq!(
        history,
        [
            "progress pending contacted by Sales A",
            "progress contacted visit by Sales A",
            "progress visit negotiation by Sales A",
            "progress negotiation won by Sales A",
            "layer2  akad by Sales A",
            "status claimed closed by Sales A",
        ]
    );
    assert_eq!(detail["messages"].as_array().map(Vec::len), Some(5));
    assert_eq!(detail["cycles"][0]["status"], "accepted");
    // The client comes back, and goes first to the agent who had them.
    story.fast_forward(minutes(60)).await;
    let again = story.client("081234001234").says("Ada unit lain?").await;
    assert_eq!(
        (&again["outcome"], &again["agent"]["id"]),
        (&json!("distributing"), &json!("sales-a"))
    );
    story.client("081234001234").is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_rejection_needs_its_reason_and_only_a_rejection_has_one() {
    let story = Story::begin().await;
    let path = format!("/api/leads/{}/layer2", claimed_by_a(&story).await);
    for (body, words) in [
        (json!({ "status": "ditolak" }), "is needed for a rejection"),
        (
            json!({ "status": "tertarik", "reason": "harga" }),
            "for rejections only",
        ),
        (
            json!({ "status": "ditolak", "reason": "cuaca" }),
            "not one of the reasons",
        ),
        (
            json!({ "status": "entah" }),
            "not one of the layer 2 statuses",
        ),
        (
            json!({ "status": "prospek", "note": "x".repeat(2001) }),
            "longer than 2000",
        ),
    ] {
        let (status, problem) = patch(&story, "sales-a", &path, body).await;
        assert_eq!(status, 422, "{problem}");
        assert!(
            problem.to_string().contains(words),
            "{words:?} is not in {problem}"
        );
    }
    let (status, entry) = patch(
        &story,
        "sales-a",
        &path,
        json!({ "status": "ditolak", "reason": "harga" }),
    )
    .await;
    assert_eq!((status, &entry["layer2"]["reason"]), (200, &json!("harga")));
    let chart = story
        .get_as("admin", "/api/dashboard/rejected-reason-chart")
        .await;
    assert_eq!(
        chart[0],
        json!({ "id": "harga", "label": "Harga tidak cocok", "count": 1 })
    );
    let chart = story
        .get_as("admin", "/api/dashboard/layer2-status-chart")
        .await;
    assert_eq!(chart.as_array().map(Vec::len), Some(7));
    assert_eq!(
        chart[6],
        json!({ "id": "ditolak", "label": "Ditolak", "count": 1 })
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_agent_sees_and_changes_their_own_leads_only() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story).await;
    let path = format!("/api/leads/{lead}");
    assert_eq!(
        story.get_as("sales-a", "/api/leads").await["items"][0]["id"],
        json!(lead)
    );
    assert_eq!(
        story.get_as("sales-b", "/api/leads").await["items"],
        json!([])
    );
    assert_eq!(
        story.get_as("sales-b", "/api/leads?owner=sales-a").await["items"],
        json!([])
    );
    for (method, path, body) in [
        (Method::GET, path.clone(), json!({})),
        (
            Method::PATCH,
            format!("{path}/status"),
            json!({ "status": "closed" }),
        ),
        (
            Method::PATCH,
            format!("{path}/progress"),
            json!({ "progress": "won" }),
        ),
        (
            Method::PATCH,
            format!("{path}/layer2"),
            json!({ "status": "akad" }),
        ),
    ] {
        assert_eq!(
            story.send_as("sales-b", method, &path, &body).await.0,
            404,
            "{path}"
        );
    }
    assert_eq!(
        story.get_as("admin", &path).await["lead"]["ownerName"],
        "Sales A"
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn nobody_but_distribution_moves_a_lead_that_is_being_distributed() {
    let story = Story::begin().await;
    let lead = text(&story.client("081234001234").says("Halo").await["lead"]["id"]);
    story.client("081234001234").is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    let path = format!("/api/leads/{lead}");
    for (part, body, code) in [
        (
            "status",
            json!({ "status": "closed" }),
            "illegal_transition",
        ),
        (
            "status",
            json!({ "status": "claimed" }),
            "illegal_transition",
        ),
        (
            "progress",
            json!({ "progress": "contacted" }),
            "illegal_transition",
        ),
        ("layer2", json!({ "status": "prospek" }), "lead_not_claimed"),
    ] {
        let (status, problem) = patch(&story, "admin", &format!("{path}/{part}"), body).await;
        assert_eq!((status, &problem["code"]), (409, &json!(code)), "{part}");
    }
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn pages_follow_one_another_without_a_gap_or_a_repeat_and_filters_hold() {
    let story = Story::begin().await;
    for number in 0..7 {
        let ad = json!({ "metaLeadId": format!("m{number}"), "name": format!("Client {number}"), "phone": format!("08123400000{number}"), "sourceAds": if number % 2 == 0 { "IG" } else { "FB" } });
        story.post("/webhooks/meta/leads", &ad).await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/leads?limit=3".to_owned();
    loop {
        let page = story.get_as("admin", &path).await;
        assert_eq!(
            page["counts"],
            json!([{ "status": "distributing", "count": 7 }])
        );
        seen.extend(
            page["items"]
                .as_array()
                .expect("items")
                .iter()
                .map(|item| text(&item["name"])),
        );
        match page["nextCursor"].as_str() {
            Some(cursor) => path = format!("/api/leads?limit=3&cursor={cursor}"),
            None => break,
        }
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((seen.len(), sorted.len()), (7, 7), "{seen:?}");
    for (query, count) in [
        ("source=IG", 4),
        ("q=client%205", 1),
        ("q=00003", 1),
        ("q=%25", 0),
        ("status=distributing&status=claimed", 7),
        ("status=hangus", 0),
        ("progress=pending", 7),
        ("layer2=akad", 0),
        ("from=2026-01-06T00:00:00Z", 0),
        ("sort=oldest&limit=200", 7),
    ] {
        let page = story.get_as("admin", &format!("/api/leads?{query}")).await;
        assert_eq!(
            page["items"].as_array().map(Vec::len),
            Some(count),
            "{query}"
        );
    }
    for (query, status) in [
        ("cursor=nonsense", 422),
        ("limit=0", 400),
        ("status=unheard-of", 400),
        ("from=yesterday", 400),
    ] {
        let (found, problem) = story
            .send_as(
                "admin",
                Method::GET,
                &format!("/api/leads?{query}"),
                &json!({}),
            )
            .await;
        assert_eq!(found, status, "{query}: {problem}");
    }
    story.workers_catch_up().await;
    for message in story.harness.provider.unheard() {
        story.harness.provider.heard_by(&message.to);
    }
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_admin_edits_the_small_tables_and_what_is_inactive_cannot_be_chosen() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story).await;
    let put =
        async |path: &str, body: Value| story.send_as("admin", Method::PUT, path, &body).await;
    let (status, all) = put(
        "/api/layer2-statuses",
        json!({ "id": "survei-ulang", "label": "Survei ulang", "position": 4 }),
    )
    .await;
    assert_eq!(status, 200, "{all}");
    assert!(all.to_string().contains("Survei ulang"));
    let (_, _) = put(
        "/api/layer2-statuses",
        json!({ "id": "prospek", "label": "Prospek", "position": 1, "active": false }),
    )
    .await;
    let path = format!("/api/leads/{lead}/layer2");
    assert_eq!(
        patch(
            &story,
            "sales-a",
            &path,
            json!({ "status": "survei-ulang" })
        )
        .await
        .0,
        200
    );
    assert_eq!(
        patch(&story, "sales-a", &path, json!({ "status": "prospek" }))
            .await
            .0,
        422
    );
    assert_eq!(
        put(
            "/api/rejected-reasons",
            json!({ "id": "Tidak Sah", "label": "x" })
        )
        .await
        .0,
        422
    );
    assert_eq!(
        put(
            "/api/rejected-reasons",
            json!({ "id": "banjir", "label": " " })
        )
        .await
        .0,
        422
    );
    let (_, reasons) = put(
        "/api/rejected-reasons",
        json!({ "id": "banjir", "label": "Rawan banjir", "position": 8 }),
    )
    .await;
    assert_eq!(reasons[7]["label"], "Rawan banjir");
    story.nobody_else_was_messaged().await;
}
