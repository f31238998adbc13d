//! The one clock that decides who is late: the database's.

use crate::Result;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
#[cfg(feature = "testing")]
use std::sync::{Arc, atomic::AtomicI64, atomic::Ordering};

/// Tells the time that deadlines are compared with.
///
/// Hosts disagree about the time, so no process's own clock is ever asked. An operation reads the
/// clock once, after the locks it needs are held, and uses that instant for all it writes.
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

    /// The time that a statement shall take for now, in place of its own `clock_timestamp()`: `None`
    /// for the database's clock. For a statement that reads the clock itself, to save a round trip.
    pub fn fixed(&self) -> Option<DateTime<Utc>> {
        match &self.0 {
            Source::Database => None,
            #[cfg(feature = "testing")]
            Source::Manual(micros) => Some(instant(micros.load(Ordering::SeqCst))),
        }
    }

    /// The time now, to the microsecond, as PostgreSQL keeps it.
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
    /// A clock that stands still at `start` until it is set.
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

    /// Moves a manual clock to `time`.
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
