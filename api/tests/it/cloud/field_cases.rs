//! What the field sends, through the signed webhook and a server that plays Graph.

use super::graph::delivery;
use super::office::{Office, agent};
use poem::http::Method;
use serde_json::json;

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
    let unread = office.admin_gets("/api/webhooks/unread").await;
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
    assert_eq!(office.admin_gets("/api/webhooks/unread").await, json!([]));
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
    let unread = office.admin_gets("/api/webhooks/unread").await;
    let reasons: Vec<&str> = unread
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|part| part["reason"].as_str())
        .collect();
    assert_eq!(reasons, ["nothing_in_it", "not_json"]);
    let figures = crate::http::metrics_of(&office.harness.app).await;
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
    let events = office.admin_gets("/api/whatsapp/account-events").await;
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
