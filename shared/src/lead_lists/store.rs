//! SQL of lists of leads.

use super::model::{Entered, LeadList, ListRow, ListState, RowState};
use crate::id::{LeadId, UserId};
use crate::phone::Phone;
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, QueryBuilder};
use uuid::Uuid;

/// An agent whom a row can name.
pub(crate) struct Owner {
    pub(crate) id: UserId,
    name: String,
    email: String,
}

impl Owner {
    /// Whether a row means this agent, by name, e-mail or user id. `named` is in lower case.
    pub(super) fn is_called(&self, named: &str) -> bool {
        [&self.name, &self.email, &self.id.0]
            .iter()
            .any(|known| known.to_lowercase() == named)
    }
}

/// The agents who are not disabled.
pub(super) async fn agents(connection: &mut PgConnection) -> Result<Vec<Owner>> {
    Ok(sqlx::query_as!(
        Owner,
        r#"select u.id as "id: UserId", u.name, u.email from "user" u
           where u.disabled_at is null
             and (u.role = 'sales' or exists (select from sales_queue sq where sq.sales_id = u.id))"#
    )
    .fetch_all(connection)
    .await?)
}

pub(super) async fn insert(
    connection: &mut PgConnection,
    id: Uuid,
    file_name: Option<&str>,
    by: &UserId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into lead_list (id, file_name, by_user_id, created_at) values ($1, $2, $3, $4)",
        id,
        file_name,
        by.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert_rows(
    connection: &mut PgConnection,
    list: Uuid,
    rows: &[ListRow],
) -> Result<()> {
    // PostgreSQL takes 65,535 parameters a statement.
    for some in rows.chunks(2_000) {
        let mut query = QueryBuilder::new(
            "insert into lead_list_row
                 (list_id, n, given_phone, phone, name, source, project, note, owner_id, state, reason, lead_id) ",
        );
        query.push_values(some, |mut values, row| {
            values
                .push_bind(list)
                .push_bind(row.n)
                .push_bind(&row.given_phone)
                .push_bind(row.phone.as_ref().map(Phone::as_str))
                .push_bind(&row.name)
                .push_bind(&row.source)
                .push_bind(&row.project)
                .push_bind(&row.note)
                .push_bind(row.owner.as_ref().map(|owner| &owner.0))
                .push_bind(row.state.as_str())
                .push_bind(&row.reason)
                .push_bind(row.lead.map(|lead| lead.0));
        });
        query
            .build()
            .persistent(false)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

#[derive(FromRow)]
struct ListRecord {
    id: Uuid,
    file_name: Option<String>,
    by_user_id: Option<UserId>,
    state: ListState,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    ready: i64,
    entered: i64,
    duplicate: i64,
    refused: i64,
}

const LIST: &str = "select l.id, l.file_name, l.by_user_id, l.state, l.created_at, l.started_at, l.ended_at, r.*
    from lead_list l
    cross join lateral (
        select count(*) filter (where state = 'ready') as ready, count(*) filter (where state = 'entered') as entered,
               count(*) filter (where state = 'duplicate') as duplicate, count(*) filter (where state = 'refused') as refused
        from lead_list_row where list_id = l.id) r";

impl ListRecord {
    fn into_list(self) -> LeadList {
        let row = self;
        LeadList {
            id: row.id,
            file_name: row.file_name,
            by: row.by_user_id,
            state: row.state,
            created_at: row.created_at,
            started_at: row.started_at,
            ended_at: row.ended_at,
            ready: row.ready,
            entered: row.entered,
            duplicate: row.duplicate,
            refused: row.refused,
        }
    }
}

pub(super) async fn one(connection: &mut PgConnection, id: Uuid) -> Result<LeadList> {
    let mut query = QueryBuilder::new(LIST);
    query.push(" where l.id = ").push_bind(id);
    let row: Option<ListRecord> = query.build_query_as().fetch_optional(connection).await?;
    row.map(ListRecord::into_list)
        .ok_or(Error::NotFound { what: "lead list" })
}

pub(super) async fn latest(connection: &mut PgConnection) -> Result<Vec<LeadList>> {
    let mut query = QueryBuilder::new(LIST);
    query.push(" order by l.created_at desc, l.id desc limit 50");
    let rows: Vec<ListRecord> = query.build_query_as().fetch_all(connection).await?;
    Ok(rows.into_iter().map(ListRecord::into_list).collect())
}

pub(super) async fn rows(
    connection: &mut PgConnection,
    list: Uuid,
    (state, after, limit): (Option<RowState>, i32, i64),
) -> Result<Vec<ListRow>> {
    Ok(sqlx::query_as!(
        ListRow,
        r#"select n, given_phone, phone as "phone: Phone", name, source, project, note, owner_id as "owner: UserId",
                  state as "state: RowState", reason, lead_id as "lead: LeadId"
           from lead_list_row
           where list_id = $1 and n > $2 and ($3::text is null or state = $3) order by n limit $4"#,
        list,
        after,
        state.map(RowState::as_str),
        limit
    )
    .fetch_all(connection)
    .await?)
}

/// Returns `false` if the list is no preview any more.
pub(super) async fn set_running(
    connection: &mut PgConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    let set = sqlx::query!(
        "update lead_list set state = 'running', started_at = $2 where id = $1 and state = 'preview'",
        id,
        now
    )
    .execute(connection)
    .await?;
    Ok(set.rows_affected() == 1)
}

/// Returns `false` if the list is no preview any more.
pub(super) async fn delete_preview(connection: &mut PgConnection, id: Uuid) -> Result<bool> {
    let deleted = sqlx::query!(
        "delete from lead_list where id = $1 and state = 'preview'",
        id
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected() == 1)
}

/// The first row of a running list that is to be entered, locked, with the user who uploaded the list.
pub(crate) async fn next_ready(
    connection: &mut PgConnection,
    list: Uuid,
) -> Result<Option<(ListRow, Option<UserId>)>> {
    let row = sqlx::query_as!(
        ListRow,
        r#"select n, given_phone, phone as "phone: Phone", name, source, project, note, owner_id as "owner: UserId",
                  r.state as "state: RowState", reason, lead_id as "lead: LeadId"
           from lead_list_row r
           where list_id = $1 and r.state = 'ready'
             and exists (select from lead_list l where l.id = $1 and l.state = 'running')
           order by n limit 1 for update skip locked"#,
        list
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let by = sqlx::query_scalar!(
        r#"select by_user_id as "by: UserId" from lead_list where id = $1"#,
        list
    )
    .fetch_one(connection)
    .await?;
    Ok(Some((row, by)))
}

/// Stores what became of a row.
pub(crate) async fn set_row(
    connection: &mut PgConnection,
    list: Uuid,
    n: i32,
    entered: &Entered,
) -> Result<()> {
    let (state, lead, reason) = match entered {
        Entered::Lead(lead) => (RowState::Entered, Some(lead.0), None),
        Entered::Duplicate(lead) => (
            RowState::Duplicate,
            Some(lead.0),
            Some("a lead has this number"),
        ),
        Entered::Refused(reason) => (RowState::Refused, None, Some(reason.as_str())),
    };
    sqlx::query!(
        "update lead_list_row set state = $3, lead_id = $4, reason = $5
         where list_id = $1 and n = $2 and state = 'ready'",
        list,
        n,
        state.as_str(),
        lead,
        reason
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a list whose rows are all entered or refused. Returns who uploaded it; `None` if it has not begun, has ended, or
/// has rows that are to be entered.
pub(crate) async fn end(
    connection: &mut PgConnection,
    list: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Option<UserId>>> {
    let ended = sqlx::query!(
        r#"update lead_list l set state = 'done', ended_at = $2
           where l.id = $1 and l.state = 'running'
             and not exists (select from lead_list_row r where r.list_id = l.id and r.state = 'ready')
           returning by_user_id as "by: UserId""#,
        list,
        now
    )
    .fetch_optional(connection)
    .await?;
    Ok(ended.map(|row| row.by))
}

/// The leads of a list that were entered for an owner, by owner.
pub(crate) async fn entered_by_owner(
    connection: &mut PgConnection,
    list: Uuid,
) -> Result<Vec<(UserId, Vec<LeadId>)>> {
    let rows = sqlx::query!(
        r#"select owner_id as "owner!: UserId", array_agg(lead_id order by n) as "leads!: Vec<Uuid>" from lead_list_row
           where list_id = $1 and state = 'entered' and owner_id is not null group by owner_id order by owner_id"#,
        list
    )
    .fetch_all(connection)
    .await?;
    let leads = |leads: Vec<Uuid>| leads.into_iter().map(LeadId).collect();
    Ok(rows
        .into_iter()
        .map(|row| (row.owner, leads(row.leads)))
        .collect())
}
