//! Absences that agents announce by chat and at the desk, and the truth when they are ready again.

use super::pipeline::patch;
use super::story::{Story, minutes};
use chrono::TimeDelta;
use poem::http::Method;
use serde_json::{Value, json};
use shared::local_time::Timezone;
use shared::testing::Harness;

#[tokio::test]
async fn a_break_of_two_hours_ends_by_itself() {
    let story = Story::begin().await;
    assert_eq!(
        story.agent("A").says("istirahat 2 jam").await["outcome"],
        "paused"
    );
    story
        .agent("A")
        .is_told("istirahat sampai Senin, 5 Januari pukul 11:00 WIB");
    story.client("081234001231").says("Halo").await;
    story.client("081234001231").is_asked_to_wait();
    story.agent("B").is_offered_the_lead();
    story.agent("B").says("OK").await;
    story.agent("B").is_told("sekarang milik Anda");
    story.fast_forward(TimeDelta::hours(2)).await;
    story.client("081234001232").says("Halo").await;
    story.client("081234001232").is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn days_off_are_noted_and_end_when_the_agent_says_so() {
    let story = Story::begin().await;
    story.agent("A").says("Cuti sampai Jumat ya pak").await;
    story
        .agent("A")
        .is_told("cuti Anda dicatat: Senin, 5 Januari sampai Jumat, 9 Januari");
    let availability = story
        .get_as("admin", "/api/sales/sales-a/availability")
        .await;
    assert_eq!(
        availability["leave"],
        json!([{ "firstDay": "2026-01-05", "lastDay": "2026-01-09" }])
    );
    story.fast_forward(TimeDelta::days(1)).await;
    story.client("081234001231").says("Halo").await;
    story.client("081234001231").is_asked_to_wait();
    story.agent("B").is_offered_the_lead();
    story.agent("B").says("OK").await;
    story.agent("B").is_told("sekarang milik Anda");
    story.agent("A").says("siap kerja").await;
    story.agent("A").is_told("Selamat bekerja kembali");
    story.client("081234001232").says("Halo").await;
    story.client("081234001232").is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_agent_who_is_ready_outside_their_hours_is_told_the_truth() {
    let story = Story::begin().await;
    let hours: Vec<Value> = (1..=5)
        .map(|day| json!({ "weekday": day, "opens": "09:00", "closes": "17:00" }))
        .collect();
    let path = "/api/sales/sales-a/availability";
    let (status, _) = patch(&story, "admin", path, json!({ "hours": hours })).await;
    assert_eq!(status, 200);
    story.fast_forward(TimeDelta::hours(9)).await;
    story.agent("A").says("siap kerja").await;
    story
        .agent("A")
        .is_told("mulai Selasa, 6 Januari pukul 09:00 WIB: di luar jam kerja");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_change_of_one_part_keeps_the_others_and_agents_change_their_own_leave() {
    let story = Story::begin().await;
    let path = "/api/sales/sales-a/availability";
    story.agent("A").says("istirahat").await;
    story.agent("A").is_told("istirahat");
    let (status, _) = patch(&story, "admin", path, json!({ "mostOpen": 5 })).await;
    assert_eq!(status, 200);
    let leave = json!([{ "firstDay": "2026-01-08", "lastDay": "2026-01-09" }]);
    let (status, now) = patch(&story, "sales-a", path, json!({ "leave": leave.clone() })).await;
    assert_eq!(status, 200, "{now}");
    assert_eq!((&now["mostOpen"], &now["leave"]), (&json!(5), &leave));
    assert!(now["pausedSince"].is_string(), "the break goes on: {now}");
    let (status, now) = patch(&story, "sales-a", path, json!({ "pausedSince": null })).await;
    assert_eq!((status, &now["pausedSince"]), (200, &Value::Null));
    let (status, now) = patch(&story, "admin", path, json!({ "mostOpen": null })).await;
    assert_eq!((status, &now["mostOpen"]), (200, &Value::Null));

    for (user, body) in [
        ("sales-a", json!({ "mostOpen": 1 })),
        ("sales-b", json!({ "leave": [] })),
    ] {
        assert_eq!(patch(&story, user, path, body).await.0, 403);
    }
    let backwards = json!([{ "firstDay": "2026-01-09", "lastDay": "2026-01-08" }]);
    let day = json!({ "firstDay": "2026-01-09", "lastDay": "2026-01-09" });
    let endless = json!(vec![day; 101]);
    for leave in [backwards, endless] {
        let (status, problem) = story
            .send_as("sales-a", Method::PATCH, path, &json!({ "leave": leave }))
            .await;
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (422, &json!("leave"))
        );
    }
    story.fast_forward(minutes(1)).await;
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_break_leaves_an_agents_day_in_the_zone_of_the_company() {
    let mut harness = Harness::new().await;
    harness.app.timezone = Timezone::Jayapura;
    let story = Story::of(harness);
    story.agent("A").says("istirahat 30 menit").await;
    story.agent("A").is_told("WIT");
    let capped = json!({ "mostOpen": 5 });
    let path = "/api/sales/sales-b/availability";
    let (status, _) = story.send_as("admin", Method::PATCH, path, &capped).await;
    assert_eq!(status, 200);
    for agent in ["sales-a", "sales-b", "sales-c"] {
        let path = format!("/api/sales/{agent}/availability");
        let record = story.get_as("admin", &path).await;
        assert_eq!(record["zone"], "WIT", "{agent}: {record}");
    }
    story.nobody_else_was_messaged().await;
}

/// A command that an agent wrote ten seconds ago and that is handled now.
async fn wrote_before(story: &Story, command: &str) -> Value {
    let sent_at = (story.now() - TimeDelta::seconds(10)).to_rfc3339();
    let message = json!({ "body": command, "sentAt": sent_at });
    story.agent("A").sends(message).await
}

#[tokio::test]
async fn a_break_that_was_written_before_ready_and_heard_after_it_changes_nothing() {
    let story = Story::begin().await;
    story.agent("A").says("siap kerja").await;
    story.agent("A").is_told("Selamat bekerja kembali");
    for command in ["istirahat", "istirahat 2 jam"] {
        assert_eq!(wrote_before(&story, command).await["outcome"], "resumed");
        story.agent("A").is_told("Selamat bekerja kembali");
    }
    assert_eq!(
        wrote_before(&story, "cuti hari ini").await["outcome"],
        "resumed"
    );
    story.agent("A").is_told("Selamat bekerja kembali");
    wrote_before(&story, "Cuti sampai Jumat").await;
    story
        .agent("A")
        .is_told("cuti Anda dicatat: Selasa, 6 Januari sampai Jumat, 9 Januari");
    let availability = story
        .get_as("admin", "/api/sales/sales-a/availability")
        .await;
    let from_tomorrow = json!([{ "firstDay": "2026-01-06", "lastDay": "2026-01-09" }]);
    assert_eq!(availability["leave"], from_tomorrow);
    story.client("081234001231").says("Halo").await;
    story.client("081234001231").is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_ready_that_was_written_before_the_break_and_heard_after_it_changes_nothing() {
    let story = Story::begin().await;
    story.agent("A").says("istirahat").await;
    story.agent("A").is_told("Anda istirahat");
    assert_eq!(
        wrote_before(&story, "siap kerja").await["outcome"],
        "paused"
    );
    story.agent("A").is_told("Anda istirahat");
    story.agent("A").says("istirahat 2 jam").await;
    story.agent("A").is_told("istirahat sampai Senin");
    wrote_before(&story, "siap kerja").await;
    story.agent("A").is_told("istirahat sampai Senin");
    story.client("081234001231").says("Halo").await;
    story.client("081234001231").is_asked_to_wait();
    story.agent("B").is_offered_the_lead();
    story.agent("A").says("siap kerja").await;
    story.agent("A").is_told("Selamat bekerja kembali");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_ready_that_was_written_before_days_off_of_tomorrow_ends_the_break() {
    let story = Story::begin().await;
    let sent_at = (story.now() - TimeDelta::minutes(1)).to_rfc3339();
    let message = json!({ "body": "istirahat", "sentAt": sent_at });
    story.agent("A").sends(message).await;
    story.agent("A").is_told("Anda istirahat");
    story.agent("A").says("cuti besok").await;
    story.agent("A").is_told("cuti Anda dicatat");
    let answer = wrote_before(&story, "siap kerja").await;
    assert_eq!(answer["outcome"], "resumed");
    story.agent("A").is_told("Selamat bekerja kembali");
    story.nobody_else_was_messaged().await;
}
