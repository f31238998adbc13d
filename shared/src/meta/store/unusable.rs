//! SQL of leads of forms that could not be taken.

use crate::Result;
use crate::jobs::{FetchMetaLead, Job};
use crate::meta::inbox::UnusableLead;
use serde_json::Value;
use sqlx::PgConnection;

pub(in crate::meta) async fn unusable_leads(
    connection: &mut PgConnection,
) -> Result<Vec<UnusableLead>> {
    Ok(sqlx::query_as!(
        UnusableLead,
        r#"select l.id, l.form_id as form, f.name as "form_name?", l.reason as "reason!", l.answers, l.made_at, l.heard_at
           from meta_lead l left join meta_form f on f.id = l.form_id
           where l.state = 'unusable' order by l.heard_at desc, l.id limit 200"#
    )
    .fetch_all(connection)
    .await?)
}

/// What is stored of an unusable lead.
pub(in crate::meta) struct StoredLead {
    pub(in crate::meta) form: Option<String>,
    pub(in crate::meta) answers: Option<Value>,
    pub(in crate::meta) ad_id: Option<String>,
    pub(in crate::meta) ad_name: Option<String>,
    pub(in crate::meta) campaign_id: Option<String>,
    pub(in crate::meta) campaign_name: Option<String>,
    pub(in crate::meta) platform: Option<String>,
}

pub(in crate::meta) async fn unusable_lead(
    connection: &mut PgConnection,
    id: &str,
) -> Result<Option<StoredLead>> {
    Ok(sqlx::query_as!(
        StoredLead,
        "select form_id as form, answers, ad_id, ad_name, campaign_id, campaign_name, platform
         from meta_lead where id = $1 and coalesce(state = 'unusable', false)",
        id
    )
    .fetch_optional(connection)
    .await?)
}

/// Has an unusable lead wait to be fetched again. Returns `false` if it is not unusable. Not while a job of it is there, unless that
/// job is to fetch it: it may be about to end, and then nothing would fetch the lead.
pub(in crate::meta) async fn set_lead_waiting(
    connection: &mut PgConnection,
    id: &str,
    by_its_job: bool,
) -> Result<bool> {
    let changed = sqlx::query!(
        "update meta_lead set state = 'waiting', reason = null
         where id = $1 and coalesce(state = 'unusable', false)
           and ($3 or not exists (select from apalis.jobs j
                                  where j.job_type = $2 and j.idempotency_key = meta_lead.id and j.status <> 'Killed'))",
        id,
        FetchMetaLead::QUEUE,
        by_its_job
    )
    .execute(connection)
    .await?;
    Ok(changed.rows_affected() == 1)
}

pub(in crate::meta) async fn discard_lead(connection: &mut PgConnection, id: &str) -> Result<bool> {
    let changed = sqlx::query!(
        "update meta_lead set state = 'discarded' where id = $1 and coalesce(state = 'unusable', false)",
        id
    )
    .execute(connection)
    .await?;
    Ok(changed.rows_affected() == 1)
}

pub(in crate::meta) async fn unusable_of_form(
    connection: &mut PgConnection,
    form: &str,
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select id from meta_lead where form_id = $1 and state = 'unusable' order by heard_at limit 1000",
        form
    )
    .fetch_all(connection)
    .await?)
}
