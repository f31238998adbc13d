//! HTTP, watched: the client asks the web for WhatsApp's version before it connects, and tells nobody when
//! that fails.

use super::state::Line;
use async_trait::async_trait;
use std::time::Duration;
use whatsapp_rust::anyhow;
use whatsapp_rust::http::{HttpClient, HttpRequest, HttpResponse, UreqHttpClient};

/// Shorter than the client's own patience of 20 s.
const ANSWER: Duration = Duration::from_secs(15);

/// A watched client.
pub(crate) struct WatchedHttp {
    inner: UreqHttpClient,
    line: Line,
}

impl WatchedHttp {
    pub(crate) fn new(line: Line) -> Self {
        Self {
            inner: UreqHttpClient::new(),
            line,
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
            self.line
                .failed(&format!("WhatsApp's web cannot be reached: {error:#}"));
        })
    }
}
