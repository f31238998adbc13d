//! The poll flag: whether a worker should fetch jobs, and when it last did.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What an alarm and its worker share: the alarm sets the flag, and the worker takes it and fetches.
#[derive(Clone, Debug)]
pub(super) struct PollFlag(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    is_set: AtomicBool,
    polled_at: Mutex<Instant>,
    taken_at: Mutex<Option<Instant>>,
}

impl PollFlag {
    /// A flag that is set, so that a new worker fetches at once.
    pub(super) fn new() -> Self {
        Self(Arc::new(Shared {
            is_set: AtomicBool::new(true),
            polled_at: Mutex::new(Instant::now()),
            taken_at: Mutex::default(),
        }))
    }

    /// Sets the flag: there may be a job.
    pub(super) fn set(&self) {
        self.0.is_set.store(true, Ordering::SeqCst);
    }

    /// Clears the flag. Returns whether it was set.
    pub(super) fn take(&self) -> bool {
        let was_set = self.0.is_set.swap(false, Ordering::SeqCst);
        if was_set {
            *locked(&self.0.taken_at) = Some(Instant::now());
        }
        was_set
    }

    /// Whether the flag was set and cleared within this time.
    pub(super) fn was_taken_within(&self, time: Duration) -> bool {
        locked(&self.0.taken_at).is_some_and(|at| at.elapsed() < time)
    }

    /// Records that the worker polls.
    pub(super) fn polled(&self) {
        *locked(&self.0.polled_at) = Instant::now();
    }

    /// How long ago the worker last polled.
    pub(super) fn not_polled_for(&self) -> Duration {
        locked(&self.0.polled_at).elapsed()
    }
}

fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
