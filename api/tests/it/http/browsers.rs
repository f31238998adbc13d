//! What browsers, proxies and people send.

use super::{Server, auth, client_of, cookie_of};
use api::auth::Auth;
use chrono::TimeDelta;
use poem::http::Method;
use poem::test::TestResponse;
use serde_json::{Value, json};
use shared::testing::Harness;

/// What is asked of the api, as an admin unless it says otherwise.
struct Ask<'a> {
    method: Method,
    path: &'a str,
    headers: Vec<(&'a str, Vec<u8>)>,
    body: Option<Value>,
}

impl<'a> Ask<'a> {
    fn get(path: &'a str) -> Self {
        Self {
            method: Method::GET,
            path,
            headers: Vec::new(),
            body: None,
        }
    }

    fn send(method: Method, path: &'a str, body: Value) -> Self {
        Self {
            method,
            path,
            headers: Vec::new(),
            body: Some(body),
        }
    }

    fn header(mut self, name: &'a str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// The answer to a question, sent with exactly these headers.
async fn sent(server: &Server, ask: Ask<'_>) -> TestResponse {
    let mut request = server
        .http
        .request(ask.method, ask.path)
        .header("origin", "http://localhost:5173");
    for (name, value) in ask.headers {
        let value = poem::http::HeaderValue::from_bytes(&value).expect("a header");
        request = request.header(name, value);
    }
    if let Some(body) = ask.body {
        request = request.body_json(&body);
    }
    request.send().await
}

/// Status and answer for the admin.
async fn as_admin(server: &Server, ask: Ask<'_>) -> (u16, Value) {
    let cookie = cookie_of(&server.harness.app, &auth(), "admin").await;
    let (status, _, body) = super::answer(sent(server, ask.header("cookie", cookie)).await).await;
    (status, body)
}

#[tokio::test]
async fn a_session_is_found_among_whatever_cookies_a_browser_sends() {
    let server = Server::open().await;
    let good = cookie_of(&server.harness.app, &auth(), "admin").await;
    let stale = auth().cookie_of("token-that-ended");
    let status = async |cookies: &[&[u8]]| {
        let mut ask = Ask::get("/api/leads");
        for cookie in cookies {
            ask = ask.header("cookie", *cookie);
        }
        sent(&server, ask).await.0.status().as_u16()
    };
    assert_eq!(status(&[good.as_bytes()]).await, 200);
    let beside = [b"promo=\xe9t\xe9; ", good.as_bytes()].concat();
    assert_eq!(status(&[&beside]).await, 200, "a cookie that is not ASCII");
    assert_eq!(
        status(&["promo=café".as_bytes(), good.as_bytes()]).await,
        200,
        "two fields"
    );
    let both = format!("{stale}; {good}");
    assert_eq!(status(&[both.as_bytes()]).await, 200, "a stale one first");
    let forged = good.replace("token-of", "token-by");
    assert_eq!(status(&[forged.as_bytes()]).await, 401);
    assert_eq!(status(&[]).await, 401);
}

/// A user who works every day is not signed out: whatever they do renews the cookie, too.
#[tokio::test]
async fn any_call_renews_the_cookie_with_the_session() {
    let server = Server::open().await;
    let cookie = cookie_of(&server.harness.app, &auth(), "admin").await;
    let now = server.harness.now();
    sqlx::query("update session set expires_at = $1")
        .bind(now + TimeDelta::days(3))
        .execute(&server.harness.app.pool)
        .await
        .expect("an old session");
    let ask = || Ask::get("/api/leads").header("cookie", cookie.clone());
    let renewed = sent(&server, ask()).await;
    let set = renewed
        .0
        .headers()
        .get("set-cookie")
        .expect("a cookie")
        .to_str()
        .expect("ASCII");
    assert!(
        set.starts_with("better-auth.session_token=token-of-admin")
            && set.contains("Max-Age=604800"),
        "{set}"
    );
    let again = sent(&server, ask()).await;
    assert!(again.0.headers().get("set-cookie").is_none(), "once a day");
}

#[tokio::test]
async fn an_email_with_capitals_signs_in() {
    let server = Server::open().await;
    let new = json!({ "name": "Sales G", "email": "sales.g@example.test", "password": "Password123!", "role": "sales" });
    let (status, answer) = as_admin(&server, Ask::send(Method::POST, "/api/users", new)).await;
    assert_eq!(status, 200, "{answer}");
    sqlx::query(
        r#"update "user" set email = 'Sales.G@Example.test' where email = 'sales.g@example.test'"#,
    )
    .execute(&server.harness.app.pool)
    .await
    .expect("a row of the previous server");
    for email in [
        "sales.g@example.test",
        "Sales.G@Example.test",
        "SALES.G@EXAMPLE.TEST",
    ] {
        let body = json!({ "email": email, "password": "Password123!" });
        let answer = sent(
            &server,
            Ask::send(Method::POST, "/api/auth/sign-in/email", body),
        )
        .await;
        assert_eq!(answer.0.status().as_u16(), 200, "{email}");
    }
}

/// Each proxy adds the address that it saw. What a client writes in front of them counts for nothing.
#[tokio::test]
async fn the_limit_counts_the_address_that_our_outermost_proxy_saw() {
    let harness = Harness::new().await;
    let secret = secrecy::SecretString::from("a secret of the tests, thirty-two long");
    let trusted = ["http://localhost:5173".to_owned()];
    let auth = Auth::new(secret, "http://localhost:3001", &trusted, false, true).behind_proxies(2);
    let http = client_of(&harness.app, auth);
    let status = async |forwarded: &str| {
        let request = http
            .post("/api/auth/sign-in/email")
            .header("x-forwarded-for", forwarded);
        let body = json!({ "email": "sales.g@example.test", "password": "wrong" });
        request
            .header("origin", "http://localhost:5173")
            .body_json(&body)
            .send()
            .await
            .0
            .status()
            .as_u16()
    };
    for nth in 0..3 {
        assert_eq!(
            status(&format!("10.9.9.{nth}, 203.0.113.7, 10.0.0.1")).await,
            401
        );
    }
    assert_eq!(
        status("10.9.9.77, 203.0.113.7, 10.0.0.1").await,
        429,
        "the client's own word changes nothing"
    );
    assert_eq!(status("203.0.113.8, 10.0.0.1").await, 401, "another client");
}

#[tokio::test]
async fn nothing_that_is_sent_is_ignored() {
    let server = Server::open().await;
    let field = |answer: &Value| {
        answer["errors"][0]["field"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let (status, answer) = as_admin(&server, Ask::get("/api/leads?project=Serpong")).await;
    assert_eq!((status, field(&answer)), (422, "project".to_owned()));
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
            Method::GET | Method::DELETE => Ask {
                method,
                ..Ask::get(&path)
            },
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
async fn the_documentation_page_calls_the_server_that_it_came_from() {
    let server = Server::open().await;
    let (_, _, document) = server.get("/openapi.json").await;
    assert_eq!(document["servers"], json!([{ "url": "/" }]));
    let (status, _, page) = server.get("/docs").await;
    assert_eq!(status, 200);
    assert!(
        !page.to_string().contains("localhost:3001"),
        "the page names no port"
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
