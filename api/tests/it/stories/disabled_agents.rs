//! An agent is disabled: their offers, leads and visits go where the admin chose.

use super::story::{Story, code_in, minutes, text};
use chrono::TimeDelta;
use poem::http::Method;
use serde_json::{Value, json};
use shared::phone::Phone;
use shared::sales;

async fn disable(story: &Story, agent: &str, with: Value) {
    let mut change = with;
    change["disabled"] = json!(true);
    let path = format!("/api/users/{agent}");
    let (status, told) = story.send_as("admin", Method::PATCH, &path, &change).await;
    assert_eq!(status, 200, "{told}");
    story.workers_catch_up().await;
}

/// A client's lead that A claimed.
async fn claimed_by_a(story: &Story, client: &str) -> String {
    let person = story.client(client);
    let lead = text(&person.says("Halo").await["lead"]["id"]);
    person.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    story.agent("A").says("OK").await;
    story.agent("A").is_told("sekarang milik Anda");
    lead
}

async fn with_manager(story: &Story) {
    let app = &story.harness.app;
    let queue = sales::queues(app).await.expect("queues").remove(0);
    let mut settings = queue.settings;
    settings.manager_phones = vec![Phone::from_human("manager", MANAGER).expect("a number")];
    sales::change_queue(app, queue.id, &settings)
        .await
        .expect("a change");
}

const MANAGER: &str = "081299990001";

#[tokio::test]
async fn an_open_offer_of_a_disabled_agent_moves_on_at_once_and_their_ok_is_refused() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    disable(&story, "sales-a", json!({})).await;
    story.agent("B").is_offered_the_lead();
    assert_eq!(story.standing(&lead).await.1, ["withdrawn", "open"]);
    story.agent("A").says("OK").await;
    story.agent("A").is_told("Akun Anda tidak aktif");
    assert_eq!(story.standing(&lead).await.1, ["withdrawn", "open"]);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_ok_that_races_the_disabling_claims_nothing_and_the_offer_rolls_at_once() {
    let story = Story::begin().await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    // The job that lets the offers go has not run.
    sqlx::query(r#"update "user" set disabled_at = now() where id = 'sales-a'"#)
        .execute(&story.harness.app.pool)
        .await
        .expect("disabled");
    assert_eq!(story.agent("A").says("OK").await["outcome"], "disabled");
    story.agent("A").is_told("Akun Anda tidak aktif");
    story.agent("B").is_offered_the_lead();
    assert_eq!(story.standing(&lead).await.1, ["withdrawn", "open"]);
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_disabled_agent_is_neither_offered_nor_assigned_a_lead_and_returns_with_their_place() {
    let story = Story::begin().await;
    with_manager(&story).await;
    let client = story.client("081234001234");
    let lead = text(&client.says("Halo").await["lead"]["id"]);
    client.is_asked_to_wait();
    story.agent("A").is_offered_the_lead();
    // B is a member of the running cycle.
    disable(&story, "sales-b", json!({})).await;
    story.fast_forward(minutes(5)).await;
    story.agent("C").is_offered_the_lead();
    let path = format!("/api/leads/{lead}/assign");
    let (status, told) = story
        .send_as(
            "admin",
            Method::POST,
            &path,
            &json!({ "salesId": "sales-b" }),
        )
        .await;
    assert_eq!((status, &told["code"]), (409, &json!("agent_disabled")));
    let enabled = json!({ "disabled": false });
    story
        .send_as("admin", Method::PATCH, "/api/users/sales-b", &enabled)
        .await;
    story.workers_catch_up().await;
    story.fast_forward(minutes(5)).await;
    story.agent("B").is_offered_the_lead();
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn the_leads_and_visits_of_a_disabled_agent_go_to_a_named_colleague() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story, "081234001234").await;
    let starts = story.now() + TimeDelta::days(2);
    let visit = json!({ "startsAt": starts.to_rfc3339(),
        "endsAt": (starts + TimeDelta::hours(1)).to_rfc3339() });
    let (status, visit) = story
        .send_as(
            "sales-a",
            Method::POST,
            &format!("/api/leads/{lead}/appointments"),
            &visit,
        )
        .await;
    assert_eq!(status, 200, "{visit}");
    story.workers_catch_up().await;
    let to_d = json!({ "leads": "colleague", "colleague": "sales-d" });
    disable(&story, "sales-a", to_d).await;
    story.agent("D").is_told("1 lead dari Sales A");
    let journey = story.journey(&lead).await;
    assert_eq!(journey["lead"]["ownerSalesId"], "sales-d");
    let visits = story.get_as("sales-d", "/api/appointments").await;
    assert_eq!(visits[0]["salesId"], "sales-d", "{visits}");
    // The client writes: the new owner hears of it.
    story.client("081234001234").says("Masih ada?").await;
    story.agent("D").is_told("Masih ada?");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_interrupted_handover_goes_on_and_names_every_lead_that_it_moved() {
    let story = Story::begin().await;
    let app = &story.harness.app;
    let first = claimed_by_a(&story, "081234001234").await;
    let second = claimed_by_a(&story, "081234005678").await;
    let change = json!({ "disabled": true, "leads": "colleague", "colleague": "sales-d" });
    story
        .send_as("admin", Method::PATCH, "/api/users/sales-a", &change)
        .await;
    // The database fails at the second lead.
    for statement in [
        "create function stop() returns trigger language plpgsql as $$ begin raise 'stop'; end $$",
        "create trigger stop before update of owner_sales_id on lead
         for each row when (old.phone like '%5678') execute function stop()",
    ] {
        sqlx::query(statement)
            .execute(&app.pool)
            .await
            .expect("it fails from now");
    }
    let handover = sqlx::query_scalar("select id from agent_handover")
        .fetch_one(&app.pool)
        .await
        .expect("one handover");
    shared::distribution::hand_over(app, handover)
        .await
        .expect_err("it is interrupted");
    assert_eq!(
        story.journey(&first).await["lead"]["ownerSalesId"],
        "sales-d"
    );
    sqlx::query("drop trigger stop on lead")
        .execute(&app.pool)
        .await
        .expect("it works again");
    story.workers_catch_up().await;
    assert_eq!(
        story.journey(&second).await["lead"]["ownerSalesId"],
        "sales-d"
    );
    let told = story.agent("D").reads();
    assert!(told.contains("2 lead dari Sales A"), "{told}");
    for number in ["1234001234", "1234005678"] {
        assert!(told.contains(number), "{told}");
    }
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn the_leads_of_a_disabled_agent_can_be_distributed_again() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story, "081234001234").await;
    disable(&story, "sales-a", json!({ "leads": "distribute" })).await;
    story.agent("B").is_offered_the_lead();
    assert_eq!(
        story.standing(&lead).await,
        ("distributing".to_owned(), vec!["open".to_owned()])
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn by_default_the_managers_are_told_and_the_clients_words_reach_them() {
    let story = Story::begin().await;
    with_manager(&story).await;
    let lead = claimed_by_a(&story, "081234001234").await;
    disable(&story, "sales-a", json!({})).await;
    story
        .client(MANAGER)
        .is_told("Sales A dinonaktifkan. 1 lead");
    let listed = story.get_as("admin", "/api/leads?ownerDisabled=true").await;
    assert_eq!(listed["items"][0]["id"], json!(lead), "{listed}");
    let client = story.client("081234001234");
    assert_eq!(client.says("Halo?").await["outcome"], "owner_told");
    let told = story.client(MANAGER).reads();
    assert!(told.contains("agennya Sales A tidak aktif"), "{told}");
    let code = code_in(&told);
    story
        .client(MANAGER)
        .says(&format!("Tugaskan {code} A"))
        .await;
    story.client(MANAGER).is_told("tidak aktif");
    story
        .client(MANAGER)
        .says(&format!("Tugaskan {code} C"))
        .await;
    story
        .client(MANAGER)
        .is_told("sudah ditugaskan kepada Sales C");
    story.agent("C").is_told("ditugaskan kepada Anda");
    assert_eq!(
        story.journey(&lead).await["lead"]["ownerSalesId"],
        "sales-c"
    );
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn without_managers_the_client_of_a_disabled_owner_is_distributed_again() {
    let story = Story::begin().await;
    let lead = claimed_by_a(&story, "081234001234").await;
    disable(&story, "sales-a", json!({})).await;
    let client = story.client("081234001234");
    assert_eq!(client.says("Halo?").await["outcome"], "distributing");
    client.is_asked_to_wait();
    story.agent("B").is_offered_the_lead();
    assert_eq!(story.standing(&lead).await.0, "distributing");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn what_an_admin_cannot_choose_is_refused() {
    let story = Story::begin().await;
    for change in [
        json!({ "disabled": true, "leads": "colleague" }),
        json!({ "disabled": true, "leads": "colleague", "colleague": "sales-a" }),
        json!({ "disabled": true, "leads": "colleague", "colleague": "nobody" }),
        json!({ "leads": "distribute" }),
    ] {
        let (status, told) = story
            .send_as("admin", Method::PATCH, "/api/users/sales-a", &change)
            .await;
        assert_eq!(status, 422, "{change}: {told}");
    }
    story.nobody_else_was_messaged().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_that_is_merged_away_during_a_handover_does_not_stop_it() {
    let story = Story::begin().await;
    let app = story.harness.app.clone();
    let first = claimed_by_a(&story, "081234001234").await;
    let second = claimed_by_a(&story, "081234005678").await;
    let third = claimed_by_a(&story, "081234009999").await;
    let change = json!({ "disabled": true, "leads": "colleague", "colleague": "sales-d" });
    story
        .send_as("admin", Method::PATCH, "/api/users/sales-a", &change)
        .await;
    let handover = sqlx::query_scalar("select id from agent_handover")
        .fetch_one(&app.pool)
        .await
        .expect("one handover");
    // It has read which leads there are, and waits for the first.
    let mut holder = shared::db::begin(&app.pool).await.expect("a transaction");
    sqlx::query("select from lead where phone = '+6281234001234' for update")
        .execute(&mut *holder)
        .await
        .expect("a lock");
    let of_job = app.clone();
    let moving =
        tokio::spawn(async move { shared::distribution::hand_over(&of_job, handover).await });
    shared::testing::until_somebody_waits(&app.pool).await;
    let path = format!("/api/leads/{third}/merges");
    let body = json!({ "leadId": second });
    let (status, told) = story.send_as("admin", Method::POST, &path, &body).await;
    assert_eq!(status, 200, "{told}");
    holder.rollback().await.expect("released");
    moving.await.expect("it ends").expect("handed over");
    for lead in [&first, &third] {
        assert_eq!(story.journey(lead).await["lead"]["ownerSalesId"], "sales-d");
    }
    let ended: i64 = sqlx::query_scalar(
        "select count(*) from agent_handover where ended_at is not null and moved = 2",
    )
    .fetch_one(&app.pool)
    .await
    .expect("a count");
    assert_eq!(ended, 1);
    story.workers_catch_up().await;
    story.agent("D").is_told("2 lead dari Sales A");
    story.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_handover_that_was_called_off_is_not_carried_out_when_the_agent_is_disabled_again() {
    let story = Story::begin().await;
    let account = async |change: Value| {
        let path = "/api/users/sales-a";
        let (status, told) = story.send_as("admin", Method::PATCH, path, &change).await;
        assert_eq!(status, 200, "{told}");
    };
    // By mistake; no worker runs before it is taken back.
    account(json!({ "disabled": true, "leads": "distribute" })).await;
    account(json!({ "disabled": false })).await;
    story.workers_catch_up().await;
    let lead = claimed_by_a(&story, "081234001234").await;
    account(json!({ "disabled": true })).await;
    for _ in 0..3 {
        story.fast_forward(minutes(1)).await;
        let found = shared::distribution::audit(&story.harness.app, false).await;
        assert_eq!(found.expect("an audit"), []);
    }
    let entry = story.get_as("admin", &format!("/api/leads/{lead}")).await;
    assert_eq!(entry["lead"]["ownerName"], "Sales A");
    story.nobody_else_was_messaged().await;
}
