//! better-auth 1.7.25's captured exchanges with its plugin, replayed.

use super::browser::Browser;
use crate::http::sign_in::{blurred, captured_cookies, client, shape};
use serde_json::{Value, json};
use shared::testing::Harness;

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
    let file = include_str!("../../../fixtures/two-factor-exchanges.json");
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
