//! Records leads that were announced.

use super::super::form::Announced;
use super::super::store;
use crate::jobs::{FetchMetaLead, enqueue_again};
use crate::meta::envelope::text;
use crate::{App, Result};
use serde_json::Value;

/// An id as text. Old payloads contain it as a number.
pub(super) fn id_of(value: &Value) -> Option<String> {
    let id = text(value)?;
    let fits = (1..=40).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit());
    fits.then_some(id)
}

/// How we heard of a lead.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum HeardBy {
    /// Meta's webhook. A redelivery takes an unusable lead again.
    Webhook,
    /// Our own search, because the webhook never came. It finds the same leads many times.
    Search,
}

impl HeardBy {
    /// The value in the database.
    fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Search => "reconciled",
        }
    }
}

/// Records leads that were announced, each with the job that fetches it. Returns how many are new.
pub(super) async fn record(app: &App, leads: &[Announced], heard_by: HeardBy) -> Result<usize> {
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let mut new = 0;
    for lead in leads {
        if let Some(form) = &lead.form {
            store::know_form(&mut transaction, form, lead.page.as_deref()).await?;
        }
        let is_new = store::know_lead(&mut transaction, lead, heard_by.as_str(), now).await?
            || (heard_by == HeardBy::Webhook
                && store::set_lead_waiting(&mut transaction, &lead.id, false).await?);
        if is_new {
            let fetch = FetchMetaLead {
                lead: lead.id.clone(),
            };
            enqueue_again(&mut transaction, &fetch, now).await?;
            new += 1;
        }
    }
    transaction.commit().await?;
    Ok(new)
}
