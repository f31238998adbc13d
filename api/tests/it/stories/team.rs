//! The dashboard, and the team in its queue.

use super::story::{Story, minutes, text};
use poem::http::Method;
use serde_json::json;

#[tokio::test]
async fn the_dashboard_counts_what_happened_and_the_team_shows_who_has_what() {
    let story = Story::begin().await;
    super::pipeline::claimed_by_a(&story).await;
    story.client("081234001235").says("Halo").await;
    story.client("081234001235").is_asked_to_wait();
    story.fast_forward(minutes(30)).await;
    for label in ["A", "B", "C", "D", "E", "F"] {
        story.agent(label).is_offered_the_lead();
    }
    let stats = story.get_as("admin", "/api/dashboard/stats").await;
    assert_eq!(
        (
            &stats["newLeads"],
            &stats["cycles"],
            &stats["claimed"],
            &stats["hangus"]
        ),
        (&json!(2), &json!(2), &json!(1), &json!(1))
    );
    assert_eq!(
        (&stats["hangusRate"], &stats["claimSecondsP50"]),
        (&json!(0.5), &json!(0.0))
    );
    assert_eq!(
        stats["byAgent"][0],
        json!({ "salesId": "sales-a", "name": "Sales A", "offered": 2, "claimed": 1 })
    );
    let own = story.get_as("sales-b", "/api/dashboard/stats").await;
    assert_eq!(
        (&own["newLeads"], &own["cycles"], &own["hangus"]),
        (&json!(0), &json!(0), &json!(0))
    );
    let other_days = story
        .get_as(
            "admin",
            "/api/dashboard/stats?from=2025-01-01&to=2025-01-31",
        )
        .await;
    assert_eq!(other_days["cycles"], 0);

    let team = story.get_as("sales-b", "/api/sales").await;
    assert_eq!(team.as_array().map(Vec::len), Some(6));
    assert_eq!(
        (
            &team[0]["name"],
            &team[0]["openLeads"],
            &team[0]["share"],
            &team[0]["onDuty"]
        ),
        (&json!("Sales A"), &json!(1), &json!(1.0), &json!(true))
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_admin_moves_an_agent_in_the_queue_and_a_stale_edit_is_refused() {
    let story = Story::begin().await;
    let (status, queue) = super::pipeline::patch(
        &story,
        "admin",
        "/api/sales/sales-c/queue",
        json!({ "order": 1 }),
    )
    .await;
    assert_eq!(status, 200, "{queue}");
    let order: Vec<String> = queue["places"]
        .as_array()
        .expect("places")
        .iter()
        .map(|place| text(&place["label"]))
        .collect();
    assert_eq!(order, ["C", "A", "B", "D", "E", "F"]);
    let stale = story
        .send_with(
            "admin",
            Method::PATCH,
            "/api/sales/sales-a/queue",
            &json!({ "active": false }),
            ("if-match", "\"0000000000000000\""),
        )
        .await;
    assert_eq!((stale.0, &stale.1["code"]), (409, &json!("stale")));
    let version = text(&queue["version"]);
    let fresh = story
        .send_with(
            "admin",
            Method::PATCH,
            "/api/sales/sales-a/queue",
            &json!({ "active": false }),
            ("if-match", &version),
        )
        .await;
    assert_eq!(fresh.0, 200, "{}", fresh.1);
    assert_ne!(text(&fresh.1["version"]), version);
    let offered = story.client("081234001234").says("Halo").await;
    assert_eq!(offered["agent"]["id"], "sales-c");
    story.client("081234001234").is_asked_to_wait();
    story.agent("C").is_offered_the_lead();
    story.fast_forward(minutes(5)).await;
    story.agent("B").is_offered_the_lead();
    assert_eq!(
        super::pipeline::patch(
            &story,
            "admin",
            "/api/sales/admin/queue",
            json!({ "order": 1 })
        )
        .await
        .0,
        404
    );
    story.nobody_else_was_messaged().await;
}
