//! Many at once: similar forms wait for a person, full agents are passed over, and another project finds its queue.

use super::pipeline::post;
use super::story::{Story, minutes, text};
use poem::http::Method;
use serde_json::{Value, json};
use shared::config::SecondProject;
use shared::phone::Phone;
use shared::sales;
use shared::testing::Harness;

const MANAGER: &str = "081199990001";

/// A story whose default queue has a manager and that holds similar forms.
async fn begin() -> Story {
    let mut harness = Harness::new().await;
    harness.app.distribution.burst_forms = 5;
    let queue = sales::queues(&harness.app).await.expect("queues").remove(0);
    let mut settings = queue.settings;
    settings.manager_phones = vec![Phone::from_human("manager", MANAGER).expect("a number")];
    sales::change_queue(&harness.app, queue.id, &settings)
        .await
        .expect("a manager");
    Story::of(harness)
}

/// A form is filled in.
async fn form(
    story: &Story,
    number: usize,
    name: &str,
    phone: &str,
    project: Option<&str>,
) -> Value {
    let body = json!({
        "metaLeadId": format!("form-{number}"), "name": name, "phone": phone, "sourceAds": "Formulir A", "project": project,
    });
    let answer = story.post("/webhooks/meta/leads", &body).await;
    story.workers_catch_up().await;
    answer
}

#[tokio::test]
async fn forms_that_repeat_each_other_wait_for_a_person_and_others_do_not() {
    let story = begin().await;
    // A campaign: ten people, each with a name and a number of their own.
    for number in 0..10 {
        let phone = format!("08{}2{number}00{number}123", 11 + number);
        let taken = form(&story, number, &format!("Klien {number}"), &phone, None).await;
        assert_eq!(taken["outcome"], "distributing", "{number}: {taken}");
        story.agent("A").is_told("Sumber: Formulir A");
    }
    // A script: one name, or numbers that differ in the last figures.
    let mut held = Vec::new();
    for number in 10..24 {
        let (name, phone) = if number % 2 == 0 {
            ("asdf".to_owned(), format!("08135{number}7{number}{number}"))
        } else {
            (format!("x{number}"), format!("0815777700{number}"))
        };
        let taken = form(&story, number, &name, &phone, None).await;
        if taken["outcome"] == "noted" {
            held.push(text(&taken["lead"]["id"]));
        } else {
            story.agent("A").is_told("Sumber: Formulir A");
        }
    }
    assert_eq!(held.len(), 4, "the sixth and later of each kind");
    story
        .client(MANAGER)
        .is_told("Formulir dari Formulir A saling mirip dan ditahan");
    let suspects = story.get_as("admin", "/api/leads?mark=suspect").await;
    assert_eq!(suspects["items"].as_array().map(Vec::len), Some(4));
    assert_eq!(suspects["items"][0]["status"], "new");
    // A further form of a suspect changes nothing.
    let phone = suspects["items"][0]["phone"].as_str().expect("a number");
    let again = form(&story, 30, "asdf", phone, None).await;
    assert_eq!(again["outcome"], "noted");
    // A person looks: one is real, one is junk, and one writes.
    let path = |lead: &str, what: &str| format!("/api/leads/{lead}/{what}");
    let (status, lead) = post(&story, "admin", &path(&held[0], "distribute"), json!({})).await;
    assert_eq!(
        (status, &lead["status"], &lead["mark"]),
        (200, &json!("distributing"), &Value::Null)
    );
    story.workers_catch_up().await;
    story.agent("A").is_told("Sumber: Formulir A");
    let (status, problem) = post(&story, "admin", &path(&held[0], "distribute"), json!({})).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("already_distributing"))
    );
    let (status, lead) = post(
        &story,
        "admin",
        &path(&held[1], "stop"),
        json!({ "mark": "junk" }),
    )
    .await;
    assert_eq!((status, &lead["mark"]), (200, &json!("junk")));
    let detail = story
        .get_as("admin", &format!("/api/leads/{}", held[2]))
        .await;
    let client = story.client(detail["lead"]["phone"].as_str().expect("a number"));
    assert_eq!(
        client.says("Halo, saya sudah isi formulir").await["outcome"],
        "distributing"
    );
    client.is_asked_to_wait();
    story.agent("A").is_told("Sumber: Formulir A");
    // The fourth is assigned by hand: it is a lead as every other from then on.
    let to_a = json!({ "salesId": "sales-a" });
    let (status, lead) = post(&story, "admin", &path(&held[3], "assign"), to_a).await;
    assert_eq!(status, 200, "{lead}");
    story.workers_catch_up().await;
    story.agent("A").reads();
    let detail = story
        .get_as("admin", &format!("/api/leads/{}", held[3]))
        .await;
    assert_eq!(detail["lead"]["mark"], Value::Null);
    let phone = detail["lead"]["phone"].as_str().expect("a number");
    let again = form(&story, 31, "Ibu Sari", phone, None).await;
    assert_ne!(again["outcome"], "noted");
    story.agent("A").is_told("mengisi iklan lagi");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_full_agent_is_passed_over_while_a_colleague_has_room() {
    let mut harness = Harness::new().await;
    harness.app.distribution.most_open_offers = 2;
    let story = Story::of(harness);
    let order = [
        "A", "A", "B", "B", "C", "C", "D", "D", "E", "E", "F", "F", "A",
    ];
    for (number, label) in order.into_iter().enumerate() {
        let client = format!("08123400{number:04}");
        story.client(&client).says("Halo").await;
        story.client(&client).is_asked_to_wait();
        story.agent(label).is_offered_the_lead();
    }
    story.fast_forward(minutes(1)).await;
    // Who answered has room again.
    story.agent("B").says("OK 1").await;
    story.agent("B").reads();
    let leads = story
        .get_as(
            "admin",
            "/api/leads?status=distributing&limit=1&sort=newest",
        )
        .await;
    let lead = text(&leads["items"][0]["id"]);
    let why = story
        .get_as("admin", &format!("/api/distribution/leads/{lead}/explain"))
        .await;
    assert!(
        why.to_string().contains("Offered to Sales A"),
        "all are full: the turn decides: {why}"
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_form_about_another_project_goes_to_its_queue_if_the_office_wants_that() {
    for second_project in [SecondProject::Owner, SecondProject::Queue] {
        let mut harness = Harness::new().await;
        harness.app.distribution.second_project = second_project;
        let story = Story::of(harness);
        let settings = json!({ "name": "Villa", "strategy": "fixed" });
        let (_, queue) = post(&story, "admin", "/api/distribution/queues", settings).await;
        let path = format!("/api/distribution/queues/{}", text(&queue["id"]));
        post(
            &story,
            "admin",
            &format!("{path}/places"),
            json!({ "salesId": "sales-f" }),
        )
        .await;
        let rules = json!([{ "project": "Villa" }]);
        story
            .send_as("admin", Method::PUT, &format!("{path}/rules"), &rules)
            .await;
        let lead =
            text(&form(&story, 1, "Budi", "081234001234", Some("Rumah")).await["lead"]["id"]);
        story.agent("A").is_offered_the_lead();
        story.agent("A").says("OK").await;
        story.agent("A").is_told("sekarang milik Anda");
        let second = form(&story, 2, "Budi", "081234001234", Some("villa")).await;
        if second_project == SecondProject::Owner {
            assert_eq!(second["outcome"], "owner_told");
            story
                .agent("A")
                .is_told("mengisi iklan lagi.\nProyek: villa");
        } else {
            assert_eq!(second["outcome"], "distributing");
            story.agent("A").is_told("menanyakan proyek lain: villa");
            story.agent("F").is_offered_the_lead();
            let detail = story.get_as("admin", &format!("/api/leads/{lead}")).await;
            assert_eq!(detail["lead"]["project"], "villa");
            story.agent("F").says("OK").await;
            story.agent("F").is_told("sekarang milik Anda");
        }
        story.nobody_else_was_messaged().await;
    }
}
