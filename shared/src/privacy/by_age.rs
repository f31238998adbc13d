//! Erasing the clients of leads that ended long ago.

use super::find::remove;
use super::forget::forget;
use super::model::{Erased, RequestKind};
use super::store::{self, NewRequest};
use crate::id::LeadId;
use crate::leads::{self, Person};
use crate::whatsapp::{self, Named};
use crate::{Result, meta, sales};
use serde_json::json;
use sqlx::{Connection, PgConnection};

/// How many leads one batch erases. For each batch every message is read once.
const BATCH: i64 = 50;

/// Erases leads that ended this many days ago: closed, hangus, sold or lost, without a message or visit since, each in a
/// transaction of its own. What is not the leads' stays: blocks, deliveries, forms without a lead. A lead that cannot be erased is
/// logged, and tried again with the next batch. Returns how many were erased; with 0 days none.
pub async fn erase_ended(connection: &mut PgConnection, days: f64) -> Result<u64> {
    let (mut erased, mut last) = (0, None);
    while days > 0.0 && erased == 0 {
        let page = leads::ended_before(connection, days, last, BATCH).await?;
        let Some(end) = page.last() else { break };
        last = Some(*end);
        let now = store::now(connection).await?;
        let (mut found, mut people) = (Vec::new(), Vec::new());
        for lead in page {
            match leads::person_of_lead(connection, lead).await {
                Ok(person) => {
                    found.push(lead);
                    people.push(person);
                }
                Err(error) => tracing::error!(%lead, %error, "privacy.not_erased_by_age"),
            }
        }
        let messages = whatsapp::search(connection, &people, now).await?;
        for (lead, person) in found.into_iter().zip(&people) {
            match erase_by_age(connection, lead, (person, &messages), days).await {
                Ok(was_ended) => erased += u64::from(was_ended),
                Err(error) => tracing::error!(%lead, %error, "privacy.not_erased_by_age"),
            }
        }
    }
    Ok(erased)
}

/// Returns `false` if the lead's client wrote, or somebody changed the lead or its client, since they were found.
async fn erase_by_age(
    connection: &mut PgConnection,
    lead: LeadId,
    (searched, messages): (&Person, &Named),
    days: f64,
) -> Result<bool> {
    let mut transaction = connection.begin().await?;
    let mut person = leads::lock_person_of(&mut transaction, lead).await?;
    if !leads::is_ended(&mut transaction, lead, days).await? || !person.is_found_by(searched) {
        return Ok(false);
    }
    let ours = sales::ours_of(&mut transaction, &person.address_texts()).await?;
    remove(&mut person, &ours);
    let now = store::now(&mut transaction).await?;
    let forms = meta::erase_forms(&mut transaction, &person).await?;
    let rest = forget(&mut transaction, &person, messages, now).await?;
    let request = NewRequest {
        kind: RequestKind::Age,
        by_whom: "worker",
        reason: None,
        leads: &person.lead_ids(),
        counts: &json!(Erased { forms, ..rest }),
    };
    store::record(&mut transaction, &request, now).await?;
    transaction.commit().await?;
    Ok(true)
}
