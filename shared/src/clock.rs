//! The clock of every decision: the database's.

use crate::Result;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
#[cfg(feature = "testing")]
use std::sync::{Arc, atomic::AtomicI64, atomic::Ordering};

/// Reads the time that deadlines are compared with.
///
/// The clocks of hosts differ, so no process uses its own. An operation reads the clock once, after it took
/// its locks, and uses that instant for all it writes.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Database,
    #[cfg(feature = "testing")]
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The database's `clock_timestamp()`.
    pub fn database() -> Self {
        Self(Source::Database)
    }

    /// The instant that a statement uses instead of its own `clock_timestamp()`; `None` for the database's
    /// clock. For statements that read the clock themselves to save a round trip.
    pub fn fixed(&self) -> Option<DateTime<Utc>> {
        match &self.0 {
            Source::Database => None,
            #[cfg(feature = "testing")]
            Source::Manual(micros) => Some(instant(micros.load(Ordering::SeqCst))),
        }
    }

    /// The present time in microseconds, as PostgreSQL stores it.
    pub async fn now(&self, connection: &mut PgConnection) -> Result<DateTime<Utc>> {
        match &self.0 {
            Source::Database => Ok(sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#)
                .fetch_one(connection)
                .await?),
            #[cfg(feature = "testing")]
            Source::Manual(micros) => Ok(instant(micros.load(Ordering::SeqCst))),
        }
    }
}

#[cfg(feature = "testing")]
impl Clock {
    /// A clock that stands at `start` until it is set.
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(
            start.timestamp_micros(),
        ))))
    }

    /// The manual clock's time.
    pub fn reading(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::Manual(micros) => instant(micros.load(Ordering::SeqCst)),
            Source::Database => panic!("only a manual clock can be read without a database"),
        }
    }

    /// Sets a manual clock.
    pub fn set(&self, time: DateTime<Utc>) {
        match &self.0 {
            Source::Manual(micros) => micros.store(time.timestamp_micros(), Ordering::SeqCst),
            Source::Database => panic!("the database's clock cannot be set"),
        }
    }
}

#[cfg(feature = "testing")]
fn instant(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).expect("a manual clock stays within chrono's range")
}
