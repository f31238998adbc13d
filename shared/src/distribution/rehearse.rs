//! Connections that know a roll by heart.
//!
//! A backend of PostgreSQL that has just been connected to reads its catalogues and plans each
//! statement when it first runs, and plans it anew five times before it trusts a plan: milliseconds
//! that a roll, a few statements a second, would meet for minutes.

use super::store;
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use crate::jobs::{Announce, enqueue_all};
use crate::{Result, db, leads};
use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sqlx::{Connection, Executor};
use uuid::Uuid;

/// A pool for rolls alone: all its connections are made at once, and each has rehearsed.
pub fn pool_for_rolls(options: PgConnectOptions, connections: u32) -> PgPool {
    let options = options.options([("plan_cache_mode", "force_generic_plan")]);
    db::trusting_pool(options, |pool| {
        pool.max_connections(connections)
            .min_connections(connections)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    if let Err(error) = rehearse(connection).await {
                        // Before the first migration there is nothing to rehearse with.
                        tracing::debug!(%error, "distribution.unrehearsed");
                        connection.execute("rollback").await?;
                    }
                    Ok(())
                })
            })
    })
}

/// Rolls an offer that does not exist, every statement of it, and takes it back.
async fn rehearse(connection: &mut PgConnection) -> Result<()> {
    let mut transaction = connection.begin().await?;
    let nobody = UserId(String::new());
    let (attempt, cycle, lead) = (
        AttemptId(Uuid::nil()),
        CycleId(Uuid::nil()),
        LeadId(Uuid::nil()),
    );
    let never = DateTime::<Utc>::UNIX_EPOCH;
    store::lock_offer(&mut transaction, attempt).await?;
    match store::now_that_words_are_written(&mut transaction, &nobody, None).await {
        Ok(_) | Err(crate::Error::Database(sqlx::Error::RowNotFound)) => {}
        Err(error) => return Err(error),
    }
    store::time_out(&mut transaction, attempt, never, 0, "").await?;
    store::insert_next(&mut transaction, attempt, cycle, never, never).await?;
    enqueue_all(&mut transaction, &[], Announce::Nobody).await?;
    let over = super::model::CycleStatus::Hangus;
    store::close_cycle(&mut transaction, cycle, over, never).await?;
    leads::set_hangus(&mut transaction, lead, never).await?;
    transaction.rollback().await?;
    Ok(())
}
