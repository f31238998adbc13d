//! The owner's figures: the funnel, and what each agent made of their offers.

use super::pipeline::{claimed_by_a, patch, post};
use super::story::{Story, minutes, text};
use serde_json::{Value, json};

const PERIOD: &str = "from=2026-01-01&to=2026-01-31";

#[tokio::test]
async fn the_funnel_counts_what_happened_and_each_figure_lists_its_leads() {
    let story = Story::begin().await;
    four_leads(&story).await;
    let funnel = story
        .get_as(
            "admin",
            &format!("/api/dashboard/funnel?{PERIOD}&by=source"),
        )
        .await;
    let steps = [
        ("leads", "lead", 3),
        ("offered", "offered", 3),
        ("claimed", "claimed", 1),
        ("assigned", "assigned", 1),
        ("contacted", "contacted", 1),
        ("visit", "visit", 0),
        ("won", "won", 1),
        ("lost", "lost", 1),
        ("hangus", "hangus", 1),
    ];
    for (figure, step, count) in steps {
        assert_eq!(funnel["total"][figure], count, "{figure}: {funnel}");
        let list = format!("/api/leads?{PERIOD}&step={step}");
        let leads = story.get_as("admin", &list).await;
        assert_eq!(
            leads["items"].as_array().map(Vec::len),
            usize::try_from(count).ok(),
            "{step}"
        );
    }
    let groups = funnel["groups"].as_array().expect("groups");
    let all: i64 = groups
        .iter()
        .filter_map(|group| group["leads"].as_i64())
        .sum();
    assert_eq!(all, 3, "{funnel}");
    assert_eq!(
        funnel["lostReasons"],
        json!([{ "reason": "harga", "label": "Harga tidak cocok", "count": 1 }])
    );

    let agents = story
        .get_as("admin", &format!("/api/dashboard/agents?{PERIOD}"))
        .await;
    let figures: Vec<String> = agents
        .as_array()
        .expect("agents")
        .iter()
        .map(told)
        .collect();
    assert_eq!(
        figures,
        [
            "Sales A 3 = 1 + 1 + 1 + 0, assigned 0, won 1, lost 0",
            "Sales B 2 = 0 + 0 + 1 + 1, assigned 0, won 0, lost 0",
            "Sales C 1 = 0 + 0 + 1 + 0, assigned 0, won 0, lost 0",
            "Sales D 1 = 0 + 0 + 1 + 0, assigned 1, won 0, lost 1",
            "Sales E 1 = 0 + 0 + 1 + 0, assigned 0, won 0, lost 0",
            "Sales F 1 = 0 + 0 + 1 + 0, assigned 0, won 0, lost 0",
        ]
    );
    let (status, problem) = story
        .send_as(
            "admin",
            poem::http::Method::GET,
            "/api/leads?step=won",
            &json!({}),
        )
        .await;
    assert_eq!(
        (status, &problem["errors"][0]["field"]),
        (422, &json!("from"))
    );
    story.nobody_else_was_messaged().await;
}

fn told(agent: &Value) -> String {
    let of = |figure: &str| agent[figure].as_i64().unwrap_or(-1);
    format!(
        "{} {} = {} + {} + {} + {}, assigned {}, won {}, lost {}",
        text(&agent["name"]),
        of("offered"),
        of("claimed"),
        of("passed"),
        of("silent"),
        of("other"),
        of("assigned"),
        of("won"),
        of("lost")
    )
}

/// One lead is sold, one hangus and rescued, one being offered, one a test.
async fn four_leads(story: &Story) {
    // One is claimed, visited and sold.
    let sold = claimed_by_a(story).await;
    for progress in ["contacted", "visit", "negotiation", "won"] {
        let path = format!("/api/leads/{sold}/progress");
        patch(story, "sales-a", &path, json!({ "progress": progress })).await;
    }
    // One is hangus, is assigned by hand, and is rejected.
    let rescued = text(&story.ad("form-1", "081234002222").await["lead"]["id"]);
    story.fast_forward(minutes(31)).await;
    for label in ["A", "B", "C", "D", "E", "F"] {
        story.agent(label).is_offered_the_lead();
    }
    let path = format!("/api/leads/{rescued}/assign");
    let (status, answer) = post(story, "admin", &path, json!({ "salesId": "sales-d" })).await;
    assert_eq!(status, 200, "{answer}");
    story.workers_catch_up().await;
    story.agent("D").is_told("ditugaskan kepada Anda");
    let path = format!("/api/leads/{rescued}/reject");
    post(story, "sales-d", &path, json!({ "reason": "harga" })).await;
    // One is passed by A and waits with B. One is a test.
    story.client("081234003333").says("Halo").await;
    story.client("081234003333").is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("A").says("lewati").await;
    story.agent("A").is_told("dilewatkan");
    story.agent("B").is_offered_the_lead();
    let (_, test) = post(
        story,
        "admin",
        "/api/leads",
        json!({ "phone": "081234004444", "ownerId": "sales-e" }),
    )
    .await;
    story.workers_catch_up().await;
    story.agent("E").is_told("ditugaskan");
    let path = format!("/api/leads/{}/stop", text(&test["id"]));
    post(story, "admin", &path, json!({ "mark": "test" })).await;
    story.workers_catch_up().await;
    story.agent("E").is_told("uji coba");
}

#[tokio::test]
async fn claims_are_counted_by_the_hour_and_rolls_by_their_lateness() {
    let story = Story::begin().await;
    four_leads(&story).await;
    let claims = format!("/api/dashboard/claims?{PERIOD}");
    let claims = story.get_as("admin", &claims).await;
    let hours = claims["hours"].as_array().expect("hours");
    let sum = |field: &str| {
        hours
            .iter()
            .filter_map(|row| row[field].as_i64())
            .sum::<i64>()
    };
    let figures = [
        "cycles",
        "claimed",
        "withinOneMinute",
        "withinFiveMinutes",
        "hangus",
    ]
    .map(sum);
    assert_eq!(figures, [3, 1, 1, 1, 1], "{claims}");
    // The stories begin on Monday, 5 January 2026, in the morning of the company's zone.
    assert_eq!(hours[0]["weekday"], 1, "{claims}");

    let lateness = format!("/api/dashboard/lateness?{PERIOD}");
    let lateness = story.get_as("admin", &lateness).await;
    let buckets = lateness["buckets"].as_array().expect("buckets");
    let counted: i64 = buckets
        .iter()
        .filter_map(|bucket| bucket["count"].as_i64())
        .sum();
    // Six agents let the lead go by that became hangus, on time by the manual clock.
    assert_eq!(
        (counted, &buckets[0]["count"]),
        (6, &json!(6)),
        "{lateness}"
    );
    assert_eq!(
        (&lateness["most"], &lateness["breaches"]),
        (&json!(0.0), &json!(0))
    );
    story.nobody_else_was_messaged().await;
}
