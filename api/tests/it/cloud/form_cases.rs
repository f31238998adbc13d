//! What people type into forms, and forms without a usable number.

use super::lead_ads::{announce, announcement};
use super::office::Office;
use poem::http::Method;
use serde_json::{Value, json};

/// The form of the leads that cannot be taken at first.
const FORM: &str = "172000000000009";

/// Answers of forms as people type them: each holds a usable number.
#[tokio::test]
async fn every_usable_number_of_a_form_is_found() {
    let office = Office::open().await;
    let folder = format!(
        "{}/../shared/tests/fixtures/field/forms",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut forms = 0;
    for file in std::fs::read_dir(folder)
        .expect("the cases")
        .filter_map(Result::ok)
    {
        let bytes = std::fs::read(file.path()).expect("a form");
        let answer = shared::lossy_json::parse(&bytes).expect("JSON");
        let id = answer["id"].as_str().expect("an id").to_owned();
        office
            .graph
            .has_lead_text(&id, &String::from_utf8(bytes).expect("UTF-8"));
        announce(&office, &announcement(&[(id.as_str(), "172000000000001")])).await;
        forms += 1;
    }
    let unusable = office.admin_gets("/api/meta/unusable-leads").await;
    assert_eq!(unusable, json!([]));
    assert_eq!(
        office
            .sql("select count(*)::text from meta_lead where state = 'taken'")
            .await,
        forms.to_string()
    );
    assert_eq!(
        office
            .sql("select name from lead where phone = '+6281205629763'")
            .await,
        "Budi Santoso"
    );
    assert_eq!(
        office
            .sql("select name from lead where phone = '+6281205629767'")
            .await,
        "Budi \u{fffd}"
    );
    assert_eq!(office.sql("select count(*)::text from lead where phone in ('+6281205629761', '+6281234009773')").await, "2");
}

/// A form without a number: listed, then taken by a correction, a mapping, or Meta's redelivery.
#[tokio::test]
async fn an_unusable_lead_is_taken_once_its_number_is_known() {
    let office = Office::open().await;
    let answers = |question: &str, value: &str| {
        json!({ "field_data": [
        { "name": "full_name", "values": ["Ibu Sari"] }, { "name": question, "values": [value] }] })
    };
    for (id, question, value) in [
        ("501", "phone_number", "0812 3400"),
        ("502", "nomor_ktp", "081234001235"),
        ("503", "phone_number", "-"),
        ("504", "phone_number", "tidak ada"),
    ] {
        office.graph.has_lead(id, FORM, &answers(question, value));
        announce(&office, &announcement(&[(id, FORM)])).await;
    }
    let listed = office.admin_gets("/api/meta/unusable-leads").await;
    assert_eq!(listed.as_array().map(Vec::len), Some(4));
    let first = listed
        .as_array()
        .expect("a list")
        .iter()
        .find(|lead| lead["id"] == "501")
        .expect("501");
    assert_eq!(first["answers"][1]["values"][0], "0812 3400");
    assert!(
        first["reason"]
            .as_str()
            .expect("a reason")
            .contains("phone_number"),
        "{first}"
    );
    let act =
        async |path: &str, body: Value| office.send_as("admin", Method::POST, path, &body).await.0;
    let path = "/api/meta/unusable-leads/501/number";
    assert_eq!(act(path, json!({ "phone": "0812" })).await, 422);
    assert_eq!(act(path, json!({ "phone": "0812-3400-1234" })).await, 200);
    assert_eq!(
        act(path, json!({ "phone": "0812-3400-1234" })).await,
        404,
        "it is taken"
    );
    let mapping = json!({ "fields": { "nomor_ktp": "phone" } });
    office
        .send_as(
            "admin",
            Method::PUT,
            "/api/meta/forms/172000000000009",
            &mapping,
        )
        .await;
    office.work().await;
    office
        .graph
        .has_lead("503", FORM, &answers("phone_number", "081234001236"));
    announce(&office, &announcement(&[("503", FORM)])).await;
    let taken = "select string_agg(phone, ' ' order by phone) from lead";
    assert_eq!(
        office.sql(taken).await,
        "+6281234001234 +6281234001235 +6281234001236"
    );
    assert_eq!(
        act("/api/meta/unusable-leads/504/retry", json!({})).await,
        200
    );
    office.work().await;
    // Graph does not answer any more: what was answered before is still there.
    assert_eq!(
        act("/api/meta/unusable-leads/504/retry", json!({})).await,
        200
    );
    let app = &office.harness.app;
    shared::meta::give_up_lead(app, "504", "Graph does not answer")
        .await
        .expect("given up");
    let listed = office.admin_gets("/api/meta/unusable-leads").await;
    assert_eq!(listed[0]["reason"], "Graph does not answer");
    assert_eq!(listed[0]["answers"][1]["values"][0], "tidak ada");
    assert_eq!(
        act("/api/meta/unusable-leads/504/discard", json!({})).await,
        200
    );
    assert_eq!(
        office.admin_gets("/api/meta/unusable-leads").await,
        json!([])
    );
    office.the_rules_hold().await;
}

/// A part of a leads delivery that cannot be read waits for a person; its neighbour is taken.
#[tokio::test]
async fn a_lead_without_an_id_is_listed_and_its_neighbour_is_taken() {
    let office = Office::open().await;
    office.graph.has_lead(
        "601",
        "172000000000001",
        &json!({ "field_data": [{ "name": "phone_number", "values": ["081234001234"] }] }),
    );
    let change = |value: Value| json!({ "field": "leadgen", "value": value });
    let announced = json!({ "object": "page", "entry": [{ "id": "153", "changes": [
        change(json!({ "form_id": "172000000000001" })), change(json!({ "leadgen_id": "601", "form_id": "172000000000001", "created_time": "1767578400" })) ] }] });
    announce(&office, &announced).await;
    assert_eq!(office.sql("select phone from lead").await, "+6281234001234");
    assert_eq!(
        office
            .sql("select extract(epoch from made_at)::bigint::text from meta_lead")
            .await,
        "1767578400"
    );
    let unread = office.admin_gets("/api/webhooks/unread").await;
    assert_eq!(
        (&unread[0]["source"], &unread[0]["reason"]),
        (&json!("leads"), &json!("no_id"))
    );
    assert_eq!(unread[0]["place"], "entry/0/changes/0");
    let path = format!(
        "/api/webhooks/unread/{}",
        unread[0]["id"].as_str().expect("an id")
    );
    let (status, answer) = office
        .send_as("admin", Method::POST, &format!("{path}/retry"), &json!({}))
        .await;
    assert_eq!((status, &answer["read"]), (200, &json!(false)));
    let (status, left) = office
        .send_as("admin", Method::POST, &format!("{path}/close"), &json!({}))
        .await;
    assert_eq!((status, left), (200, json!([])));
}

/// Its first fetch has listed it and has not ended: what comes meanwhile leaves it in the list.
#[tokio::test]
async fn an_unusable_lead_stays_listed_while_its_fetch_has_not_ended() {
    let office = Office::open().await;
    let unreadable = json!({ "field_data": [{ "name": "phone_number", "values": ["-"] }] });
    office.graph.has_lead("505", FORM, &unreadable);
    announce(&office, &announcement(&[("505", FORM)])).await;
    let pool = &office.harness.app.pool;
    sqlx::query(
        "insert into apalis.jobs (id, job_type, job, run_at, max_attempts, priority, idempotency_key, status)
         values ('01ARZ3NDEKTSV4RRFFQ69G5FAV', 'fetch-meta-lead.v1', '{\"lead\": \"505\"}', now(), 300, 0, '505', 'Running')",
    )
    .execute(pool)
    .await
    .expect("its job runs");
    announce(&office, &announcement(&[("505", FORM)])).await;
    let retry = "/api/meta/unusable-leads/505/retry";
    let again = async || {
        let (status, _) = office
            .send_as("admin", Method::POST, retry, &json!({}))
            .await;
        status
    };
    assert_eq!(again().await, 404);
    assert_eq!(office.sql("select state from meta_lead").await, "unusable");
    sqlx::query("delete from apalis.jobs where idempotency_key = '505'")
        .execute(pool)
        .await
        .expect("its job has ended");
    assert_eq!(again().await, 200);
    office.work().await;
    assert_eq!(office.sql("select state from meta_lead").await, "unusable");
    office.the_rules_hold().await;
}
