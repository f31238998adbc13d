//! SQL of the lists and of changes by hand.

use super::conditions::{conditions, push_contains};
use super::step::CAMPAIGN;
use super::{Change, Counts, Entry, Filter, Layer2, PageRequest, Sort};
use crate::id::{LeadId, UserId};
use crate::leads::{Lead, LeadProgress, LeadStatus, Mark};
use crate::phone::Phone;
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use sqlx::{FromRow, QueryBuilder};
use std::collections::HashMap;
use uuid::Uuid;

#[derive(FromRow)]
struct Row {
    id: LeadId,
    name: Option<String>,
    phone: Option<Phone>,
    status: LeadStatus,
    progress: LeadProgress,
    owner_sales_id: Option<UserId>,
    owner_name: Option<String>,
    locked_at: Option<DateTime<Utc>>,
    source_ads: Option<String>,
    project: Option<String>,
    area: Option<String>,
    mark: Option<Mark>,
    layer2_status_id: Option<String>,
    rejected_reason_id: Option<String>,
    layer2_note: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    erased_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "l.id, l.name, l.phone, l.status, l.progress, l.owner_sales_id, u.name as owner_name, l.locked_at,
    l.source_ads, l.project, l.area, l.mark, l.layer2_status_id, l.rejected_reason_id, l.layer2_note, l.created_at, l.updated_at, l.erased_at";

impl Row {
    fn into_entry(self) -> Entry {
        let row = self;
        Entry {
            owner_name: row.owner_name,
            layer2: row.layer2_status_id.map(|status| Layer2 {
                status,
                reason: row.rejected_reason_id,
                note: row.layer2_note,
            }),
            updated_at: row.updated_at,
            erased_at: row.erased_at,
            lead: Lead {
                id: row.id,
                name: row.name,
                phone: row.phone,
                status: row.status,
                progress: row.progress,
                owner: row.owner_sales_id,
                locked_at: row.locked_at,
                source_ads: row.source_ads,
                project: row.project,
                area: row.area,
                mark: row.mark,
                created_at: row.created_at,
            },
        }
    }
}

/// Returns one lead more than the page's limit, so that the caller knows whether there is a next page.
///
/// The query is built at run time and contains only the conditions that are used, so that PostgreSQL can
/// choose an index for them.
pub(super) async fn page(
    connection: &mut PgConnection,
    scope: Option<&UserId>,
    request: &PageRequest,
) -> Result<Vec<Entry>> {
    let mut query = QueryBuilder::new(format!(
        r#"select {COLUMNS} from lead l left join "user" u on u.id = l.owner_sales_id where true"#
    ));
    conditions(&mut query, scope, &request.filter, true);
    let (comparison, order) = match request.sort {
        Sort::Newest => ("<", "desc"),
        Sort::Oldest => (">", "asc"),
    };
    if let Some(after) = request.after {
        query.push(format!(" and (l.created_at, l.id) {comparison} ("));
        query
            .push_bind(after.created_at)
            .push(", ")
            .push_bind(after.id.0)
            .push(")");
    }
    query.push(format!(
        " order by l.created_at {order}, l.id {order} limit "
    ));
    query.push_bind(request.limit + 1);
    let rows: Vec<Row> = query
        .build_query_as()
        .persistent(false)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(Row::into_entry).collect())
}

/// The leads that match a filter and are not this agent's, newest first.
pub(super) async fn matching(
    connection: &mut PgConnection,
    filter: &Filter,
    but_not_of: &UserId,
    limit: i64,
) -> Result<Vec<LeadId>> {
    let mut query = QueryBuilder::new(
        "select l.id from lead l where l.erased_at is null and l.owner_sales_id is distinct from ",
    );
    query.push_bind(but_not_of.0.clone());
    conditions(&mut query, None, filter, true);
    query.push(" order by l.created_at desc, l.id desc limit ");
    query.push_bind(limit);
    Ok(query
        .build_query_scalar()
        .persistent(false)
        .fetch_all(connection)
        .await?)
}

/// Other leads whose name or number contains one of these texts, newest first.
pub(super) async fn containing(
    connection: &mut PgConnection,
    texts: &[&str],
    but_not: LeadId,
    limit: i64,
) -> Result<Vec<Entry>> {
    let mut query = QueryBuilder::new(format!(
        r#"select {COLUMNS} from lead l left join "user" u on u.id = l.owner_sales_id where l.id <> "#
    ));
    query.push_bind(but_not.0);
    push_contains(&mut query, texts.iter().copied());
    query.push(" order by l.created_at desc, l.id desc limit ");
    query.push_bind(limit);
    let rows: Vec<Row> = query
        .build_query_as()
        .persistent(false)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(Row::into_entry).collect())
}

/// What an export says of a lead beside its entry.
#[derive(Default)]
pub(super) struct More {
    /// The campaign of the first enquiry that names one.
    pub(super) campaign: Option<String>,
    /// Visits that were not cancelled.
    pub(super) visits: i64,
}

/// What an export says of these leads.
pub(super) async fn more_of(
    connection: &mut PgConnection,
    leads: &[LeadId],
) -> Result<HashMap<LeadId, More>> {
    let mut query = QueryBuilder::new(format!(
        "select l.id, {CAMPAIGN},
                (select count(*) from appointment v where v.lead_id = l.id and v.status = 'booked')
         from lead l where l.id = any("
    ));
    let ids: Vec<Uuid> = leads.iter().map(|lead| lead.0).collect();
    query.push_bind(ids).push(")");
    let rows: Vec<(LeadId, Option<String>, i64)> =
        query.build_query_as().fetch_all(connection).await?;
    let more = |(id, campaign, visits)| (id, More { campaign, visits });
    Ok(rows.into_iter().map(more).collect())
}

pub(super) async fn counts(
    connection: &mut PgConnection,
    scope: Option<&UserId>,
    filter: &Filter,
) -> Result<Counts> {
    let mut query = QueryBuilder::new("select l.status, count(*) from lead l where true");
    conditions(&mut query, scope, filter, false);
    query.push(" group by l.status");
    Ok(query
        .build_query_as()
        .persistent(false)
        .fetch_all(connection)
        .await?)
}

pub(super) async fn entry(connection: &mut PgConnection, id: LeadId) -> Result<Entry> {
    let mut query = QueryBuilder::new(format!(
        r#"select {COLUMNS} from lead l left join "user" u on u.id = l.owner_sales_id where l.id = "#
    ));
    query.push_bind(id.0);
    let row: Option<Row> = query.build_query_as().fetch_optional(connection).await?;
    row.map(Row::into_entry)
        .ok_or(Error::NotFound { what: "lead" })
}

/// A change to record.
pub(super) struct NewChange<'change> {
    pub(super) field: &'change str,
    pub(super) old: Option<&'change str>,
    pub(super) new: Option<&'change str>,
    pub(super) note: Option<&'change str>,
}

pub(super) async fn record(
    connection: &mut PgConnection,
    lead: LeadId,
    by: &UserId,
    change: &NewChange<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into lead_change (lead_id, at, by_user_id, field, old_value, new_value, note)
         values ($1, $2, $3, $4, $5, $6, $7)",
        lead.0,
        now,
        by.0,
        change.field,
        change.old,
        change.new,
        change.note
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn changes(connection: &mut PgConnection, lead: LeadId) -> Result<Vec<Change>> {
    Ok(sqlx::query_as!(
        Change,
        r#"select c.at, c.by_user_id as "by_user_id: UserId", u.name as "by_name?", c.field, c.old_value,
                  c.new_value, c.note
           from lead_change c left join "user" u on u.id = c.by_user_id
           where c.lead_id = $1 order by c.id"#,
        lead.0
    )
    .fetch_all(connection)
    .await?)
}

pub(super) async fn set_status(
    connection: &mut PgConnection,
    id: LeadId,
    status: LeadStatus,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update lead set status = $2, updated_at = $3 where id = $1",
        id.0,
        status.as_str(),
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn set_progress(
    connection: &mut PgConnection,
    id: LeadId,
    progress: LeadProgress,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update lead set progress = $2, updated_at = $3 where id = $1",
        id.0,
        progress.as_str(),
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn set_layer2(
    connection: &mut PgConnection,
    id: LeadId,
    layer2: &Layer2,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update lead set layer2_status_id = $2, rejected_reason_id = $3, layer2_note = $4, updated_at = $5 where id = $1",
        id.0,
        layer2.status,
        layer2.reason,
        layer2.note,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets the layer 2 status, or removes it.
pub(super) async fn set_or_clear_layer2(
    connection: &mut PgConnection,
    id: LeadId,
    layer2: Option<&Layer2>,
    now: DateTime<Utc>,
) -> Result<()> {
    if let Some(layer2) = layer2 {
        return set_layer2(connection, id, layer2, now).await;
    }
    sqlx::query!(
        "update lead set layer2_status_id = null, rejected_reason_id = null, layer2_note = null, updated_at = $2
         where id = $1",
        id.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn clear_mark(
    connection: &mut PgConnection,
    id: LeadId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update lead set mark = null, updated_at = $2 where id = $1",
        id.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}
