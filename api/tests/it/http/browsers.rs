//! What browsers and proxies send.

use super::ask::{Ask, as_admin, sent};
use super::{Server, auth, client_of, cookie_of};
use api::auth::Auth;
use chrono::TimeDelta;
use poem::http::Method;
use serde_json::json;
use shared::testing::Harness;

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
    let ask = || Ask::get("/api/leads").header("cookie", cookie.clone());
    let lasts = async |from: TimeDelta, days: i64| {
        sqlx::query("update session set updated_at = $1, expires_at = $2")
            .bind(now - from)
            .bind(now - from + TimeDelta::days(days))
            .execute(&server.harness.app.pool)
            .await
            .expect("an old session");
    };
    // One that ends with the browser ends after a day, also without the cookie that says so.
    lasts(TimeDelta::hours(20), 1).await;
    let ends = sent(&server, ask()).await;
    assert!(ends.0.headers().get("set-cookie").is_none());
    lasts(TimeDelta::days(4), 7).await;
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

/// The desk, opened at an address of the machine that nobody configured: on a phone in the office.
#[tokio::test]
async fn a_page_of_the_requests_own_host_is_trusted_and_no_other() {
    let server = Server::open().await;
    let cookie = cookie_of(&server.harness.app, &auth(), "admin").await;
    let status = async |host: &str, origin: &str| {
        let request = server.http.post("/api/auth/update-user");
        let request = request.header("cookie", cookie.clone());
        let request = request.header("host", host).header("origin", origin);
        let request = request.body_json(&json!({ "name": "Admin" }));
        request.send().await.0.status().as_u16()
    };
    let host = "192.168.1.5:3001";
    assert_eq!(status(host, "http://192.168.1.5:3001").await, 200);
    for other in [
        "http://192.168.1.5",
        "http://192.168.1.5:3002",
        "http://192.168.1.5:3001.evil.example",
        "http://evil.example",
        "null",
        "192.168.1.5:3001",
    ] {
        assert_eq!(status(host, other).await, 403, "{other}");
    }
}
