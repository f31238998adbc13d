//! Meta's Graph API: one client for messages, leads and conversions.

use super::measure::measured;
use crate::error::{ProviderFailure, class_of};
use crate::{Error, Result};
use reqwest::{Client, RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The timeout of a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// The timeout of a whole call. A job may run longer.
const ANSWER: Duration = Duration::from_secs(15);

/// A client of one Graph host and version, with connections that are reused.
#[derive(Debug)]
pub struct Graph {
    http: Client,
    base: String,
    version: String,
    told_of_version: AtomicBool,
}

/// An answer of Graph.
#[derive(Debug)]
pub enum Answer {
    /// The call succeeded.
    Done(Value),
    /// The call was refused.
    Refused {
        /// The HTTP status.
        status: u16,
        /// `error.code`.
        code: Option<i64>,
        /// `error.is_transient`.
        transient: bool,
        /// `error.error_data.details`, or `error.message`: for a person, without personal data.
        reason: String,
    },
    /// It is unknown whether the call was executed.
    Unknown(String),
}

impl Graph {
    /// A client of `base` (`https://graph.facebook.com`) and `version` (`v21.0`).
    pub fn new(base: &str, version: &str) -> Result<Self> {
        choose_tls();
        let http = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .user_agent("property-lounge")
            // A credential must not follow a redirection.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| Error::invalid("WA_CLOUD_API_BASE_URL", "no client can be made"))?;
        if !(base.starts_with("https://") || base.starts_with("http://")) {
            return Err(Error::invalid("WA_CLOUD_API_BASE_URL", "is not a URL"));
        }
        Ok(Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
            version: version.to_owned(),
            told_of_version: AtomicBool::new(false),
        })
    }

    /// Sends `GET /{version}/{path}` with these parameters.
    pub async fn get(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
        token: &SecretString,
    ) -> Result<Answer> {
        let request = self.http.get(self.url(path)).query(parameters);
        self.call(request, token).await
    }

    /// Sends `POST /{version}/{path}` with this body.
    pub async fn post(&self, path: &str, body: &Value, token: &SecretString) -> Result<Answer> {
        let request = self.http.post(self.url(path)).json(body);
        self.call(request, token).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{}/{path}", self.base, self.version)
    }

    async fn call(&self, request: RequestBuilder, token: &SecretString) -> Result<Answer> {
        measured("graph", self.ask(request, token), |answer| match answer {
            Ok(Answer::Done(_)) => "accepted",
            // Graph's own trouble, which it tells in good JSON.
            Ok(Answer::Refused { status, .. }) if *status >= 500 => "provider_unavailable",
            Ok(Answer::Refused { .. }) => "provider_refused",
            Ok(Answer::Unknown(_)) => "provider_outcome_unknown",
            Err(error) => class_of(error),
        })
        .await
    }

    async fn ask(&self, request: RequestBuilder, token: &SecretString) -> Result<Answer> {
        match request.bearer_auth(token.expose_secret()).send().await {
            Ok(response) => {
                self.look_at_version(&response);
                Ok(read(response).await)
            }
            Err(error) if error.is_connect() => Err(Error::provider(
                "cloud_api",
                ProviderFailure::UNAVAILABLE,
                "cannot be reached",
            )),
            Err(error) if error.is_timeout() => Ok(Answer::Unknown("no answer in time".to_owned())),
            Err(_) => Ok(Answer::Unknown("the connection was lost".to_owned())),
        }
    }

    /// Logs if Meta answered with another version than we requested, because then our version is retired.
    fn look_at_version(&self, response: &Response) {
        let used = response
            .headers()
            .get("facebook-api-version")
            .and_then(|used| used.to_str().ok());
        if let Some(used) = used
            && used != self.version
            && !self.told_of_version.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                asked = self.version,
                used,
                "graph.version_is_old: raise WA_CLOUD_API_VERSION"
            );
        }
    }
}

/// Selects the one TLS stack, which the database driver also uses: rustls with ring. Call it before a reqwest
/// client is built. A second call changes nothing.
pub fn choose_tls() {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
}

async fn read(response: Response) -> Answer {
    let status = response.status();
    let body: Option<Value> = match response.bytes().await {
        Ok(bytes) => crate::lossy_json::parse(&bytes).ok(),
        Err(_) => return Answer::Unknown("the answer broke off".to_owned()),
    };
    match body {
        Some(body) if status.is_success() => Answer::Done(body),
        Some(body) if body["error"]["code"].is_i64() => Answer::Refused {
            status: status.as_u16(),
            code: body["error"]["code"].as_i64(),
            transient: body["error"]["is_transient"].as_bool().unwrap_or(false),
            reason: reason(&body["error"]),
        },
        _ if status.is_client_error() => Answer::Refused {
            status: status.as_u16(),
            code: None,
            transient: status.as_u16() == 429,
            reason: format!("HTTP {status}"),
        },
        _ => Answer::Unknown(format!("HTTP {status} without a word")),
    }
}

/// Removes what Meta quotes of our request. Meta's own text names no person.
fn reason(error: &Value) -> String {
    let code = &error["code"];
    let words = error["error_data"]["details"]
        .as_str()
        .or_else(|| error["message"].as_str())
        .unwrap_or_default();
    let words: String = words
        .chars()
        .filter(|c| !c.is_ascii_digit())
        .take(200)
        .collect();
    format!("{code}: {words}")
}
