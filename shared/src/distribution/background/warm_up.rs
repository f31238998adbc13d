//! Connections that are warmed up for rolls.
//!
//! A new PostgreSQL backend reads its catalogues, plans each statement and compiles each trigger at the first use. A quiet
//! office rolls a few offers an hour, so the first roll of each connection would be tens of milliseconds late.

use crate::address::Address;
use crate::distribution::endings::roll::roll;
use crate::distribution::model::{CycleStatus, Trigger};
use crate::distribution::offers::cycle::{self, OfferResult};
use crate::distribution::store;
use crate::leads::{self, Contact, LeadStatus};
use crate::sales::Origin;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::{App, Error, Result, db};
use chrono::TimeDelta;
use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sqlx::{Connection, Executor};
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;
use uuid::Uuid;

/// A pool for rolls only. It warms up each connection that it opens, and replaces one that is closed.
pub fn pool_for_rolls(app: &App, options: PgConnectOptions, connections: u32) -> PgPool {
    let app = app.clone();
    db::trusting_pool(options, |pool| {
        pool.max_connections(connections)
            .min_connections(connections)
            .after_connect(move |connection, _| {
                let app = app.clone();
                Box::pin(async move {
                    // The lead of this roll does not exist, so the log says nothing of it.
                    let warmed = warm_up(&app, connection).with_subscriber(NoSubscriber::new());
                    if let Err(error) = warmed.await {
                        // Before the first migration there are no tables.
                        tracing::debug!(%error, "distribution.not_warmed_up");
                        connection.execute("rollback").await?;
                    }
                    Ok(())
                })
            })
    })
}

/// Opens all connections of a pool, and warms them up. A pool that connects lazily opens them only when they are used, at the
/// first deadlines. A connection that cannot be opened is opened when it is used.
pub async fn open_all(pool: &PgPool) {
    let all = (0..pool.options().get_max_connections()).map(|_| pool.acquire());
    let opened = join_all(all).await;
    let failed = opened.iter().find_map(|one| one.as_ref().err());
    if let Some(error) = failed {
        tracing::warn!(%error, "distribution.not_warmed_up");
    }
}

/// Distributes a lead that nobody wrote, lets its first offer time out, and rolls all of it back: nobody else ever sees it.
async fn warm_up(app: &App, connection: &mut PgConnection) -> Result<()> {
    let mut transaction = connection.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let nobody = Address::from_bsuid(&format!("XX.{}", Uuid::now_v7().simple()))
        .ok_or(Error::NotFound { what: "address" })?;
    let contact = Contact::known_by(nobody);
    let lead = leads::find_or_create(&mut transaction, &contact, LeadStatus::New, now).await?;
    let lead = lead.lead;
    let mut work = UnitOfWork::at(app, &mut transaction, now, Cause::Alarm);
    let (cycle, result) =
        cycle::start(&mut work, &lead, &Origin::default(), Trigger::Admin).await?;
    if let OfferResult::Offered(offer) = result {
        let window = app.distribution.ack_window;
        store::record_offer_accepted(work.connection, offer.attempt, now, window).await?;
        let later = offer.ack_deadline_at + TimeDelta::seconds(1);
        let locked = store::lock_for_roll(work.connection, offer.attempt, Some(later)).await?;
        if let Some(locked) = locked {
            roll(app, work.connection, &locked, Cause::Alarm).await?;
        }
    }
    store::close_cycle(work.connection, cycle, CycleStatus::Hangus, now).await?;
    leads::set_hangus(work.connection, lead.id, now).await?;
    transaction.rollback().await?;
    Ok(())
}
