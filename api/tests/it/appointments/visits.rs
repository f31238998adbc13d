//! Booking, conflicts, reminders.

use crate::stories::pipeline::{claimed_by_a, patch};
use crate::stories::story::{Story, text};
use chrono::{DateTime, TimeDelta, Utc};
use poem::http::Method;
use serde_json::{Value, json};

/// A time by Jakarta's clock; the stories begin on 2026-01-05 at 09:00.
pub(super) fn wib(time: &str) -> DateTime<Utc> {
    format!("{time}:00+07:00")
        .parse::<DateTime<chrono::FixedOffset>>()
        .expect("a time")
        .to_utc()
}

pub(super) async fn book(story: &Story, user: &str, lead: &str, starts: &str) -> (u16, Value) {
    let body = json!({ "startsAt": wib(starts), "place": "BSD City", "note": "Bawa brosur" });
    story
        .send_as(
            user,
            Method::POST,
            &format!("/api/leads/{lead}/appointments"),
            &body,
        )
        .await
}

async fn until(story: &Story, time: &str) {
    story.fast_forward(wib(time) - story.now()).await;
}

#[tokio::test]
async fn an_agent_books_a_visit_and_both_are_reminded_of_it_once() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story).await;
    let (status, visit) = book(&story, "sales-a", &lead, "2026-01-08T14:00").await;
    assert_eq!(status, 200, "{visit}");
    assert_eq!(
        (&visit["salesId"], &visit["status"]),
        (&json!("sales-a"), &json!("booked"))
    );
    story.workers_catch_up().await;
    let detail = story.get_as("sales-a", &format!("/api/leads/{lead}")).await;
    let seen = &detail["appointments"][0];
    assert_eq!(seen["calendar"]["state"], "synced");
    assert_eq!(
        seen["calendar"]["eventId"],
        format!("mock-{}", text(&visit["id"]))
    );
    until(&story, "2026-01-07T13:59").await;
    assert!(story.harness.provider.unheard().is_empty());
    until(&story, "2026-01-07T14:00").await;
    story.client("081234001234").is_told(
        "Pengingat: kunjungan Anda bersama Sales A pada Kamis, 8 Januari pukul 14:00 WIB.\nTempat: BSD City",
    );
    until(&story, "2026-01-08T12:00").await;
    story.client("081234001234").is_told("Pengingat");
    until(&story, "2026-01-08T13:00").await;
    story
        .agent("A")
        .is_told("Pengingat: kunjungan dengan Bapak Test (+6281234001234) pada Kamis, 8 Januari pukul 14:00 WIB");
    until(&story, "2026-01-09T14:00").await;
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_visit_that_moves_takes_its_reminders_along_and_one_that_is_off_has_none() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story).await;
    let (_, visit) = book(&story, "sales-a", &lead, "2026-01-06T14:00").await;
    let path = format!("/api/appointments/{}", text(&visit["id"]));
    let (status, moved) = patch(
        &story,
        "sales-a",
        &path,
        json!({ "startsAt": wib("2026-01-08T10:00") }),
    )
    .await;
    assert_eq!(
        (status, &moved["endsAt"]),
        (200, &json!("2026-01-08T04:00:00.000000Z"))
    );
    until(&story, "2026-01-07T09:59").await;
    assert!(
        story.harness.provider.unheard().is_empty(),
        "of the old time"
    );
    until(&story, "2026-01-07T10:00").await;
    story
        .client("081234001234")
        .is_told("Kamis, 8 Januari pukul 10:00 WIB");
    let (status, off) = story
        .send_as(
            "sales-a",
            Method::POST,
            &format!("{path}/cancel"),
            &json!({ "reason": "hujan" }),
        )
        .await;
    assert_eq!((status, &off["status"]), (200, &json!("cancelled")));
    let (status, problem) = patch(
        &story,
        "sales-a",
        &path,
        json!({ "startsAt": wib("2026-01-09T10:00") }),
    )
    .await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("appointment_cancelled"))
    );
    until(&story, "2026-01-10T10:00").await;
    let detail = story.get_as("sales-a", &path).await;
    let kinds: Vec<&str> = detail["history"]
        .as_array()
        .expect("history")
        .iter()
        .filter_map(|done| done["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["booked", "moved", "cancelled"]);
    assert_eq!(
        (
            &detail["history"][2]["note"],
            &detail["history"][2]["byName"]
        ),
        (&json!("hujan"), &json!("Sales A"))
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn workers_that_were_away_wake_nobody_at_night_and_say_nothing_of_what_is_over() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story).await;
    book(&story, "sales-a", &lead, "2026-01-06T08:00").await;
    // The client's two hours before, 06:00, wait for 07:00; so does the agent's hour.
    story.time_passes_without_workers(wib("2026-01-06T05:30") - story.now());
    story.workers_catch_up().await;
    assert!(story.harness.provider.unheard().is_empty());
    until(&story, "2026-01-06T07:00").await;
    story
        .client("081234001234")
        .is_told("Selasa, 6 Januari pukul 08:00 WIB");
    story
        .agent("A")
        .is_told("Selasa, 6 Januari pukul 08:00 WIB");

    book(&story, "sales-a", &lead, "2026-01-08T14:00").await;
    story.time_passes_without_workers(wib("2026-01-07T23:00") - story.now());
    story.workers_catch_up().await;
    assert!(story.harness.provider.unheard().is_empty(), "it is night");
    until(&story, "2026-01-08T07:00").await;
    story
        .client("081234001234")
        .is_told("Kamis, 8 Januari pukul 14:00 WIB");
    story.time_passes_without_workers(wib("2026-01-08T15:00") - story.now());
    story.workers_catch_up().await;
    shared::appointments::remind_all_due(&story.harness.app)
        .await
        .expect("a sweep");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_reminder_whose_alarm_was_lost_is_said_by_the_sweep_and_twice_by_nobody() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story).await;
    book(&story, "sales-a", &lead, "2026-01-05T14:00").await;
    let app = story.harness.app.clone();
    sqlx::query("delete from apalis.jobs where job_type = 'remind-of-appointment.v1'")
        .execute(&app.pool)
        .await
        .expect("alarms are lost");
    story.time_passes_without_workers(wib("2026-01-05T13:01") - story.now());
    let (one, two) = tokio::join!(
        shared::appointments::remind_all_due(&app),
        shared::appointments::remind_all_due(&app)
    );
    assert!(one.expect("a sweep") + two.expect("another") >= 2);
    story.workers_catch_up().await;
    story.client("081234001234").is_told("Pengingat");
    story.agent("A").is_told("Pengingat");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_agent_is_at_one_place_at_a_time_however_many_book_at_once() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story).await;
    let tries = (0..6).map(|_| book(&story, "admin", &lead, "2026-01-20T10:00"));
    let answers = futures::future::join_all(tries).await;
    let booked = answers.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!(booked, 1, "{answers:?}");
    assert!(
        answers
            .iter()
            .all(|(status, problem)| *status == 200 || problem["code"] == "appointment_conflict")
    );
    assert_eq!(
        book(&story, "sales-a", &lead, "2026-01-20T10:30").await.0,
        409
    );
    let (status, next) = book(&story, "sales-a", &lead, "2026-01-20T11:00").await;
    assert_eq!(status, 200, "one begins when another ends");
    let path = format!("/api/appointments/{}", text(&next["id"]));
    let (status, problem) = patch(
        &story,
        "sales-a",
        &path,
        json!({ "startsAt": wib("2026-01-20T10:59") }),
    )
    .await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("appointment_conflict"))
    );
    assert_eq!(
        problem["detail"],
        "the agent has a visit with Bapak Test from 2026-01-20 10:00 to 2026-01-20 11:00"
    );
    let list = story
        .get_as(
            "sales-a",
            "/api/appointments?from=2026-01-20T00:00:00Z&to=2026-01-21T00:00:00Z",
        )
        .await;
    assert_eq!(list.as_array().map(Vec::len), Some(2));
    assert_eq!(
        story.get_as("sales-b", "/api/appointments").await,
        json!([])
    );
    assert_eq!(
        patch(&story, "sales-b", &path, json!({ "place": "x" }))
            .await
            .0,
        404
    );
    story.workers_catch_up().await;
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_visit_that_cannot_be_is_refused_with_its_reason() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story).await;
    let path = format!("/api/leads/{lead}/appointments");
    let now = story.now();
    let hour = TimeDelta::hours(1);
    for (body, field) in [
        (json!({ "startsAt": now - hour }), "startsAt"),
        (
            json!({ "startsAt": now + TimeDelta::days(400) }),
            "startsAt",
        ),
        (
            json!({ "startsAt": now + hour, "endsAt": now + hour }),
            "endsAt",
        ),
        (
            json!({ "startsAt": now + hour, "endsAt": now + TimeDelta::hours(14) }),
            "endsAt",
        ),
        (
            json!({ "startsAt": now + hour, "place": "x".repeat(501) }),
            "place",
        ),
        (
            json!({ "startsAt": now + hour, "salesId": "sales-b" }),
            "salesId",
        ),
    ] {
        let (status, problem) = story.send_as("sales-a", Method::POST, &path, &body).await;
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{problem}"
        );
    }
    assert_eq!(
        book(&story, "sales-b", &lead, "2026-01-06T10:00").await.0,
        404
    );
    let other = story.client("081234001235");
    let free = text(&other.says("Halo").await["lead"]["id"]);
    other.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    let (status, problem) = book(&story, "admin", &free, "2026-01-06T10:00").await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("lead_not_claimed"))
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_reminder_that_waits_for_whatsapp_is_not_said_of_what_is_off_or_over_nor_at_night() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story).await;
    let (_, visit) = book(&story, "sales-a", &lead, "2026-01-05T14:00").await;
    // Away when both reminders are due, back after the visit was called off.
    story.harness.provider.is_away(100_000);
    until(&story, "2026-01-05T13:10").await;
    let path = format!("/api/appointments/{}/cancel", text(&visit["id"]));
    story
        .send_as("sales-a", Method::POST, &path, &json!({}))
        .await;
    story.harness.provider.is_back();
    until(&story, "2026-01-05T13:30").await;
    assert!(story.harness.provider.unheard().is_empty());
    // Away in the afternoon, back in the night before the visit.
    book(&story, "sales-a", &lead, "2026-01-07T09:00").await;
    until(&story, "2026-01-06T08:59").await;
    story.harness.provider.is_away(100_000);
    until(&story, "2026-01-06T23:00").await;
    story.harness.provider.is_back();
    until(&story, "2026-01-07T06:59").await;
    assert!(story.harness.provider.unheard().is_empty(), "it is night");
    until(&story, "2026-01-07T08:30").await;
    story
        .client("081234001234")
        .is_told("Rabu, 7 Januari pukul 09:00 WIB");
    story.agent("A").is_told("Rabu, 7 Januari pukul 09:00 WIB");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn reminders_that_wait_for_whatsapp_are_said_by_and_of_the_new_owner() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story).await;
    book(&story, "sales-a", &lead, "2026-01-05T14:00").await;
    // Both reminders are due and cannot leave. Then the lead and its visit go to B.
    story.harness.provider.is_away(100_000);
    until(&story, "2026-01-05T13:10").await;
    let path = format!("/api/leads/{lead}/assign");
    let to_b = json!({ "salesId": "sales-b" });
    let (status, told) = story.send_as("admin", Method::POST, &path, &to_b).await;
    assert_eq!(status, 200, "{told}");
    story.harness.provider.is_back();
    until(&story, "2026-01-05T13:30").await;
    // The sweep says what is due and has no job.
    shared::appointments::remind_all_due(&story.harness.app)
        .await
        .expect("a sweep");
    until(&story, "2026-01-05T13:40").await;
    story.agent("A").is_told("dialihkan kepada Sales B");
    story.agent("B").is_told("ditugaskan kepada Anda");
    story.agent("B").is_told("Pengingat: kunjungan dengan");
    story.client("081234001234").is_told("bersama Sales B");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_visit_that_took_place_is_the_former_agents_to_answer_and_not_to_move() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story).await;
    let (_, visit) = book(&story, "sales-a", &lead, "2026-01-06T14:00").await;
    until(&story, "2026-01-06T16:00").await;
    let assign = format!("/api/leads/{lead}/assign");
    let to_b = json!({ "salesId": "sales-b" });
    let (status, told) = story.send_as("admin", Method::POST, &assign, &to_b).await;
    assert_eq!(status, 200, "{told}");
    let path = format!("/api/appointments/{}", text(&visit["id"]));
    let moved = json!({ "startsAt": wib("2026-01-08T10:00"), "place": "hubungi saya di 0811" });
    let (status, problem) = patch(&story, "sales-a", &path, moved.clone()).await;
    assert_eq!((status, &problem["code"]), (409, &json!("lead_of_another")));
    let progress = story.get_as("admin", &format!("/api/leads/{lead}")).await["progress"].clone();
    let outcome = json!({ "outcome": "done" });
    let path_of_outcome = format!("{path}/outcome");
    let (status, told) = story
        .send_as("sales-a", Method::POST, &path_of_outcome, &outcome)
        .await;
    assert_eq!((status, &told["outcome"]), (200, &json!("done")), "{told}");
    let now = story.get_as("admin", &format!("/api/leads/{lead}")).await["progress"].clone();
    assert_eq!(now, progress, "B's lead stays as B has it");
    let (status, told) = patch(&story, "sales-b", &path, moved).await;
    assert_eq!(status, 200, "{told}");
    // Reminders, the assignment, and where the visit is now.
    story.workers_catch_up().await;
    while let Some(next) = story.harness.provider.unheard().first() {
        story.harness.provider.heard_by(&next.to);
    }
    story.nobody_else_was_messaged().await;
}
