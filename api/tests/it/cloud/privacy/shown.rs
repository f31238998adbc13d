//! A client's data are shown, and end by their age.

use super::{BSUID, places_that_name_the_client};
use crate::cloud::graph::delivery;
use crate::cloud::office::{Office, agent};
use poem::http::Method;
use serde_json::json;
use shared::privacy;

#[tokio::test]
async fn a_client_is_shown_nothing_of_others_in_the_same_delivery() {
    let office = Office::open().await;
    let (one, other) = ("6281234001234", "6281234005678");
    let mut both = office.message(
        one,
        &json!({ "type": "text", "text": { "body": "Saya satu" } }),
    );
    let second = office.message(
        other,
        &json!({ "type": "text", "text": { "body": "Saya dua" } }),
    );
    for list in ["messages", "contacts"] {
        let added = second[list][0].clone();
        both[list].as_array_mut().expect("a list").push(added);
    }
    for wa_id in [one, other] {
        office.graph.hears(wa_id);
    }
    office.deliver(&delivery(&[both, second])).await;
    let whose = json!({ "phone": "0812-3400-1234" });
    let (status, data) = office
        .send_as("admin", Method::POST, "/api/privacy/export", &whose)
        .await;
    assert_eq!(status, 200, "{data}");
    let shown = data.to_string();
    assert!(shown.contains("Saya satu"), "{shown}");
    assert_eq!(data["data"]["deliveries"].as_array().map(Vec::len), Some(1));
    let body = data["data"]["deliveries"][0]["body"]
        .as_str()
        .unwrap_or_default();
    assert!(body.contains("Saya satu"), "{body}");
    for theirs in ["5678", "Saya dua"] {
        assert!(!shown.contains(theirs), "{theirs}: {shown}");
    }
}

#[tokio::test]
async fn everything_of_a_client_is_shown_to_an_admin_and_readable_for_the_client() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    office.client_of_a_long_story().await;
    let whose = json!({ "phone": "0812-3400-1234" });
    let (status, data) = office
        .send_as("admin", Method::POST, "/api/privacy/export", &whose)
        .await;
    assert_eq!(status, 200, "{data}");
    let addresses = data["addresses"].to_string();
    assert!(
        addresses.contains("+6281234001234") && addresses.contains(BSUID),
        "{addresses}"
    );
    assert!(data["names"].to_string().contains("Slamet Riyadi"));
    for table in [
        "leads",
        "enquiries",
        "messages",
        "forms",
        "visits",
        "offers",
        "identities",
        "deliveries",
        "lists",
    ] {
        let rows = data["data"][table].as_array().map_or(0, Vec::len);
        assert!(rows > 0, "{table}: {}", data["data"]);
    }
    assert_eq!(
        data["data"]["forms"][0]["consent"][0]["checkbox_key"],
        "setuju"
    );
    let terms = &data["data"]["forms"][0]["terms"];
    assert_eq!(
        terms["legal_content"]["custom_disclaimer"]["checkboxes"][0]["text"],
        "Saya setuju dihubungi"
    );
    let (status, page) = office
        .send_as("admin", Method::POST, "/api/privacy/page", &whose)
        .await;
    let page = page.as_str().unwrap_or_default();
    assert_eq!(status, 200);
    for words in [
        "taman belakang",
        "Gg. Melati",
        "Siapa yang menerima data Anda",
        "slamet@example.com",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // Of a stranger nothing is stored, and that is an answer, too. Numbers of the office are refused.
    let stranger = json!({ "phone": "081299998888" });
    let (status, nothing) = office
        .send_as("admin", Method::POST, "/api/privacy/export", &stranger)
        .await;
    assert_eq!((status, &nothing["data"]["messages"]), (200, &json!([])));
    let (status, _) = office.erase("admin", &format!("+{}", agent('A'))).await;
    assert_eq!(status, 422);
    let (status, _) = office.erase("sales-a", "081234001234").await;
    assert_eq!(status, 403);
    let log = office.admin_gets("/api/privacy/requests").await;
    assert_eq!(log.as_array().map(Vec::len), Some(3), "{log}");
    assert_eq!(log[0]["kind"], "export");
    assert!(!log.to_string().contains("81234001234"), "{log}");
    office.nobody_else_was_messaged().await;
}

#[tokio::test]
async fn a_lead_that_ended_long_ago_loses_its_client_by_its_age_and_others_do_not() {
    let office = Office::open().await;
    office.graph.keeps_windows();
    let lead = office.client_of_a_long_story().await;
    let mut connection = office
        .harness
        .app
        .pool
        .acquire()
        .await
        .expect("a connection");
    // The harness's clock stands in January 2026; the worker counts by the database's.
    let erased = privacy::erase_ended(&mut connection, 30.0)
        .await
        .expect("a batch");
    assert_eq!(erased, 0, "the lead is being worked on");
    sqlx::query("update lead set progress = 'won'")
        .execute(&mut *connection)
        .await
        .expect("sold");
    sqlx::query("update appointment set starts_at = starts_at - interval '1 year', ends_at = ends_at - interval '1 year'")
        .execute(&mut *connection)
        .await
        .expect("long ago");
    sqlx::query("update lead set updated_at = now() - interval '40 days'")
        .execute(&mut *connection)
        .await
        .expect("long ago");
    let none = privacy::erase_ended(&mut connection, 0.0)
        .await
        .expect("a batch");
    assert_eq!(none, 0, "0 keeps everything");
    let listed = privacy::erase_ended(&mut connection, 5.0).await;
    assert_eq!(listed.expect("a batch"), 0, "a list that waits names them");
    sqlx::query("update lead_list_row set state = 'duplicate'")
        .execute(&mut *connection)
        .await
        .expect("the list is done");
    // Deliveries end by themselves after a week.
    sqlx::query("delete from webhook_delivery")
        .execute(&mut *connection)
        .await
        .expect("a week");
    let latest = "update wa_message set created_at = now() - interval '10 days' where id = (select max(id::text)::uuid from wa_message where lead_id is not null)";
    sqlx::query(latest)
        .execute(&mut *connection)
        .await
        .expect("a message");
    let none = privacy::erase_ended(&mut connection, 30.0)
        .await
        .expect("a batch");
    assert_eq!(none, 0, "somebody wrote ten days ago");
    let erased = privacy::erase_ended(&mut connection, 5.0)
        .await
        .expect("a batch");
    assert_eq!(erased, 1);
    let state = office
        .sql("select status || ' ' || progress || ' ' || owner_sales_id from lead")
        .await;
    assert_eq!(state, "claimed won sales-a", "a sold lead stays sold");
    drop(connection);
    assert_eq!(
        places_that_name_the_client(&office.harness.app.pool).await,
        Vec::<String>::new()
    );
    let log = office.admin_gets("/api/privacy/requests").await;
    assert_eq!(
        (&log[0]["kind"], &log[0]["leadIds"][0]),
        (&json!("age"), &json!(lead))
    );
}
