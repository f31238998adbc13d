//! What clients are told, once each: who serves them, that nobody could, when somebody is back, and their visits. And
//! clients who want to be told nothing.

use super::pipeline::{patch, post};
use super::story::{Story, minutes, text};
use chrono::TimeDelta;
use poem::http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_client_is_told_who_serves_them_and_when_the_visit_is() {
    let story = Story::begin_telling_clients().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("A").says("OK").await;
    story.agent("A").is_told("sekarang milik Anda");
    client.is_told(
        "Halo Bapak Test, Anda dilayani oleh Sales A (+6281110000001) dari Property Lounge.",
    );

    let visit = json!({
        "startsAt": "2026-01-06T09:00:00+07:00", "endsAt": "2026-01-06T10:00:00+07:00",
        "place": "Kantor BSD",
    });
    let book = format!("/api/leads/{lead}/appointments");
    let (status, visit) = post(&story, "sales-a", &book, visit).await;
    assert_eq!(status, 200, "{visit}");
    story.workers_catch_up().await;
    assert_eq!(
        client.reads(),
        "Kunjungan Anda bersama Sales A sudah dijadwalkan pada Selasa, 6 Januari pukul 09:00 WIB.\nTempat: Kantor BSD"
    );
    let path = format!("/api/appointments/{}", text(&visit["id"]));
    let moved = json!({ "startsAt": "2026-01-07T13:30:00+07:00" });
    assert_eq!(patch(&story, "sales-a", &path, moved).await.0, 200);
    story.workers_catch_up().await;
    client.is_told("dipindahkan ke Rabu, 7 Januari pukul 13:30 WIB");
    // A note of the agent is not the client's business.
    let noted = json!({ "note": "bawa brosur" });
    assert_eq!(patch(&story, "sales-a", &path, noted).await.0, 200);
    let cancel = format!("{path}/cancel");
    assert_eq!(post(&story, "sales-a", &cancel, json!({})).await.0, 200);
    story.workers_catch_up().await;
    client.is_told("pada Rabu, 7 Januari pukul 13:30 WIB dibatalkan");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_client_whom_nobody_could_serve_gets_one_apology() {
    let story = Story::begin_telling_clients().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.fast_forward(minutes(31)).await;
    for label in ["A", "B", "C", "D", "E", "F"] {
        story.agent(label).is_offered_the_lead();
    }
    client.is_told("Mohon maaf, semua agent kami sedang melayani client lain.");
    let to = json!({ "salesId": "sales-b" });
    let path = format!("/api/leads/{lead}/assign");
    assert_eq!(post(&story, "admin", &path, to).await.0, 200);
    story.workers_catch_up().await;
    story.agent("B").is_told("ditugaskan kepada Anda");
    client.is_told("Anda dilayani oleh Sales B");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_client_who_writes_at_night_is_told_when_somebody_is_back() {
    let story = Story::begin_telling_clients().await;
    for agent in ["a", "b", "c", "d", "e", "f"] {
        let hours: Vec<Value> = (1..=7)
            .map(|day| json!({ "weekday": day, "opens": "09:00", "closes": "17:00" }))
            .collect();
        let path = format!("/api/sales/sales-{agent}/availability");
        let body = json!({ "hours": hours });
        let (status, answer) = story.send_as("admin", Method::PUT, &path, &body).await;
        assert_eq!(status, 200, "{answer}");
    }
    story.fast_forward(TimeDelta::hours(13)).await;
    let client = story.client("081234001234");
    client.says("Masih ada?").await;
    client.is_asked_to_wait();
    story.fast_forward(TimeDelta::seconds(2)).await;
    client.is_told("kembali bertugas Selasa, 6 Januari pukul 09:00 WIB");
    client.says("Halo?").await;
    story.fast_forward(TimeDelta::hours(11)).await;
    story.agent("A").is_told("Pesan: Masih ada?\n> Halo?");
    story.agent("A").says("OK").await;
    story.agent("A").is_told("sekarang milik Anda");
    client.is_told("Anda dilayani oleh Sales A");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn stop_ends_the_distribution_and_every_message_of_ours() {
    let story = Story::begin_telling_clients().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    assert_eq!(client.says("Stop ya").await["outcome"], "opted_out");
    story.agent("A").is_told("client tidak ingin dihubungi");
    let (status, attempts) = story.standing(&lead).await;
    assert_eq!(
        (status.as_str(), attempts),
        ("closed", vec!["withdrawn".to_owned()])
    );
    assert_eq!(story.agent("A").says("OK").await["outcome"], "late");
    story.agent("A").is_told("client tidak ingin dihubungi");
    // They write again: an agent serves them, and no machine does.
    assert_eq!(
        client.says("Ada yang baru?").await["outcome"],
        "distributing"
    );
    story.agent("A").is_offered_the_lead();
    story.agent("A").says("OK").await;
    story.agent("A").is_told("sekarang milik Anda");
    // And to the agent who serves them.
    assert_eq!(client.says("berhenti").await["outcome"], "opted_out");
    story.agent("A").is_told("client tidak ingin dihubungi");
    let blocked = story.get_as("admin", "/api/contacts/blocked").await;
    assert_eq!(blocked[0]["address"], "+6281234001234");
    assert_eq!(blocked[0]["kind"], "opted_out");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_word_that_only_begins_like_stop_is_an_enquiry() {
    let story = Story::begin().await;
    for (number, words) in [
        ("081234001231", "Stop kontaknya di sebelah mana?"),
        ("081234001232", "berhenti kerja, mau beli rumah"),
    ] {
        let client = story.client(number);
        assert_eq!(
            client.says(words).await["outcome"],
            "distributing",
            "{words}"
        );
        client.is_asked_to_wait();
    }
    story.agent("A").is_offered_the_lead();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_blocked_number_is_stored_and_moves_nothing() {
    let story = Story::begin().await;
    let block = json!({ "phone": "0812-3400-1234", "reason": "iklan pinjaman" });
    let (status, blocked) = post(&story, "admin", "/api/contacts/blocked", block).await;
    assert_eq!((status, &blocked[0]["kind"]), (200, &json!("blocked")));
    let client = story.client("081234001234");
    assert_eq!(client.says("Pinjaman cepat!").await["outcome"], "blocked");
    let form = story.ad("form-1", "081234001234").await;
    assert_eq!(
        (&form["outcome"], &form["lead"]),
        (&json!("blocked"), &Value::Null)
    );
    let agents = json!({ "phone": "+6281110000001", "reason": "salah" });
    let (status, _) = post(&story, "admin", "/api/contacts/blocked", agents).await;
    assert_eq!(status, 422);

    let path = "/api/contacts/blocked/+6281234001234";
    let (status, left) = story
        .send_as("admin", Method::DELETE, path, &json!({}))
        .await;
    assert_eq!((status, left), (200, json!([])));
    assert_eq!(
        client.says("Maaf, saya mau tanya unit").await["outcome"],
        "distributing"
    );
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_form_with_an_agents_number_becomes_no_lead() {
    let story = Story::begin().await;
    let form = json!({ "metaLeadId": "1", "name": "Sales A", "phone": "+6281110000001", "sourceAds": "Iklan" });
    let (status, problem) = story.try_post("/webhooks/meta/leads", &form).await;
    assert_eq!(
        (status, &problem["errors"][0]["field"]),
        (422, &json!("phone"))
    );
    story.nobody_else_was_messaged().await;
}
