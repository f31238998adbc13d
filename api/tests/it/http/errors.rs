//! Bad input: a clear error as problem+json, and nothing written.

use super::Server;
use crate::stories::story::Story;
use poem::http::Method;
use serde_json::{Value, json};

const CHAT: &str = "/webhooks/whatsapp/dummy/client-message";
const ACK: &str = "/webhooks/whatsapp/dummy/sales-ack";
const AD: &str = "/webhooks/meta/leads";

async fn is_refused(server: &Server, path: &str, body: &str, status: u16, field: Option<&str>) {
    let (found, content_type, problem) = server.post(path, "application/json", body).await;
    assert_eq!(found, status, "{path} {body}: {problem}");
    assert_eq!(content_type, "application/problem+json", "{path} {body}");
    assert_eq!(problem["status"], status, "{path} {body}");
    if let Some(field) = field {
        assert_eq!(problem["errors"][0]["field"], field, "{path} {body}");
    }
}

#[tokio::test]
async fn what_cannot_be_understood_is_refused_and_nothing_is_written() {
    let server = Server::open().await;
    let long = "x".repeat(5000);
    for (path, body, status, field) in [
        (
            AD,
            json!({ "metaLeadId": "m", "phone": "12" }),
            422,
            Some("phone"),
        ),
        (
            AD,
            json!({ "metaLeadId": " ", "phone": "081234001234" }),
            422,
            Some("metaLeadId"),
        ),
        (
            AD,
            json!({ "metaLeadId": long, "phone": "081234001234" }),
            422,
            Some("metaLeadId"),
        ),
        (
            AD,
            json!({ "metaLeadId": "m\0", "phone": "081234001234" }),
            422,
            Some("metaLeadId"),
        ),
        (
            AD,
            json!({ "metaLeadId": "m", "phone": "081234001234", "name": long }),
            422,
            Some("name"),
        ),
        (AD, json!({ "phone": "081234001234" }), 400, None),
        (AD, json!([]), 400, None),
        (
            AD,
            json!({ "metaLeadId": {}, "phone": "081234001234" }),
            400,
            None,
        ),
        (
            CHAT,
            json!({ "clientWa": "62812xxxxxxx", "body": "Halo" }),
            422,
            Some("clientWa"),
        ),
        (
            CHAT,
            json!({ "clientWa": "081234001234", "body": long }),
            422,
            Some("body"),
        ),
        (CHAT, json!({ "clientWa": "081234001234" }), 400, None),
        (
            CHAT,
            json!({ "clientWa": "081234001234", "body": "x", "sentAt": "kemarin" }),
            400,
            None,
        ),
        (
            ACK,
            json!({ "salesWa": "", "body": "OK" }),
            422,
            Some("salesWa"),
        ),
        (
            ACK,
            json!({ "salesWa": "+6281110000001", "body": "OK\0" }),
            422,
            Some("body"),
        ),
    ] {
        is_refused(&server, path, &body.to_string(), status, field).await;
    }
    for body in ["", "{", "null", "\u{feff}{}", "{\"metaLeadId\":}"] {
        is_refused(&server, AD, body, 400, None).await;
    }
    let written: i64 = sqlx::query_scalar(
        "select (select count(*) from lead) + (select count(*) from wa_message)
              + (select count(*) from inbound_event) + (select count(*) from apalis.jobs)",
    )
    .fetch_one(&server.harness.app.pool)
    .await
    .expect("a count");
    assert_eq!(written, 0);
}

#[tokio::test]
async fn other_errors_are_problems_too() {
    let server = Server::open().await;
    for (path, status) in [
        ("/nowhere", 404),
        ("/api/distribution/leads/not-an-id", 401),
        (
            "/api/distribution/leads/01890000-0000-7000-8000-000000000000",
            401,
        ),
        ("/webhooks/whatsapp/dummy/sales-ack", 405),
    ] {
        let (found, content_type, problem) = server.get(path).await;
        assert_eq!(found, status, "{path}: {problem}");
        assert_eq!(content_type, "application/problem+json", "{path}");
        assert!(!problem.to_string().contains("param0"), "{problem}");
    }
    let (status, _, problem) = server.post(AD, "text/plain", "{}").await;
    assert_eq!((status, &problem["status"]), (415, &json!(415)));
}

#[tokio::test]
async fn a_problem_never_repeats_what_was_sent() {
    let server = Server::open().await;
    let body = json!({ "metaLeadId": "m", "phone": "rahasia-0812" }).to_string();
    let (_, _, problem) = server.post(AD, "application/json", &body).await;
    assert!(!problem.to_string().contains("rahasia"), "{problem}");
}

#[tokio::test]
async fn unknown_fields_a_missing_name_and_an_id_that_is_a_number_are_taken_lightly() {
    let server = Server::open().await;
    let body = json!({ "metaLeadId": 7, "phone": "081234001234", "name": "", "adset": 7 });
    let (status, _, answer) = server.post(AD, "application/json", &body.to_string()).await;
    assert_eq!(status, 200);
    assert_eq!(answer["lead"].get("name"), None::<&Value>);
}

#[tokio::test]
async fn a_request_keeps_its_id() {
    let server = Server::open().await;
    let response = server
        .http
        .get("/health/live")
        .header("x-request-id", "trace-me-1234")
        .send()
        .await;
    response.assert_header("x-request-id", "trace-me-1234");
    let response = server
        .http
        .get("/health/live")
        .header("x-request-id", "a b")
        .send()
        .await;
    assert_ne!(response.0.header("x-request-id"), Some("a b"));
}

#[tokio::test]
async fn a_text_that_postgres_cannot_store_and_a_day_at_the_edge_of_the_calendar_are_refused() {
    let story = Story::begin().await;
    for path in [
        "/api/appointments?agent=a%00b",
        "/api/leads?source=a%00b",
        "/api/leads?owner=a%00b",
        "/api/appointments?from=%2B262142-01-01T00:00:00Z",
        "/api/leads?from=0000-01-01T00:00:00Z",
        "/api/dashboard/stats?from=%2B262142-12-31&to=%2B262142-12-31",
        "/api/dashboard/stats?from=-262143-01-01&to=-262143-01-02",
    ] {
        let (status, told) = story
            .send_as("admin", Method::GET, path, &Value::Null)
            .await;
        assert!((400..500).contains(&status), "{path}: {status} {told}");
    }
    let holiday = json!([{ "day": "+262142-12-31", "name": "Kiamat" }]);
    let (status, told) = story
        .send_as("admin", Method::PUT, "/api/holidays", &holiday)
        .await;
    assert!((400..500).contains(&status), "{status} {told}");
    story.nobody_else_was_messaged().await;
}
