//! Records leads that were announced.

use super::super::form::Announced;
use super::super::store;
use crate::jobs::{FetchMetaLead, enqueue};
use crate::{App, Result};
use serde_json::Value;

/// An id as text. Old payloads contain it as a number.
pub(super) fn id_of(value: &Value) -> Option<String> {
    let id = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_u64()?.to_string(),
        _ => return None,
    };
    let fits = (1..=40).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit());
    fits.then_some(id)
}

/// Records leads that were announced, each with the job that fetches it. `heard_by` is `webhook` or
/// `reconciled`. Returns how many are new.
pub(super) async fn record(app: &App, leads: &[Announced], heard_by: &str) -> Result<usize> {
    let mut transaction = app.pool.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let mut new = 0;
    for lead in leads {
        if let Some(form) = &lead.form {
            store::know_form(&mut transaction, form, lead.page.as_deref()).await?;
        }
        if store::know_lead(&mut transaction, lead, heard_by, now).await? {
            let fetch = FetchMetaLead {
                lead: lead.id.clone(),
            };
            enqueue(&mut transaction, &fetch, now).await?;
            new += 1;
        }
    }
    transaction.commit().await?;
    Ok(new)
}
