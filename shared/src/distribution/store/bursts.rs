//! SQL of bursts of forms.

use crate::Result;
use crate::leads::Lead;
use crate::phone::Phone;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// How many of the fifty latest leads of this lead's source, since an instant, have its name, or its number but for the
/// last four figures.
pub(crate) async fn similar_leads(
    connection: &mut PgConnection,
    lead: &Lead,
    since: DateTime<Utc>,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!"
           from (select name, phone from lead
                 where source_ads = $2 and created_at >= $3 and id <> $1
                 order by created_at desc, id desc limit 50) l
           where lower(l.name) = lower($4) or left(l.phone, -4) = left($5, -4)"#,
        lead.id.0,
        lead.source_ads,
        since,
        lead.name,
        lead.phone.as_ref().map(Phone::as_str)
    )
    .fetch_one(connection)
    .await?)
}

/// Whether a lead of this lead's source was held as suspect since an instant.
pub(crate) async fn has_suspect_since(
    connection: &mut PgConnection,
    lead: &Lead,
    since: DateTime<Utc>,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from lead
                          where mark = 'suspect' and source_ads is not distinct from $1 and created_at >= $2) as "has!""#,
        lead.source_ads,
        since
    )
    .fetch_one(connection)
    .await?)
}
