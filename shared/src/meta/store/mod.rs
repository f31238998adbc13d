//! SQL of deliveries, forms, their leads, and conversions.

mod inbox;
mod person;
mod terms;
mod unusable;

pub(super) use inbox::*;
pub(super) use person::*;
pub(super) use terms::*;
pub(super) use unusable::*;

use super::envelope::text;
use super::form::{Announced, Form};
use crate::Result;
use crate::id::{DeliveryId, LeadId};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::BTreeMap;
use uuid::Uuid;

pub(super) async fn insert_delivery(
    connection: &mut PgConnection,
    id: DeliveryId,
    source: &str,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into webhook_delivery (id, source, body, received_at) values ($1, $2, $3, $4)",
        id.0,
        source,
        body,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn waiting_delivery(
    connection: &mut PgConnection,
    id: DeliveryId,
) -> Result<Option<(String, Vec<u8>)>> {
    let row = sqlx::query!(
        "select source, body from webhook_delivery where id = $1 and coalesce(handled_at is null, false)",
        id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.source, row.body)))
}

pub(super) async fn set_handled(
    connection: &mut PgConnection,
    id: DeliveryId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update webhook_delivery set handled_at = $2, failure = null where id = $1",
        id.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn set_failure(
    connection: &mut PgConnection,
    id: DeliveryId,
    reason: &str,
) -> Result<()> {
    sqlx::query!(
        "update webhook_delivery set failure = $2 where id = $1 and coalesce(handled_at is null, false)",
        id.0,
        reason
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Counts incoming messages against the number's limit of messages. They delay the next message of ours by at
/// most one second: offers must leave while clients write.
pub(super) async fn count_incoming(
    connection: &mut PgConnection,
    provider: &str,
    messages: usize,
    per_second: u32,
    now: DateTime<Utc>,
) -> Result<()> {
    let messages = i32::try_from(messages).unwrap_or(i32::MAX);
    sqlx::query!(
        "insert into wa_pace as p (provider, next_at) values ($1, $2::timestamptz + least($3 * interval '1 second' / $4, interval '1 second'))
         on conflict (provider) do update
         set next_at = greatest(p.next_at,
                                least(greatest(p.next_at, $2::timestamptz) + $3 * interval '1 second' / $4,
                                      $2::timestamptz + interval '1 second'))",
        provider,
        now,
        f64::from(messages),
        f64::from(per_second)
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn know_form(
    connection: &mut PgConnection,
    form: &str,
    page: Option<&str>,
) -> Result<()> {
    sqlx::query!(
        "insert into meta_form (id, page_id) values ($1, $2)
         on conflict (id) do update set page_id = coalesce(meta_form.page_id, $2)
         where meta_form.page_id is null and $2 is not null",
        form,
        page
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns `false` if this lead was recorded before.
pub(super) async fn know_lead(
    connection: &mut PgConnection,
    known: &Announced,
    heard_by: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let inserted = sqlx::query!(
        "insert into meta_lead (id, form_id, page_id, ad_id, made_at, heard_at, heard_by)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        known.id,
        known.form,
        known.page,
        known.ad,
        known.made_at,
        now,
        heard_by
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The lead's form, if the lead waits to be fetched.
pub(super) async fn waiting_lead(
    connection: &mut PgConnection,
    id: &str,
) -> Result<Option<Option<String>>> {
    Ok(sqlx::query_scalar!(
        "select form_id from meta_lead where id = $1 and coalesce(state = 'waiting', false)",
        id
    )
    .fetch_optional(connection)
    .await?)
}

pub(super) async fn forms(connection: &mut PgConnection) -> Result<Vec<Form>> {
    let rows = sqlx::query!(
        r#"select id, page_id, name, project, fields as "fields: Json<BTreeMap<String, String>>", looked_until,
                  (select count(*) from meta_lead l where l.form_id = f.id) as "leads!"
           from meta_form f order by id"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Form {
            id: row.id,
            page: row.page_id,
            name: row.name,
            project: row.project,
            fields: row.fields.0,
            looked_until: row.looked_until,
            leads: row.leads,
        })
        .collect())
}

pub(super) async fn save_form(connection: &mut PgConnection, form: &Form) -> Result<()> {
    sqlx::query!(
        "insert into meta_form (id, name, project, fields) values ($1, $2, $3, $4)
         on conflict (id) do update set name = $2, project = $3, fields = $4",
        form.id,
        form.name,
        form.project,
        Json(&form.fields) as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn set_looked_until(
    connection: &mut PgConnection,
    form: &str,
    until: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update meta_form set looked_until = $2 where id = $1",
        form,
        until
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores the result of a fetched lead. What an earlier fetch found stays if this one found nothing.
pub(super) struct Fetched<'lead> {
    pub(super) id: &'lead str,
    pub(super) state: &'static str,
    pub(super) reason: Option<String>,
    pub(super) lead: Option<LeadId>,
    pub(super) answer: Option<&'lead Value>,
}

pub(super) async fn set_fetched(
    connection: &mut PgConnection,
    fetched: &Fetched<'_>,
) -> Result<()> {
    let said = |field: &str| fetched.answer.and_then(|answer| text(&answer[field]));
    let answers = fetched.answer.map(|answer| &answer["field_data"]);
    // What the reader of the form agreed to, beside what they answered.
    let consent = fetched
        .answer
        .map(|answer| &answer["custom_disclaimer_responses"]);
    sqlx::query!(
        "update meta_lead set state = $2, reason = $3, lead_id = $4, answers = coalesce($5, answers),
                ad_id = coalesce($6, ad_id), ad_name = coalesce($7, ad_name), campaign_id = coalesce($8, campaign_id),
                campaign_name = coalesce($9, campaign_name), platform = coalesce($10, platform), consent = coalesce($11, consent)
         where id = $1 and state in ('waiting', 'unusable')",
        fetched.id,
        fetched.state,
        fetched.reason.as_deref(),
        fetched.lead.map(|lead| lead.0),
        answers.filter(|answers| !answers.is_null()),
        said("ad_id"),
        said("ad_name"),
        said("campaign_id"),
        said("campaign_name"),
        said("platform"),
        consent.filter(|consent| !consent.is_null())
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Records a conversion of a lead that came from a form. Returns `None` if it did not, or was recorded before.
pub(super) async fn insert_conversion(
    connection: &mut PgConnection,
    lead: LeadId,
    name: &str,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar!(
        "insert into conversion_event (id, lead_id, meta_lead_id, name, at)
         select $1, $2, e.meta_lead_id, $3, $4 from lead_enquiry e
         where e.lead_id = $2 and e.meta_lead_id ~ '^[0-9]{1,19}$'
         order by e.received_at desc limit 1
         on conflict do nothing returning id",
        Uuid::now_v7(),
        lead.0,
        name,
        now
    )
    .fetch_optional(connection)
    .await?)
}

/// A conversion that is not reported yet.
pub(super) struct Conversion {
    pub(super) meta_lead_id: String,
    pub(super) name: String,
    pub(super) at: DateTime<Utc>,
}

pub(super) async fn waiting_conversion(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<Option<Conversion>> {
    Ok(sqlx::query_as!(
        Conversion,
        "select meta_lead_id, name, at from conversion_event where id = $1 and sent_at is null",
        id
    )
    .fetch_optional(connection)
    .await?)
}

pub(super) async fn set_told(
    connection: &mut PgConnection,
    id: Uuid,
    failure: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update conversion_event set sent_at = case when $2::text is null then $3::timestamptz end, failure = $2
         where id = $1",
        id,
        failure,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn delete_old_deliveries(connection: &mut PgConnection, days: f64) -> Result<u64> {
    let deleted = sqlx::query!(
        "delete from webhook_delivery where id in (
             select d.id from webhook_delivery d where d.handled_at < now() - $1::float8 * interval '1 day'
                and not exists (select from webhook_unread u where u.delivery_id = d.id and u.closed_at is null)
             limit 1000)",
        days
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}

/// Deletes leads of forms that became ours, or were tests, so long ago that Meta names them no more, and reports of outcomes.
pub(super) async fn delete_old_forms(connection: &mut PgConnection, days: f64) -> Result<u64> {
    let deleted = sqlx::query!(
        "with old as (
             delete from meta_lead where id in (
                 select id from meta_lead
                 where state in ('taken', 'test') and heard_at < now() - $1::float8 * interval '1 day' limit 1000)
             returning id),
         reports as (
             delete from conversion_event where id in (
                 select id from conversion_event
                 where sent_at < now() - $1::float8 * interval '1 day' limit 1000)
             returning id)
         select id from old union all select id::text from reports",
        days
    )
    .fetch_all(connection)
    .await?;
    Ok(u64::try_from(deleted.len()).unwrap_or(u64::MAX))
}
