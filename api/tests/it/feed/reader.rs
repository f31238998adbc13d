//! A reader of the live feed, and what it reads about.

use super::LONG;
use crate::http::{auth, cookie_of};
use crate::processes::company::http_client;
use serde_json::Value;
use shared::App;
use tokio::time::timeout;

/// A reader of a feed.
pub(super) struct Reader {
    pub(super) response: reqwest::Response,
    buffer: String,
    /// The last event's id.
    pub(super) last: Option<String>,
}

impl Reader {
    pub(super) async fn open(app: &App, url: &str, user: &str, last: Option<&str>) -> Self {
        let response = ask(app, url, user, last).await;
        assert_eq!(response.status().as_u16(), 200);
        let mut reader = Self {
            response,
            buffer: String::new(),
            last: last.map(str::to_owned),
        };
        let hello = reader.next().await.expect("a hello");
        assert_eq!(hello["kind"], "hello");
        reader
    }

    /// The next event; `None`: the feed ended.
    pub(super) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let mut event = None;
                for line in block.lines() {
                    if let Some(id) = line.strip_prefix("id: ") {
                        self.last = Some(id.to_owned());
                    } else if let Some(data) = line.strip_prefix("data: ") {
                        event = Some(serde_json::from_str(data).expect("JSON"));
                    }
                }
                let rest = rest.to_owned();
                self.buffer = rest;
                if event.is_some() {
                    return event;
                }
                continue;
            }
            let chunk = timeout(LONG, self.response.chunk())
                .await
                .expect("an event in time")
                .ok()??;
            self.buffer.push_str(&String::from_utf8_lossy(&chunk));
        }
    }

    /// Reads until the event of this lead; returns all events.
    pub(super) async fn until_lead(&mut self, lead: &str) -> Vec<Value> {
        let mut told = Vec::new();
        loop {
            let event = self.next().await.expect("the feed goes on");
            let found = event["kind"] == "lead" && event["leadId"] == lead;
            told.push(event);
            if found {
                return told;
            }
        }
    }
}

pub(super) async fn ask(app: &App, url: &str, user: &str, last: Option<&str>) -> reqwest::Response {
    let cookie = cookie_of(app, &auth(), user).await;
    let mut request = http_client()
        .get(format!("{url}/api/events"))
        .header("cookie", cookie);
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    request.send().await.expect("an answer")
}

/// A lead of this agent's, written as a claim writes it; returns its id.
pub(super) async fn lead_of(app: &App, owner: Option<&str>) -> String {
    let id = uuid::Uuid::now_v7();
    sqlx::query(
        "insert into lead (id, name, phone, status, owner_sales_id, locked_at, created_at, updated_at)
         values ($1, 'Budi', '+62812' || lpad((random() * 99999999)::bigint::text, 8, '0'),
                 case when $2::text is null then 'new' else 'claimed' end, $2, case when $2::text is not null then now() end, now(), now())",
    )
    .bind(id)
    .bind(owner)
    .execute(&app.pool)
    .await
    .expect("a lead");
    id.to_string()
}

pub(super) async fn touch(app: &App, lead: &str, progress: &str) {
    sqlx::query("update lead set progress = $2 where id = $1::uuid")
        .bind(lead)
        .bind(progress)
        .execute(&app.pool)
        .await
        .expect("a change");
}
