//! For every request: its id, and one log line.

use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response, Result};
use poem_openapi::OperationId;
use shared::metrics;
use shared::request_id::with_request_id;
use shared::security::masked;
use shared::telemetry::RequestSpan;
use std::time::Instant;
use tracing::Instrument;
use uuid::Uuid;

/// The most characters of a path in a log line.
const LONGEST_LOGGED: usize = 200;
const REQUEST_ID: &str = "x-request-id";
/// The caller's place in a trace: <https://www.w3.org/TR/trace-context/>.
const TRACEPARENT: &str = "traceparent";
/// After this many seconds a client can try again what was answered with 503.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// Gives the request an id, or keeps a valid id of the caller. Every log line and the answer contain it. Logs
/// and traces the result of the request.
///
/// `trusts_caller`: only our own proxy reaches the api. Else a stranger could choose what is traced, and in which trace.
pub(crate) async fn log<E: Endpoint>(
    next: std::sync::Arc<E>,
    request: Request,
    trusts_caller: bool,
) -> Result<Response> {
    let id = request
        .header(REQUEST_ID)
        .filter(|id| is_sensible(id))
        .map_or_else(|| Uuid::now_v7().to_string(), str::to_owned);
    let span = tracing::info_span!("request", id);
    let (method, path) = (request.method().clone(), cut(&masked(request.uri().path())));
    let trace = request.header(TRACEPARENT).filter(|_| trusts_caller);
    let traced = RequestSpan::begin(method.as_str(), &id, trace);
    let started = Instant::now();
    let work = async {
        let result = next.call(request).await;
        let mut response = match result {
            Ok(response) => response.into_response(),
            Err(error) => error.into_response(),
        };
        tracing::info!(
            %method,
            path,
            status = response.status().as_u16(),
            elapsed_ms = started.elapsed().as_millis(),
            "api.request"
        );
        metrics::answered(response.status().as_u16(), started.elapsed());
        let operation = response.data::<OperationId>().map(|operation| operation.0);
        traced.answered(method.as_str(), operation, response.status().as_u16());
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            let headers = response.headers_mut();
            headers.entry(header::RETRY_AFTER).or_insert(RETRY_AFTER);
        }
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        Ok(response)
    };
    let work = work.instrument(traced.span()).instrument(span);
    with_request_id(id.clone(), work).await
}

/// A path in a log line: a stranger decides how long it is. It has no number of a person (`masked`).
fn cut(path: &str) -> String {
    path.chars().take(LONGEST_LOGGED).collect()
}

fn is_sensible(id: &str) -> bool {
    (8..=64).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
