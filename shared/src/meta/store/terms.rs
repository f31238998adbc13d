//! SQL of the terms of forms.

use crate::Result;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// The form of a lead that has no terms yet, and whether the caller is to read them from Graph: they are due, and nobody else
/// reads them until `retry_at`.
pub(in crate::meta) async fn take_terms(
    connection: &mut PgConnection,
    lead: &str,
    now: DateTime<Utc>,
    retry_at: DateTime<Utc>,
) -> Result<Option<(String, bool)>> {
    let row = sqlx::query!(
        r#"with form as (
               select f.id from meta_lead l join meta_form f on f.id = l.form_id where l.id = $1 and l.terms_id is null),
           taken as (
               update meta_form set terms_due_at = $3
               where id = (select id from form) and (terms_due_at is null or terms_due_at <= $2) returning id)
           select id, exists (select from taken) as "due!" from form"#,
        lead,
        now,
        retry_at
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.id, row.due)))
}

/// Stores the terms of a form, if they are new.
pub(in crate::meta) async fn save_terms(
    connection: &mut PgConnection,
    form: &str,
    terms: &Value,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into meta_form_terms (id, form_id, terms, seen_at) values ($1, $2, $3, $4)
         on conflict (form_id, md5(terms::text)) do update set seen_at = $4",
        Uuid::now_v7(),
        form,
        terms,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in crate::meta) async fn set_terms_due(
    connection: &mut PgConnection,
    form: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update meta_form set terms_due_at = $2 where id = $1",
        form,
        at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives the lead the terms of its form that were seen last, and the form's leads since this time that have none, because
/// they could not be read then.
pub(in crate::meta) async fn link_terms(
    connection: &mut PgConnection,
    form: &str,
    lead: &str,
    since: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update meta_lead set terms_id = (select id from meta_form_terms where form_id = $1 order by seen_at desc, id desc limit 1)
         where form_id = $1 and terms_id is null and (id = $2 or heard_at > $3)",
        form,
        lead,
        since
    )
    .execute(connection)
    .await?;
    Ok(())
}
