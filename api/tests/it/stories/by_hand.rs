//! Leads that people of the office enter, correct, reject, stop and mark.

use super::pipeline::{claimed_by_a, patch, post};
use super::story::{Story, minutes, text};
use poem::http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_walk_in_is_the_agents_own_without_an_offer_or_a_message() {
    let story = Story::begin_telling_clients().await;
    let walk_in = json!({
        "phone": "0812 3400 1234", "name": "Ibu Sari", "source": "walk-in", "project": "Villa",
        "note": "datang Sabtu siang",
    });
    let (status, lead) = post(&story, "sales-b", "/api/leads", walk_in.clone()).await;
    assert_eq!(status, 200, "{lead}");
    assert_eq!(
        (&lead["status"], &lead["ownerName"], &lead["phone"]),
        (
            &json!("claimed"),
            &json!("Sales B"),
            &json!("+6281234001234")
        )
    );
    let path = format!("/api/leads/{}", text(&lead["id"]));
    let detail = story.get_as("sales-b", &path).await;
    assert_eq!(detail["history"][0]["field"], "created");
    assert_eq!(detail["history"][0]["note"], "datang Sabtu siang");
    // Entered again: shown to the owner, hidden from a colleague, and never doubled.
    let (status, again) = post(&story, "sales-b", "/api/leads", walk_in.clone()).await;
    assert_eq!((status, &again["code"]), (409, &json!("lead_exists")));
    assert!(text(&again["detail"]).contains(&text(&lead["id"])));
    let (status, other) = post(&story, "sales-c", "/api/leads", walk_in).await;
    assert_eq!((status, &other["code"]), (409, &json!("lead_exists")));
    assert_eq!(other["detail"], Value::Null);
    // Their first message goes to the owner.
    let client = story.client("081234001234");
    assert_eq!(client.says("Halo").await["outcome"], "owner_told");
    story.agent("B").is_told("menulis lagi");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_admin_enters_a_referral_for_the_queue_or_for_an_agent() {
    let story = Story::begin().await;
    let referral = json!({ "phone": "081234001234", "name": "Pak Joko", "source": "referral" });
    let (status, lead) = post(&story, "admin", "/api/leads", referral).await;
    assert_eq!((status, &lead["status"]), (200, &json!("distributing")));
    story.workers_catch_up().await;
    story.agent("A").is_told("\nSumber: referral\n");
    let given = json!({ "phone": "081234001235", "ownerId": "sales-d" });
    let (status, lead) = post(&story, "admin", "/api/leads", given).await;
    assert_eq!((status, &lead["ownerName"]), (200, &json!("Sales D")));
    story.workers_catch_up().await;
    story.agent("D").is_told("ditugaskan kepada Anda");

    for (user, body, field) in [
        ("admin", json!({ "phone": "12" }), "phone"),
        ("admin", json!({ "phone": "+6281110000003" }), "phone"),
        (
            "sales-a",
            json!({ "phone": "081234001236", "ownerId": "sales-b" }),
            "ownerId",
        ),
    ] {
        let (status, problem) = post(&story, user, "/api/leads", body).await;
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{problem}"
        );
    }
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_lead_is_corrected_and_the_history_says_who_did_it() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story).await;
    let path = format!("/api/leads/{lead}");
    let right =
        json!({ "name": "Ibu Rina", "phone": "081234009999", "project": "Villa", "source": "" });
    let (status, entry) = patch(&story, "sales-a", &path, right).await;
    assert_eq!(status, 200, "{entry}");
    assert_eq!(
        (&entry["name"], &entry["phone"]),
        (&json!("Ibu Rina"), &json!("+6281234009999"))
    );
    assert_eq!(
        (&entry["project"], &entry["sourceAds"]),
        (&json!("Villa"), &Value::Null)
    );
    let note = json!({ "note": "suka yang hook" });
    assert_eq!(
        post(&story, "sales-a", &format!("{path}/notes"), note)
            .await
            .0,
        200
    );
    let detail = story.get_as("admin", &path).await;
    let fields: Vec<String> = detail["history"]
        .as_array()
        .expect("a history")
        .iter()
        .map(|change| format!("{} by {}", text(&change["field"]), text(&change["byName"])))
        .collect();
    assert_eq!(
        fields,
        [
            "name by Sales A",
            "source by Sales A",
            "project by Sales A",
            "phone by Sales A",
            "note by Sales A"
        ]
    );
    // Both numbers are the client's.
    for number in ["081234001234", "081234009999"] {
        assert_eq!(
            story.client(number).says("Halo").await["lead"]["id"],
            json!(lead)
        );
    }
    story.agent("A").is_told("Ibu Rina");
    story.fast_forward(minutes(2)).await;
    story.agent("A").is_told("Ibu Rina");

    let other = text(&story.client("081234005555").says("Halo").await["lead"]["id"]);
    story.client("081234005555").is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    let taken = json!({ "phone": "081234005555" });
    let (status, problem) = patch(&story, "admin", &path, taken.clone()).await;
    assert_eq!((status, &problem["code"]), (409, &json!("lead_exists")));
    assert!(text(&problem["detail"]).contains(&other));
    // An agent does not find a colleague's lead by its number.
    let (status, problem) = patch(&story, "sales-a", &path, taken).await;
    assert_eq!((status, &problem["code"]), (409, &json!("lead_exists")));
    assert_eq!(problem["detail"], Value::Null);
    let agents = json!({ "phone": "+6281110000002" });
    assert_eq!(patch(&story, "admin", &path, agents).await.0, 422);
    assert_eq!(
        patch(&story, "sales-b", &path, json!({ "name": "x" }))
            .await
            .0,
        404
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_rejection_is_one_step_and_one_undo() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story).await;
    let path = format!("/api/leads/{lead}");
    let lost = json!({ "progress": "lost" });
    let (status, problem) = patch(&story, "sales-a", &format!("{path}/progress"), lost).await;
    assert_eq!((status, &problem["code"]), (409, &json!("reason_needed")));
    let (reject, undo) = (format!("{path}/reject"), format!("{path}/undo"));
    let unknown = json!({ "reason": "cuaca" });
    assert_eq!(post(&story, "sales-a", &reject, unknown).await.0, 422);
    let reason = json!({ "reason": "harga" });
    let (status, entry) = post(&story, "sales-a", &reject, reason.clone()).await;
    assert_eq!(status, 200, "{entry}");
    assert_eq!(
        (
            &entry["status"],
            &entry["progress"],
            &entry["layer2"]["reason"]
        ),
        (&json!("closed"), &json!("lost"), &json!("harga"))
    );
    // Only who did it can undo it, once, and within ten minutes.
    assert_eq!(post(&story, "admin", &undo, json!({})).await.0, 409);
    let (status, entry) = post(&story, "sales-a", &undo, json!({})).await;
    assert_eq!(status, 200, "{entry}");
    assert_eq!(
        (&entry["status"], &entry["progress"], &entry["layer2"]),
        (&json!("claimed"), &json!("pending"), &Value::Null)
    );
    assert_eq!(post(&story, "sales-a", &undo, json!({})).await.0, 409);
    assert_eq!(post(&story, "sales-a", &reject, reason).await.0, 200);
    story.fast_forward(minutes(11)).await;
    let (status, problem) = post(&story, "sales-a", &undo, json!({})).await;
    assert_eq!((status, &problem["code"]), (409, &json!("nothing_to_undo")));
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_test_lead_stops_rolling_and_is_in_no_figure() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("tes").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    let stop = format!("/api/leads/{lead}/stop");
    assert_eq!(post(&story, "sales-a", &stop, json!({})).await.0, 403);
    let mark = json!({ "mark": "test" });
    let (status, entry) = post(&story, "admin", &stop, mark).await;
    assert_eq!(status, 200, "{entry}");
    assert_eq!(
        (&entry["status"], &entry["mark"]),
        (&json!("closed"), &json!("test"))
    );
    story.workers_catch_up().await;
    story.agent("A").is_told("dihentikan: ini hanya uji coba");
    story.fast_forward(minutes(10)).await;
    let stats = story.get_as("admin", "/api/dashboard/stats").await;
    assert_eq!(
        (&stats["newLeads"], &stats["cycles"]),
        (&json!(0), &json!(0)),
        "{stats}"
    );
    let unmark = format!("/api/leads/{lead}/mark");
    let (status, entry) = story
        .send_as("admin", Method::DELETE, &unmark, &json!({}))
        .await;
    assert_eq!((status, &entry["mark"]), (200, &Value::Null));
    let stats = story.get_as("admin", "/api/dashboard/stats").await;
    assert_eq!(stats["newLeads"], json!(1), "{stats}");
    let (status, problem) = post(&story, "admin", &stop, json!({})).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("not_distributing"))
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_rescued_lead_stays_hangus_in_the_figures() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.fast_forward(minutes(31)).await;
    for label in ["A", "B", "C", "D", "E", "F"] {
        story.agent(label).is_offered_the_lead();
    }
    let path = format!("/api/leads/{lead}/assign");
    let to = json!({ "salesId": "sales-c" });
    assert_eq!(post(&story, "admin", &path, to).await.0, 200);
    story.workers_catch_up().await;
    story.agent("C").is_told("ditugaskan kepada Anda");
    let stats = story.get_as("admin", "/api/dashboard/stats").await;
    assert_eq!(stats["hangus"], json!(1), "{stats}");
    let claimed = |stats: &Value| {
        stats["byAgent"].as_array().map_or(0, |agents| {
            agents
                .iter()
                .filter_map(|agent| agent["claimed"].as_i64())
                .sum::<i64>()
        })
    };
    assert_eq!(claimed(&stats), 0, "an assignment is no OK: {stats}");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_stopped_distribution_is_not_undone_because_nobody_would_be_asked() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    let path = format!("/api/leads/{lead}");
    let (status, _) = post(&story, "admin", &format!("{path}/stop"), json!({})).await;
    assert_eq!(status, 200);
    story.workers_catch_up().await;
    story.agent("A").is_told("dihentikan");
    let (status, problem) = post(&story, "admin", &format!("{path}/undo"), json!({})).await;
    assert_eq!((status, &problem["code"]), (409, &json!("nothing_to_undo")));
    let found = shared::distribution::audit(&story.harness.app, false).await;
    assert_eq!(found.expect("an audit"), []);
    // What an admin does instead.
    let (status, _) = post(&story, "admin", &format!("{path}/distribute"), json!({})).await;
    assert_eq!(status, 200);
    story.workers_catch_up().await;
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}
