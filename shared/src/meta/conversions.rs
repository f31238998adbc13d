//! Reports the outcome of a lead to Meta, once (Conversions API for CRM).

use super::store;
use crate::error::ProviderFailure;
use crate::id::LeadId;
use crate::jobs::{SendConversion, enqueue};
use crate::providers::graph::Answer;
use crate::{App, Error, Result};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

/// Records, in the caller's transaction, that a lead of a form reached the stage `name`, with the job that
/// reports it to Meta. Once for each lead and stage. Does nothing if no dataset is configured.
pub async fn remember_conversion(
    app: &App,
    connection: &mut PgConnection,
    lead: LeadId,
    name: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let told = app
        .meta
        .as_ref()
        .is_some_and(|meta| meta.conversions.is_some());
    if !told {
        return Ok(());
    }
    if let Some(conversion) = store::insert_conversion(connection, lead, name, now).await? {
        enqueue(connection, &SendConversion { conversion }, now).await?;
    }
    Ok(())
}

/// Reports a conversion. Meta recognises a repeated event by its `event_id`.
pub async fn send_conversion(app: &App, id: Uuid) -> Result<()> {
    let Some(meta) = &app.meta else { return Ok(()) };
    let Some(conversions) = &meta.conversions else {
        return Ok(());
    };
    let mut connection = app.pool.acquire().await?;
    let Some(event) = store::waiting_conversion(&mut connection, id).await? else {
        return Ok(());
    };
    drop(connection);
    let lead_id: u64 = event
        .meta_lead_id
        .parse()
        .map_err(|_| Error::invalid("meta_lead_id", "is not one of Meta's"))?;
    let body = json!({ "data": [{
        "event_name": event.name,
        "event_time": event.at.timestamp(),
        "event_id": id,
        "action_source": "system_generated",
        "user_data": { "lead_id": lead_id },
        "custom_data": { "event_source": "crm", "lead_event_source": "Property Lounge" },
    }] });
    let path = format!("{}/events", conversions.dataset_id);
    let failure = match meta.graph.post(&path, &body, &conversions.token).await? {
        Answer::Done(_) => None,
        Answer::Refused {
            status,
            code,
            transient,
            reason,
        } => {
            // An operator can correct a token, but not an event that Meta rejects.
            if transient || status >= 500 || matches!(code, Some(190 | 10 | 4 | 200..=299)) {
                return Err(unavailable(reason));
            }
            Some(reason)
        }
        // The event's id makes it safe to try again.
        Answer::Unknown(reason) => return Err(unavailable(reason)),
    };
    let mut connection = app.pool.acquire().await?;
    let now: DateTime<Utc> = app.clock.now(&mut connection).await?;
    store::set_told(&mut connection, id, failure.as_deref(), now).await
}

fn unavailable(reason: String) -> Error {
    Error::provider("graph", ProviderFailure::UNAVAILABLE, reason)
}
