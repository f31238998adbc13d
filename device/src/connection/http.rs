//! A watched HTTP client: the client library reads WhatsApp's version from the web before it connects, and does
//! not report if that fails.

use super::state::Connection;
use async_trait::async_trait;
use std::time::Duration;
use whatsapp_rust::anyhow;
use whatsapp_rust::http::{HttpClient, HttpRequest, HttpResponse, UreqHttpClient};

/// Shorter than the client library's own timeout of 20 s.
const ANSWER: Duration = Duration::from_secs(15);

/// A watched client.
pub(crate) struct WatchedHttp {
    inner: UreqHttpClient,
    connection: Connection,
}

impl WatchedHttp {
    pub(crate) fn new(connection: Connection) -> Self {
        Self {
            inner: UreqHttpClient::new(),
            connection,
        }
    }
}

#[async_trait]
impl HttpClient for WatchedHttp {
    async fn execute(&self, request: HttpRequest) -> anyhow::Result<HttpResponse> {
        let answer = match tokio::time::timeout(ANSWER, self.inner.execute(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(anyhow::anyhow!("no answer in time")),
        };
        answer.inspect_err(|error| {
            self.connection
                .failed(&format!("WhatsApp's web cannot be reached: {error:#}"));
        })
    }
}
