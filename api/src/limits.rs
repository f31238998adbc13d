//! How large a request may be and how long its body may take, for every address, also for one that does not exist: the size is
//! refused before the body is read, and a body is read no further and no longer than the limits.

use crate::problem;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use poem::http::{StatusCode, header};
use poem::{Body, Endpoint, IntoResponse, Request, Response, Result};
use shared::lead_lists::LARGEST_FILE;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The largest body, in bytes.
pub(crate) const MOST: usize = 1024 * 1024;
/// The largest delivery of Meta, in bytes. Meta's batches are 3 MB at most.
pub(crate) const MOST_OF_META: usize = 4 * 1024 * 1024;
/// Paths to which Meta delivers.
pub(crate) const METAS: [&str; 3] = [
    "/webhooks/whatsapp",
    "/webhooks/whatsapp/messages",
    "/webhooks/meta/leads",
];

/// How long a body can take, from when its head was read.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The longest address. Longer ones only fill logs and counters.
const LONGEST_ADDRESS: usize = 8 * 1024;

/// Refuses a request that is too large with 413, an address that is too long with 414, and a body that comes too slowly with 408.
pub(crate) async fn limit<E: Endpoint>(next: Arc<E>, request: Request) -> Result<Response> {
    limit_within(LONGEST_WAIT, next, request).await
}

async fn limit_within<E: Endpoint>(
    wait: Duration,
    next: Arc<E>,
    mut request: Request,
) -> Result<Response> {
    let address = request.uri().path_and_query();
    if address.is_some_and(|address| address.as_str().len() > LONGEST_ADDRESS) {
        let detail = "the address is longer than 8 kB";
        return Err(problem::status(StatusCode::URI_TOO_LONG, detail));
    }
    let path = request.uri().path().trim_end_matches('/');
    let most = match path {
        "/api/lead-lists" => LARGEST_FILE,
        _ if METAS.contains(&path) => MOST_OF_META,
        _ => MOST,
    };
    let told = request.header(header::CONTENT_LENGTH);
    if told.is_some_and(|told| told.parse::<usize>().is_ok_and(|told| told > most)) {
        let detail = format!("the body is larger than {most} bytes");
        return Err(problem::status(StatusCode::PAYLOAD_TOO_LARGE, &detail));
    }
    let is_late = Arc::new(AtomicBool::new(false));
    if told != Some("0") && !request.method().is_safe() {
        let body = request.take_body();
        let until = Instant::now() + wait;
        request.set_body(no_more_than(body, most, until, Arc::clone(&is_late)));
    }
    let answered = next.call(request).await;
    if is_late.load(Ordering::Relaxed) {
        let detail = "the body took longer than 30 seconds";
        return Err(problem::status(StatusCode::REQUEST_TIMEOUT, detail));
    }
    Ok(answered?.into_response())
}

/// The body, which fails once it is longer than `most`, or late. A reader with a limit of its own sees one byte too many first,
/// and answers 413 itself.
fn no_more_than(body: Body, most: usize, until: Instant, is_late: Arc<AtomicBool>) -> Body {
    let pieces = body.into_bytes_stream().boxed();
    let read = move |(mut pieces, left): (BoxStream<'static, io::Result<Bytes>>, usize)| {
        let is_late = Arc::clone(&is_late);
        async move {
            if left == 0 {
                return Err(io::Error::other("the body is too large"));
            }
            let Ok(piece) = timeout_at(until, pieces.next()).await else {
                is_late.store(true, Ordering::Relaxed);
                return Err(io::ErrorKind::TimedOut.into());
            };
            let Some(piece) = piece.transpose()? else {
                return Ok(None);
            };
            let piece = piece.slice(..piece.len().min(left));
            let left = left - piece.len();
            Ok(Some((piece, (pieces, left))))
        }
    };
    Body::from_bytes_stream(stream::try_unfold((pieces, most + 1), read))
}

#[cfg(test)]
mod tests {
    use super::limit_within;
    use futures::stream;
    use poem::http::Method;
    use poem::{Body, Request, endpoint::make};
    use std::sync::Arc;
    use std::time::Duration;

    #[tokio::test]
    async fn a_body_that_never_ends_is_answered_with_408() {
        let never = stream::pending::<std::io::Result<Vec<u8>>>();
        let reads = make(|request: Request| async move {
            let read = request.into_body().into_vec().await;
            format!("{read:?}")
        });
        let request = Request::builder()
            .method(Method::POST)
            .body(Body::from_bytes_stream(never));
        let wait = Duration::from_millis(20);
        let answer = limit_within(wait, Arc::new(reads), request).await;
        let refused = answer.expect_err("it is refused");
        assert_eq!(refused.into_response().status().as_u16(), 408);
    }
}
