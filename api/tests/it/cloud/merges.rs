//! Two leads are one person: nobody loses a lead silently.

use super::graph::delivery;
use super::identity::{BSUID, named, nameless};
use super::office::{Office, agent};
use chrono::TimeDelta;
use poem::http::Method;
use serde_json::{Value, json};

const NUMBER: &str = "6281234001234";

/// The person's message shows that the two leads are one.
async fn they_are_one(office: &Office) {
    office.fast_forward(TimeDelta::seconds(20)).await;
    let both = named(office, NUMBER, BSUID, "Ini saya, pak");
    office.deliver(&delivery(&[both])).await;
}

/// The person writes from the address without a number. Returns once A has the offer.
async fn writes_without_number(office: &Office, to: char) {
    let message = nameless(office, BSUID, "Halo");
    office.deliver(&delivery(&[message])).await;
    office.reads(BSUID);
    office.reads(&agent(to));
    office.fast_forward(TimeDelta::seconds(20)).await;
}

/// The person writes from their number.
async fn writes_from_number(office: &Office, to: char) {
    office.says(NUMBER, "Halo").await;
    office.reads(NUMBER);
    office.reads(&agent(to));
    office.fast_forward(TimeDelta::seconds(20)).await;
}

/// The agent claims the lead that they are offered.
async fn claims(office: &Office, label: char) {
    office.says(&agent(label), "OK").await;
    office.fast_forward(TimeDelta::seconds(20)).await;
    office.reads(&agent(label));
}

#[tokio::test]
async fn a_live_enquiry_stays_and_a_closed_lead_is_merged_into_it() {
    let office = Office::open().await;
    writes_without_number(&office, 'A').await;
    claims(&office, 'A').await;
    let lead = office.sql("select id::text from lead").await;
    let path = format!("/api/leads/{lead}/status");
    let closed = json!({ "status": "closed" });
    office.send_as("admin", Method::PATCH, &path, &closed).await;
    writes_from_number(&office, 'A').await;
    they_are_one(&office).await;
    assert_eq!(office.sql("select count(*)::text from lead").await, "1");
    assert_eq!(office.sql("select status from lead").await, "distributing");
    let open = "select count(*)::text from distribution_attempt where status = 'open'";
    assert_eq!(
        office.sql(open).await,
        "1",
        "the open offer is carried over"
    );
    claims(&office, 'A').await;
    assert_eq!(office.sql("select status from lead").await, "claimed");
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn the_agent_with_the_open_offer_reads_why_it_is_withdrawn() {
    let office = Office::open().await;
    writes_without_number(&office, 'A').await;
    claims(&office, 'A').await;
    writes_from_number(&office, 'A').await;
    they_are_one(&office).await;
    let mut told = vec![text_of(&office.reads(&agent('A')).body)];
    office.fast_forward(TimeDelta::seconds(70)).await;
    told.push(text_of(&office.reads(&agent('A')).body));
    assert!(
        told.iter()
            .any(|told| told.contains("sudah punya lead lain")),
        "{told:?}"
    );
    assert!(
        told.iter().any(|told| told.contains("Ini saya")),
        "the owner hears the client: {told:?}"
    );
    office.nobody_else_was_messaged().await;
}

fn text_of(body: &Value) -> String {
    body["text"]["body"].as_str().unwrap_or_default().to_owned()
}

/// One person has two leads, one claimed by A and one by B.
async fn two_claims(office: &Office) {
    writes_without_number(office, 'A').await;
    claims(office, 'A').await;
    office.says(NUMBER, "Halo").await;
    office.reads(NUMBER);
    office.reads(&agent('A'));
    office.says(&agent('A'), "lewati").await;
    office.reads(&agent('B'));
    office.fast_forward(TimeDelta::seconds(20)).await;
    office.reads(&agent('A'));
    claims(office, 'B').await;
    they_are_one(office).await;
}

#[tokio::test]
async fn of_two_claims_neither_is_taken_and_an_admin_decides() {
    let office = Office::open().await;
    two_claims(&office).await;
    they_are_one(&office).await;
    office.fast_forward(TimeDelta::seconds(80)).await;
    assert_eq!(office.sql("select count(*)::text from lead").await, "2");
    let owners = "select string_agg(owner_sales_id, ',' order by owner_sales_id) from lead";
    assert_eq!(office.sql(owners).await, "sales-a,sales-b");
    let told =
        "select string_agg(to_wa, ',' order by to_wa) from wa_message where kind = 'owner_merge'";
    assert_eq!(
        office.sql(told).await,
        "+6281110000001,+6281110000002",
        "both owners, once"
    );
    let (_, conflicts) = office
        .send_as("admin", Method::GET, "/api/lead-conflicts", &Value::Null)
        .await;
    let conflict = conflicts[0]["id"].as_str().expect("a conflict").to_owned();
    let of_b = office
        .sql("select id::text from lead where owner_sales_id = 'sales-b'")
        .await;
    let path = format!("/api/lead-conflicts/{conflict}/decision");
    let keep = json!({ "keep": of_b });
    let (status, left) = office.send_as("admin", Method::POST, &path, &keep).await;
    assert_eq!((status, left), (200, json!([])));
    let (status, _) = office.send_as("admin", Method::POST, &path, &keep).await;
    assert_eq!(status, 404, "it is decided");
    assert_eq!(
        office.sql("select owner_sales_id from lead").await,
        "sales-b"
    );
    office.fast_forward(TimeDelta::seconds(80)).await;
    let last = "select body from wa_message where to_wa = '+6281110000001' and direction = 'out'
                order by created_at desc limit 1";
    assert!(office.sql(last).await.contains("dialihkan kepada Sales B"));
    office.the_rules_hold().await;
}

#[tokio::test]
async fn a_client_who_writes_a_lot_causes_one_notice_a_minute_and_no_offer_waits_for_them() {
    let office = Office::open().await;
    writes_from_number(&office, 'A').await;
    claims(&office, 'A').await;
    for n in 0..12 {
        office.says(NUMBER, &format!("pesan {n}")).await;
        office.fast_forward(TimeDelta::seconds(2)).await;
    }
    // Another client's offer to A leaves although notices wait.
    office.says("6281234005555", "Halo").await;
    office.reads("6281234005555");
    office.fast_forward(TimeDelta::seconds(90)).await;
    let mut told = Vec::new();
    while let Some(next) = office.may_read(&agent('A')) {
        told.push(next);
    }
    let texts: Vec<String> = told.iter().map(|message| text_of(&message.body)).collect();
    let notices: Vec<&String> = texts.iter().filter(|text| text.contains("pesan")).collect();
    assert_eq!(notices.len(), 2, "{texts:#?}");
    assert!(notices[1].contains("menulis 11 pesan"), "{notices:?}");
    assert!(notices[1].contains("pesan 11"), "{notices:?}");
    let sent = "select (offer_accepted_at - assigned_at < interval '7 seconds')::text
                from distribution_attempt order by assigned_at desc limit 1";
    assert_eq!(office.sql(sent).await, "true");
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_decision_that_would_take_the_only_claim_is_refused() {
    let office = Office::open().await;
    two_claims(&office).await;
    let (_, conflicts) = office
        .send_as("admin", Method::GET, "/api/lead-conflicts", &Value::Null)
        .await;
    let conflict = conflicts[0]["id"].as_str().expect("a conflict").to_owned();
    let of_a = office
        .sql("select id::text from lead where owner_sales_id = 'sales-a'")
        .await;
    // Meanwhile A's lead goes back into distribution.
    sqlx::query("update lead set owner_sales_id = null, locked_at = null, status = 'hangus', progress = 'no-action' where owner_sales_id = 'sales-a'")
        .execute(&office.harness.app.pool)
        .await
        .expect("the lead has no owner");
    let path = format!("/api/lead-conflicts/{conflict}/decision");
    let keep = json!({ "keep": of_a });
    let (status, problem) = office.send_as("admin", Method::POST, &path, &keep).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("other_is_claimed"))
    );
    let owners = "select string_agg(owner_sales_id, ',') from lead";
    assert_eq!(office.sql(owners).await, "sales-b");
}
