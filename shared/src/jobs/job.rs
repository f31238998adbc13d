//! What every job has: its queue, its number of tries and its key.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A kind of background job.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The queue: the kind, and the version of its payload.
    const QUEUE: &'static str;
    /// After this many failed tries the job is discarded and becomes a dead letter.
    const TRIES: i32;

    /// Two jobs of a queue with the same key are one job.
    fn idempotency_key(&self, run_at: DateTime<Utc>) -> String;
}
