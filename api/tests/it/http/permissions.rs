//! Authorization: every operation of the OpenAPI document, for every kind of caller.

use super::{Server, auth, cookie_of};
use poem::http::Method;
use serde_json::{Value, json};

/// What an operation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    Anybody,
    SignedIn,
    Operators,
    Admins,
}

fn operations() -> Vec<(String, Method, String, For)> {
    let document: Value = serde_json::from_str(&api::document()).expect("JSON");
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let id = operation["operationId"]
                .as_str()
                .expect("every operation has an id")
                .to_owned();
            let scheme = operation["security"][0]
                .as_object()
                .and_then(|scheme| scheme.keys().next());
            let wants = match scheme.map(String::as_str) {
                None => For::Anybody,
                Some("session" | "confirmedSession") => For::SignedIn,
                Some("operatorSession") => For::Operators,
                Some("adminSession" | "confirmedAdminSession") => For::Admins,
                // Or with a token, which whatsapp_admin.rs tests.
                Some("whatsappAdminToken")
                    if operation["security"][1].get("adminSession").is_some()
                        || operation["security"][1]
                            .get("confirmedAdminSession")
                            .is_some() =>
                {
                    For::Admins
                }
                Some(other) => panic!("{id} has a security scheme that is not known here: {other}"),
            };
            let path = path.replace("{id}", "01890000-0000-7000-8000-000000000000");
            operations.push((
                id,
                method.to_uppercase().parse().expect("a method"),
                path,
                wants,
            ));
        }
    }
    operations
}

/// The operations that take no sign-in; a new one must be named here.
const OPEN: [&str; 12] = [
    // These ask for Meta's signature, handshake or token: http/webhooks.rs.
    "verifyWhatsappWebhook",
    "verifyWhatsappMessagesWebhook",
    "verifyMetaLeadsWebhook",
    "receiveWhatsapp",
    "receiveWhatsappMessages",
    "receiveMetaLead",
    "dummyClientMessage",
    "dummyNextDeadline",
    "dummySalesAck",
    "dummyRunTimeouts",
    "healthLive",
    "healthReady",
];

#[tokio::test]
async fn every_operation_of_the_document_lets_in_whom_it_is_for_and_nobody_else() {
    let server = Server::open().await;
    let app = &server.harness.app;
    let (admin, sales) = (
        cookie_of(app, &auth(), "admin").await,
        cookie_of(app, &auth(), "sales-a").await,
    );
    sqlx::query(r#"insert into "user" (id, name, email, role) values ('operator', 'Opi', 'opi@example.com', 'operator')"#)
        .execute(&app.pool)
        .await
        .expect("an operator");
    let operator = cookie_of(app, &auth(), "operator").await;
    let expired = cookie_of(app, &auth(), "sales-b").await;
    sqlx::query("update session set expires_at = '2020-01-01' where user_id = 'sales-b'")
        .execute(&app.pool)
        .await
        .expect("it is over");
    let wrong = format!("{}x", &admin[..admin.len() - 4]);
    let everybody = [
        ("nobody", ""),
        ("a wrong token", &wrong),
        ("an expired session", &expired),
        ("sales", &sales),
        ("an operator", &operator),
        ("an admin", &admin),
    ];
    let all = operations();
    assert!(all.len() > 15);
    for (id, method, path, wants) in all {
        assert_eq!(wants == For::Anybody, OPEN.contains(&id.as_str()), "{id}");
        if wants == For::Anybody {
            continue;
        }
        for (who, cookie) in everybody {
            let request = server
                .http
                .request(method.clone(), &path)
                .header("origin", "http://localhost:5173");
            let request = if cookie.is_empty() {
                request
            } else {
                request.header("cookie", cookie)
            };
            let status = request
                .body_json(&json!({}))
                .send()
                .await
                .0
                .status()
                .as_u16();
            match (who, wants) {
                ("an admin", _) | ("sales", For::SignedIn) | ("an operator", For::Operators) => {
                    assert!(![401, 500].contains(&status), "{id} by {who}: {status}");
                }
                ("sales" | "an operator", _) => assert_eq!(status, 403, "{id} by {who}"),
                _ => assert_eq!(status, 401, "{id} by {who}"),
            }
        }
    }
}

/// How a lead travels may be seen by the whole team; who the client is, by its owner and admins.
const SHOWN_MASKED: [&str; 2] = ["leadDistribution", "explainLead"];

/// What is done to one lead is done by its owner or an admin: to any other agent there is no such lead.
#[tokio::test]
async fn every_operation_on_a_lead_tells_another_agent_that_there_is_none() {
    let server = Server::open().await;
    let app = &server.harness.app;
    sqlx::query(
        "insert into lead (id, name, phone, status, owner_sales_id, locked_at, created_at, updated_at)
         values ('01890000-0000-7000-8000-000000000000', 'Budi', '+6281234001234', 'claimed', 'sales-a', now(), now(), now())",
    )
    .execute(&app.pool)
    .await
    .expect("a lead of Sales A");
    let (owner, other) = (
        cookie_of(app, &auth(), "sales-a").await,
        cookie_of(app, &auth(), "sales-b").await,
    );
    let of_a_lead = |path: &str| {
        path.starts_with("/api/leads/0189") || path.starts_with("/api/distribution/leads/0189")
    };
    let mut looked_at = 0;
    for (id, method, path, wants) in operations() {
        if wants != For::SignedIn || !of_a_lead(&path) {
            continue;
        }
        looked_at += 1;
        let body = match id.as_str() {
            "updateLeadStatus" => json!({ "status": "closed" }),
            "updateLeadProgress" => json!({ "progress": "contacted" }),
            "updateLeadLayer2" => json!({ "status": "prospek" }),
            "addLeadNote" => json!({ "note": "sore" }),
            "rejectLead" => json!({ "reason": "harga" }),
            "bookAppointment" => json!({ "startsAt": "2026-01-07T10:00:00Z" }),
            _ => json!({}),
        };
        for (cookie, may) in [(&other, false), (&owner, true)] {
            let request = server.http.request(method.clone(), &path);
            let request = request
                .header("origin", "http://localhost:5173")
                .header("cookie", cookie);
            let answer = request.body_json(&body).send().await.0;
            let status = answer.status().as_u16();
            let text = answer.into_body().into_string().await.expect("a text");
            if SHOWN_MASKED.contains(&id.as_str()) {
                assert_eq!(status, 200, "{id}");
                assert_eq!(text.contains("+6281234001234"), may, "{id}: {text}");
            } else {
                assert_eq!(status == 404, !may, "{id}: {status}");
            }
        }
    }
    assert!(looked_at >= 5, "{looked_at}");
}

#[tokio::test]
async fn a_foreign_page_cannot_make_an_admins_browser_change_anything() {
    let server = Server::open().await;
    let admin = cookie_of(&server.harness.app, &auth(), "admin").await;
    for origin in [None, Some("https://evil.test"), Some("null")] {
        let request = server
            .http
            .put("/api/distribution/holidays")
            .header("cookie", &admin);
        let request = match origin {
            Some(origin) => request.header("origin", origin),
            None => request,
        };
        let status = request
            .body_json(&json!([]))
            .send()
            .await
            .0
            .status()
            .as_u16();
        assert_eq!(status, 403, "{origin:?}");
    }
}
