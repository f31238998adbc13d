//! One reading of the database for everybody who asks at about the same time.
//!
//! Everybody gets a reading that began after they asked. A few readings can follow each other at once, so that a single change
//! is shown at once; after that there is one a second, however many people ask.

use shared::Result;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// After the first readings there is one in this time.
const EVERY: Duration = Duration::from_secs(1);
/// How many readings can follow each other at once.
const AT_ONCE: u32 = 20;

/// The readings of one thing. Cheap to clone.
pub(crate) struct SharedRead<T>(Arc<Mutex<State<T>>>);

struct State<T> {
    last: Option<(Instant, Arc<T>)>,
    /// When all readings are available again: a reading moves it ahead by `every`.
    full_at: Instant,
    every: Duration,
}

impl<T> Clone for SharedRead<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> SharedRead<T> {
    /// Nothing was read yet.
    pub(crate) fn new() -> Self {
        Self::every(EVERY)
    }

    fn every(every: Duration) -> Self {
        Self(Arc::new(Mutex::new(State {
            last: None,
            full_at: Instant::now(),
            every,
        })))
    }

    /// The latest reading, if it began after this call, or else another one.
    pub(crate) async fn read<F: Future<Output = Result<T>>>(
        &self,
        read: impl FnOnce() -> F,
    ) -> Result<Arc<T>> {
        let asked = Instant::now();
        let mut state = self.0.lock().await;
        if let Some((began, value)) = &state.last
            && *began >= asked
        {
            return Ok(Arc::clone(value));
        }
        let ahead = state.every * (AT_ONCE - 1);
        sleep_until(state.full_at.checked_sub(ahead).unwrap_or(asked)).await;
        let began = Instant::now();
        state.full_at = state.full_at.max(began) + state.every;
        let value = Arc::new(read().await?);
        state.last = Some((began, Arc::clone(&value)));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::{AT_ONCE, SharedRead};
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;
    use tokio::time::Instant;

    const EVERY: Duration = Duration::from_millis(5);

    #[tokio::test]
    async fn everybody_gets_a_new_reading_and_twenty_screens_cost_no_more_than_one() {
        let readings = AtomicU32::new(0);
        let begin = Instant::now();
        let board = SharedRead::every(EVERY);
        let read = || board.read(|| async { Ok(readings.fetch_add(1, Ordering::Relaxed)) });
        for _ in 0..50 {
            let before = *read().await.expect("read");
            let all = futures::future::join_all((0..20).map(|_| read())).await;
            assert!(all.into_iter().all(|one| *one.expect("read") > before));
        }
        let count = readings.load(Ordering::Relaxed);
        let most = begin.elapsed().as_millis() / EVERY.as_millis() + u128::from(AT_ONCE);
        assert!(
            u128::from(count) <= most,
            "{count} readings, {most} allowed"
        );
    }

    #[tokio::test]
    async fn a_reading_that_fails_is_not_kept() {
        let board = SharedRead::<u32>::every(EVERY);
        let failed = board.read(|| async { Err(shared::Error::NotFound { what: "lead" }) });
        failed.await.expect_err("it fails");
        let value = board.read(|| async { Ok(7) }).await.expect("read");
        assert_eq!(*value, 7);
    }
}
