//! Whether a worker should look for jobs, and whether it does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What an alarm and its worker share: the alarm calls, the worker takes the call and looks.
#[derive(Clone, Debug)]
pub(super) struct Call(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    waits: AtomicBool,
    heard_at: Mutex<Instant>,
}

impl Call {
    /// A call that waits: a new worker looks first of all.
    pub(super) fn new() -> Self {
        Self(Arc::new(Shared {
            waits: AtomicBool::new(true),
            heard_at: Mutex::new(Instant::now()),
        }))
    }

    /// There may be something to take.
    pub(super) fn call(&self) {
        self.0.waits.store(true, Ordering::SeqCst);
    }

    /// Takes a call that waits; `false` if none does.
    pub(super) fn take(&self) -> bool {
        self.0.waits.swap(false, Ordering::SeqCst)
    }

    /// The worker is at its post.
    pub(super) fn heard(&self) {
        *self.heard_at() = Instant::now();
    }

    /// How long ago the worker was last at its post.
    pub(super) fn unheard_for(&self) -> Duration {
        self.heard_at().elapsed()
    }

    fn heard_at(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.0
            .heard_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
