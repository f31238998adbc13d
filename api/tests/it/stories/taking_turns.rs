//! Who is next: queues that take turns, several of them, and clients who come back.

use super::story::{Story, minutes, text};
use serde_json::json;
use shared::distribution::{self, Strategy};
use shared::id::{QueueId, UserId};
use shared::sales::{self, Place, Queue, QueueSettings, Rule};

async fn default_queue(story: &Story) -> Queue {
    let queues = sales::queues(&story.harness.app).await.expect("the queues");
    queues.into_iter().next().expect("the default")
}

async fn takes_turns(story: &Story, strategy: Strategy) {
    let queue = default_queue(story).await;
    let settings = QueueSettings {
        strategy,
        ..queue.settings
    };
    sales::change_queue(&story.harness.app, queue.id, &settings)
        .await
        .expect("a change");
}

fn place(label: &str, weight: i32) -> Place {
    Place {
        sales_id: UserId(format!("sales-{}", label.to_lowercase())),
        label: label.to_owned(),
        active: true,
        weight,
        owed_thousandths: 0,
    }
}

async fn new_queue(story: &Story, name: &str, labels: &[&str], rule: Rule) -> QueueId {
    let app = &story.harness.app;
    let settings = QueueSettings {
        name: name.to_owned(),
        ..default_queue(story).await.settings
    };
    let id = sales::create_queue(app, &settings).await.expect("a queue");
    let places: Vec<Place> = labels.iter().map(|label| place(label, 1)).collect();
    sales::set_places(app, id, &places, None)
        .await
        .expect("places");
    sales::set_rules(app, id, &[rule]).await.expect("a rule");
    id
}

fn for_project(project: &str) -> Rule {
    Rule {
        priority: 10,
        project: Some(project.to_owned()),
        campaign: None,
        source: None,
        words: None,
    }
}

/// A new client writes; returns the label of the agent who is offered the lead and takes it.
async fn next_lead_goes_to(story: &Story, number: usize) -> String {
    let typed = format!("0812340{number:05}");
    let answer = story.client(&typed).says("Halo").await;
    story.client(&typed).is_asked_to_wait();
    let label = text(&answer["agent"]["id"])
        .trim_start_matches("sales-")
        .to_uppercase();
    story.agent(&label).is_offered_the_lead();
    assert_eq!(story.agent(&label).says("OK").await["outcome"], "accepted");
    story.agent(&label).is_told("sekarang milik Anda");
    label
}

#[tokio::test]
async fn in_a_rotating_queue_every_lead_goes_to_the_next_agent() {
    let story = Story::begin().await;
    takes_turns(&story, Strategy::Rotating).await;
    let mut order = String::new();
    for number in 0..8 {
        order.push_str(&next_lead_goes_to(&story, number).await);
    }
    assert_eq!(order, "ABCDEFAB");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn in_a_weighted_queue_an_agent_of_weight_two_gets_two_turns_of_seven() {
    let story = Story::begin().await;
    takes_turns(&story, Strategy::Weighted).await;
    let places =
        ["A", "B", "C", "D", "E", "F"].map(|label| place(label, if label == "C" { 2 } else { 1 }));
    let queue = default_queue(&story).await.id;
    sales::set_places(&story.harness.app, queue, &places, None)
        .await
        .expect("places");
    let mut order = String::new();
    for number in 0..14 {
        order.push_str(&next_lead_goes_to(&story, number).await);
    }
    assert_eq!(order.matches('C').count(), 4, "{order}");
    assert_eq!(order.matches('A').count(), 2, "{order}");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn in_a_rotating_queue_a_rolled_offer_takes_the_next_agents_turn() {
    let story = Story::begin().await;
    takes_turns(&story, Strategy::Rotating).await;
    story.client("081234001234").says("Halo").await;
    story.client("081234001234").is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.fast_forward(minutes(5)).await;
    story.agent("B").is_offered_the_lead();
    story.agent("B").says("OK").await;
    story.agent("B").is_told("sekarang milik Anda");
    assert_eq!(next_lead_goes_to(&story, 1).await, "C");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_agent_who_was_on_a_break_is_owed_the_turn_and_the_explanation_says_so() {
    let story = Story::begin().await;
    takes_turns(&story, Strategy::Rotating).await;
    assert_eq!(
        story.agent("A").says("istirahat").await["outcome"],
        "paused"
    );
    story.agent("A").is_told("SIAP KERJA");
    assert_eq!(next_lead_goes_to(&story, 0).await, "B");
    assert_eq!(next_lead_goes_to(&story, 1).await, "C");
    assert_eq!(
        story.agent("A").says("Siap kerja!").await["outcome"],
        "resumed"
    );
    story.agent("A").is_told("Selamat bekerja kembali");
    assert_eq!(next_lead_goes_to(&story, 2).await, "A");
    assert_eq!(next_lead_goes_to(&story, 3).await, "D");

    let answer = story.client("081234000000").says("Masih ada?").await;
    story.agent("B").is_told("menulis lagi");
    let lead = serde_json::from_value(answer["lead"]["id"].clone()).expect("an id");
    let told = distribution::explain(&story.harness.app, lead)
        .await
        .expect("an explanation");
    let sentences: Vec<&str> = told
        .steps
        .iter()
        .map(|(_, sentence)| sentence.as_str())
        .collect();
    assert_eq!(sentences[0], "A cycle started in a rotating queue.");
    assert_eq!(
        sentences[1],
        "Offered to Sales B by the rule `rotating`, from Sales B, Sales C, Sales D, Sales E, Sales F; \
         passed over Sales A (paused, owed 0.166 of a turn)."
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_project_of_its_own_queue_goes_there_and_everything_else_to_the_default() {
    let story = Story::begin().await;
    new_queue(&story, "Villa Bali", &["E", "F"], for_project("villa*")).await;
    let ad = json!({ "metaLeadId": "1", "phone": "081234001234", "project": "Villa Bali Tahap 2" });
    let answer = story.post("/webhooks/meta/leads", &ad).await;
    assert_eq!(answer["agent"]["id"], "sales-e");
    let ad = json!({ "metaLeadId": "2", "phone": "081234001235", "project": "Apartemen" });
    let answer = story.post("/webhooks/meta/leads", &ad).await;
    assert_eq!(answer["agent"]["id"], "sales-a");
    story.workers_catch_up().await;
    story.agent("E").is_offered_the_lead();
    story.agent("A").is_offered_the_lead();
    story.fast_forward(minutes(5)).await;
    story.agent("F").is_offered_the_lead();
    story.agent("B").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_returning_client_goes_first_to_their_agent_at_no_cost_and_silence_rolls_on() {
    let story = Story::begin().await;
    takes_turns(&story, Strategy::Rotating).await;
    assert_eq!(next_lead_goes_to(&story, 0).await, "A");
    assert_eq!(next_lead_goes_to(&story, 1).await, "B");
    sqlx::query("update lead set status = 'closed' where phone = '+6281234000000'")
        .execute(&story.harness.app.pool)
        .await
        .expect("the lead is closed");
    // C is next, but the client was A's.
    let answer = story.client("081234000000").says("Saya kembali").await;
    assert_eq!(answer["agent"]["id"], "sales-a");
    story.client("081234000000").is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.fast_forward(minutes(5)).await;
    story.agent("C").is_offered_the_lead();
    story.agent("C").says("OK").await;
    story.agent("C").is_told("sekarang milik Anda");
    assert_eq!(
        next_lead_goes_to(&story, 2).await,
        "D",
        "A's turn is as far as it was"
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_second_ad_of_the_same_person_while_a_cycle_is_open_is_an_enquiry_on_that_lead() {
    let story = Story::begin().await;
    new_queue(&story, "Villa", &["F"], for_project("Villa")).await;
    let first = story.ad("1", "081234001234").await;
    story.agent("A").is_offered_the_lead();
    let ad = json!({ "metaLeadId": "2", "phone": "081234001234", "project": "Villa" });
    let second = story.post("/webhooks/meta/leads", &ad).await;
    assert_eq!(second["outcome"], "added");
    assert_eq!(second["lead"]["id"], first["lead"]["id"]);
    let enquiries = "select count(*) from lead_enquiry";
    let enquiries: i64 = sqlx::query_scalar(enquiries)
        .fetch_one(&story.harness.app.pool)
        .await
        .expect("a count");
    assert_eq!(enquiries, 2);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn the_default_queue_cannot_be_deleted_and_another_gives_what_it_held_to_it() {
    let story = Story::begin().await;
    let app = &story.harness.app;
    let default = default_queue(&story).await.id;
    let refused = sales::delete_queue(app, default).await;
    assert!(matches!(
        refused,
        Err(shared::Error::Conflict {
            code: "default_queue"
        })
    ));
    let by_hand = sqlx::query("delete from distribution_queue")
        .execute(&app.pool)
        .await;
    assert!(by_hand.is_err(), "the schema refuses it, too");

    let empty = new_queue(&story, "Kosong", &[], for_project("Kosong")).await;
    let ad = json!({ "metaLeadId": "1", "phone": "081234001234", "project": "kosong" });
    assert_eq!(
        story.post("/webhooks/meta/leads", &ad).await["outcome"],
        "held"
    );
    sales::delete_queue(app, empty).await.expect("it is gone");
    story.workers_catch_up().await;
    story.agent("A").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}
