//! What a form told its readers: kept beside each lead, because consent must be provable (UU 27/2022, article 24).

use crate::meta::connection::Meta;
use crate::meta::store;
use crate::providers::graph::Answer;
use crate::{App, Result};
use chrono::TimeDelta;
use secrecy::SecretString;

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
    let found = store::form_without_terms(&mut connection, lead, now).await?;
    let Some((form, due)) = found else {
        return Ok(());
    };
    drop(connection);
    let mut terms = None;
    if due {
        match meta.graph.get(&form, &[("fields", FIELDS)], token).await {
            Ok(Answer::Done(mut answer)) => {
                if let Some(fields) = answer.as_object_mut() {
                    fields.remove("id");
                }
                terms = Some(answer);
            }
            Ok(Answer::Refused { reason, .. } | Answer::Unknown(reason)) => {
                tracing::warn!(form, reason, "meta.terms_not_read");
            }
            Err(error) => tracing::warn!(form, %error, "meta.terms_not_read"),
        }
    }
    let mut connection = app.pool.acquire().await?;
    if due {
        let again = if terms.is_some() {
            AGAIN_AFTER
        } else {
            RETRY_AFTER
        };
        store::set_terms_due(&mut connection, &form, now + again).await?;
    }
    if let Some(terms) = terms {
        store::save_terms(&mut connection, &form, &terms, now).await?;
    }
    store::link_terms(&mut connection, &form, lead, now - AGAIN_AFTER).await
}
