//! A server that plays Google: gives tokens for signed claims, and keeps one calendar.

use chrono::{DateTime, Utc};
use poem::http::StatusCode;
use poem::web::{Data, Form, Json, Path};
use poem::{Body, EndpointExt, IntoResponse, Request, Response, Route, handler, post, put};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is done with the next call to the calendar.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Turn {
    /// Refused with this status and reason.
    Refuse(u16, &'static str),
    /// Done; the answer never comes.
    DoAndLoseTheAnswer,
}

#[derive(Default)]
struct State {
    script: VecDeque<Turn>,
    events: BTreeMap<String, Value>,
    calls: Vec<String>,
    tokens: usize,
    assertions: Vec<String>,
    shared: bool,
}

#[derive(Clone)]
pub(crate) struct Google {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

impl Google {
    pub(crate) async fn open() -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let google = |url: &str| Self {
            url: url.to_owned(),
            state: Arc::clone(&state),
        };
        let url = crate::local::serve(|url| {
            Route::new()
                .at("/token", post(token))
                .at(
                    "/calendar/v3/calendars/:calendar/events",
                    post(insert).get(list),
                )
                .at(
                    "/calendar/v3/calendars/:calendar/events/:id",
                    put(update).delete(remove),
                )
                .data(google(url))
        })
        .await;
        let google = google(&url);
        google.state().shared = true;
        google
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn next(&self, turn: Turn) {
        self.state().script.push_back(turn);
    }

    pub(crate) fn is_shared(&self, shared: bool) {
        self.state().shared = shared;
    }

    /// Events that are on.
    pub(crate) fn events(&self) -> Vec<Value> {
        let state = self.state();
        state
            .events
            .values()
            .filter(|event| event["status"] != "cancelled")
            .cloned()
            .collect()
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    /// How many tokens were given.
    pub(crate) fn tokens(&self) -> usize {
        self.state().tokens
    }

    pub(crate) fn assertions(&self) -> Vec<String> {
        self.state().assertions.clone()
    }

    /// A key file of an account that gets its tokens here, made for this test run.
    pub(crate) fn key_file(&self, folder: &std::path::Path) -> PathBuf {
        let pem = std::fs::read_to_string(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/service-account-of-the-tests.pem"
        ))
        .expect("a key");
        let key = json!({
            "type": "service_account", "client_email": "visits@property-lounge.test", "private_key_id": "key-1",
            "private_key": pem, "token_uri": format!("{}/token", self.url),
        });
        let path = folder.join("service-account.json");
        std::fs::write(&path, key.to_string()).expect("a key file");
        path
    }

    /// What this call answers, if not success.
    fn meets(&self, request: &Request, call: &str) -> Option<Response> {
        let mut state = self.state();
        state.calls.push(call.to_owned());
        let good = format!("Bearer token-{}", state.tokens);
        if request.header("authorization") != Some(good.as_str()) {
            return Some(refusal(401, "authError"));
        }
        match state.script.front().copied() {
            Some(Turn::Refuse(status, reason)) => {
                state.script.pop_front();
                // A token that is refused is one no more.
                if status == 401 {
                    state.tokens += 1;
                }
                Some(refusal(status, reason))
            }
            _ if !state.shared => Some(refusal(404, "notFound")),
            _ => None,
        }
    }

    /// The answer, or none.
    fn answer(&self, answer: Value) -> Response {
        let lost = matches!(self.state().script.front(), Some(Turn::DoAndLoseTheAnswer));
        if lost {
            self.state().script.pop_front();
            let broken =
                futures::stream::iter([Err::<Vec<u8>, _>(std::io::Error::other("as told"))]);
            // The answer of a proxy: whether the call was executed is unknown.
            return Response::builder()
                .status(StatusCode::BAD_GATEWAY)
                .body(Body::from_bytes_stream(broken));
        }
        Json(answer).into_response()
    }
}

fn refusal(status: u16, reason: &str) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    let error = json!({ "error": { "errors": [{ "domain": "global", "reason": reason, "message": reason }],
                                   "code": status.as_u16(), "message": reason } });
    Json(error).with_status(status).into_response()
}

#[handler]
async fn token(
    Data(google): Data<&Google>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let mut state = google.state();
    if form.get("grant_type").map(String::as_str)
        != Some("urn:ietf:params:oauth:grant-type:jwt-bearer")
    {
        return refusal(400, "invalid_grant");
    }
    state
        .assertions
        .push(form.get("assertion").cloned().unwrap_or_default());
    state.tokens += 1;
    let token = format!("token-{}", state.tokens);
    Json(json!({ "access_token": token, "expires_in": 3599, "token_type": "Bearer" }))
        .into_response()
}

fn fits(event: &Value) -> bool {
    let time = |field: &str| {
        event[field]["dateTime"]
            .as_str()
            .is_some_and(|time| time.parse::<DateTime<Utc>>().is_ok() && time.ends_with("+07:00"))
            && event[field]["timeZone"] == "Asia/Jakarta"
    };
    let id = event["id"].as_str().unwrap_or_default();
    time("start")
        && time("end")
        && event.get("attendees").is_none()
        && (5..=1024).contains(&id.len())
        && id.bytes().all(|b| matches!(b, b'a'..=b'v' | b'0'..=b'9'))
}

#[handler]
async fn insert(
    Data(google): Data<&Google>,
    request: &Request,
    Path(calendar): Path<String>,
    Json(event): Json<Value>,
) -> Response {
    if let Some(met) = google.meets(request, "insert") {
        return met;
    }
    if !fits(&event) || calendar != "visits@group.calendar.google.com" {
        return refusal(400, "invalid");
    }
    let id = event["id"].as_str().unwrap_or_default().to_owned();
    if google.state().events.contains_key(&id) {
        return refusal(409, "duplicate");
    }
    google.state().events.insert(id, event.clone());
    google.answer(event)
}

#[handler]
async fn list(Data(google): Data<&Google>, request: &Request) -> Response {
    match google.meets(request, "list") {
        Some(met) => met,
        None => Json(json!({ "kind": "calendar#events", "items": [] })).into_response(),
    }
}

#[handler]
async fn update(
    Data(google): Data<&Google>,
    request: &Request,
    Path((_, id)): Path<(String, String)>,
    Json(event): Json<Value>,
) -> Response {
    if let Some(met) = google.meets(request, "update") {
        return met;
    }
    if !fits(&event) {
        return refusal(400, "invalid");
    }
    google.state().events.insert(id, event.clone());
    google.answer(event)
}

#[handler]
async fn remove(
    Data(google): Data<&Google>,
    request: &Request,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    if let Some(met) = google.meets(request, "remove") {
        return met;
    }
    let found = match google.state().events.get_mut(&id) {
        Some(event) if event["status"] != "cancelled" => {
            event["status"] = json!("cancelled");
            Ok(())
        }
        Some(_) => Err((410, "deleted")),
        None => Err((404, "notFound")),
    };
    match found {
        Ok(()) => google.answer(json!({})),
        Err((status, reason)) => refusal(status, reason),
    }
}
