//! Leads of Meta's forms, and the way back to the ad.

use super::graph::signed;
use super::office::{Office, agent};
use chrono::TimeDelta;
use poem::http::Method;
use serde_json::{Value, json};

fn fixture(name: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/tests/fixtures/meta");
    let text = std::fs::read_to_string(format!("{folder}/{name}.json")).expect(name);
    serde_json::from_str(&text).expect("JSON")
}

pub(super) fn announcement(leads: &[(&str, &str)]) -> Value {
    let changes: Vec<Value> = leads
        .iter()
        .map(|(lead, form)| {
            json!({ "field": "leadgen", "value": {
                "leadgen_id": lead, "page_id": "153000000000001", "form_id": form, "created_time": 1_767_578_400 } })
        })
        .collect();
    json!({ "object": "page", "entry": [{ "id": "153000000000001", "time": 1_767_578_400, "changes": changes }] })
}

pub(super) async fn announce(office: &Office, body: &Value) {
    let (bytes, signature) = signed(body);
    assert_eq!(
        office
            .post("/webhooks/meta/leads", bytes.clone(), None)
            .await,
        401
    );
    assert_eq!(
        office
            .post("/webhooks/meta/leads", bytes, Some(&signature))
            .await,
        200
    );
    office.work().await;
}

#[tokio::test]
async fn a_form_that_is_filled_in_is_fetched_taken_once_and_its_ad_kept() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    office.graph.has_lead(
        "233000000000001",
        "172000000000001",
        &fixture("graph_lead.res"),
    );
    let body = fixture("in_leadgen");
    announce(&office, &body).await;
    announce(&office, &body).await;
    assert_eq!(
        office
            .sql("select name || ' ' || phone || ' ' || source_ads from lead")
            .await,
        "Bapak Test +6281234001234 BSD - Video 2"
    );
    assert_eq!(
        office
            .sql("select campaign || ' ' || ad_id || ' ' || campaign_id from lead_enquiry")
            .await,
        "BSD Oktober 120000000000000001 120000000000000003"
    );
    assert_eq!(
        office
            .sql("select state || ' ' || platform from meta_lead")
            .await,
        "taken ig"
    );
    let welcome = office.reads("6281234001234");
    assert_eq!(welcome.body["template"]["name"], "welcome");
    assert_eq!(
        welcome.body["template"]["components"][0]["parameters"][0]["text"],
        "Bapak Test"
    );
    office.reads(&agent('A'));
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_test_lead_is_marked_and_nobody_is_offered_it() {
    let office = Office::open().await;
    office.graph.has_lead(
        "233000000000003",
        "172000000000001",
        &fixture("graph_lead_test_dummy.res"),
    );
    office.graph.has_lead(
        "233000000000004",
        "172000000000001",
        &json!({ "field_data": [{ "name": "email", "values": ["a@b.co"] }] }),
    );
    announce(
        &office,
        &announcement(&[
            ("233000000000003", "172000000000001"),
            ("233000000000004", "172000000000001"),
        ]),
    )
    .await;
    assert_eq!(
        office
            .sql("select string_agg(state, ',' order by id) from meta_lead")
            .await,
        "test,unusable"
    );
    assert_eq!(office.sql("select count(*)::text from lead").await, "0");
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_form_with_questions_of_its_own_is_read_as_an_admin_says() {
    let office = Office::open().await;
    let path = "/api/meta/forms/172000000000009";
    let mapping =
        json!({ "name": "BSD Timur", "project": "BSD", "fields": { "kontak_aktif": "phone" } });
    let (status, forms) = office.send_as("admin", Method::PUT, path, &mapping).await;
    assert_eq!((status, &forms[0]["project"]), (200, &json!("BSD")));
    let wrong = json!({ "fields": { "kontak_aktif": "telephone" } });
    assert_eq!(
        office.send_as("admin", Method::PUT, path, &wrong).await.0,
        422
    );
    assert_eq!(
        office
            .send_as("admin", Method::PUT, "/api/meta/forms/abc", &mapping)
            .await
            .0,
        422
    );
    let lead = json!({ "field_data": [{ "name": "kontak_aktif", "values": ["0812 3400 1234"] }, { "name": "Nama Lengkap", "values": ["Ibu Sari"] }] });
    office
        .graph
        .has_lead("233000000000005", "172000000000009", &lead);
    announce(
        &office,
        &announcement(&[("233000000000005", "172000000000009")]),
    )
    .await;
    assert_eq!(
        office
            .sql("select name || ' ' || phone || ' ' || project || ' ' || source_ads from lead")
            .await,
        "Ibu Sari +6281234001234 BSD BSD Timur"
    );
    office.the_rules_hold().await;
}

#[tokio::test]
async fn leads_whose_webhook_never_came_are_found_by_looking_page_after_page() {
    let office = Office::open().await;
    for n in 1..=5 {
        let lead = json!({ "field_data": [{ "name": "phone_number", "values": [format!("08123400123{n}")] }] });
        office
            .graph
            .has_lead(&format!("23300000000001{n}"), "172000000000001", &lead);
    }
    announce(
        &office,
        &announcement(&[("233000000000011", "172000000000001")]),
    )
    .await;
    assert_eq!(office.sql("select count(*)::text from lead").await, "1");
    for _ in 0..3 {
        shared::meta::plan_reconciliation(&office.harness.app)
            .await
            .expect("planned");
    }
    assert_eq!(
        office
            .sql(
                "select count(*)::text from apalis.jobs where job_type = 'reconcile-meta-leads.v1'"
            )
            .await,
        "1"
    );
    office.fast_forward(TimeDelta::minutes(15)).await;
    assert_eq!(
        office
            .sql("select string_agg(heard_by, ',' order by id) from meta_lead")
            .await,
        "webhook,reconciled,reconciled,reconciled,reconciled"
    );
    assert_eq!(office.sql("select count(*)::text from lead").await, "5");
    office.the_rules_hold().await;
}

#[tokio::test]
async fn a_lead_that_graph_does_not_give_yet_is_asked_for_again() {
    let office = Office::open().await;
    announce(
        &office,
        &announcement(&[("233000000000021", "172000000000001")]),
    )
    .await;
    assert_eq!(office.sql("select state from meta_lead").await, "waiting");
    office.graph.has_lead(
        "233000000000021",
        "172000000000001",
        &fixture("graph_lead.res"),
    );
    office.fast_forward(TimeDelta::minutes(1)).await;
    assert_eq!(office.sql("select state from meta_lead").await, "taken");
    office.the_rules_hold().await;
}

#[tokio::test]
async fn what_becomes_of_a_lead_is_told_to_meta_once() {
    let office = Office::open().await;
    office.graph.has_lead(
        "233000000000001",
        "172000000000001",
        &fixture("graph_lead.res"),
    );
    announce(&office, &fixture("in_leadgen")).await;
    office.fast_forward(TimeDelta::seconds(10)).await;
    office.says(&agent('A'), "OK").await;
    let lead = office.sql("select id::text from lead").await;
    let path = format!("/api/leads/{lead}/layer2");
    for status in ["survei", "booking", "survei"] {
        let (answer, _) = office
            .send_as(
                "sales-a",
                Method::PATCH,
                &path,
                &json!({ "status": status }),
            )
            .await;
        assert_eq!(answer, 200);
    }
    office.work().await;
    let told = office.graph.conversions();
    let names: Vec<&str> = told
        .iter()
        .filter_map(|event| event["event_name"].as_str())
        .collect();
    assert_eq!(names, ["survei", "booking"]);
    assert_eq!(
        told[0]["user_data"]["lead_id"],
        json!(233_000_000_000_001_u64)
    );
    assert_eq!(told[0]["custom_data"]["event_source"], "crm");
    office.the_rules_hold().await;
}

#[tokio::test]
async fn a_client_who_never_wrote_is_told_by_a_template_who_serves_them() {
    let office = Office::telling_clients().await;
    office.graph.keeps_windows();
    office.says(&agent('A'), "absen").await;
    let form = fixture("graph_lead.res");
    office
        .graph
        .has_lead("233000000000001", "172000000000001", &form);
    announce(
        &office,
        &announcement(&[("233000000000001", "172000000000001")]),
    )
    .await;
    office.reads("6281234001234");
    office.reads(&agent('A'));
    office.fast_forward(TimeDelta::seconds(10)).await;
    office.says(&agent('A'), "OK").await;
    office.reads(&agent('A'));
    office.fast_forward(TimeDelta::seconds(10)).await;
    let template = &office.reads("6281234001234").body["template"];
    assert_eq!(template["name"], "lead_notice");
    let text = template["components"][0]["parameters"][0]["text"].as_str();
    assert!(
        text.is_some_and(|text| text.contains("Anda dilayani oleh Sales A")),
        "{template}"
    );
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_form_of_a_blocked_number_is_kept_with_its_reason() {
    let office = Office::open().await;
    let block = json!({ "phone": "+6281234001234", "reason": "iklan" });
    let path = "/api/contacts/blocked";
    let (status, _) = office.send_as("admin", Method::POST, path, &block).await;
    assert_eq!(status, 200);
    let form = fixture("graph_lead.res");
    office
        .graph
        .has_lead("233000000000001", "172000000000001", &form);
    announce(
        &office,
        &announcement(&[("233000000000001", "172000000000001")]),
    )
    .await;
    assert_eq!(
        office
            .sql("select state || ': ' || reason from meta_lead")
            .await,
        "discarded: an admin blocked the number"
    );
    assert_eq!(office.sql("select count(*)::text from lead").await, "0");
    office.nobody_else_was_messaged().await;
}

/// The terms of a form, and how many of its leads have each version.
const TERMS: &str = "select coalesce(string_agg(coalesce(t.terms ->> 'name', 'none') || ' ' || n, ', ' order by t.seen_at), '')
     from (select terms_id, count(*) as n from meta_lead group by terms_id) l left join meta_form_terms t on t.id = l.terms_id";

#[tokio::test]
async fn what_a_form_tells_its_readers_is_kept_with_each_lead_in_the_version_of_its_time() {
    let office = Office::open().await;
    let form = "172000000000001";
    let lead = |nth: u32| format!("23300000000000{nth}");
    let fills_in = async |nth: u32| {
        let answers = json!({ "field_data": [
            { "name": "phone_number", "values": [format!("0812-3400-123{nth}")] } ] });
        office.graph.has_lead(&lead(nth), form, &answers);
        announce(&office, &announcement(&[(&lead(nth), form)])).await;
    };
    // Graph does not know the form's terms: the lead is taken, and they are asked for again in an hour.
    fills_in(1).await;
    assert_eq!(office.sql("select count(*)::text from lead").await, "1");
    assert_eq!(office.sql(TERMS).await, "none 1");
    office
        .graph
        .has_lead_text(form, r#"{"id":"172000000000001","name":"first"}"#);
    fills_in(2).await;
    assert_eq!(office.sql(TERMS).await, "none 2", "not asked for yet");
    office.fast_forward(TimeDelta::minutes(60)).await;
    fills_in(3).await;
    assert_eq!(office.sql(TERMS).await, "first 3", "the others, too");
    // They change, and are read again a day later.
    office
        .graph
        .has_lead_text(form, r#"{"id":"172000000000001","name":"second"}"#);
    fills_in(4).await;
    assert_eq!(office.sql(TERMS).await, "first 4");
    office.fast_forward(TimeDelta::hours(24)).await;
    fills_in(5).await;
    assert_eq!(office.sql(TERMS).await, "first 4, second 1");
}
