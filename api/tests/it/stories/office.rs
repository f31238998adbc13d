//! The office: who joins, company hours, who covers for whom, words that route, ready answers, merges by hand.

use super::pipeline::{claimed_by_a, post};
use super::story::{Story, minutes, text};
use chrono::{DateTime, FixedOffset, TimeDelta};
use poem::http::Method;
use serde_json::{Value, json};

async fn put(story: &Story, user: &str, path: &str, body: Value) -> (u16, Value) {
    story.send_as(user, Method::PUT, path, &body).await
}

async fn default_queue(story: &Story) -> String {
    let queues = story.get_as("admin", "/api/distribution/queues").await;
    text(&queues[0]["id"])
}

async fn until(story: &Story, time: &str) {
    let time: DateTime<FixedOffset> = format!("{time}:00+07:00").parse().expect("a time");
    story.fast_forward(time.to_utc() - story.now()).await;
}

#[tokio::test]
async fn a_new_agent_joins_the_queue_and_leaves_it_and_the_others_stay() {
    let story = Story::begin().await;
    let new = json!({
        "name": "Sales G", "email": "g@example.com", "password": "rahasia-sekali", "role": "sales", "phone": "+6281110000007",
    });
    let (status, user) = post(&story, "admin", "/api/users", new).await;
    assert_eq!(status, 200, "{user}");
    let path = format!(
        "/api/distribution/queues/{}/places",
        default_queue(&story).await
    );
    let place = json!({ "salesId": user["id"], "order": 1 });
    let (status, queue) = post(&story, "admin", &path, place.clone()).await;
    assert_eq!(status, 200, "{queue}");
    let labels: Vec<String> = queue["places"]
        .as_array()
        .expect("places")
        .iter()
        .map(|place| text(&place["label"]))
        .collect();
    assert_eq!(labels, ["G", "A", "B", "C", "D", "E", "F"]);
    let (status, problem) = post(&story, "admin", &path, place).await;
    assert_eq!(
        (status, &problem["errors"][0]["field"]),
        (422, &json!("salesId"))
    );
    story.client("081234001234").says("Halo").await;
    story.client("081234001234").is_asked_to_wait();
    story.agent("G").is_offered_the_lead();
    let (status, queue) = story
        .send_as(
            "admin",
            Method::DELETE,
            &format!("{path}/{}", text(&user["id"])),
            &json!({}),
        )
        .await;
    assert_eq!(
        (status, queue["places"].as_array().map(Vec::len)),
        (200, Some(6))
    );
    // The open offer stays.
    story.agent("G").says("OK").await;
    story.agent("G").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn company_hours_are_for_agents_who_have_none_and_the_morning_releases_what_waits() {
    let story = Story::begin().await;
    let office = json!([{ "weekday": 1, "opens": "09:00", "closes": "17:00" }, { "weekday": 2, "opens": "09:00", "closes": "17:00" }]);
    let (status, hours) = put(
        &story,
        "admin",
        "/api/distribution/company-hours",
        office.clone(),
    )
    .await;
    assert_eq!((status, hours), (200, office));
    // B works at night, by hours of their own.
    let night = json!({ "hours": [{ "weekday": 1, "opens": "18:00", "closes": "20:04" }] });
    let (status, _) = story
        .send_as(
            "admin",
            Method::PATCH,
            "/api/sales/sales-b/availability",
            &night,
        )
        .await;
    assert_eq!(status, 200);
    until(&story, "2026-01-05T20:00").await;
    let client = story.client("081234001234");
    assert_eq!(client.says("Halo").await["outcome"], "distributing");
    client.is_asked_to_wait();
    story.agent("B").is_offered_the_lead();
    until(&story, "2026-01-05T20:06").await;
    assert!(
        story.harness.provider.unheard().is_empty(),
        "nobody else is on duty"
    );
    until(&story, "2026-01-06T09:01").await;
    story.agent("A").is_offered_the_lead();
    story.agent("A").says("OK").await;
    story.agent("A").is_told("sekarang milik Anda");
    // The agent's own record does not get the company's hours.
    let own = story
        .get_as("admin", "/api/sales/sales-a/availability")
        .await;
    assert_eq!(own["hours"], json!([]));
    let (status, _) = put(
        &story,
        "admin",
        "/api/distribution/company-hours",
        json!([]),
    )
    .await;
    assert_eq!(status, 200);
    let (status, problem) = put(
        &story,
        "admin",
        "/api/distribution/company-hours",
        json!([{ "weekday": 1, "opens": "17:00", "closes": "09:00" }]),
    )
    .await;
    assert_eq!(
        (status, &problem["errors"][0]["field"]),
        (422, &json!("hours"))
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn who_covers_hears_the_client_of_an_agent_on_leave_and_the_lead_stays() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story).await;
    let client = story.client("081234001234");
    let (status, _) = put(
        &story,
        "sales-b",
        "/api/sales/sales-a/cover",
        json!({ "salesId": "sales-b" }),
    )
    .await;
    assert_eq!(status, 403);
    let (status, cover) = put(
        &story,
        "sales-a",
        "/api/sales/sales-a/cover",
        json!({ "salesId": "sales-c" }),
    )
    .await;
    assert_eq!((status, cover), (200, json!({ "salesId": "sales-c" })));
    // A is there: nobody else hears it.
    client.says("Masih ada?").await;
    story.agent("A").is_told("menulis lagi");
    story.agent("A").says("cuti sampai Jumat").await;
    story.agent("A").is_told("cuti");
    story.fast_forward(minutes(5)).await;
    client.says("Kapan bisa survei?").await;
    story.agent("A").is_told("menulis lagi");
    let told = story.agent("C").reads();
    assert_eq!(
        told,
        "Anda menggantikan Sales A: client Bapak Test (+6281234001234) menulis 1 pesan:\nKapan bisa survei?\nLead ini tetap milik Sales A."
    );
    let detail = story.get_as("admin", &format!("/api/leads/{lead}")).await;
    assert_eq!(detail["lead"]["ownerName"], "Sales A");
    // By a queue: the first who is on duty.
    let queue = json!({ "queueId": default_queue(&story).await });
    put(&story, "admin", "/api/sales/sales-a/cover", queue).await;
    story.fast_forward(minutes(5)).await;
    client.says("Halo?").await;
    story.agent("A").is_told("menulis lagi");
    story.agent("B").is_told("Anda menggantikan Sales A");
    for (cover, field) in [
        (json!({ "salesId": "sales-a" }), "salesId"),
        (
            json!({ "queueId": "01890000-0000-7000-8000-000000000000" }),
            "queueId",
        ),
    ] {
        let (status, problem) = put(&story, "admin", "/api/sales/sales-a/cover", cover).await;
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (422, &json!(field))
        );
    }
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn the_words_of_the_first_message_choose_the_queue() {
    let story = Story::begin().await;
    let settings = json!({ "name": "BSD", "strategy": "fixed" });
    let (_, queue) = post(&story, "admin", "/api/distribution/queues", settings).await;
    let path = format!("/api/distribution/queues/{}", text(&queue["id"]));
    post(
        &story,
        "admin",
        &format!("{path}/places"),
        json!({ "salesId": "sales-f" }),
    )
    .await;
    let rules = json!([{ "priority": 10, "words": "bsd, serpong kota" }]);
    let (status, queue) = put(&story, "admin", &format!("{path}/rules"), rules).await;
    assert_eq!(
        (status, &queue["rules"][0]["words"]),
        (200, &json!("bsd, serpong kota"))
    );
    for (number, words, label) in [
        ("081234001231", "Harga rumah BSD berapa?", "F"),
        ("081234001232", "Yang di Serpong-Kota masih ada", "F"),
        ("081234001233", "Harga rumah bsdx berapa? serpong", "A"),
    ] {
        story.client(number).says(words).await;
        story.client(number).is_asked_to_wait();
        story.agent(label).is_offered_the_lead();
    }
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_agent_sends_a_ready_answer_from_the_number_of_the_company() {
    let story = Story::begin().await;
    for (project, body) in [
        (
            Value::Null,
            "Halo {name}, daftar harga: https://example.com/harga",
        ),
        (
            json!("Villa"),
            "Halo {name}, harga Villa mulai 900 juta. Salam, {agent}",
        ),
    ] {
        let snippet = json!({ "word": "/Harga", "project": project, "body": body });
        let (status, all) = put(&story, "admin", "/api/snippets", snippet).await;
        assert_eq!((status, &all[0]["word"]), (200, &json!("harga")), "{all}");
    }
    let lead = claimed_by_a(&story).await;
    let client = story.client("081234001234");
    let report = story.agent("A").says("/harga").await;
    assert_eq!(report["outcome"], "snippet");
    client.is_told("Halo Bapak Test, daftar harga: https://example.com/harga");
    story
        .agent("A")
        .is_told("/harga sudah dikirim kepada Bapak Test.");
    let change = json!({ "project": "villa" });
    story
        .send_as(
            "sales-a",
            Method::PATCH,
            &format!("/api/leads/{lead}"),
            &change,
        )
        .await;
    story.agent("A").says("/harga 0812 3400 1234").await;
    client.is_told("Halo Bapak Test, harga Villa mulai 900 juta. Salam, Sales A");
    story.agent("A").is_told("sudah dikirim");
    story.agent("A").says("/lokasi").await;
    story
        .agent("A")
        .is_told("Tidak ada jawaban /lokasi.\nYang ada: /harga");
    // Whose client it is not gets nothing; nor does a client who wants none.
    story.agent("B").says("/harga 081234001234").await;
    story.agent("B").is_told("Kepada siapa?");
    client.says("stop").await;
    story.agent("A").is_told("dihentikan");
    story.agent("A").says("/harga 081234001234").await;
    story.agent("A").reads();
    let all = story.get_as("sales-b", "/api/snippets").await;
    let path = format!("/api/snippets/{}", text(&all[0]["id"]));
    let (status, left) = story
        .send_as("admin", Method::DELETE, &path, &json!({}))
        .await;
    assert_eq!((status, left.as_array().map(Vec::len)), (200, Some(1)));
    for (word, body, field) in [("har ga", "x", "word"), ("harga", " ", "body")] {
        let (status, problem) = put(
            &story,
            "admin",
            "/api/snippets",
            json!({ "word": word, "body": body }),
        )
        .await;
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (422, &json!(field))
        );
    }
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_admin_merges_two_leads_and_takes_it_back_within_a_day() {
    let story = Story::begin().await;
    let keep = claimed_by_a(&story).await;
    let other = story.client("081234005555");
    let lost = text(&other.says("Ini nomor kedua saya").await["lead"]["id"]);
    other.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    let (path, back) = (
        format!("/api/leads/{keep}/merges"),
        format!("/api/leads/{lost}/merges"),
    );
    let (status, problem) = post(&story, "admin", &back, json!({ "leadId": keep })).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("other_is_claimed"))
    );
    let (status, merges) = post(&story, "admin", &path, json!({ "leadId": lost })).await;
    assert_eq!(
        (status, &merges[0]["leadId"]),
        (200, &json!(lost)),
        "{merges}"
    );
    assert_eq!(merges[0]["phone"], "+6281234005555");
    story.workers_catch_up().await;
    story.agent("A").is_told("sudah punya lead lain");
    let detail = story.get_as("admin", &format!("/api/leads/{keep}")).await;
    assert_eq!(detail["cycles"].as_array().map(Vec::len), Some(2));
    // The second number is the client's now.
    story.fast_forward(minutes(2)).await;
    assert_eq!(other.says("Halo?").await["outcome"], "owner_told");
    story.agent("A").is_told("menulis lagi");

    let undo = format!("{path}/{}", text(&merges[0]["id"]));
    let (status, left) = story
        .send_as("admin", Method::DELETE, &undo, &json!({}))
        .await;
    assert_eq!((status, left), (200, json!([])));
    story.workers_catch_up().await;
    story.agent("A").is_offered_the_lead();
    let detail = story.get_as("admin", &format!("/api/leads/{keep}")).await;
    assert_eq!(detail["cycles"].as_array().map(Vec::len), Some(1));
    assert_eq!(detail["lead"]["phone"], "+6281234001234");
    let detail = story.get_as("admin", &format!("/api/leads/{lost}")).await;
    assert_eq!(
        (&detail["lead"]["phone"], &detail["lead"]["status"]),
        (&json!("+6281234005555"), &json!("distributing"))
    );
    assert_eq!(detail["messages"][0]["body"], "Ini nomor kedua saya");
    assert_eq!(other.says("Jadi?").await["lead"]["id"], json!(lost));
    other.is_asked_to_wait();
    let (status, problem) = story
        .send_as("admin", Method::DELETE, &undo, &json!({}))
        .await;
    assert_eq!((status, &problem["code"]), (409, &json!("nothing_to_undo")));
    // Merged again, and a day later it stays.
    post(&story, "admin", &path, json!({ "leadId": lost })).await;
    story.workers_catch_up().await;
    story.agent("A").is_told("sudah punya lead lain");
    story.fast_forward(TimeDelta::hours(25)).await;
    assert_eq!(story.get_as("admin", &path).await, json!([]));
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_merge_that_would_end_what_agents_are_asked_is_refused() {
    let story = Story::begin().await;
    let old = story.client("081234001234");
    let gone = text(&old.says("Halo").await["lead"]["id"]);
    old.is_asked_to_wait();
    for agent in ["A", "B", "C", "D", "E", "F"] {
        story.agent(agent).is_offered_the_lead();
        story.fast_forward(minutes(5)).await;
    }
    assert_eq!(story.standing(&gone).await.0, "hangus");
    let other = story.client("081234005555");
    let live = text(&other.says("Ini nomor kedua saya").await["lead"]["id"]);
    other.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    let path = format!("/api/leads/{gone}/merges");
    let (status, problem) = post(&story, "admin", &path, json!({ "leadId": live })).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("other_is_distributed"))
    );
    let path = format!("/api/leads/{live}/merges");
    let (status, merges) = post(&story, "admin", &path, json!({ "leadId": gone })).await;
    assert_eq!(status, 200, "{merges}");
    assert_eq!(story.agent("A").says("OK").await["outcome"], "accepted");
    story.agent("A").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}
