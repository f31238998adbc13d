//! A browser, an authenticator app and the codes on paper.

use crate::http::sign_in::cookies_of;
use chrono::TimeDelta;
use poem::Response;
use poem::endpoint::BoxEndpoint;
use poem::test::TestClient;
use serde_json::{Value, json};
use shared::auth::two_factor::code_at;
use shared::auth::{self, NewUser, Role};
use shared::id::UserId;
use shared::testing::Harness;
use std::collections::BTreeMap;

/// The page whose origin is trusted.
pub(super) const PAGE: &str = "http://localhost:5173";
/// The secret of sign-in.
pub(super) const SECRET: &str = "conformance-secret-0123456789abcdef0123456789abcdef";

/// A browser with cookies, and the app and the paper of its user.
pub(super) struct Browser<'world> {
    pub(super) harness: &'world Harness,
    pub(super) http: &'world TestClient<BoxEndpoint<'static, Response>>,
    pub(super) cookies: BTreeMap<String, String>,
    /// The app's secret.
    pub(super) app: String,
    pub(super) backup_codes: Vec<String>,
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) cookies: Vec<String>,
    pub(super) body: Value,
}

impl<'world> Browser<'world> {
    pub(super) fn new(
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
    pub(super) async fn ask(&mut self, path: &str, body: Option<Value>) -> Answer {
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
        let cookies = cookies_of(&response);
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
    pub(super) fn next_code(&self) -> String {
        self.harness
            .app
            .clock
            .set(self.harness.now() + TimeDelta::seconds(30));
        code_at(&self.app, self.harness.now())
    }

    /// The code to send where the capture sent one of this kind.
    pub(super) fn code(&self, kind: &str) -> String {
        match kind.split_once('-') {
            None if kind == "totp" => self.next_code(),
            Some(("backup", number)) => {
                self.backup_codes[number.parse::<usize>().expect("a number")].clone()
            }
            _ => panic!("{kind} is no kind of code"),
        }
    }

    pub(super) async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.ask("/api/auth/sign-in/email", Some(body)).await
    }

    pub(super) async fn verify(&mut self, code: &str, trust: bool) -> Answer {
        let body = json!({ "code": code, "trustDevice": trust });
        self.ask("/api/auth/two-factor/verify-totp", Some(body))
            .await
    }

    pub(super) async fn two_factor(&mut self, what: &str, password: &str) -> Answer {
        let path = format!("/api/auth/two-factor/{what}");
        self.ask(&path, Some(json!({ "password": password }))).await
    }

    /// Signs in and sets an app up.
    pub(super) async fn set_up(&mut self, email: &str, password: &str) {
        assert_eq!(self.sign_in(email, password).await.status, 200);
        assert_eq!(self.two_factor("enable", password).await.status, 200);
        let code = self.next_code();
        assert_eq!(self.verify(&code, false).await.status, 200);
    }

    /// Signs in, sets an app up, signs in again, and trusts this device.
    pub(super) async fn set_up_and_trust(&mut self, email: &str, password: &str) {
        self.set_up(email, password).await;
        self.cookies.clear();
        self.sign_in(email, password).await;
        let code = self.next_code();
        assert_eq!(self.verify(&code, true).await.status, 200);
    }
}

/// A user with a password that no list of passwords has.
pub(super) async fn user_of(harness: &Harness, email: &str, role: Role) -> UserId {
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

pub(super) const PASSWORD: &str = "angin timur dari selat";
pub(super) const ADMIN: &str = "rina@example.com";
