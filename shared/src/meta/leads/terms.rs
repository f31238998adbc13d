//! What a form told its readers: kept beside each lead, because consent must be provable (UU 27/2022, article 24).

use crate::meta::connection::Meta;
use crate::meta::store;
use crate::providers::graph::Answer;
use crate::{App, Result};
use chrono::TimeDelta;
use secrecy::SecretString;
use serde_json::Value;

/// The fields of a form that we request (developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving, `LeadgenForm`).
const FIELDS: &str = "legal_content,privacy_policy_url,name,locale";
/// A form's terms are read again after this time, …
const AGAIN_AFTER: TimeDelta = TimeDelta::days(1);
/// … and after this, if they could not be read.
const RETRY_AFTER: TimeDelta = TimeDelta::hours(1);

/// Keeps the terms of the lead's form beside it. They are read at most once a day, and not for each lead. A form whose terms
/// cannot be read keeps no lead waiting: it is logged, and tried again in an hour.
pub(super) async fn keep(
    app: &App,
    (meta, token): (&Meta, &SecretString),
    lead: &str,
) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    let taken = store::take_terms(&mut connection, lead, now, now + RETRY_AFTER).await?;
    drop(connection);
    let Some((form, due)) = taken else {
        return Ok(());
    };
    let terms = if due {
        read(meta, token, &form).await
    } else {
        None
    };
    let mut transaction = app.begin().await?;
    if let Some(terms) = terms {
        store::save_terms(&mut transaction, &form, &terms, now).await?;
        store::set_terms_due(&mut transaction, &form, now + AGAIN_AFTER).await?;
    }
    store::link_terms(&mut transaction, &form, lead, now - AGAIN_AFTER).await?;
    Ok(transaction.commit().await?)
}

/// What Graph has of the form. `None`, and a line in the log, if it cannot be read.
async fn read(meta: &Meta, token: &SecretString, form: &str) -> Option<Value> {
    match meta.graph.get(form, &[("fields", FIELDS)], token).await {
        Ok(Answer::Done(mut answer)) => {
            if let Some(fields) = answer.as_object_mut() {
                fields.remove("id");
            }
            return Some(answer);
        }
        Ok(Answer::Refused { reason, .. } | Answer::Unknown(reason)) => {
            tracing::warn!(form, reason, "meta.terms_not_read");
        }
        Err(error) => tracing::warn!(form, %error, "meta.terms_not_read"),
    }
    None
}
