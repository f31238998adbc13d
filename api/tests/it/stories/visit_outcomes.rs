//! The result of a visit: asked by chat, answered there or in the app.

use super::pipeline::{claimed_by_a, post};
use super::story::{Story, minutes, text};
use chrono::{DateTime, FixedOffset, TimeDelta};
use poem::http::Method;
use serde_json::{Value, json};

/// Books a visit of an hour that begins then, by Jakarta's clock.
async fn book(story: &Story, lead: &str, starts: &str) -> Value {
    let body = json!({ "startsAt": format!("{starts}:00+07:00"), "place": "BSD City" });
    let path = format!("/api/leads/{lead}/appointments");
    let (status, visit) = post(story, "sales-a", &path, body).await;
    assert_eq!(status, 200, "{visit}");
    visit
}

async fn until(story: &Story, time: &str) {
    let time: DateTime<FixedOffset> = format!("{time}:00+07:00").parse().expect("a time");
    story.fast_forward(time.to_utc() - story.now()).await;
}

/// The code in a question: `SUDAH K12`.
fn code_in(question: &str) -> String {
    let code = question.split("SUDAH ").nth(1);
    let code = code.and_then(|rest| rest.split(',').next());
    code.expect("a code").to_owned()
}

async fn progress_of(story: &Story, lead: &str) -> Value {
    let detail = story.get_as("sales-a", &format!("/api/leads/{lead}")).await;
    detail["lead"]["progress"].clone()
}

#[tokio::test]
async fn an_agent_is_asked_after_the_visit_and_one_word_is_the_answer() {
    let story = Story::begin_asking_about_visits().await;
    let lead = claimed_by_a(&story).await;
    // Nobody has asked yet: the word means nothing.
    story.agent("A").says("sudah").await;
    let visit = book(&story, &lead, "2026-01-05T10:00").await;
    until(&story, "2026-01-05T11:14").await;
    assert!(story.harness.provider.unheard().is_empty());
    until(&story, "2026-01-05T11:15").await;
    let question = story.agent("A").reads();
    let code = code_in(&question);
    assert_eq!(
        question,
        format!(
            "Bagaimana kunjungan Bapak Test (Senin, 5 Januari pukul 10:00 WIB)?\nTempat: BSD City\n\
             Balas SUDAH {code}, TIDAK DATANG {code}, atau JADWAL ULANG {code}."
        )
    );
    let report = story.agent("A").says("Sudah pak").await;
    assert_eq!(report["outcome"], "visit_answered");
    story
        .agent("A")
        .is_told("Dicatat: Bapak Test sudah datang.");
    assert_eq!(progress_of(&story, &lead).await, json!("visit"));
    let path = format!("/api/appointments/{}", text(&visit["id"]));
    let detail = story.get_as("sales-a", &path).await;
    assert_eq!(detail["appointment"]["outcome"], "done");
    assert_eq!(detail["history"][1]["kind"], "done");
    assert_eq!(detail["history"][1]["byName"], "Sales A");
    let history = story.get_as("sales-a", &format!("/api/leads/{lead}")).await["history"].clone();
    assert_eq!(history[0]["newValue"], "visit");
    // Said once more, it is about nothing.
    assert_eq!(
        story.agent("A").says("sudah").await["outcome"],
        "not_an_ack"
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn with_two_visits_the_agent_is_asked_which_one_and_names_it() {
    let story = Story::begin_asking_about_visits().await;
    let lead = claimed_by_a(&story).await;
    book(&story, &lead, "2026-01-05T10:00").await;
    book(&story, &lead, "2026-01-05T11:00").await;
    until(&story, "2026-01-05T12:30").await;
    story.agent("A").is_told("Pengingat");
    let first = code_in(&story.agent("A").reads());
    let second = code_in(&story.agent("A").reads());
    assert_eq!(
        story.agent("A").says("tidak datang").await["outcome"],
        "ambiguous"
    );
    let which = story.agent("A").reads();
    for words in [
        "Ada 2 kunjungan",
        &*first,
        &*second,
        "misalnya TIDAK DATANG K",
    ] {
        assert!(which.contains(words), "{which}");
    }
    story
        .agent("A")
        .says(&format!("tidak datang {first}"))
        .await;
    story
        .agent("A")
        .is_told("Dicatat: Bapak Test tidak datang.");
    story.agent("A").says("minta reschedule").await;
    story.agent("A").is_told("dijadwal ulang");
    assert_eq!(progress_of(&story, &lead).await, json!("follow-up"));
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn what_was_said_in_the_app_or_called_off_is_not_asked_and_nobody_is_asked_at_night() {
    let story = Story::begin_asking_about_visits().await;
    let lead = claimed_by_a(&story).await;
    let answered = book(&story, &lead, "2026-01-05T10:00").await;
    let off = book(&story, &lead, "2026-01-05T13:00").await;
    let late = book(&story, &lead, "2026-01-05T19:00").await;
    // It is made longer, and asked about after its new end.
    let longer = json!({ "endsAt": "2026-01-05T21:30:00+07:00" });
    let late = format!("/api/appointments/{}", text(&late["id"]));
    let (status, visit) = story
        .send_as("sales-a", Method::PATCH, &late, &longer)
        .await;
    assert_eq!(status, 200, "{visit}");
    assert_eq!(visit["warning"], "outside_hours");
    let path =
        |visit: &Value, what: &str| format!("/api/appointments/{}/{what}", text(&visit["id"]));
    let done = json!({ "outcome": "done" });
    let (status, problem) =
        post(&story, "sales-a", &path(&answered, "outcome"), done.clone()).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("appointment_ahead"))
    );
    let (status, _) = post(&story, "sales-b", &path(&answered, "outcome"), done.clone()).await;
    assert_eq!(status, 404);
    story.fast_forward(minutes(65)).await;
    let (status, visit) = post(&story, "sales-a", &path(&answered, "outcome"), done.clone()).await;
    assert_eq!((status, &visit["outcome"]), (200, &json!("done")));
    let (status, _) = post(&story, "sales-a", &path(&off, "cancel"), json!({})).await;
    assert_eq!(status, 200);
    let (status, problem) = post(&story, "admin", &path(&off, "outcome"), done).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("appointment_cancelled"))
    );
    // The late one ends in the night: its question waits for the morning.
    until(&story, "2026-01-06T06:59").await;
    story.agent("A").is_told("Pengingat");
    story.client("081234001234").is_told("Pengingat");
    assert!(story.harness.provider.unheard().is_empty());
    until(&story, "2026-01-06T07:00").await;
    story.agent("A").is_told("Bagaimana kunjungan");
    story.fast_forward(TimeDelta::days(4)).await;
    // Too long ago for a bare word, and its code is still understood.
    assert_eq!(
        story.agent("A").says("sudah").await["outcome"],
        "not_an_ack"
    );
    story.nobody_else_was_messaged().await;
}

/// "Jadwal ulang" and then the visit itself is moved: it is to take place again, and is asked about again.
#[tokio::test]
async fn a_visit_that_moves_after_its_answer_is_asked_about_again() {
    let story = Story::begin_asking_about_visits().await;
    let lead = claimed_by_a(&story).await;
    let visit = book(&story, &lead, "2026-01-05T10:00").await;
    until(&story, "2026-01-05T11:15").await;
    story.agent("A").is_told("Bagaimana kunjungan");
    story.agent("A").says("jadwal ulang").await;
    story.agent("A").is_told("dijadwal ulang");
    let path = format!("/api/appointments/{}", text(&visit["id"]));
    let later = json!({ "startsAt": "2026-01-05T14:00:00+07:00" });
    let (status, moved) = story.send_as("sales-a", Method::PATCH, &path, &later).await;
    assert_eq!((status, &moved["outcome"]), (200, &Value::Null), "{moved}");
    until(&story, "2026-01-05T15:15").await;
    story.agent("A").is_told("Pengingat");
    story.client("081234001234").is_told("Pengingat");
    story.agent("A").is_told("Bagaimana kunjungan");
    story.agent("A").says("sudah").await;
    story.agent("A").is_told("sudah datang");
    story.nobody_else_was_messaged().await;
}
