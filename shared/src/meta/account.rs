//! Events of the WhatsApp account: kept, shown, and told to the managers if messages may stop.

use super::envelope::{AccountEvent, Severity};
use super::inbox::ReportedEvent;
use super::store;
use crate::id::DeliveryId;
use crate::texts::Text;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::{App, Result, distribution};
use sqlx::PgConnection;

/// Stores an event once, and tells the managers of every queue of a danger.
pub(super) async fn record(app: &App, id: DeliveryId, event: &AccountEvent) -> Result<()> {
    let mut transaction = app.begin().await?;
    let mut work = UnitOfWork::start(app, &mut transaction, Cause::Provider).await?;
    if !store::insert_account_event(work.connection, id, event, work.now).await? {
        return Ok(());
    }
    let about = event.about();
    if event.severity == Severity::Danger {
        tracing::error!(
            field = event.field,
            event = event.event,
            about,
            "meta.account: messages may stop"
        );
        let values = [("event", event.event.as_str()), ("about", about.as_str())];
        let body = app.texts.render(Text::ManagerAccount, &values);
        distribution::warn_managers(&mut work, &body).await?;
    } else {
        tracing::info!(
            field = event.field,
            event = event.event,
            about,
            "meta.account"
        );
    }
    Ok(transaction.commit().await?)
}

/// The latest events of the account, newest first, at most 200.
pub async fn account_events(app: &App) -> Result<Vec<ReportedEvent>> {
    let mut connection = app.pool.acquire().await?;
    store::account_events(&mut connection).await
}

/// Deletes a batch of events that are this many days old. Returns how many.
pub async fn prune_account_events(connection: &mut PgConnection, days: f64) -> Result<u64> {
    store::delete_old_account_events(connection, days).await
}
