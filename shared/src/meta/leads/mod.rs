//! Leads of Meta's forms: announced by a webhook, fetched from Graph, and taken once. They are also looked
//! for, since Meta gives up a webhook after 36 hours
//! (developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving).

mod announced;
mod answers;
mod reconcile;
mod taken;
mod terms;
mod unusable;

pub use reconcile::{plan_reconciliation, reconcile};
pub use unusable::{correct_number, discard_lead, retry_lead, unusable_leads, wait_again};

use super::envelope::{Reason, Unread, each, time};
use super::form::{Announced, Form, FormChange};
use super::store;
use crate::distribution::{self, Outcome};
use crate::error::ProviderFailure;
use crate::providers::graph::Answer;
use crate::{App, Error, Result, lossy_json};
use announced::HeardBy;
use answers::Unusable;
use serde_json::Value;
use taken::{ad, fetched_of};

/// The fields of a lead that we request.
const FIELDS: &str = "id,created_time,ad_id,ad_name,adset_id,adset_name,campaign_id,campaign_name,form_id,is_organic,platform,field_data,custom_disclaimer_responses";

/// Records the leads that a delivery announces, each with the job that fetches it. Returns the parts that could
/// not be read.
pub(super) async fn record_announced(app: &App, body: &[u8]) -> Result<Vec<Unread>> {
    let (leads, unread) = announced_in(body);
    announced::record(app, &leads, HeardBy::Webhook).await?;
    Ok(unread)
}

/// The parts of a delivery that cannot be read.
pub(super) fn unread_of(body: &[u8]) -> Vec<Unread> {
    announced_in(body).1
}

/// The leads that a delivery announces, and the parts of it that cannot be read.
fn announced_in(body: &[u8]) -> (Vec<Announced>, Vec<Unread>) {
    let Ok(envelope) = lossy_json::parse(body) else {
        return (Vec::new(), vec![Unread::whole(Reason::NotJson)]);
    };
    if envelope["object"] != "page" || !envelope["entry"].is_array() {
        return (Vec::new(), vec![Unread::whole(Reason::NotADelivery)]);
    }
    let (mut leads, mut unread) = (Vec::new(), Vec::new());
    for (entry_at, entry) in each(&envelope["entry"]).enumerate() {
        for (change_at, change) in each(&entry["changes"]).enumerate() {
            // The page's other subscriptions are none of ours.
            if change["field"].is_string() && change["field"] != "leadgen" {
                continue;
            }
            match read(&change["value"]) {
                Some(lead) => leads.push(lead),
                None => unread.push(Unread {
                    place: format!("entry/{entry_at}/changes/{change_at}"),
                    reason: Reason::NoId,
                }),
            }
        }
    }
    (leads, unread)
}

fn read(value: &Value) -> Option<Announced> {
    Some(Announced {
        id: announced::id_of(&value["leadgen_id"])?,
        form: announced::id_of(&value["form_id"]),
        page: announced::id_of(&value["page_id"]),
        ad: announced::id_of(&value["ad_id"]),
        made_at: time(&value["created_time"]),
    })
}

/// Fetches a lead and starts its cycle. A test lead is marked and not distributed. A lead without a phone
/// number is stored with the reason.
pub async fn fetch_lead(app: &App, id: &str) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let Some(form) = store::waiting_lead(&mut connection, id).await? else {
        return Ok(());
    };
    let forms = store::forms(&mut connection).await?;
    drop(connection);
    let unavailable =
        |reason: String| Error::provider("graph", ProviderFailure::UNAVAILABLE, reason);
    let token = app
        .meta
        .as_ref()
        .and_then(|meta| meta.page_token.as_ref().map(|token| (meta, token)));
    let Some((meta, token)) = token else {
        return Err(unavailable("META_PAGE_ACCESS_TOKEN is not set".to_owned()));
    };
    let answer = match meta.graph.get(id, &[("fields", FIELDS)], token).await? {
        Answer::Done(answer) => answer,
        Answer::Refused { reason, .. } | Answer::Unknown(reason) => {
            return Err(unavailable(reason));
        }
    };
    let form = forms.iter().find(|known| Some(&known.id) == form.as_ref());
    take(app, id, form, &answer).await?;
    // The lead is taken already: what fails here must not have it taken again.
    if let Err(error) = terms::keep(app, (meta, token), id).await {
        tracing::warn!(meta_lead = id, %error, "meta.terms_not_kept");
    }
    Ok(())
}

async fn take(app: &App, id: &str, form: Option<&Form>, answer: &Value) -> Result<()> {
    let fields = form.map(|form| &form.fields);
    let mut fetched = fetched_of(id, answer);
    match answers::read(answer, fields) {
        Ok(read) => {
            let ad = ad(id, form, answer, read);
            match distribution::take_ad(app, &ad).await {
                Ok(report) if report.outcome == Outcome::Blocked => {
                    (fetched.state, fetched.reason) =
                        ("discarded", Some("an admin blocked the number".to_owned()));
                }
                Ok(report) => fetched.lead = report.lead,
                // The number of an agent or of the company.
                Err(Error::Invalid { reason, .. }) => {
                    (fetched.state, fetched.reason) =
                        ("unusable", Some(format!("the number {reason}")));
                }
                Err(error) => return Err(error),
            }
        }
        Err(Unusable::Test) => fetched.state = "test",
        Err(Unusable::NoNumber(reason)) => {
            tracing::error!(meta_lead = id, "meta.unusable_lead: no number can be read");
            (fetched.state, fetched.reason) = ("unusable", Some(reason));
        }
    }
    let mut connection = app.pool.acquire().await?;
    store::set_fetched(&mut connection, &fetched).await
}

/// Stores why a lead could not be fetched, after the last try.
pub async fn give_up_lead(app: &App, id: &str, reason: &str) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let fetched = store::Fetched {
        id,
        state: "unusable",
        reason: Some(reason.to_owned()),
        lead: None,
        answer: None,
    };
    store::set_fetched(&mut connection, &fetched).await
}

/// Every form that is known.
pub async fn forms(app: &App) -> Result<Vec<Form>> {
    let mut connection = app.pool.acquire().await?;
    store::forms(&mut connection).await
}

/// Sets a form's name, project and mapping. Creates the form if it is unknown, so that its leads are looked
/// for. Leads of the form that could not be read are read again.
pub async fn change_form(app: &App, id: &str, change: FormChange) -> Result<Vec<Form>> {
    if id.is_empty() || id.len() > 40 || !id.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Error::invalid(
            "id",
            "must be Meta's id of the form: digits",
        ));
    }
    if let Some(held) = change
        .fields
        .values()
        .find(|held| !answers::HELD.contains(&held.as_str()))
    {
        tracing::debug!(held, "meta.unknown_field");
        return Err(Error::invalid(
            "fields",
            format!("may hold {}", answers::HELD.join(", ")),
        ));
    }
    let form = Form {
        id: id.to_owned(),
        page: None,
        name: change.name,
        project: change.project,
        fields: change.fields,
        looked_until: None,
        leads: 0,
    };
    let mut connection = app.pool.acquire().await?;
    store::save_form(&mut connection, &form).await?;
    drop(connection);
    unusable::retry_form(app, id).await?;
    forms(app).await
}
