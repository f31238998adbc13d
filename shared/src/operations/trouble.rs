//! What waits for a person: sends without an outcome, messages that could not be handled.

use super::model::{Actor, Failed, Trouble, Unheard, Unsettled};
use super::store;
use crate::distribution::{self, MAX_FAILURES};
use crate::jobs::masked;
use crate::{App, Error, Result};
use uuid::Uuid;

/// How much waits for a person.
pub async fn trouble(app: &App) -> Result<Trouble> {
    let figures = distribution::metrics(app).await?;
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    let (messages_unheard, messages_failed_1d) =
        store::failed_messages(&mut connection, MAX_FAILURES, now).await?;
    Ok(Trouble {
        jobs_dead: figures.jobs_dead,
        sends_unsettled: figures.sends_unsettled,
        messages_unheard,
        deliveries_unread: figures.deliveries_unread,
        meta_leads_unusable: figures.meta_leads_unusable,
        messages_failed_1d,
    })
}

/// Sends whose outcome is not known, the oldest first, at most `limit`.
pub async fn unsettled(app: &App, limit: u16) -> Result<Vec<Unsettled>> {
    let mut connection = app.pool.acquire().await?;
    store::unsettled(&mut connection, i64::from(limit)).await
}

/// Messages that could not be handled five times and are left, the oldest first, at most `limit`.
pub async fn unheard(app: &App, limit: u16) -> Result<Vec<Unheard>> {
    let mut connection = app.pool.acquire().await?;
    store::unheard(&mut connection, MAX_FAILURES, i64::from(limit)).await
}

/// Messages that failed for good in the last day, newest first, at most `limit`. Not offers: the next agents were asked. Not those
/// whose job is a dead letter, which is listed itself.
pub async fn failed(app: &App, limit: u16) -> Result<Vec<Failed>> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    let mut failed = store::failed(&mut connection, now, i64::from(limit)).await?;
    for message in &mut failed {
        message.reason = masked(&message.reason);
    }
    Ok(failed)
}

/// Has the sweep handle a message again that was left. Fails with `NotFound` if it is not one of those.
pub async fn retry_unheard(app: &App, by: &Actor, message: Uuid) -> Result<()> {
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    if !store::retry_unheard(&mut transaction, message, MAX_FAILURES).await? {
        return Err(Error::NotFound { what: "message" });
    }
    let subject = serde_json::json!({ "message": message });
    let what = (by, "retry_unheard", &subject);
    store::record(&mut transaction, now, what, 1).await?;
    Ok(transaction.commit().await?)
}
