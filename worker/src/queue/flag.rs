//! The poll flag: whether a worker should fetch jobs, and when it last did.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What an alarm and its worker share: the alarm sets the flag, and the worker takes it and fetches.
#[derive(Clone, Debug)]
pub(super) struct PollFlag(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    is_set: AtomicBool,
    polled_at: Mutex<Instant>,
}

impl PollFlag {
    /// A flag that is set, so that a new worker fetches at once.
    pub(super) fn new() -> Self {
        Self(Arc::new(Shared {
            is_set: AtomicBool::new(true),
            polled_at: Mutex::new(Instant::now()),
        }))
    }

    /// Sets the flag: there may be a job.
    pub(super) fn set(&self) {
        self.0.is_set.store(true, Ordering::SeqCst);
    }

    /// Clears the flag. Returns whether it was set.
    pub(super) fn take(&self) -> bool {
        self.0.is_set.swap(false, Ordering::SeqCst)
    }

    /// Records that the worker polls.
    pub(super) fn polled(&self) {
        *self.polled_at() = Instant::now();
    }

    /// How long ago the worker last polled.
    pub(super) fn not_polled_for(&self) -> Duration {
        self.polled_at().elapsed()
    }

    fn polled_at(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.0
            .polled_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
