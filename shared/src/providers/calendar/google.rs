//! Google Calendar, through a service account with which the calendar is shared.
//!
//! Source: developers.google.com/workspace/calendar/api (events: insert, update, delete; handle errors).

use super::key::ServiceAccount;
use super::port::{Calendar, CalendarEvent};
use crate::error::{ProviderFailure, class_of};
use crate::providers::graph::choose_tls;
use crate::providers::measure::measured;
use crate::{Clock, Error, Result};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Duration;
use tokio::sync::Mutex;

/// The timeout of a call. A job may run longer.
const ANSWER: Duration = Duration::from_secs(10);
/// A token is not used in the last minute of its validity.
const BEFORE_ITS_END: TimeDelta = TimeDelta::seconds(60);
/// How long to wait after Google reports that we send too fast, if it does not say.
const TOO_OFTEN: Duration = Duration::from_secs(30);
/// How long to wait after a calendar is missing or not shared.
const NOT_SHARED: Duration = Duration::from_secs(300);

/// One calendar.
pub struct GoogleCalendar {
    http: Client,
    base: String,
    calendar: String,
    account: ServiceAccount,
    clock: Clock,
    pool: PgPool,
    token: Mutex<Option<Token>>,
}

struct Token {
    value: String,
    ends_at: DateTime<Utc>,
}

/// What matters of Google's answer.
enum Answer {
    Done(Value),
    Refused(StatusCode, String),
}

impl GoogleCalendar {
    /// The calendar with this id, under `base` (`https://www.googleapis.com/calendar/v3`). Tokens use the
    /// application's clock.
    pub fn new(
        base: &str,
        calendar: String,
        account: ServiceAccount,
        clock: Clock,
        pool: PgPool,
    ) -> Result<Self> {
        choose_tls();
        let http = Client::builder()
            .timeout(ANSWER)
            .user_agent("property-lounge")
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| Error::invalid("GOOGLE_CALENDAR_BASE_URL", "no client can be made"))?;
        Ok(Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
            calendar,
            account,
            clock,
            pool,
            token: Mutex::new(None),
        })
    }

    /// Makes a call, and repeats it once with a new token if the token is no longer valid.
    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let answer = self
            .measured_call(method.clone(), path, body, false)
            .await?;
        match answer {
            Answer::Refused(StatusCode::UNAUTHORIZED, _) => {
                self.measured_call(method, path, body, true).await
            }
            answer => Ok(answer),
        }
    }

    async fn measured_call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        fresh: bool,
    ) -> Result<Answer> {
        let call = self.call_once(method, path, body, fresh);
        measured("google_calendar", call, |answer| match answer {
            Ok(Answer::Done(_)) => "accepted",
            Ok(Answer::Refused(..)) => "provider_refused",
            Err(error) => class_of(error),
        })
        .await
    }

    async fn call_once(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        fresh: bool,
    ) -> Result<Answer> {
        let token = self.token(fresh).await?;
        // The calendar's id is an email address: it must be escaped in the path.
        let mut url = reqwest::Url::parse(&self.base)
            .map_err(|_| Error::invalid("GOOGLE_CALENDAR_BASE_URL", "is not a URL"))?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(["calendars", &self.calendar, "events"]);
            if !path.is_empty() {
                segments.push(path);
            }
        }
        let mut request = self.http.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request
            .send()
            .await
            .map_err(|_| unavailable("cannot be reached, or did not answer", None))?;
        let status = response.status();
        let answer = json_of(response).await;
        if status.is_success() {
            return Ok(Answer::Done(answer));
        }
        let reason = answer["error"]["errors"][0]["reason"]
            .as_str()
            .unwrap_or_default();
        Ok(Answer::Refused(status, reason.to_owned()))
    }

    /// The present token, or a new one. Only one task requests one at a time.
    async fn token(&self, fresh: bool) -> Result<String> {
        let mut held = self.token.lock().await;
        let mut connection = self.pool.acquire().await?;
        let now = self.clock.now(&mut connection).await?;
        drop(connection);
        if let Some(token) = held.as_ref().filter(|token| !fresh && now < token.ends_at) {
            return Ok(token.value.clone());
        }
        let assertion = self.account.assertion(now)?;
        let form = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}"
        );
        let response = self
            .http
            .post(&self.account.token_url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .map_err(|_| unavailable("gives no token: cannot be reached", None))?;
        let status = response.status();
        let answer = json_of(response).await;
        let Some(value) = answer["access_token"]
            .as_str()
            .filter(|_| status.is_success())
        else {
            return Err(unavailable(&format!("gives no token: HTTP {status}"), None));
        };
        let seconds = answer["expires_in"].as_i64().unwrap_or(0).clamp(0, 3600);
        let ends_at = now + TimeDelta::seconds(seconds) - BEFORE_ITS_END;
        *held = Some(Token {
            value: value.to_owned(),
            ends_at,
        });
        Ok(value.to_owned())
    }
}

#[async_trait]
impl Calendar for GoogleCalendar {
    /// Inserts an event. Overwrites it if it exists, because the answer of an earlier call was lost or because
    /// the visit changed.
    async fn put(&self, event: &CalendarEvent) -> Result<String> {
        let body = body_of(event);
        let inserted = self.call(Method::POST, "", Some(&body)).await?;
        let answer = match inserted {
            Answer::Refused(StatusCode::CONFLICT, _) => {
                self.call(Method::PUT, &event.id, Some(&body)).await?
            }
            answer => answer,
        };
        match answer {
            Answer::Done(answer) => Ok(answer["id"].as_str().unwrap_or(&event.id).to_owned()),
            Answer::Refused(status, reason) => Err(refusal(status, &reason)),
        }
    }

    async fn remove(&self, event_id: &str) -> Result<()> {
        match self.call(Method::DELETE, event_id, None).await? {
            Answer::Done(_) | Answer::Refused(StatusCode::GONE, _) => Ok(()),
            // The event or the calendar does not exist. Only the former ends the matter.
            Answer::Refused(StatusCode::NOT_FOUND, _) => {
                match self.call(Method::GET, "", None).await? {
                    Answer::Done(_) => Ok(()),
                    Answer::Refused(status, reason) => Err(refusal(status, &reason)),
                }
            }
            Answer::Refused(status, reason) => Err(refusal(status, &reason)),
        }
    }
}

/// The text of an answer; empty if it cannot be read.
async fn json_of(response: Response) -> Value {
    let bytes = response.bytes().await.ok();
    bytes
        .and_then(|bytes| crate::lossy_json::parse(&bytes).ok())
        .unwrap_or_default()
}

/// No attendees: a service account must not invite any (403 `forbiddenForServiceAccounts`).
fn body_of(event: &CalendarEvent) -> Value {
    let time = |instant: DateTime<chrono::FixedOffset>| json!({ "dateTime": instant.to_rfc3339(), "timeZone": event.timezone });
    json!({
        "id": event.id,
        "status": "confirmed",
        "summary": event.summary,
        "description": event.description,
        "location": event.location,
        "start": time(event.starts_at),
        "end": time(event.ends_at),
        "extendedProperties": { "private": { "appointmentId": event.appointment } },
        "reminders": { "useDefault": false, "overrides": [{ "method": "popup", "minutes": 30 }] },
    })
}

/// Maps a failure. A temporary failure is tried again, and so is one that a person must fix, with longer
/// pauses. Only an event that Google rejects is given up.
fn refusal(status: StatusCode, reason: &str) -> Error {
    let told = format!("HTTP {} {reason}", status.as_u16());
    match status {
        StatusCode::BAD_REQUEST => {
            Error::provider("google_calendar", ProviderFailure::Refused, told)
        }
        StatusCode::TOO_MANY_REQUESTS => unavailable(&told, Some(TOO_OFTEN)),
        StatusCode::FORBIDDEN if reason.ends_with("ateLimitExceeded") => {
            unavailable(&told, Some(TOO_OFTEN))
        }
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::UNAUTHORIZED => {
            unavailable(&told, Some(NOT_SHARED))
        }
        _ => unavailable(&told, None),
    }
}

fn unavailable(reason: &str, retry_after: Option<Duration>) -> Error {
    Error::provider(
        "google_calendar",
        ProviderFailure::Unavailable { retry_after },
        reason,
    )
}
