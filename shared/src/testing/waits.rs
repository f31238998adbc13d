//! Waiting until another connection waits for a lock.

use sqlx::PgPool;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Returns when a statement in the pool's database waits for a lock.
///
/// # Panics
///
/// If none does within a minute.
pub async fn until_somebody_waits(pool: &PgPool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let waits: bool = sqlx::query_scalar(
            "select exists (select from pg_stat_activity
                            where wait_event_type = 'Lock' and datname = current_database())",
        )
        .fetch_one(pool)
        .await
        .expect("PostgreSQL tells who waits");
        if waits {
            return;
        }
        assert!(Instant::now() < deadline, "nobody waits for a lock");
        sleep(Duration::from_millis(5)).await;
    }
}
