//! The desk: an admin's board, and an agent who takes and passes offers on the screen.

use super::story::{Story, minutes, text};
use chrono::TimeDelta;
use poem::http::Method;
use serde_json::{Value, json};

const CLIENT: &str = "081234001234";

/// The offers on an agent's screen.
async fn offers_of(story: &Story, agent: &str) -> Vec<Value> {
    let mine = story.get_as(agent, "/api/offers/mine").await;
    mine["offers"].as_array().expect("offers").clone()
}

/// The agent taps a button of an offer.
async fn taps(story: &Story, agent: &str, verb: &str, offer: &Value) -> (u16, Value) {
    let path = format!("/api/offers/{}/{verb}", text(&offer["attemptId"]));
    let answer = story.send_as(agent, Method::POST, &path, &json!({})).await;
    story.workers_catch_up().await;
    answer
}

/// The first lead on the board, and each seat's label with the status of its offer.
async fn board(story: &Story) -> (Value, Vec<(String, String)>) {
    let board = story.get_as("admin", "/api/board").await;
    let lead = board["leads"][0].clone();
    let seats = lead["seats"].as_array().cloned().unwrap_or_default();
    let seats = seats
        .iter()
        .filter(|seat| seat["status"].is_string())
        .map(|seat| (text(&seat["label"]), text(&seat["status"])))
        .collect();
    (lead, seats)
}

fn seats(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(label, status): &(&str, &str)| ((*label).to_owned(), (*status).to_owned());
    expected.iter().map(own).collect()
}

#[tokio::test]
async fn a_lead_is_taken_on_the_screen_while_the_board_follows() {
    let story = Story::begin_masked().await;
    assert!(offers_of(&story, "sales-a").await.is_empty());
    let said = story
        .client(CLIENT)
        .says("Halo, nomor saya 081234001234")
        .await;
    assert_eq!(said["outcome"], "distributing");
    let offers = offers_of(&story, "sales-a").await;
    let offer = &offers[0];
    // Masked as the offer of the chat.
    assert!(!offer.to_string().contains("081234001234"), "{offer}");
    assert_eq!(offer["phone"], Value::Null);
    assert!(text(&offer["words"][0]).starts_with("Halo, nomor saya"));
    let (lead, now) = board(&story).await;
    assert_eq!(
        (&lead["status"], now),
        (&json!("open"), seats(&[("A", "open")]))
    );
    assert_eq!(lead["phone"], "+6281234001234");

    // A is silent, and B takes it at the last moment.
    story.fast_forward(minutes(5)).await;
    let offers = offers_of(&story, "sales-b").await;
    story
        .fast_forward(minutes(5) - TimeDelta::milliseconds(1))
        .await;
    let (status, taken) = taps(&story, "sales-b", "take", &offers[0]).await;
    assert_eq!(
        (status, &taken["outcome"]),
        (200, &json!("accepted")),
        "{taken}"
    );
    assert_eq!(taken["lead"]["phone"], "+6281234001234");
    assert!(text(&taken["chatLink"]).starts_with("https://wa.me/6281234001234?text="));
    assert!(offers_of(&story, "sales-b").await.is_empty());
    let (lead, now) = board(&story).await;
    assert_eq!(now, seats(&[("A", "timed_out"), ("B", "accepted")]));
    assert_eq!(
        (&lead["status"], &lead["owner"]),
        (&json!("accepted"), &json!("Sales B"))
    );

    // The same tap again changes nothing.
    let (status, again) = taps(&story, "sales-b", "take", &offers[0]).await;
    assert_eq!(
        (status, &again["outcome"], &again["duplicate"]),
        (200, &json!("accepted"), &json!(true))
    );
    story.client(CLIENT).is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("B").is_offered_the_lead();
    story.agent("B").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_tap_after_the_deadline_is_late_and_says_who_has_the_lead() {
    let story = Story::begin().await;
    story.client(CLIENT).says("Halo").await;
    let offers = offers_of(&story, "sales-a").await;
    story.fast_forward(minutes(5)).await;
    story.agent("B").says("OK").await;
    let (status, late) = taps(&story, "sales-a", "take", &offers[0]).await;
    assert_eq!(
        (status, &late["outcome"], &late["owner"]),
        (200, &json!("late"), &json!("Sales B"))
    );
    // Who is late learns nothing of the client.
    assert_eq!(
        (&late["lead"], &late["chatLink"]),
        (&Value::Null, &Value::Null)
    );
    story.client(CLIENT).is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("B").is_offered_the_lead();
    story.agent("B").is_told("sekarang milik Anda");
    story.agent("A").is_told("sudah diambil Sales B");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_tap_that_came_before_the_deadline_counts_although_the_roll_is_due() {
    let story = Story::begin().await;
    story.client(CLIENT).says("Halo").await;
    let offers = offers_of(&story, "sales-a").await;
    story.time_passes_without_workers(minutes(5) - TimeDelta::milliseconds(1));
    let (_, taken) = taps(&story, "sales-a", "take", &offers[0]).await;
    assert_eq!(taken["outcome"], "accepted");
    story.fast_forward(minutes(1)).await;
    assert_eq!(board(&story).await.1, seats(&[("A", "accepted")]));
    story.client(CLIENT).is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("A").is_told("sekarang milik Anda");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn passing_on_the_screen_gives_the_next_agent_the_lead_at_once() {
    let story = Story::begin().await;
    story.client(CLIENT).says("Halo").await;
    let offers = offers_of(&story, "sales-a").await;
    let (status, passed) = taps(&story, "sales-a", "pass", &offers[0]).await;
    assert_eq!((status, &passed["outcome"]), (200, &json!("declined")));
    assert_eq!(
        board(&story).await.1,
        seats(&[("A", "declined"), ("B", "open")])
    );
    assert_eq!(offers_of(&story, "sales-b").await.len(), 1);
    story.client(CLIENT).is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("A").is_told("dilewatkan ke agen berikutnya");
    story.agent("B").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn nobody_answers_the_offer_of_somebody_else() {
    let story = Story::begin().await;
    story.client(CLIENT).says("Halo").await;
    let offers = offers_of(&story, "sales-a").await;
    for who in ["sales-b", "admin"] {
        assert!(offers_of(&story, who).await.is_empty());
        for verb in ["take", "pass"] {
            assert_eq!(
                taps(&story, who, verb, &offers[0]).await.0,
                404,
                "{who} {verb}"
            );
        }
    }
    assert_eq!(board(&story).await.1, seats(&[("A", "open")]));
    let nothing = json!({ "attemptId": "0190b8a0-0000-7000-8000-000000000000" });
    assert_eq!(taps(&story, "sales-a", "take", &nothing).await.0, 404);
    story.client(CLIENT).is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_tap_and_an_ok_by_chat_at_one_instant_have_one_owner() {
    for tap_first in [true, false] {
        let story = Story::begin().await;
        story.client(CLIENT).says("Halo").await;
        let offers = offers_of(&story, "sales-a").await;
        let (tap, ok) = if tap_first {
            let tap = taps(&story, "sales-a", "take", &offers[0]).await.1;
            (tap, story.agent("A").says("OK").await)
        } else {
            let ok = story.agent("A").says("OK").await;
            (taps(&story, "sales-a", "take", &offers[0]).await.1, ok)
        };
        let outcomes = [text(&tap["outcome"]), text(&ok["outcome"])];
        let won = outcomes.iter().filter(|one| *one == "accepted").count();
        assert_eq!(won, 1, "{outcomes:?}");
        // Sales A owns the lead either way, so the answer to the tap shows it.
        assert_eq!(tap["lead"]["phone"], "+6281234001234", "{tap}");
        story.client(CLIENT).is_asked_to_wait();
        story.agent("A").is_offered_the_lead();
        story.agent("A").is_told("sekarang milik Anda");
        story.nobody_else_was_messaged().await;
    }
}

/// The place that has the lead on the board, and who is next.
async fn holder_and_next(story: &Story, lead: &str) -> (Value, Vec<String>) {
    let board = story.get_as("admin", "/api/board").await;
    let leads = board["leads"].as_array().expect("leads");
    let row = leads.iter().find(|one| one["leadId"] == json!(lead));
    let row = row.expect("on the board");
    let seats = row["seats"].as_array().expect("seats");
    let holder = seats.iter().find(|seat| seat["status"] == "open");
    let next = row["next"].as_array().expect("next");
    (
        holder.expect("a holder").clone(),
        next.iter().map(text).collect(),
    )
}

#[tokio::test]
async fn the_board_says_who_is_next_and_that_is_who_is_asked() {
    let story = Story::begin().await;
    for strategy in ["fixed", "rotating"] {
        let queues = story.get_as("admin", "/api/distribution/queues").await;
        let queue = &queues[0];
        let mut settings = queue["settings"].clone();
        settings["strategy"] = json!(strategy);
        let path = format!("/api/distribution/queues/{}", text(&queue["id"]));
        let (status, changed) = story.send_as("admin", Method::PUT, &path, &settings).await;
        assert_eq!(status, 200, "{changed}");
        let next = format!("/api/distribution/queues/{}/next", text(&queue["id"]));
        let forecast = story.get_as("admin", &next).await;
        let number = if strategy == "fixed" {
            CLIENT
        } else {
            "081234001235"
        };
        let lead = text(&story.client(number).says("Halo").await["lead"]["id"]);
        story.client(number).is_asked_to_wait();
        // Sales C takes a break: they are not next.
        if strategy == "fixed" {
            story.agent("C").says("istirahat").await;
            story.agent("C").reads();
        }
        let mut asked = Vec::new();
        let mut told = Vec::new();
        for round in 1..=3 {
            let (holder, next) = holder_and_next(&story, &lead).await;
            let label = text(&holder["label"]);
            asked.push(text(&holder["salesId"]));
            told.push(next);
            story.agent(&label).is_offered_the_lead();
            if round < 3 {
                story.fast_forward(minutes(5)).await;
            } else {
                story.agent(&label).says("OK").await;
                story.agent(&label).is_told("sekarang milik Anda");
            }
        }
        assert_eq!(
            forecast[0],
            json!(asked[0]),
            "{strategy}: {forecast} {asked:?}"
        );
        assert_eq!(told[0], asked[1..3], "{strategy}: {told:?} {asked:?}");
        assert_eq!(told[1][0], asked[2], "{strategy}");
        assert!(
            !asked.contains(&"sales-c".to_owned()),
            "{strategy}: {asked:?}"
        );
    }
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn who_tries_things_out_need_not_wait_for_the_deadline() {
    let story = Story::begin().await;
    let jump = "/webhooks/whatsapp/dummy/next-deadline";
    assert_eq!(story.post(jump, &json!({})).await["rolled"], json!([]));
    story.client(CLIENT).says("Halo").await;
    story.client(CLIENT).is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.fast_forward(TimeDelta::seconds(7)).await;
    let jumped = story.post(jump, &json!({})).await;
    assert_eq!(jumped["rolled"][0]["agent"]["id"], "sales-a", "{jumped}");
    story.workers_catch_up().await;
    story.agent("B").is_offered_the_lead();
    // The next agent has a whole window, and the audit finds nothing wrong.
    story
        .fast_forward(minutes(5) - TimeDelta::milliseconds(1))
        .await;
    assert_eq!(
        board(&story).await.1,
        seats(&[("A", "timed_out"), ("B", "open")])
    );
    assert_eq!(story.agent("A").says("OK").await["outcome"], "late");
    story.agent("A").reads();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_admin_lists_every_message_and_those_that_failed() {
    let story = Story::begin().await;
    story.client(CLIENT).says("Halo").await;
    story.client(CLIENT).is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    let page = "/api/whatsapp/messages?limit=2";
    let first = story.get_as("admin", page).await;
    let last = text(&first[1]["id"]);
    let rest = story
        .get_as("admin", &format!("{page}&before={last}"))
        .await;
    let kinds = |page: &Value| -> Vec<String> {
        let page = page.as_array().expect("messages");
        page.iter().map(|one| text(&one["kind"])).collect()
    };
    let mut all = [kinds(&first), kinds(&rest)].concat();
    all.sort_unstable();
    assert_eq!(all, ["auto_reply", "client", "offer"]);
    let failed = "/api/whatsapp/messages?failed=true";
    assert_eq!(story.get_as("admin", failed).await, json!([]));
    sqlx::query("update wa_message set delivery_status = 'failed' where kind = 'offer'")
        .execute(&story.harness.app.pool)
        .await
        .expect("failed");
    assert_eq!(kinds(&story.get_as("admin", failed).await), ["offer"]);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn leads_that_may_be_one_person_are_proposed() {
    let story = Story::begin().await;
    let mut ids = Vec::new();
    for (name, phone) in [
        ("Budi Santoso", "+6281234001231"),
        ("budi santoso ", "+6281234001232"),
        ("Rina", "+601134001231"),
        ("Budi Santoso Wijaya", "+6281234001239"),
    ] {
        let lead = json!({ "name": name, "phone": phone });
        let (status, lead) = story
            .send_as("sales-a", Method::POST, "/api/leads", &lead)
            .await;
        assert_eq!(status, 200, "{lead}");
        ids.push(text(&lead["id"]));
    }
    let path = format!("/api/leads/{}/similar", ids[0]);
    let found = story.get_as("admin", &path).await;
    let found: Vec<(String, String)> = found
        .as_array()
        .expect("leads")
        .iter()
        .map(|one| (text(&one["lead"]["id"]), text(&one["same"])))
        .collect();
    assert_eq!(
        found,
        [
            (ids[2].clone(), "number".to_owned()),
            (ids[1].clone(), "name".to_owned())
        ]
    );
    story.nobody_else_was_messaged().await;
}
