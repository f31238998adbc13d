//! What the field sends, through the signed webhook and a server that plays Graph.

use super::graph::{delivery, signed};
use super::office::{Office, agent};
use poem::http::Method;
use serde_json::{Value, json};

fn bytes_of(kind: &str, name: &str) -> Vec<u8> {
    let folder = format!(
        "{}/../shared/tests/fixtures/field/{kind}",
        env!("CARGO_MANIFEST_DIR")
    );
    let file = std::fs::read_dir(folder)
        .expect("the cases")
        .filter_map(Result::ok)
        .find(|file| file.file_name().to_string_lossy().starts_with(name))
        .expect(name);
    std::fs::read(file.path()).expect(name)
}

async fn post(office: &Office, body: Vec<u8>) {
    let signature = shared::meta::signature::sign(crate::http::APP_SECRET, &body);
    let status = office
        .post("/webhooks/whatsapp", body, Some(&signature))
        .await;
    assert_eq!(status, 200);
    office.work().await;
}

async fn get(office: &Office, path: &str) -> Value {
    let (status, answer) = office.send_as("admin", Method::GET, path, &json!({})).await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

/// A bad string, a number out of range: the lead is there.
#[tokio::test]
async fn a_bad_string_costs_only_itself() {
    for (case, name, words) in [
        ("S01", "Budi \u{fffd}", "Halo, masih ada unit?"),
        ("S02", "Budi", "Halo \u{fffd}"),
        ("S03", "Budi", "Halo \u{fffd}"),
        ("S05", "Bapak Test", "Halo"),
    ] {
        let office = Office::open().await;
        post(&office, bytes_of("webhooks", case)).await;
        assert_eq!(office.sql("select name from lead").await, name, "{case}");
        let stored = office
            .sql("select body from wa_message where direction = 'in'")
            .await;
        assert_eq!(stored, words, "{case}");
    }
}

#[tokio::test]
async fn nothing_starts_a_cycle_that_nobody_wrote_to_us() {
    let office = Office::open().await;
    for case in ["F11", "F12", "G01", "O01", "W03"] {
        post(&office, bytes_of("webhooks", case)).await;
        assert_eq!(
            office.sql("select count(*)::text from lead").await,
            "0",
            "{case}"
        );
    }
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn an_agents_ok_in_a_group_is_no_claim() {
    let office = Office::open().await;
    office.says("6281234001234", "Halo").await;
    office.reads("6281234001234");
    office.reads(&agent('A'));
    let group =
        json!({ "type": "text", "text": { "body": "OK" }, "group_id": "HBgLMTY0NjcwNDM1OTUVAgAS" });
    office
        .deliver(&delivery(&[office.message(&agent('A'), &group)]))
        .await;
    assert_eq!(office.sql("select owner_sales_id from lead").await, "");
    office.nobody_else_was_messaged().await;
}

/// Another number of the account: kept, listed with what to do, and handled once it is ours.
#[tokio::test]
async fn a_delivery_about_another_number_waits_until_that_number_is_ours() {
    let mut office = Office::open().await;
    post(&office, bytes_of("webhooks", "W27")).await;
    assert_eq!(office.sql("select count(*)::text from lead").await, "0");
    let unread = get(&office, "/api/webhooks/unread").await;
    assert_eq!(unread[0]["reason"], "another_number");
    assert!(
        unread[0]["advice"]
            .as_str()
            .expect("advice")
            .contains("WA_CLOUD_PHONE_NUMBER_ID")
    );
    let path = format!(
        "/api/webhooks/unread/{}/retry",
        unread[0]["id"].as_str().expect("an id")
    );
    let (status, answer) = office
        .send_as("admin", Method::POST, &path, &json!({}))
        .await;
    assert_eq!(
        (status, &answer["read"]),
        (200, &json!(false)),
        "it is not ours yet"
    );
    office.our_number_is("1060000000000002");
    let (status, answer) = office
        .send_as("admin", Method::POST, &path, &json!({}))
        .await;
    assert_eq!((status, &answer["read"]), (200, &json!(true)));
    office.work().await;
    assert_eq!(office.sql("select phone from lead").await, "+6281263086778");
    assert_eq!(get(&office, "/api/webhooks/unread").await, json!([]));
    assert_eq!(
        office
            .send_as("admin", Method::POST, &path, &json!({}))
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn what_is_no_delivery_is_listed_until_a_person_closes_it() {
    let office = Office::open().await;
    post(&office, br#"{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"flows","value":{}}]}]}"#.to_vec()).await;
    post(&office, b"[1e999".to_vec()).await;
    let unread = get(&office, "/api/webhooks/unread").await;
    let reasons: Vec<&str> = unread
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|part| part["reason"].as_str())
        .collect();
    assert_eq!(reasons, ["nothing_in_it", "not_json"]);
    let (_, figures) = office.get("/metrics").await;
    assert!(
        figures.contains("property_lounge_deliveries_unread 2"),
        "{figures}"
    );
    let path = format!(
        "/api/webhooks/unread/{}/close",
        unread[0]["id"].as_str().expect("an id")
    );
    let (status, left) = office
        .send_as("admin", Method::POST, &path, &json!({}))
        .await;
    assert_eq!((status, left.as_array().map(Vec::len)), (200, Some(1)));
    assert_eq!(
        office
            .send_as("sales-a", Method::POST, &path, &json!({}))
            .await
            .0,
        403
    );
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_danger_to_the_account_is_kept_and_told_to_the_managers_once() {
    let office = Office::open().await;
    office.manager_is("628119990001").await;
    let ban = bytes_of("webhooks", "F01");
    post(&office, ban.clone()).await;
    let warned = office.reads("628119990001");
    assert!(
        warned.body.to_string().contains("DISABLED_UPDATE"),
        "{}",
        warned.body
    );
    let events = get(&office, "/api/whatsapp/account-events").await;
    assert_eq!(
        (&events[0]["event"], &events[0]["severity"]),
        (&json!("DISABLED_UPDATE"), &json!("danger"))
    );
    // The job runs twice.
    office.sql("with again as (update webhook_delivery set handled_at = null returning 1) select count(*)::text from again").await;
    let id = office.sql("select id::text from webhook_delivery").await;
    let delivery = shared::id::DeliveryId(id.parse().expect("an id"));
    shared::meta::handle_delivery(&office.harness.app, delivery)
        .await
        .expect("handled");
    office.nobody_else_was_messaged().await;
}

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
        let announced = json!({ "object": "page", "entry": [{ "id": "153", "changes": [{ "field": "leadgen",
            "value": { "leadgen_id": id, "form_id": "172000000000001", "created_time": "1767578400" } }] }] });
        let (bytes, signature) = signed(&announced);
        assert_eq!(
            office
                .post("/webhooks/meta/leads", bytes, Some(&signature))
                .await,
            200
        );
        office.work().await;
        forms += 1;
    }
    let unusable = get(&office, "/api/meta/unusable-leads").await;
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
    let announce = async |id: &str| {
        let announced = json!({ "object": "page", "entry": [{ "id": "153", "changes": [{ "field": "leadgen",
            "value": { "leadgen_id": id, "form_id": "172000000000009" } }] }] });
        let (bytes, signature) = signed(&announced);
        assert_eq!(
            office
                .post("/webhooks/meta/leads", bytes, Some(&signature))
                .await,
            200
        );
        office.work().await;
    };
    for (id, question, value) in [
        ("501", "phone_number", "0812 3400"),
        ("502", "nomor_ktp", "081234001235"),
        ("503", "phone_number", "-"),
        ("504", "phone_number", "tidak ada"),
    ] {
        office
            .graph
            .has_lead(id, "172000000000009", &answers(question, value));
        announce(id).await;
    }
    let listed = get(&office, "/api/meta/unusable-leads").await;
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
    office.graph.has_lead(
        "503",
        "172000000000009",
        &answers("phone_number", "081234001236"),
    );
    announce("503").await;
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
    let listed = get(&office, "/api/meta/unusable-leads").await;
    assert_eq!(listed[0]["reason"], "Graph does not answer");
    assert_eq!(listed[0]["answers"][1]["values"][0], "tidak ada");
    assert_eq!(
        act("/api/meta/unusable-leads/504/discard", json!({})).await,
        200
    );
    assert_eq!(get(&office, "/api/meta/unusable-leads").await, json!([]));
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
        change(json!({ "form_id": "172000000000001" })), change(json!({ "leadgen_id": "601", "form_id": "172000000000001" })) ] }] });
    let (bytes, signature) = signed(&announced);
    assert_eq!(
        office
            .post("/webhooks/meta/leads", bytes, Some(&signature))
            .await,
        200
    );
    office.work().await;
    assert_eq!(office.sql("select phone from lead").await, "+6281234001234");
    let unread = get(&office, "/api/webhooks/unread").await;
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
