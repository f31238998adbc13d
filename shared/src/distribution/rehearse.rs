//! Connections that know a roll by heart.
//!
//! A backend of PostgreSQL that has just been connected to reads its catalogues and plans each
//! statement when it first runs, and plans it anew five times before it trusts a plan: milliseconds
//! that a roll, a few statements a second, would meet for minutes.

use super::event::Cause;
use super::model::{AttemptStatus, CycleStatus, Offer, Round};
use super::store;
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use crate::jobs::{Announce, enqueue_all};
use crate::{App, Result, db, leads};
use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sqlx::{Connection, Executor};
use uuid::Uuid;

/// A pool for rolls alone: all its connections are made at once, and each has rehearsed.
pub fn pool_for_rolls(app: &App, options: PgConnectOptions, connections: u32) -> PgPool {
    let app = app.clone();
    let options = options.options([("plan_cache_mode", "force_generic_plan")]);
    db::trusting_pool(options, |pool| {
        pool.max_connections(connections)
            .min_connections(connections)
            .after_connect(move |connection, _| {
                let app = app.clone();
                Box::pin(async move {
                    if let Err(error) = rehearse(&app, connection).await {
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
async fn rehearse(app: &App, connection: &mut PgConnection) -> Result<()> {
    let mut transaction = connection.begin().await?;
    let nobody = Offer {
        attempt: AttemptId(Uuid::nil()),
        cycle: CycleId(Uuid::nil()),
        lead: LeadId(Uuid::nil()),
        sales_id: UserId(String::new()),
        status: AttemptStatus::Open,
        ack_deadline_at: DateTime::<Utc>::UNIX_EPOCH,
        code: None,
        round: Round::Turn,
    };
    let never = nobody.ack_deadline_at;
    store::lock_offer(&mut transaction, nobody.attempt).await?;
    match store::now_that_words_are_written(&mut transaction, &nobody, None).await {
        Ok(_) | Err(crate::Error::Database(sqlx::Error::RowNotFound)) => {}
        Err(error) => return Err(error),
    }
    store::time_out(app, &mut transaction, &nobody, never, 0, Cause::Alarm).await?;
    store::board(&mut transaction, nobody.cycle, never).await?;
    store::insert_attempts(&mut transaction, nobody.cycle, &[], "turn", never, never).await?;
    store::record(app, &mut transaction, &[]).await?;
    enqueue_all(&mut transaction, &[], Announce::Nobody).await?;
    store::close_cycle(&mut transaction, nobody.cycle, CycleStatus::Hangus, never).await?;
    leads::set_hangus(&mut transaction, nobody.lead, never).await?;
    transaction.rollback().await?;
    Ok(())
}
