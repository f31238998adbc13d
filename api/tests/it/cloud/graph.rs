//! A server that plays Graph as Meta documents it: it checks tokens and shapes, keeps the 24-hour window,
//! eighty messages a second and one to a person every six, and tells of each message by signed webhooks.

use crate::http::APP_SECRET;
use chrono::{DateTime, Utc};
use poem::http::StatusCode;
use poem::web::{Data, Json, Path, Query};
use poem::{Body, EndpointExt, IntoResponse, Request, Response, Route, get, handler, post};
use serde_json::{Value, json};
use shared::meta::signature;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) const TOKEN: &str = "the-token-of-the-tests";
pub(crate) const NUMBER: &str = "1060000000000001";
const PER_SECOND: usize = 80;
const PAIR_SECONDS: i64 = 6;

/// What is done with the next message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Turn {
    /// Taken.
    Take,
    /// Refused with this code.
    Refuse(i64),
    /// Taken; the answer never comes.
    TakeAndLoseTheAnswer,
    /// Not taken; the answer never comes.
    LoseTheCall,
}

/// A message that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) id: String,
    pub(crate) to: String,
    pub(crate) body: Value,
    at: DateTime<Utc>,
}

#[derive(Default)]
struct State {
    script: VecDeque<Turn>,
    taken: Vec<Taken>,
    unread: Vec<Taken>,
    refused: Vec<i64>,
    heard_at: BTreeMap<String, DateTime<Utc>>,
    keeps_windows: bool,
    templates: Vec<String>,
    /// Answers as text, which need not be good JSON.
    leads: BTreeMap<String, String>,
    forms: BTreeMap<String, Vec<Value>>,
    conversions: Vec<Value>,
}

/// The time that limits are kept by.
type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The server, on a port of its own.
#[derive(Clone)]
pub(crate) struct Graph {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    now: Now,
}

impl Graph {
    pub(crate) async fn open(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        let (state, now): (Arc<Mutex<State>>, Now) = (Arc::default(), Arc::new(now));
        let graph = |url: &str| Self {
            url: url.to_owned(),
            state: Arc::clone(&state),
            now: Arc::clone(&now),
        };
        let url = crate::local::serve(|url| {
            Route::new()
                .at("/:version/:id/messages", post(messages))
                .at("/:version/:id/leads", get(leads_of_form))
                .at("/:version/:id/events", post(events))
                .at("/:version/:id", get(lead_of_form))
                .data(graph(url))
        })
        .await;
        let graph = graph(&url);
        graph.state().templates = vec![
            "lead_offer".to_owned(),
            "lead_notice".to_owned(),
            "welcome".to_owned(),
        ];
        graph
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn next(&self, turn: Turn) {
        self.state().script.push_back(turn);
    }

    /// Clears the script: every message is accepted again.
    pub(crate) fn does_as_always(&self) {
        self.state().script.clear();
    }

    pub(crate) fn keeps_windows(&self) {
        self.state().keeps_windows = true;
    }

    pub(crate) fn forgets_template(&self, name: &str) {
        self.state().templates.retain(|known| known != name);
    }

    /// A person wrote to the company: their window is open.
    pub(crate) fn hears(&self, wa_id: &str) {
        self.state().heard_at.insert(wa_id.to_owned(), (self.now)());
    }

    pub(crate) fn has_lead(&self, id: &str, form: &str, lead: &Value) {
        let mut state = self.state();
        let entry =
            json!({ "id": id, "created_time": "2026-01-05T02:00:00+0000", "form_id": form });
        state.forms.entry(form.to_owned()).or_default().push(entry);
        state.leads.insert(id.to_owned(), lead.to_string());
    }

    /// A lead whose answer is this text.
    pub(crate) fn has_lead_text(&self, id: &str, answer: &str) {
        self.state().leads.insert(id.to_owned(), answer.to_owned());
    }

    /// Every message that was taken, in order.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.state().taken.clone()
    }

    /// The next message to this number that has not been read.
    pub(crate) fn read(&self, wa_id: &str) -> Option<Taken> {
        let mut state = self.state();
        let index = state
            .unread
            .iter()
            .position(|message| message.to == wa_id)?;
        Some(state.unread.remove(index))
    }

    pub(crate) fn unread(&self) -> Vec<Taken> {
        self.state().unread.clone()
    }

    /// The codes of all refusals.
    pub(crate) fn refused(&self) -> Vec<i64> {
        self.state().refused.clone()
    }

    pub(crate) fn conversions(&self) -> Vec<Value> {
        self.state().conversions.clone()
    }

    /// Meta's status of a message, as an entry of a delivery.
    pub(crate) fn status(message: &Taken, status: &str, code: Option<i64>) -> Value {
        let mut told = json!({
            "id": message.id,
            "status": status,
            "timestamp": message.at.timestamp().to_string(),
            "recipient_id": message.to,
            "biz_opaque_callback_data": message.body["biz_opaque_callback_data"],
        });
        if let Some(code) = code {
            told["errors"] = json!([{ "code": code, "title": "invented" }]);
        }
        told
    }
}

/// A delivery of these messages and statuses about the company's number.
pub(crate) fn delivery(values: &[Value]) -> Value {
    let changes: Vec<Value> = values
        .iter()
        .map(|value| {
            let mut value = value.clone();
            value["messaging_product"] = json!("whatsapp");
            value["metadata"] =
                json!({ "display_phone_number": "620000000000", "phone_number_id": NUMBER });
            json!({ "field": "messages", "value": value })
        })
        .collect();
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1020000000000001", "changes": changes }] })
}

/// The bytes as Meta writes them, and their signature.
pub(crate) fn signed(body: &Value) -> (Vec<u8>, String) {
    let bytes = body.to_string().replace('/', "\\/").into_bytes();
    let signature = signature::sign(APP_SECRET, &bytes);
    (bytes, signature)
}

fn refuse(graph: &Graph, code: i64) -> Response {
    graph.state().refused.push(code);
    let status = if code == 190 {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::BAD_REQUEST
    };
    let error = json!({ "error": {
        "message": format!("(#{code}) as told"), "type": "OAuthException", "code": code,
        "error_data": { "messaging_product": "whatsapp", "details": "as told" }, "fbtrace_id": "AxxTRACE",
    } });
    Json(error).with_status(status).into_response()
}

fn knows_token(request: &Request) -> bool {
    request.header("authorization") == Some(&format!("Bearer {TOKEN}"))
}

/// An answer that breaks off. The caller sends nothing more on its connection: the next call could be lost with it.
fn lost() -> Response {
    let broken = futures::stream::iter([Err::<Vec<u8>, _>(std::io::Error::other("as told"))]);
    Response::builder()
        .header("connection", "close")
        .body(Body::from_bytes_stream(broken))
}

#[handler]
async fn messages(
    Data(graph): Data<&Graph>,
    Path((version, number)): Path<(String, String)>,
    request: &Request,
    Json(body): Json<Value>,
) -> Response {
    if !knows_token(request) {
        return refuse(graph, 190);
    }
    if number != NUMBER || !fits(&body) {
        return refuse(graph, 100);
    }
    let turn = graph.state().script.pop_front();
    match turn {
        Some(Turn::Refuse(code)) => return refuse(graph, code),
        Some(Turn::LoseTheCall) => return lost(),
        _ => {}
    }
    let to = body["to"]
        .as_str()
        .or(body["recipient"].as_str())
        .unwrap_or_default()
        .to_owned();
    if let Some(code) = limit(graph, &to, &body) {
        return refuse(graph, code);
    }
    let taken = {
        let at = (graph.now)();
        let mut state = graph.state();
        let id = format!("wamid.TAKEN{:04}", state.taken.len() + 1);
        let taken = Taken { id, to, body, at };
        state.taken.push(taken.clone());
        state.unread.push(taken.clone());
        taken
    };
    if matches!(turn, Some(Turn::TakeAndLoseTheAnswer)) {
        return lost();
    }
    let answer = json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": taken.to, "wa_id": taken.to }],
        "messages": [{ "id": taken.id, "message_status": "accepted" }],
    });
    Json(answer)
        .with_header("facebook-api-version", version)
        .into_response()
}

/// Which of Meta's limits the message breaks, if it does.
fn limit(graph: &Graph, to: &str, body: &Value) -> Option<i64> {
    let now = (graph.now)();
    let state = graph.state();
    let since = |seconds: i64| now - chrono::TimeDelta::seconds(seconds);
    if state
        .taken
        .iter()
        .filter(|taken| taken.at > since(1))
        .count()
        >= PER_SECOND
    {
        return Some(130_429);
    }
    if state
        .taken
        .iter()
        .any(|taken| taken.to == to && taken.at > since(PAIR_SECONDS))
    {
        return Some(131_056);
    }
    if body["type"] == "template" {
        let name = body["template"]["name"].as_str().unwrap_or_default();
        return (!state.templates.iter().any(|known| known == name)).then_some(132_001);
    }
    let open = state
        .heard_at
        .get(to)
        .is_some_and(|heard| *heard > since(24 * 60 * 60));
    (state.keeps_windows && !open).then_some(131_047)
}

/// Whether the body has the shape, and keeps to the lengths, of Meta's document.
fn fits(body: &Value) -> bool {
    let short = |value: &Value, most: usize| {
        value
            .as_str()
            .is_some_and(|text| (1..=most).contains(&text.chars().count()))
    };
    let content = &body[body["type"].as_str().unwrap_or_default()];
    let action = &content["action"];
    body["messaging_product"] == "whatsapp"
        && (body["to"]
            .as_str()
            .is_some_and(|to| to.bytes().all(|b| b.is_ascii_digit()))
            || body["recipient"].is_string())
        && match body["type"].as_str() {
            Some("text") => short(&content["body"], 4096),
            Some("interactive") if content["type"] == "button" => {
                let buttons = action["buttons"].as_array().map_or(&[][..], Vec::as_slice);
                short(&content["body"]["text"], 1024)
                    && (1..=3).contains(&buttons.len())
                    && buttons.iter().all(|button| {
                        short(&button["reply"]["title"], 20) && short(&button["reply"]["id"], 256)
                    })
            }
            Some("interactive") if content["type"] == "list" => {
                let rows = action["sections"][0]["rows"]
                    .as_array()
                    .map_or(&[][..], Vec::as_slice);
                short(&content["body"]["text"], 1024)
                    && short(&action["button"], 20)
                    && (1..=10).contains(&rows.len())
                    && rows
                        .iter()
                        .all(|row| short(&row["title"], 24) && short(&row["id"], 200))
            }
            Some("template") => {
                let text = content.to_string();
                short(&content["name"], 512) && !text.contains("\\n") && !text.contains("\\t")
            }
            _ => false,
        }
}

#[handler]
async fn lead_of_form(
    Data(graph): Data<&Graph>,
    Path((_, id)): Path<(String, String)>,
    request: &Request,
) -> Response {
    if !knows_token(request) {
        return refuse(graph, 190);
    }
    match graph.state().leads.get(&id) {
        Some(lead) => Response::builder().content_type("application/json").body(lead.clone()),
        None => Json(json!({ "error": { "message": "Unsupported get request", "code": 100, "error_subcode": 33 } }))
            .with_status(StatusCode::BAD_REQUEST)
            .into_response(),
    }
}

/// A page has two leads, so that a reader must follow the pages.
#[handler]
async fn leads_of_form(
    Data(graph): Data<&Graph>,
    Path((_, form)): Path<(String, String)>,
    Query(parameters): Query<BTreeMap<String, String>>,
    request: &Request,
) -> Response {
    if !knows_token(request) {
        return refuse(graph, 190);
    }
    let after: usize = parameters
        .get("after")
        .and_then(|after| after.parse().ok())
        .unwrap_or(0);
    let state = graph.state();
    let all = state.forms.get(&form).map_or(&[][..], Vec::as_slice);
    let page: Vec<Value> = all.iter().skip(after).take(2).cloned().collect();
    let mut answer =
        json!({ "data": page, "paging": { "cursors": { "after": (after + 2).to_string() } } });
    if after + 2 < all.len() {
        answer["paging"]["next"] = json!("https://graph.facebook.com/next");
    }
    Json(answer).into_response()
}

#[handler]
async fn events(Data(graph): Data<&Graph>, request: &Request, Json(body): Json<Value>) -> Response {
    if !knows_token(request) {
        return refuse(graph, 190);
    }
    graph.state().conversions.push(body["data"][0].clone());
    Json(json!({ "events_received": 1 })).into_response()
}
