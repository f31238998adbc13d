//! The calendar agrees, whatever Google does meanwhile.

use super::google::{Google, Turn};
use super::visits::{book, wib};
use crate::stories::pipeline::{claimed_by_a, patch};
use crate::stories::story::{Story, text};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use poem::http::Method;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};
use shared::providers::calendar::{GoogleCalendar, ServiceAccount};
use std::sync::Arc;

const CALENDAR: &str = "visits@group.calendar.google.com";

/// A company whose calendar is Google's; Sales A has a lead.
async fn office() -> (Story, Google, String) {
    let mut story = Story::begin().await;
    let google = Google::open().await;
    let folder = std::env::temp_dir().join(format!("property-lounge-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let account = ServiceAccount::read(&google.key_file(&folder)).expect("a key");
    std::fs::remove_dir_all(&folder).ok();
    let app = &mut story.harness.app;
    let base = format!("{}/calendar/v3", google.url);
    let calendar = GoogleCalendar::new(
        &base,
        CALENDAR.to_owned(),
        account,
        app.clock.clone(),
        app.pool.clone(),
    );
    app.calendar = Arc::new(calendar.expect("a client"));
    let lead = claimed_by_a(&story).await;
    (story, google, lead)
}

async fn booked(story: &Story, lead: &str) -> String {
    let (status, visit) = book(story, "sales-a", lead, "2026-02-08T14:00").await;
    assert_eq!(status, 200, "{visit}");
    story.workers_catch_up().await;
    text(&visit["id"])
}

async fn standing(story: &Story, visit: &str) -> Value {
    story
        .get_as("sales-a", &format!("/api/appointments/{visit}"))
        .await["appointment"]["calendar"]
        .clone()
}

#[tokio::test]
async fn a_visit_is_one_event_that_moves_and_goes_with_it() {
    let (story, google, lead) = office().await;
    let visit = booked(&story, &lead).await;
    assert_eq!(standing(&story, &visit).await["state"], "synced");
    let event = &google.events()[0];
    assert_eq!(
        event["start"],
        json!({ "dateTime": "2026-02-08T14:00:00+07:00", "timeZone": "Asia/Jakarta" })
    );
    assert_eq!(
        (&event["summary"], &event["location"]),
        (&json!("Kunjungan - Bapak Test"), &json!("BSD City"))
    );
    assert_eq!(
        event["extendedProperties"]["private"]["appointmentId"],
        visit
    );
    let path = format!("/api/appointments/{visit}");
    patch(
        &story,
        "sales-a",
        &path,
        json!({ "startsAt": wib("2026-02-09T10:00") }),
    )
    .await;
    story.workers_catch_up().await;
    assert_eq!(google.events().len(), 1);
    assert_eq!(
        google.events()[0]["start"]["dateTime"],
        "2026-02-09T10:00:00+07:00"
    );
    story
        .send_as(
            "sales-a",
            Method::POST,
            &format!("{path}/cancel"),
            &json!({}),
        )
        .await;
    story.workers_catch_up().await;
    assert_eq!(google.events(), [Value::Null; 0]);
    assert_eq!(google.tokens(), 1, "one token for all of it");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn the_claims_are_signed_as_google_asks() {
    let (story, google, lead) = office().await;
    booked(&story, &lead).await;
    let assertion = google.assertions().remove(0);
    let parts: Vec<&str> = assertion.split('.').collect();
    let decoded = |part: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
    };
    assert_eq!(
        decoded(parts[0]),
        json!({ "alg": "RS256", "typ": "JWT", "kid": "key-1" })
    );
    let claims = decoded(parts[1]);
    assert_eq!(claims["iss"], "visits@property-lounge.test");
    assert_eq!(
        claims["scope"],
        "https://www.googleapis.com/auth/calendar.events"
    );
    assert_eq!(claims["aud"], format!("{}/token", google.url));
    assert_eq!(
        claims["exp"]
            .as_i64()
            .zip(claims["iat"].as_i64())
            .map(|(exp, iat)| exp - iat),
        Some(3600)
    );
    let pem = include_str!("../../fixtures/service-account-of-the-tests.pem");
    let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::engine::general_purpose::STANDARD
        .decode(der)
        .expect("base64");
    let key = RsaKeyPair::from_pkcs8(&der).expect("a key");
    let signature = URL_SAFE_NO_PAD.decode(parts[2]).expect("base64url");
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public().as_ref())
        .verify(format!("{}.{}", parts[0], parts[1]).as_bytes(), &signature)
        .expect("the signature is the key's");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_answer_that_is_lost_and_a_duplicate_make_no_second_event() {
    let (story, google, lead) = office().await;
    google.next(Turn::DoAndLoseTheAnswer);
    let visit = booked(&story, &lead).await;
    assert_eq!(standing(&story, &visit).await["state"], "failing");
    story.fast_forward(TimeDelta::minutes(1)).await;
    assert_eq!(standing(&story, &visit).await["state"], "synced");
    assert_eq!(google.events().len(), 1);
    assert_eq!(
        google.calls(),
        ["insert", "insert", "update"],
        "409 is written over"
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_token_that_is_not_good_any_more_is_asked_for_again_at_once() {
    let (story, google, lead) = office().await;
    google.next(Turn::Refuse(401, "authError"));
    let visit = booked(&story, &lead).await;
    assert_eq!(standing(&story, &visit).await["state"], "synced");
    assert_eq!(google.assertions().len(), 2);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_calendar_that_is_busy_or_not_shared_is_tried_again_and_says_why_it_does_not_agree() {
    let (story, google, lead) = office().await;
    google.next(Turn::Refuse(403, "userRateLimitExceeded"));
    google.next(Turn::Refuse(503, "backendError"));
    let visit = booked(&story, &lead).await;
    let standing_now = standing(&story, &visit).await;
    assert_eq!(standing_now["state"], "failing");
    assert!(
        standing_now["error"]
            .as_str()
            .is_some_and(|error| error.contains("userRateLimitExceeded"))
    );
    story.fast_forward(TimeDelta::minutes(2)).await;
    assert_eq!(standing(&story, &visit).await["state"], "synced");

    google.is_shared(false);
    let path = format!("/api/appointments/{visit}");
    let (status, _) = patch(&story, "sales-a", &path, json!({ "place": "Serpong" })).await;
    assert_eq!(status, 200, "the calendar holds no visit up");
    story.fast_forward(TimeDelta::hours(3)).await;
    assert!(
        standing(&story, &visit).await["error"]
            .as_str()
            .is_some_and(|error| error.contains("404"))
    );
    google.is_shared(true);
    story.fast_forward(TimeDelta::minutes(10)).await;
    assert_eq!(standing(&story, &visit).await["state"], "synced");
    assert_eq!(google.events()[0]["location"], "Serpong");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn what_google_finds_fault_with_is_given_up_until_the_visit_changes() {
    let (story, google, lead) = office().await;
    google.next(Turn::Refuse(400, "invalid"));
    let visit = booked(&story, &lead).await;
    assert_eq!(standing(&story, &visit).await["state"], "failed");
    patch(
        &story,
        "sales-a",
        &format!("/api/appointments/{visit}"),
        json!({ "note": "lain" }),
    )
    .await;
    story.workers_catch_up().await;
    assert_eq!(standing(&story, &visit).await["state"], "synced");
    story.nobody_else_was_messaged().await;
}

/// The process dies between Google's doing and our writing it down: the same job comes again.
#[tokio::test]
async fn a_kill_between_the_call_and_its_record_leaves_one_event() {
    let (story, google, lead) = office().await;
    let visit = booked(&story, &lead).await;
    sqlx::query("update appointment set calendar_version = 0, calendar_event_id = null, calendar_state = 'pending'")
        .execute(&story.harness.app.pool)
        .await
        .expect("the record is lost");
    let id = shared::id::AppointmentId(visit.parse().expect("an id"));
    for _ in 0..2 {
        shared::appointments::sync(&story.harness.app, id)
            .await
            .expect("synced");
    }
    assert_eq!(google.events().len(), 1);
    assert_eq!(google.calls(), ["insert", "insert", "update"]);
    story.nobody_else_was_messaged().await;
}

/// Two jobs of one visit never overtake each other, and a calendar that is not shared is no proof that
/// the event is gone.
#[tokio::test]
async fn a_visit_that_is_called_off_leaves_no_event_however_its_jobs_meet() {
    let (story, google, lead) = office().await;
    let visit = booked(&story, &lead).await;
    let path = format!("/api/appointments/{visit}");
    let app = story.harness.app.clone();
    let id = shared::id::AppointmentId(visit.parse().expect("an id"));
    patch(
        &story,
        "sales-a",
        &path,
        json!({ "startsAt": wib("2026-02-10T10:00") }),
    )
    .await;
    // One job writes: no other does until it is done or has hung.
    sqlx::query("update appointment set calendar_busy_until = $1")
        .bind(story.now() + TimeDelta::seconds(40))
        .execute(&app.pool)
        .await
        .expect("a job has it in hand");
    let busy = shared::appointments::sync(&app, id).await;
    assert!(
        matches!(busy, Err(shared::Error::NotYet { .. })),
        "{busy:?}"
    );
    story.fast_forward(TimeDelta::minutes(1)).await;
    assert_eq!(standing(&story, &visit).await["state"], "synced");
    google.is_shared(false);
    let (status, _) = story
        .send_as(
            "sales-a",
            Method::POST,
            &format!("{path}/cancel"),
            &json!({}),
        )
        .await;
    assert_eq!(status, 200);
    story.fast_forward(TimeDelta::minutes(3)).await;
    assert_eq!(standing(&story, &visit).await["state"], "failing");
    google.is_shared(true);
    story.fast_forward(TimeDelta::minutes(10)).await;
    assert_eq!(standing(&story, &visit).await["state"], "synced");
    assert_eq!(google.events(), [Value::Null; 0]);
    story.nobody_else_was_messaged().await;
}
