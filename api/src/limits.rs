//! How large a request may be, for every address, also for one that does not exist: the size is refused before the body is
//! read, and a body without a size is read no further than the limit.

use crate::problem;
use futures::{StreamExt, stream};
use poem::http::{StatusCode, header};
use poem::{Body, Endpoint, IntoResponse, Request, Response, Result};
use shared::lead_lists::LARGEST_FILE;
use std::io;
use std::sync::Arc;

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

/// The longest address. Longer ones only fill logs and counters.
const LONGEST_ADDRESS: usize = 8 * 1024;

/// Refuses a request that is too large with 413, and an address that is too long with 414.
pub(crate) async fn limit<E: Endpoint>(next: Arc<E>, mut request: Request) -> Result<Response> {
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
    if told.is_none() {
        let body = request.take_body();
        request.set_body(no_longer_than(body, most));
    }
    Ok(next.call(request).await?.into_response())
}

/// The body, which fails once it is longer than `most`. A reader with a limit of its own sees one byte too many first, and
/// answers 413 itself.
fn no_longer_than(body: Body, most: usize) -> Body {
    let state = (body.into_bytes_stream().boxed(), most + 1);
    Body::from_bytes_stream(stream::try_unfold(state, |(mut pieces, left)| async move {
        if left == 0 {
            return Err(io::Error::other("the body is too large"));
        }
        let Some(piece) = pieces.next().await.transpose()? else {
            return Ok(None);
        };
        let piece = piece.slice(..piece.len().min(left));
        let left = left - piece.len();
        Ok(Some((piece, (pieces, left))))
    }))
}
