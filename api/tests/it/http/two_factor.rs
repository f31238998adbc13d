//! Two-factor sign-in: better-auth 1.7.25's captured exchanges with its plugin, and what ours does beyond them.

use super::sign_in::{blurred, captured_cookies, client, shape};
use crate::http::webhook_secrets;
use api::auth::{Auth, CodesFor};
use chrono::TimeDelta;
use poem::EndpointExt;
use poem::Response;
use poem::endpoint::BoxEndpoint;
use poem::http::StatusCode;
use poem::test::TestClient;
use secrecy::SecretString;
use serde_json::{Value, json};
use shared::auth::two_factor::{self, Keys, Rotated, code_at};
use shared::auth::{self, NewUser, Role};
use shared::id::UserId;
use shared::testing::Harness;
use std::collections::BTreeMap;

const PAGE: &str = "http://localhost:5173";
const SECRET: &str = "conformance-secret-0123456789abcdef0123456789abcdef";

/// A browser with cookies, and the app and the paper of its user.
struct Browser<'world> {
    harness: &'world Harness,
    http: &'world TestClient<BoxEndpoint<'static, Response>>,
    cookies: BTreeMap<String, String>,
    /// The app's secret.
    app: String,
    backup_codes: Vec<String>,
}

struct Answer {
    status: u16,
    cookies: Vec<String>,
    body: Value,
}

impl<'world> Browser<'world> {
    fn new(
        harness: &'world Harness,
        http: &'world TestClient<BoxEndpoint<'static, Response>>,
    ) -> Self {
        Self {
            harness,
            http,
            cookies: BTreeMap::new(),
            app: String::new(),
            backup_codes: Vec::new(),
        }
    }

    /// Asks, and keeps what a browser, an app and a person keep.
    async fn ask(&mut self, path: &str, body: Option<Value>) -> Answer {
        let mut request = match &body {
            Some(body) => self.http.post(path).body_json(body),
            None => self.http.get(path),
        };
        request = request.header("origin", PAGE);
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header("cookie", pairs.join("; "));
        }
        let response = request.send().await.0;
        let status = response.status().as_u16();
        let cookies: Vec<String> = response
            .headers()
            .get_all("set-cookie")
            .iter()
            .map(|cookie| cookie.to_str().expect("a cookie").to_owned())
            .collect();
        for cookie in &cookies {
            let (pair, attributes) = cookie.split_once("; ").expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            if attributes.starts_with("Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = response.into_body().into_string().await.expect("a body");
        let body: Value = serde_json::from_str(&body).unwrap_or(Value::Null);
        if let Some(address) = body["totpURI"].as_str() {
            let (_, rest) = address.split_once("secret=").expect("a secret");
            let encoded = rest.split('&').next().expect("a secret");
            self.app = format!("base32:{encoded}");
        }
        if let Some(codes) = body["backupCodes"].as_array() {
            let text = |code: &Value| code.as_str().expect("a code").to_owned();
            self.backup_codes = codes.iter().map(text).collect();
        }
        Answer {
            status,
            cookies,
            body,
        }
    }

    /// The code that the app shows in half a minute: no code counts twice.
    fn next_code(&self) -> String {
        self.harness
            .app
            .clock
            .set(self.harness.now() + TimeDelta::seconds(30));
        code_at(&self.app, self.harness.now())
    }

    /// The code to send where the capture sent one of this kind.
    fn code(&self, kind: &str) -> String {
        match kind.split_once('-') {
            None if kind == "totp" => self.next_code(),
            Some(("backup", number)) => {
                self.backup_codes[number.parse::<usize>().expect("a number")].clone()
            }
            _ => panic!("{kind} is no kind of code"),
        }
    }

    async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.ask("/api/auth/sign-in/email", Some(body)).await
    }

    async fn verify(&mut self, code: &str, trust: bool) -> Answer {
        let body = json!({ "code": code, "trustDevice": trust });
        self.ask("/api/auth/two-factor/verify-totp", Some(body))
            .await
    }

    async fn two_factor(&mut self, what: &str, password: &str) -> Answer {
        let path = format!("/api/auth/two-factor/{what}");
        self.ask(&path, Some(json!({ "password": password }))).await
    }

    /// Signs in and sets an app up.
    async fn set_up(&mut self, email: &str, password: &str) {
        assert_eq!(self.sign_in(email, password).await.status, 200);
        assert_eq!(self.two_factor("enable", password).await.status, 200);
        let code = self.next_code();
        assert_eq!(self.verify(&code, false).await.status, 200);
    }
}

/// An answer without what differs from run to run, and without fields that better-auth leaves out where ours are null.
fn comparable(body: &Value) -> Value {
    let mut body = blurred(body);
    if let Some(address) = body["totpURI"].as_str() {
        let (before, rest) = address.split_once("secret=").expect("a secret");
        let (secret, after) = rest.split_once('&').expect("more");
        body["totpURI"] = json!(format!("{before}secret={}&{after}", secret.len()));
    }
    if let Some(codes) = body["backupCodes"].as_array_mut() {
        for code in codes {
            let shape: Vec<usize> = code
                .as_str()
                .expect("a code")
                .split('-')
                .map(str::len)
                .collect();
            *code = json!(shape);
        }
    }
    for part in ["user", "session"] {
        if let Some(fields) = body[part].as_object_mut() {
            fields.retain(|name, value| {
                !(name == "image" && value.is_null() || name == "userAgent" || name == "ipAddress")
            });
        }
    }
    body
}

#[tokio::test]
async fn every_captured_exchange_of_the_plugin_is_answered_as_it_answered() {
    let file = include_str!("../../fixtures/two-factor-exchanges.json");
    let capture: Value = serde_json::from_str(file).expect("JSON");
    let harness = Harness::new().await;
    let http = client(&harness, false);
    let mut browser = Browser::new(&harness, &http);
    let exchanges = capture["exchanges"].as_array().expect("exchanges");
    assert!(exchanges.len() > 70);
    for exchange in exchanges {
        let name = exchange["name"].as_str().expect("a name");
        let mut body = exchange["request"]["body"]
            .as_str()
            .map(|body| serde_json::from_str::<Value>(body).expect("JSON"));
        if let (Some(kind), Some(body)) = (exchange["code"].as_str(), &mut body)
            && kind != "wrong"
        {
            body["code"] = json!(browser.code(kind));
        }
        let path = exchange["request"]["path"].as_str().expect("a path");
        let answer = browser.ask(path, body).await;
        let expected = &exchange["response"];
        assert_eq!(
            json!(answer.status),
            expected["status"],
            "{name}: {}",
            answer.body
        );
        let cookies: Vec<String> = answer.cookies.iter().map(|cookie| shape(cookie)).collect();
        let captured: Vec<String> = captured_cookies(exchange)
            .iter()
            .map(|cookie| shape(cookie))
            .collect();
        assert_eq!(cookies, captured, "{name}");
        assert_eq!(
            comparable(&answer.body),
            comparable(&expected["body_json"]),
            "{name}"
        );
    }
}

/// A user with a password that no list of passwords has.
async fn user_of(harness: &Harness, email: &str, role: Role) -> UserId {
    let new = NewUser {
        name: "Rina".to_owned(),
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        image: None,
        phone: None,
        role,
    };
    auth::create_user(&harness.app, &new)
        .await
        .expect("a user")
        .id
}

const PASSWORD: &str = "angin timur dari selat";
const ADMIN: &str = "rina@example.com";

#[tokio::test]
async fn an_admin_who_must_have_a_second_factor_does_nothing_without_and_cannot_give_it_up() {
    let harness = Harness::new().await;
    user_of(&harness, ADMIN, Role::Admin).await;
    user_of(&harness, "budi@example.com", Role::Sales).await;
    let secret = SecretString::from(SECRET);
    let trusted = [PAGE.to_owned()];
    let auth = Auth::new(secret, "http://api.test:3001", &trusted, true, false)
        .with_codes_for(CodesFor::Admins);
    let http = TestClient::new(api::app(harness.app.clone(), auth, webhook_secrets()).boxed());
    let mut browser = Browser::new(&harness, &http);
    assert_eq!(browser.sign_in(ADMIN, PASSWORD).await.status, 200);
    for path in ["/api/users", "/api/leads", "/api/session/confirm"] {
        let answer = browser.ask(path, None).await;
        assert_eq!(answer.status, 403, "{path}");
        assert_eq!(answer.body["code"], "two_factor_required", "{path}");
    }
    assert_eq!(browser.two_factor("enable", PASSWORD).await.status, 200);
    assert_eq!(
        browser.ask("/api/users", None).await.status,
        403,
        "no code was seen yet"
    );
    let code = browser.next_code();
    assert_eq!(browser.verify(&code, false).await.status, 200);
    assert_eq!(browser.ask("/api/users", None).await.status, 200);
    let kept = browser.two_factor("disable", PASSWORD).await;
    assert_eq!(
        (kept.status, &kept.body["code"]),
        (403, &json!("TWO_FACTOR_REQUIRED"))
    );
    let mut agent = Browser::new(&harness, &http);
    assert_eq!(
        agent.sign_in("budi@example.com", PASSWORD).await.status,
        200
    );
    assert_eq!(agent.ask("/api/leads", None).await.status, 200);
}

#[tokio::test]
async fn a_code_counts_once_and_the_password_alone_opens_nothing() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    user_of(&harness, ADMIN, Role::Admin).await;
    let mut thief = Browser::new(&harness, &http);
    assert_eq!(thief.sign_in(ADMIN, PASSWORD).await.status, 200);
    assert_eq!(thief.ask("/api/users", None).await.status, 200);
    let mut owner = Browser::new(&harness, &http);
    owner.set_up(ADMIN, PASSWORD).await;
    assert_eq!(
        thief.ask("/api/users", None).await.status,
        401,
        "other sessions ended"
    );
    let asked = thief.sign_in(ADMIN, PASSWORD).await;
    assert_eq!(
        asked.body,
        json!({ "twoFactorRedirect": true, "twoFactorMethods": ["totp"] })
    );
    assert_eq!(thief.ask("/api/users", None).await.status, 401);
    // The thief saw the code over the owner's shoulder.
    owner.cookies.clear();
    owner.sign_in(ADMIN, PASSWORD).await;
    let code = owner.next_code();
    assert_eq!(owner.verify(&code, false).await.status, 200);
    let again = thief.verify(&code, false).await;
    assert_eq!(
        (again.status, &again.body["code"]),
        (401, &json!("INVALID_CODE"))
    );
    let paper = owner.backup_codes[0].clone();
    harness
        .app
        .clock
        .set(harness.now() + TimeDelta::minutes(11));
    let late = json!({ "code": paper });
    let late = thief
        .ask("/api/auth/two-factor/verify-backup-code", Some(late))
        .await;
    assert_eq!(
        (late.status, &late.body["code"]),
        (401, &json!("INVALID_TWO_FACTOR_COOKIE"))
    );
}

#[tokio::test]
async fn a_sign_in_that_began_before_the_app_was_set_up_asks_for_a_code() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    user_of(&harness, ADMIN, Role::Admin).await;
    let checked = auth::user_with_password(&harness.app, ADMIN, PASSWORD).await;
    let checked = checked.expect("an answer").expect("the password is right");
    assert!(!checked.two_factor_enabled);
    let mut owner = Browser::new(&harness, &http);
    owner.set_up(ADMIN, PASSWORD).await;
    let thief = auth::Client::default();
    let begun = auth::begin_session(&harness.app, &checked.id, &thief, true, false).await;
    assert!(begun.expect("an answer").is_none());
    assert_eq!(owner.ask("/api/users", None).await.status, 200);
}

#[tokio::test]
async fn somebody_with_the_password_cannot_read_the_secret_that_is_being_set_up() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    user_of(&harness, ADMIN, Role::Admin).await;
    let mut thief = Browser::new(&harness, &http);
    thief.sign_in(ADMIN, PASSWORD).await;
    let mut owner = Browser::new(&harness, &http);
    owner.sign_in(ADMIN, PASSWORD).await;
    assert_eq!(owner.two_factor("enable", PASSWORD).await.status, 200);
    let read = thief.two_factor("get-totp-uri", PASSWORD).await;
    assert_eq!(
        (read.status, &read.body["code"]),
        (400, &json!("TOTP_NOT_ENABLED"))
    );
    let code = owner.next_code();
    assert_eq!(owner.verify(&code, false).await.status, 200);
    // The thief's session has ended: it turns nothing off, however late its request is answered.
    let gone = thief.two_factor("disable", PASSWORD).await;
    assert_eq!(gone.status, 401);
}

#[tokio::test]
async fn a_new_password_and_signing_out_everywhere_end_what_waits_and_what_is_trusted() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    let admin = user_of(&harness, ADMIN, Role::Admin).await;
    let mut owner = Browser::new(&harness, &http);
    owner.set_up(ADMIN, PASSWORD).await;
    owner.cookies.clear();
    owner.sign_in(ADMIN, PASSWORD).await;
    let code = owner.next_code();
    owner.verify(&code, true).await;
    let mut thief = Browser::new(&harness, &http);
    thief.sign_in(ADMIN, PASSWORD).await;
    auth::reset_password(&harness.app, &admin, PASSWORD)
        .await
        .expect("set");
    let code = owner.next_code();
    let late = thief.verify(&code, false).await;
    assert_eq!(
        (late.status, &late.body["code"]),
        (401, &json!("INVALID_TWO_FACTOR_COOKIE"))
    );
    owner
        .cookies
        .retain(|name, _| name.ends_with("trust_device"));
    assert_eq!(
        owner.sign_in(ADMIN, PASSWORD).await.body["twoFactorRedirect"],
        true
    );
    let code = owner.next_code();
    owner.verify(&code, true).await;
    owner
        .ask("/api/auth/revoke-sessions", Some(json!({})))
        .await;
    let asked = owner.sign_in(ADMIN, PASSWORD).await;
    assert_eq!(
        asked.body["twoFactorRedirect"], true,
        "signed out everywhere"
    );
}

#[tokio::test]
async fn guesses_at_one_instant_are_counted_one_by_one() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    user_of(&harness, ADMIN, Role::Admin).await;
    let mut owner = Browser::new(&harness, &http);
    owner.set_up(ADMIN, PASSWORD).await;
    owner.cookies.clear();
    owner.sign_in(ADMIN, PASSWORD).await;
    let cookie = &owner.cookies["better-auth.two_factor"];
    let guess = |_| {
        let request = http
            .post("/api/auth/two-factor/verify-totp")
            .header("origin", PAGE)
            .header("cookie", format!("better-auth.two_factor={cookie}"))
            .body_json(&json!({ "code": "000000" }));
        async move { request.send().await.0.status().as_u16() }
    };
    let statuses = futures::future::join_all((0..20).map(guess)).await;
    let wrong = statuses.iter().filter(|status| **status == 401).count();
    let ended = statuses.iter().filter(|status| **status == 400).count();
    // Five tries, one that ends the sign-in, and nothing to try for the rest.
    assert_eq!((wrong, ended), (19, 1), "{statuses:?}");
    let failures: i32 = sqlx::query_scalar("select failed_verification_count from two_factor")
        .fetch_one(&harness.app.pool)
        .await
        .expect("a row");
    assert_eq!(failures, 5);
}

#[tokio::test]
async fn a_trusted_device_is_its_users_alone_until_the_password_is_set_anew() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    user_of(&harness, ADMIN, Role::Admin).await;
    let other = "wati@example.com";
    let wati = user_of(&harness, other, Role::Admin).await;
    let mut owner = Browser::new(&harness, &http);
    owner.set_up(ADMIN, PASSWORD).await;
    owner.cookies.clear();
    owner.sign_in(ADMIN, PASSWORD).await;
    let code = owner.next_code();
    assert_eq!(owner.verify(&code, true).await.status, 200);
    let device = owner.cookies["better-auth.trust_device"].clone();
    let mut colleague = Browser::new(&harness, &http);
    colleague.set_up(other, PASSWORD).await;
    colleague.cookies = [("better-auth.trust_device".to_owned(), device)].into();
    let asked = colleague.sign_in(other, PASSWORD).await;
    assert_eq!(
        asked.body["twoFactorRedirect"], true,
        "another user's device"
    );
    owner
        .cookies
        .retain(|name, _| name.ends_with("trust_device"));
    let first = owner.cookies.clone();
    assert!(owner.sign_in(ADMIN, PASSWORD).await.body["token"].is_string());
    let mut copied = Browser::new(&harness, &http);
    copied.cookies = first;
    let asked = copied.sign_in(ADMIN, PASSWORD).await;
    assert_eq!(
        asked.body["twoFactorRedirect"], true,
        "each id is for one sign-in"
    );
    let admin = user_with(&harness, ADMIN).await;
    auth::reset_password(&harness.app, &admin, "selat timur dari angin")
        .await
        .expect("set");
    owner
        .cookies
        .retain(|name, _| name.ends_with("trust_device"));
    let asked = owner.sign_in(ADMIN, "selat timur dari angin").await;
    assert_eq!(
        asked.body["twoFactorRedirect"], true,
        "the password was set anew"
    );
    auth::two_factor::reset(&harness.app, &wati)
        .await
        .expect("reset");
    assert!(colleague.sign_in(other, PASSWORD).await.body["token"].is_string());
}

async fn user_with(harness: &Harness, email: &str) -> UserId {
    let id: String = sqlx::query_scalar(r#"select id from "user" where email = $1"#)
        .bind(email)
        .fetch_one(&harness.app.pool)
        .await
        .expect("a user");
    UserId(id)
}

#[tokio::test]
async fn an_admin_lets_a_colleague_in_who_lost_the_phone_and_the_log_says_all_of_it() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    let admin = user_of(&harness, ADMIN, Role::Admin).await;
    let lost = user_of(&harness, "wati@example.com", Role::Sales).await;
    let mut wati = Browser::new(&harness, &http);
    wati.set_up("wati@example.com", PASSWORD).await;
    wati.two_factor("generate-backup-codes", PASSWORD).await;
    let mut rina = Browser::new(&harness, &http);
    rina.sign_in(ADMIN, PASSWORD).await;
    let path = format!("/api/users/{}/two-factor", lost.0);
    let cookie = format!(
        "better-auth.session_token={}",
        rina.cookies["better-auth.session_token"]
    );
    let done = http
        .delete(&path)
        .header("cookie", &cookie)
        .header("origin", PAGE)
        .send()
        .await;
    done.assert_status(StatusCode::OK);
    let own = format!("/api/users/{}/two-factor", admin.0);
    let own = http
        .delete(&own)
        .header("cookie", &cookie)
        .header("origin", PAGE);
    own.send().await.assert_status(StatusCode::CONFLICT);
    let missing = http
        .delete("/api/users/nobody/two-factor")
        .header("cookie", &cookie)
        .header("origin", PAGE);
    missing.send().await.assert_status(StatusCode::NOT_FOUND);
    assert_eq!(
        wati.ask("/api/leads", None).await.status,
        401,
        "signed out everywhere"
    );
    wati.cookies.clear();
    assert!(wati.sign_in("wati@example.com", PASSWORD).await.body["token"].is_string());
    let logged: Vec<(String, String, Option<String>)> =
        sqlx::query_as("select kind, user_id, operation from security_event order by id")
            .fetch_all(&harness.app.pool)
            .await
            .expect("the log");
    let line = |kind: &str, user: &UserId, operation: Option<&str>| {
        (
            kind.to_owned(),
            user.0.clone(),
            operation.map(str::to_owned),
        )
    };
    assert_eq!(
        logged,
        [
            line("sign_in", &lost, None),
            line("app_secret_shown", &lost, None),
            line("two_factor_on", &lost, None),
            line("backup_codes_made", &lost, None),
            line("sign_in", &admin, None),
            line("operation", &admin, Some("resetTwoFactor")),
            line("operation", &admin, Some("resetTwoFactor")),
            line("operation", &admin, Some("resetTwoFactor")),
            line("sign_in", &lost, None),
        ]
    );
}

#[tokio::test]
async fn a_new_secret_of_sign_in_locks_nobody_out() {
    let harness = Harness::new().await;
    let http = client(&harness, false);
    user_of(&harness, ADMIN, Role::Admin).await;
    let mut owner = Browser::new(&harness, &http);
    owner.set_up(ADMIN, PASSWORD).await;
    let new = "another secret of sign-in, as long as the first";
    let rotating = Keys::new([new.as_bytes(), SECRET.as_bytes()]);
    let only_new = Keys::new([new.as_bytes()]);
    let rotate = async |keys: &Keys| two_factor::rotate(&harness.app, keys).await.expect("read");
    assert_eq!(
        rotate(&only_new).await,
        Rotated {
            renewed: 0,
            unreadable: 1
        }
    );
    assert_eq!(
        rotate(&rotating).await,
        Rotated {
            renewed: 1,
            unreadable: 0
        }
    );
    assert_eq!(
        rotate(&rotating).await,
        Rotated {
            renewed: 0,
            unreadable: 0
        }
    );
    assert_eq!(
        rotate(&only_new).await,
        Rotated {
            renewed: 0,
            unreadable: 0
        }
    );
    let auth = Auth::new(
        SecretString::from(new),
        "http://api.test:3001",
        &[PAGE.to_owned()],
        true,
        false,
    );
    let http = TestClient::new(api::app(harness.app.clone(), auth, webhook_secrets()).boxed());
    owner.http = &http;
    owner.cookies.clear();
    owner.sign_in(ADMIN, PASSWORD).await;
    let code = owner.next_code();
    assert_eq!(owner.verify(&code, false).await.status, 200);
}
