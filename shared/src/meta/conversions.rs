//! Reports the outcome of a lead to Meta, once (Conversions API for CRM).

use super::store;
use crate::error::ProviderFailure;
use crate::id::LeadId;
use crate::jobs::{SendConversion, enqueue};
use crate::providers::cloud_api::{Class, class_of};
use crate::providers::graph::Answer;
use crate::{App, Error, Result};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use std::time::Duration;
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

/// How long we wait after Meta reports that we send too fast.
const TOO_QUICK: Duration = Duration::from_secs(60);
/// When a conversion is tried again that waits for `META_CAPI_DATASET_ID` or its token to be set.
const WITHOUT_SETTING: Duration = Duration::from_secs(600);

/// Reports a conversion. Meta recognises a repeated event by its `event_id`.
///
/// Waits, without counting a try, while the setting for it is missing. What becomes of a refusal follows
/// the classes that messages have.
pub async fn send_conversion(app: &App, id: Uuid) -> Result<()> {
    let conversions = app.meta.as_ref().and_then(|meta| meta.conversions.as_ref());
    let (Some(meta), Some(conversions)) = (&app.meta, conversions) else {
        return Err(Error::NotYet {
            wait: WITHOUT_SETTING,
        });
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
            let class = match code {
                Some(code) => class_of(code, transient),
                None if transient || status >= 500 => Class::Transient,
                None if status == 429 => Class::TooQuick,
                None => Class::Message,
            };
            match class {
                // Meta recovers, or an operator corrects the account or the token.
                Class::Transient | Class::Account | Class::Token => {
                    return Err(unavailable(reason));
                }
                Class::TooQuick | Class::Pair => return Err(Error::NotYet { wait: TOO_QUICK }),
                // Nobody can correct an event that Meta rejects.
                Class::Window
                | Class::Recipient
                | Class::NotToday
                | Class::Template
                | Class::Message => Some(reason),
            }
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
