//! The state of a connection to WhatsApp: when something last came and left, which connects failed, and
//! whether the connection is cut.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// The state of one session's connection. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Connection(Arc<Inner>);

#[derive(Default)]
struct Inner {
    cut: AtomicBool,
    changed: Notify,
    received: Mutex<Option<Instant>>,
    sent: Mutex<Option<Instant>>,
    failures: AtomicU64,
    failure: Mutex<Option<String>>,
}

impl Connection {
    /// Cuts the connection for ever, so that not even an acknowledgement is sent: another process has the session,
    /// or it cannot be stored. The next session has its own connection.
    pub(crate) fn cut(&self, reason: &str) {
        if !self.0.cut.swap(true, Ordering::SeqCst) {
            self.set_failure(reason);
            self.0.changed.notify_one();
        }
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.0.cut.load(Ordering::SeqCst)
    }

    /// A connection attempt failed.
    pub(super) fn failed(&self, reason: &str) {
        self.set_failure(reason);
        self.0.failures.fetch_add(1, Ordering::SeqCst);
        self.0.changed.notify_one();
    }

    fn set_failure(&self, reason: &str) {
        *lock(&self.0.failure) = Some(reason.to_owned());
    }

    /// Waits until an attempt fails or the connection is cut.
    pub(crate) async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// How many attempts have failed since something last came.
    pub(crate) fn failures(&self) -> u64 {
        self.0.failures.load(Ordering::SeqCst)
    }

    /// Why the last attempt failed.
    pub(crate) fn failure(&self) -> Option<String> {
        lock(&self.0.failure).clone()
    }

    pub(super) fn received(&self) {
        *lock(&self.0.received) = Some(Instant::now());
        self.0.failures.store(0, Ordering::SeqCst);
    }

    pub(super) fn sent(&self) {
        *lock(&self.0.sent) = Some(Instant::now());
    }

    /// How long ago something last came.
    pub(crate) fn silent_for(&self) -> Option<Duration> {
        lock(&self.0.received).map(|at| at.elapsed())
    }

    /// How long ago something was last sent.
    pub(crate) fn idle_for(&self) -> Option<Duration> {
        lock(&self.0.sent).map(|at| at.elapsed())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
