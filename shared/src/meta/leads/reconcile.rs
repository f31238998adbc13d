//! Looks for leads whose webhook never came.

use super::super::form::{Announced, Form};
use super::super::store;
use super::announced::{HeardBy, id_of, record};
use crate::error::ProviderFailure;
use crate::jobs::{ReconcileMetaLeads, enqueue};
use crate::providers::graph::{Answer, Graph};
use crate::{App, Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde_json::{Value, json};

/// How far back the first search goes: as long as Meta tries to deliver, and a little longer.
const FIRST_LOOK: TimeDelta = TimeDelta::hours(48);
/// How far each search reaches back before the previous one, since leads appear in the list late.
const OVERLAP: TimeDelta = TimeDelta::minutes(30);
/// The most pages of one search; a page has a hundred leads.
const MOST_PAGES: usize = 50;

/// Enqueues the next search. One job for each time, however many processes enqueue it.
pub async fn plan_reconciliation(app: &App) -> Result<()> {
    let every = app.meta.as_ref().and_then(|meta| {
        meta.page_token.as_ref()?;
        meta.reconcile_every
    });
    let Some(every) = every
        .and_then(|every| i64::try_from(every.as_secs()).ok())
        .filter(|every| *every > 0)
    else {
        return Ok(());
    };
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    let next = (now.timestamp() / every + 1) * every;
    let Some(next) = DateTime::from_timestamp(next, 0) else {
        return Ok(());
    };
    enqueue(&mut connection, &ReconcileMetaLeads {}, next).await
}

/// Requests the latest leads of every known form. Leads that were not announced are fetched and taken.
/// Returns how many there were.
pub async fn reconcile(app: &App) -> Result<usize> {
    let Some((meta, token)) = app
        .meta
        .as_ref()
        .and_then(|meta| Some((meta, meta.page_token.as_ref()?)))
    else {
        return Ok(0);
    };
    let mut connection = app.pool.acquire().await?;
    let forms = store::forms(&mut connection).await?;
    drop(connection);
    let mut found = 0;
    let mut failed = None;
    for form in forms {
        match look_into(app, &meta.graph, token, &form).await {
            Ok(0) => {}
            Ok(new) => {
                tracing::warn!(
                    form = form.id,
                    leads = new,
                    "meta.reconciled: webhooks never came"
                );
                found += new;
            }
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(found), Err)
}

async fn look_into(app: &App, graph: &Graph, token: &SecretString, form: &Form) -> Result<usize> {
    let mut connection = app.pool.acquire().await?;
    let began = app.clock.now(&mut connection).await?;
    drop(connection);
    let since = form
        .looked_until
        .map_or(began - FIRST_LOOK, |until| until - OVERLAP);
    let filter = json!([{ "field": "time_created", "operator": "GREATER_THAN", "value": since.timestamp() }]).to_string();
    let path = format!("{}/leads", form.id);
    let mut after = String::new();
    let mut new = 0;
    for _ in 0..MOST_PAGES {
        let mut parameters = vec![
            ("fields", "id,created_time,ad_id,form_id"),
            ("filtering", filter.as_str()),
            ("limit", "100"),
        ];
        if !after.is_empty() {
            parameters.push(("after", after.as_str()));
        }
        let page = match graph.get(&path, &parameters, token).await? {
            Answer::Done(page) => page,
            Answer::Refused { reason, .. } | Answer::Unknown(reason) => {
                let class = ProviderFailure::UNAVAILABLE;
                return Err(Error::provider("graph", class, reason));
            }
        };
        let leads: Vec<Announced> = page["data"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|lead| known(lead, form))
            .collect();
        new += record(app, &leads, HeardBy::Search).await?;
        match (
            page["paging"]["next"].is_string(),
            page["paging"]["cursors"]["after"].as_str(),
        ) {
            (true, Some(cursor)) => after = cursor.to_owned(),
            _ => break,
        }
    }
    let mut connection = app.pool.acquire().await?;
    store::set_looked_until(&mut connection, &form.id, began).await?;
    Ok(new)
}

fn known(lead: &Value, form: &Form) -> Option<Announced> {
    Some(Announced {
        id: id_of(&lead["id"])?,
        form: Some(form.id.clone()),
        page: form.page.clone(),
        ad: id_of(&lead["ad_id"]),
        made_at: lead["created_time"].as_str().and_then(time),
    })
}

/// The format of Graph's times: `2026-10-25T03:33:20+0000`.
fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z")
        .ok()
        .map(|time| time.to_utc())
}
