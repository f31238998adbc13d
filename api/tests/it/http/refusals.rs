//! Parameters, fields and states: what people mean is understood, and what is wrong is named.

use super::Server;
use super::ask::{Ask, as_admin, sent};
use poem::http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn nothing_that_is_sent_is_ignored() {
    let server = Server::open().await;
    let field = |answer: &Value| {
        answer["errors"][0]["field"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let (status, answer) = as_admin(&server, Ask::get("/api/leads?kota=Serpong")).await;
    assert_eq!((status, field(&answer)), (422, "kota".to_owned()));
    let told = answer["errors"][0]["detail"].as_str().expect("a detail");
    assert!(
        told.contains("source") && told.contains("status"),
        "the known ones are named: {told}"
    );
    let id = "00000000-0000-0000-0000-000000000000";
    let visit = format!("/api/leads/{id}/appointments");
    let body = json!({ "startsAt": "2030-01-08T07:00:00Z", "endsAt": "2030-01-08T08:00:00Z", "location": "BSD" });
    let (status, answer) = as_admin(&server, Ask::send(Method::POST, &visit, body)).await;
    assert_eq!((status, field(&answer)), (422, "location".to_owned()));
    assert!(
        answer["errors"][0]["detail"]
            .as_str()
            .expect("a detail")
            .contains("place"),
        "{answer}"
    );
    let change = format!("/api/appointments/{id}");
    let (status, answer) = as_admin(
        &server,
        Ask::send(Method::PATCH, &change, json!({ "status": "done" })),
    )
    .await;
    assert_eq!((status, field(&answer)), (422, "status".to_owned()));
}

/// Every field in which a NUL was a 500 once, and their siblings: each is named.
#[tokio::test]
async fn a_nul_is_refused_with_the_name_of_its_field() {
    let server = Server::open().await;
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../../fixtures/nul-fields.json")).expect("JSON");
    for case in &cases {
        let text = |field: &str| case[field].as_str().expect("a text");
        let (kind, name) = text("where").split_once(' ').expect("two words");
        let id = if kind == "path" {
            "%00"
        } else {
            "00000000-0000-0000-0000-000000000000"
        };
        let mut path = text("path").replace("{id}", id);
        let method: Method = text("method").parse().expect("a method");
        if kind == "query" {
            path = format!("{path}?{name}=a%00b");
        }
        let one = json!({ name: "a\u{0}b" });
        let is_list =
            path.ends_with("/places") || path.ends_with("/rules") || path.ends_with("/holidays");
        let body = if is_list { json!([one]) } else { one };
        let ask = match method {
            Method::GET | Method::DELETE => Ask::bare(method, &path),
            method => Ask::send(method, &path, body),
        };
        let (status, answer) = as_admin(&server, ask).await;
        if kind == "path" {
            assert_eq!(status, 404, "{case}: {answer}");
        } else {
            assert_eq!(status, 422, "{case}: {answer}");
            assert!(
                answer["errors"].to_string().contains(name),
                "{case}: {answer}"
            );
        }
    }
}

#[tokio::test]
async fn lists_are_asked_as_people_ask() {
    let server = Server::open().await;
    for (id, phone, at) in [
        (
            "01900000-0000-7000-8000-000000000001",
            "+6281299887766",
            "2026-01-05T16:59:59Z",
        ),
        (
            "01900000-0000-7000-8000-000000000002",
            "+6281311112222",
            "2026-01-05T17:00:00Z",
        ),
    ] {
        sqlx::query("insert into lead (id, phone, status, created_at, updated_at) values ($1::text::uuid, $2, 'new', $3::text::timestamptz, now())")
            .bind(id)
            .bind(phone)
            .bind(at)
            .execute(&server.harness.app.pool)
            .await
            .expect("a lead");
    }
    let found = async |query: &str| {
        let path = format!("/api/leads{query}");
        let (status, answer) = as_admin(&server, Ask::get(&path)).await;
        assert_eq!(status, 200, "{query}: {answer}");
        let items = answer["items"].as_array().expect("a list").iter();
        items
            .map(|lead| lead["phone"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    for typed in [
        "081299887766",
        "0812-9988-7766",
        "812%209988%207766",
        "%2B62%20812-9988",
        "9988",
    ] {
        assert_eq!(
            found(&format!("?q={typed}")).await,
            ["+6281299887766"],
            "{typed}"
        );
    }
    // A day is the company's: it ends at 17:00 UTC.
    assert_eq!(
        found("?from=2026-01-05&to=2026-01-05").await,
        ["+6281299887766"]
    );
    assert_eq!(found("?from=2026-01-06").await, ["+6281311112222"]);
    assert_eq!(
        found("?from=2026-01-05T17:00:00Z").await,
        ["+6281311112222"]
    );
    assert_eq!(
        found("/?q=9988").await,
        ["+6281299887766"],
        "a slash at the end"
    );
    for wrong in [
        "?from=kemarin",
        "?to=9999-01-01",
        "?cursor=-300000000000000000_01900000-0000-7000-8000-000000000001",
        "?cursor=x",
    ] {
        let path = format!("/api/leads{wrong}");
        let (status, answer) = as_admin(&server, Ask::get(&path)).await;
        assert!((400..500).contains(&status), "{wrong}: {answer}");
    }
}

#[tokio::test]
async fn a_state_that_cannot_follow_is_refused_with_those_that_can() {
    let server = Server::open().await;
    let id = "01900000-0000-7000-8000-000000000003";
    sqlx::query("insert into lead (id, phone, status, created_at, updated_at) values ($1::text::uuid, '+6281299887766', 'new', now(), now())")
        .bind(id)
        .execute(&server.harness.app.pool)
        .await
        .expect("a lead");
    let path = format!("/api/leads/{id}/status");
    let (status, answer) = as_admin(
        &server,
        Ask::send(Method::PATCH, &path, json!({ "status": "claimed" })),
    )
    .await;
    assert_eq!(
        (status, &answer["code"]),
        (409, &json!("illegal_transition"))
    );
    assert_eq!(answer["detail"], "a lead that is new can become: closed");
    let path = format!("/api/leads/{id}/progress");
    let (status, answer) = as_admin(
        &server,
        Ask::send(Method::PATCH, &path, json!({ "progress": "won" })),
    )
    .await;
    assert_eq!(
        (status, &answer["detail"]),
        (
            409,
            &json!("only a claimed lead has progress, and this one is new")
        )
    );
}

#[tokio::test]
async fn a_nul_in_a_sign_in_is_refused_with_the_name_of_its_field() {
    let server = Server::open().await;
    let body = json!({ "email": "a\u{0}@example.test", "password": "Password123!" });
    let (status, _, answer) = super::answer(
        sent(
            &server,
            Ask::send(Method::POST, "/api/auth/sign-in/email", body),
        )
        .await,
    )
    .await;
    assert_eq!((status, &answer["code"]), (400, &json!("VALIDATION_ERROR")));
    assert!(
        answer["message"]
            .as_str()
            .expect("a message")
            .contains("[body.email]"),
        "{answer}"
    );
}
