//! The handshake, the signature, and requests that are accepted without one.

use super::graph::{delivery, signed};
use super::office::Office;
use serde_json::json;

#[tokio::test]
async fn meta_shakes_hands_on_every_path_and_nobody_else_does() {
    let office = Office::open().await;
    for path in [
        "/webhooks/whatsapp",
        "/webhooks/whatsapp/messages",
        "/webhooks/meta/leads",
    ] {
        let asked = |token: &str| {
            format!("{path}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}")
        };
        assert_eq!(
            office.get(&asked("dev-verify-token")).await,
            (200, "1158201444".to_owned())
        );
        assert_eq!(office.get(&asked("another")).await.0, 403);
        assert_eq!(office.get(path).await.0, 403);
    }
}

#[tokio::test]
async fn a_body_is_taken_if_it_is_signed_over_its_bytes_with_any_of_the_secrets() {
    let office = Office::open().await;
    let body = delivery(&[office.message(
        "6281234001234",
        &json!({ "type": "text", "text": { "body": "Halo / ya" } }),
    )]);
    let (bytes, signature) = signed(&body);
    let old = shared::meta::signature::sign("an-app-secret-that-is-going", &bytes);
    for path in ["/webhooks/whatsapp", "/webhooks/whatsapp/messages"] {
        assert_eq!(
            office.post(path, bytes.clone(), Some(&signature)).await,
            200
        );
        assert_eq!(office.post(path, bytes.clone(), Some(&old)).await, 200);
        assert_eq!(office.post(path, bytes.clone(), None).await, 401);
        assert_eq!(
            office
                .post(path, body.to_string().into_bytes(), Some(&signature))
                .await,
            401
        );
        assert_eq!(
            office.post(path, bytes.clone(), Some("sha256=00")).await,
            401
        );
    }
    let stored = office
        .sql("select count(*)::text from webhook_delivery")
        .await;
    assert_eq!(stored, "4", "what is not signed is not stored");
    office.work().await;
    assert_eq!(
        office
            .sql("select count(*)::text from wa_message where direction = 'in'")
            .await,
        "1"
    );
    assert_eq!(
        office
            .sql("select count(*)::text from webhook_delivery where handled_at is null")
            .await,
        "0"
    );
    office.the_rules_hold().await;
}

#[tokio::test]
async fn three_megabytes_are_taken_and_five_are_too_much() {
    let office = Office::open().await;
    for (size, status) in [(3 * 1024 * 1024, 200), (5 * 1024 * 1024, 413)] {
        let words = "x".repeat(size);
        let body = delivery(&[office.message(
            "6281234001234",
            &json!({ "type": "text", "text": { "body": words } }),
        )]);
        let (bytes, signature) = signed(&body);
        assert_eq!(
            office
                .post("/webhooks/whatsapp", bytes, Some(&signature))
                .await,
            status
        );
    }
}

#[tokio::test]
async fn dummy_endpoints_are_not_there_and_a_flat_lead_needs_its_token() {
    let office = Office::open().await;
    for path in ["client-message", "sales-ack", "run-timeouts"] {
        let body = json!({ "clientWa": "081234001234", "salesWa": "081110000001", "body": "OK" });
        let path = format!("/webhooks/whatsapp/dummy/{path}");
        assert_eq!(office.post_json(&path, &body, None).await, 404, "{path}");
    }
    let lead = json!({ "metaLeadId": "m-1", "phone": "081234001234" });
    assert_eq!(
        office.post_json("/webhooks/meta/leads", &lead, None).await,
        401
    );
    assert_eq!(
        office
            .post_json("/webhooks/meta/leads", &lead, Some("wrong"))
            .await,
        401
    );
    assert_eq!(office.sql("select count(*)::text from lead").await, "0");
    assert_eq!(
        office
            .post_json("/webhooks/meta/leads", &lead, Some("a-token-for-leads"))
            .await,
        200
    );
    assert_eq!(office.sql("select count(*)::text from lead").await, "1");
}

#[tokio::test]
async fn an_old_message_is_kept_and_nothing_follows_from_it() {
    let office = Office::open().await;
    let text = json!({ "type": "text", "text": { "body": "Halo" },
                       "timestamp": (office.harness.now().timestamp() - 3 * 60 * 60).to_string() });
    office
        .deliver(&delivery(&[office.message("6281234001234", &text)]))
        .await;
    assert_eq!(office.sql("select outcome from wa_message").await, "noted");
    assert_eq!(office.sql("select status from lead").await, "new");
    office.nobody_else_was_messaged().await;
}
