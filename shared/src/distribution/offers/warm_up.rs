//! Connections that are warmed up for rolls.
//!
//! A new PostgreSQL backend reads its catalogues and plans each statement at the first use, and
//! plans it again five times before it keeps a generic plan. A roll runs a few statements a second,
//! so it would pay these milliseconds for minutes.

use crate::distribution::model::{AttemptStatus, CycleStatus, Offer, Round};
use crate::distribution::store::{self, NewOffers};
use crate::id::{AttemptId, CycleId, LeadId, UserId};
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::{App, Result, db, leads};
use chrono::{DateTime, Utc};
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sqlx::{Connection, Executor};
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

/// How long a worker that starts waits for its connections. Deadlines wait, too.
const OPEN_WITHIN: Duration = Duration::from_secs(2);

/// A pool for rolls only. It warms up each connection that it opens, and keeps those that nothing uses.
pub fn pool_for_rolls(app: &App, options: PgConnectOptions, connections: u32) -> PgPool {
    let app = app.clone();
    db::trusting_pool(options, |pool| {
        pool.max_connections(connections)
            .min_connections(connections)
            .idle_timeout(None)
            .after_connect(move |connection, _| {
                let app = app.clone();
                Box::pin(async move {
                    if let Err(error) = warm_up(&app, connection).await {
                        // Before the first migration there are no tables.
                        tracing::debug!(%error, "distribution.not_warmed_up");
                        connection.execute("rollback").await?;
                    }
                    Ok(())
                })
            })
    })
}

/// Opens all connections of a pool, and warms them up. A pool that connects lazily opens them only when they are used: at the
/// first deadlines. What is not open after two seconds is opened then.
pub async fn open_all(pool: &PgPool) {
    let all = (0..pool.options().get_max_connections()).map(|_| pool.acquire());
    if timeout(OPEN_WITHIN, join_all(all)).await.is_err() {
        tracing::warn!("distribution.not_warmed_up: the first rolls open their connections");
    }
}

/// Runs every statement of a roll for an offer that does not exist, and rolls back.
async fn warm_up(app: &App, connection: &mut PgConnection) -> Result<()> {
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
        accepted: true,
        reason: None,
    };
    let never = nobody.ack_deadline_at;
    store::lock_for_roll(&mut transaction, nobody.attempt, None).await?;
    store::lock_for_rolls(&mut transaction, &[nobody.attempt], None).await?;
    let mut work = UnitOfWork::at(app, &mut transaction, never, Cause::Alarm);
    store::time_out(&mut work, &[&nobody], 0).await?;
    store::decision_input(work.connection, nobody.cycle, 0, never).await?;
    store::make_offers(&mut work, &NewOffers::none()).await?;
    store::many_contenders(work.connection, &[nobody.cycle], 0, never).await?;
    store::log(&mut work, &[]).await?;
    store::close_cycle(work.connection, nobody.cycle, CycleStatus::Hangus, never).await?;
    leads::set_hangus(work.connection, nobody.lead, never).await?;
    transaction.rollback().await?;
    Ok(())
}
