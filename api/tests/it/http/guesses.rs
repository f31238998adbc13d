//! Guesses at accounts, weak passwords, and a session secret that is replaced.

use super::sign_in::client;
use api::auth::Auth;
use poem::endpoint::BoxEndpoint;
use poem::test::TestClient;
use poem::{EndpointExt, Response};
use secrecy::SecretString;
use serde_json::{Value, json};
use shared::testing::Harness;

/// Tries a password of this account from the next address of many.
struct Guesser {
    http: TestClient<BoxEndpoint<'static, Response>>,
    addresses: u8,
}

impl Guesser {
    fn of(harness: &Harness) -> Self {
        let secret = SecretString::from("conformance-secret-0123456789abcdef0123456789abcdef");
        let auth = Auth::new(secret, "http://api.test:3001", &[], true, true).behind_proxies(1);
        let app = api::app(harness.app.clone(), auth, crate::http::webhook_secrets());
        Self {
            http: TestClient::new(app.boxed()),
            addresses: 0,
        }
    }

    async fn tries(&mut self, email: &str, password: &str) -> (u16, Option<u64>) {
        self.addresses += 1;
        let answer = self
            .http
            .post("/api/auth/sign-in/email")
            .header("x-forwarded-for", format!("203.0.113.{}", self.addresses))
            .header("origin", "http://api.test:3001")
            .body_json(&json!({ "email": email, "password": password }))
            .send()
            .await
            .0;
        let later = answer.headers().get("x-retry-after");
        let later = later.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        (answer.status().as_u16(), later)
    }
}

#[tokio::test]
async fn an_account_makes_guesses_wait_wherever_they_come_from_and_whichever_process_answers() {
    let harness = Harness::new().await;
    let mut guessers = [Guesser::of(&harness), Guesser::of(&harness)];
    guessers[1].addresses = 100;
    let [a, b] = &mut guessers;
    let seeded = "sales-a@property-lounge.test";
    let unknown = "nobody@property-lounge.test";
    for email in [seeded, unknown] {
        for _ in 0..3 {
            assert_eq!(a.tries(email, "wrong").await, (401, None));
        }
        for _ in 0..2 {
            assert_eq!(b.tries(email, "wrong").await, (401, None));
        }
        let (status, later) = a.tries(email, "wrong").await;
        assert_eq!(status, 429, "{email}");
        assert!(
            later.is_some_and(|seconds| (1..=2).contains(&seconds)),
            "{later:?}"
        );
        assert_eq!(b.tries(email, "wrong").await.0, 429, "{email}");
    }
    let other = "somebody@property-lounge.test";
    assert_eq!(
        a.tries(other, "wrong").await.0,
        401,
        "an unknown email of its own"
    );
    assert_eq!(
        a.tries("sales-b@property-lounge.test", "wrong").await.0,
        401
    );
    // The wait grows, and ends.
    harness
        .app
        .clock
        .set(harness.now() + chrono::TimeDelta::seconds(3));
    assert_eq!(b.tries(seeded, "wrong").await.0, 401);
    let (status, later) = b.tries(seeded, "wrong").await;
    assert_eq!(status, 429);
    assert!(
        later.is_some_and(|seconds| (3..=4).contains(&seconds)),
        "{later:?}"
    );
    // An hour without a try forgets them; the right password does, too.
    harness
        .app
        .clock
        .set(harness.now() + chrono::TimeDelta::minutes(61));
    let hash = shared::auth::password::hash("kursi hijau di taman").expect("a hash");
    sqlx::query("update account set password = $1 where user_id = 'sales-a'")
        .bind(hash)
        .execute(&harness.app.pool)
        .await
        .expect("a password");
    for _ in 0..4 {
        assert_eq!(a.tries(seeded, "wrong").await.0, 401);
    }
    assert_eq!(a.tries(seeded, "kursi hijau di taman").await.0, 200);
    for _ in 0..5 {
        assert_eq!(b.tries(seeded, "wrong").await.0, 401);
    }
    assert_eq!(b.tries(seeded, "kursi hijau di taman").await.0, 429);
}

#[tokio::test]
async fn guesses_that_are_refused_unread_are_one_line_a_minute() {
    let harness = Harness::new().await;
    let mut guesser = Guesser::of(&harness);
    let seeded = "sales-a@property-lounge.test";
    for _ in 0..5 {
        assert_eq!(guesser.tries(seeded, "wrong").await.0, 401);
    }
    let written = async || -> i64 {
        sqlx::query_scalar("select count(*) from security_event")
            .fetch_one(&harness.app.pool)
            .await
            .expect("a count")
    };
    assert_eq!(written().await, 5);
    let address = guesser.addresses;
    for _ in 0..3 {
        guesser.addresses = address;
        assert_eq!(guesser.tries(seeded, "wrong").await.0, 429);
    }
    assert_eq!(written().await, 6, "one line for this account and address");
    guesser.addresses = 100;
    assert_eq!(guesser.tries(seeded, "wrong").await.0, 429);
    assert_eq!(written().await, 7, "another address");
}

#[tokio::test]
async fn users_write_about_themselves_by_an_admins_rules() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    let sign_up = |field: &str, value: &str| {
        let mut body = json!({ "name": "Siti", "email": "siti@example.com", "password": "kursi hijau di taman" });
        body[field] = json!(value);
        http.post("/api/auth/sign-up/email")
            .header("origin", "http://api.test:3001")
            .body_json(&body)
            .send()
    };
    let long = "x".repeat(60_000);
    for (field, value, code) in [
        ("name", "  ", "VALIDATION_ERROR"),
        ("name", long.as_str(), "VALIDATION_ERROR"),
        ("image", "javascript:alert(1)", "VALIDATION_ERROR"),
        ("image", "data:text/html,x", "VALIDATION_ERROR"),
        ("phone", long.as_str(), "VALIDATION_ERROR"),
        ("password", "12345678", "PASSWORD_COMPROMISED"),
        ("password", "siti@example.com", "PASSWORD_COMPROMISED"),
        ("password", "short", "PASSWORD_TOO_SHORT"),
    ] {
        let answer = sign_up(field, value).await;
        assert_eq!(answer.0.status().as_u16(), 400, "{field}");
        let body: Value = answer.0.into_body().into_json().await.expect("JSON");
        assert_eq!(body["code"], code, "{field}");
    }
    let signed = sign_up("image", "https://example.com/siti.png").await;
    let cookie = signed.0.header("set-cookie").expect("a cookie").to_owned();
    let cookie = cookie.split(';').next().expect("a pair").to_owned();
    for (field, value) in [
        ("name", ""),
        ("name", long.as_str()),
        ("image", "javascript:x"),
        ("phone", long.as_str()),
    ] {
        let answer = http
            .post("/api/auth/update-user")
            .header("origin", "http://api.test:3001")
            .header("cookie", &cookie)
            .body_json(&json!({ field: value }))
            .send()
            .await;
        assert_eq!(answer.0.status().as_u16(), 400, "{field}");
    }
}

#[tokio::test]
async fn a_new_secret_signs_nobody_out_while_the_old_one_is_named() {
    let harness = Harness::new().await;
    let secret =
        |text: &str| SecretString::from(format!("{text} secret of thirty-two letters or more"));
    let auth = |text| Auth::new(secret(text), "http://api.test:3001", &[], false, false);
    let before = super::cookie_of(&harness.app, &auth("the first"), "sales-a").await;
    let rotated = auth("the second").with_retired(vec![secret("another"), secret("the first")]);
    let asked = async |auth: Auth, cookie: &str| {
        let app = api::app(harness.app.clone(), auth, crate::http::webhook_secrets());
        let answer = TestClient::new(app.boxed())
            .get("/api/auth/get-session")
            .header("cookie", cookie)
            .send()
            .await
            .0;
        let renewed = answer.headers().get("set-cookie");
        let renewed = renewed.map(|cookie| cookie.to_str().expect("a cookie").to_owned());
        let body: Value = answer.into_body().into_json().await.expect("JSON");
        (body["user"]["id"] == "sales-a", renewed)
    };
    assert_eq!(asked(auth("the second"), &before).await, (false, None));
    assert!(asked(rotated.clone(), &before).await.0);
    // A renewal signs with the new secret.
    sqlx::query("update session set expires_at = $1, updated_at = $1 - interval '7 days' where user_id = 'sales-a'")
        .bind(harness.now() + chrono::TimeDelta::days(2))
        .execute(&harness.app.pool)
        .await
        .expect("a session that is due for renewal");
    let (is_known, renewed) = asked(rotated, &before).await;
    assert!(is_known);
    let renewed = renewed.expect("a renewed cookie");
    let renewed = renewed.split(';').next().expect("a pair");
    assert!(asked(auth("the second"), renewed).await.0);
}
