//! Leads of forms that could not be taken: listed with their reason, corrected, retried or discarded.

use super::super::inbox::UnusableLead;
use super::super::store;
use super::answers::Answers;
use super::taken::{ad, fetched_of};
use crate::jobs::{FetchMetaLead, enqueue_again};
use crate::phone::Phone;
use crate::{App, Error, Result, distribution};
use serde_json::json;
use sqlx::PgConnection;

/// The leads that could not be taken, newest first, at most 200.
pub async fn unusable_leads(app: &App) -> Result<Vec<UnusableLead>> {
    let mut connection = app.pool.acquire().await?;
    store::unusable_leads(&mut connection).await
}

/// Takes the lead with the number that a person found in its answers or asked for.
///
/// Fails with `NotFound` if the lead is not unusable.
pub async fn correct_number(app: &App, id: &str, phone: &Phone) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let lead = store::unusable_lead(&mut connection, id).await?;
    let lead = lead.ok_or(Error::NotFound {
        what: "unusable lead",
    })?;
    let forms = store::forms(&mut connection).await?;
    drop(connection);
    let form = forms
        .iter()
        .find(|known| Some(&known.id) == lead.form.as_ref());
    let answer = json!({
        "field_data": lead.answers, "ad_id": lead.ad_id, "ad_name": lead.ad_name,
        "campaign_id": lead.campaign_id, "campaign_name": lead.campaign_name, "platform": lead.platform,
    });
    let read = Answers::of(&answer, form.map(|form| &form.fields)).with_phone(phone.clone());
    // Taking a form twice changes nothing, so a crash between the two is harmless.
    let report = distribution::take_ad(app, &ad(id, form, &answer, read)).await?;
    let mut connection = app.pool.acquire().await?;
    let fetched = store::Fetched {
        lead: report.lead,
        ..fetched_of(id, &answer)
    };
    store::set_fetched(&mut connection, &fetched).await
}

/// Fetches the lead again and reads it with the present mapping. Fails with `NotFound` if it is not unusable, or its last fetch has
/// not ended.
pub async fn retry_lead(app: &App, id: &str) -> Result<()> {
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    if !store::set_lead_waiting(&mut transaction, id, false).await? {
        return Err(Error::NotFound {
            what: "unusable lead",
        });
    }
    let fetch = FetchMetaLead {
        lead: id.to_owned(),
    };
    enqueue_again(&mut transaction, &fetch, now).await?;
    Ok(transaction.commit().await?)
}

/// Marks the lead as discarded: it is not listed any more. Fails with `NotFound` if it is not unusable.
pub async fn discard_lead(app: &App, id: &str) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    if store::discard_lead(&mut connection, id).await? {
        Ok(())
    } else {
        Err(Error::NotFound {
            what: "unusable lead",
        })
    }
}

/// Fetches every unusable lead of a form again, because its mapping changed. At most 1,000.
pub(super) async fn retry_form(app: &App, form: &str) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let leads = store::unusable_of_form(&mut connection, form).await?;
    drop(connection);
    for lead in leads {
        match retry_lead(app, &lead).await {
            Ok(()) | Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Has a lead wait again to be fetched that was given up, because an operator tries its job again. Changes nothing for one
/// that is not unusable.
pub async fn wait_again(connection: &mut PgConnection, id: &str) -> Result<()> {
    store::set_lead_waiting(connection, id, true).await?;
    Ok(())
}
