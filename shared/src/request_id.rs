//! The id of the request that the current task serves.

tokio::task_local! {
    static REQUEST_ID: String;
}

/// Runs `work` with this request id. Jobs that `work` enqueues store the id, so the log lines of a
/// job can be traced to the request that caused it.
pub async fn with_request_id<F: Future>(id: String, work: F) -> F::Output {
    REQUEST_ID.scope(id, work).await
}

/// The id of the request that the current task serves. `None` outside a request or job.
pub fn request_id() -> Option<String> {
    REQUEST_ID.try_with(Clone::clone).ok()
}
