//! SQL of the leads.

use super::{Lead, LeadProgress, LeadStatus, Mark};
use crate::id::{LeadId, UserId};
use crate::phone::Phone;
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

struct Row {
    id: LeadId,
    name: Option<String>,
    phone: Option<Phone>,
    status: LeadStatus,
    progress: LeadProgress,
    owner_sales_id: Option<UserId>,
    locked_at: Option<DateTime<Utc>>,
    source_ads: Option<String>,
    project: Option<String>,
    area: Option<String>,
    mark: Option<Mark>,
    created_at: DateTime<Utc>,
}

impl Row {
    fn into_lead(self) -> Lead {
        let row = self;
        Lead {
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
        }
    }
}

pub(super) async fn lock_by_phone(
    connection: &mut PgConnection,
    phone: &Phone,
) -> Result<Option<Lead>> {
    let row = sqlx::query_as!(
        Row,
        r#"select id as "id: LeadId", name, phone as "phone: Phone", status as "status: LeadStatus",
                  progress as "progress: LeadProgress", owner_sales_id as "owner_sales_id: UserId",
                  locked_at, source_ads, project, area, mark as "mark: Mark", created_at
           from lead where phone = $1 for update"#,
        phone.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Row::into_lead))
}

pub(super) async fn lock_by_id(connection: &mut PgConnection, id: LeadId) -> Result<Lead> {
    sqlx::query!("select id from lead where id = $1 for update", id.0)
        .fetch_optional(&mut *connection)
        .await?;
    by_id(connection, id).await
}

pub(super) async fn by_id(connection: &mut PgConnection, id: LeadId) -> Result<Lead> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: LeadId", name, phone as "phone: Phone", status as "status: LeadStatus",
                  progress as "progress: LeadProgress", owner_sales_id as "owner_sales_id: UserId",
                  locked_at, source_ads, project, area, mark as "mark: Mark", created_at
           from lead where id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?
    .map(Row::into_lead)
    .ok_or(Error::NotFound { what: "lead" })
}

pub(super) async fn id_by_phone(
    connection: &mut PgConnection,
    phone: &Phone,
) -> Result<Option<LeadId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: LeadId" from lead where phone = $1"#,
        phone.as_str()
    )
    .fetch_optional(connection)
    .await?)
}

pub(super) async fn update_known(
    connection: &mut PgConnection,
    lead: &Lead,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update lead set name = $2, source_ads = $3, updated_at = $4, project = $5, area = $6, phone = $7 where id = $1",
        lead.id.0,
        lead.name,
        lead.source_ads,
        now,
        lead.project,
        lead.area,
        lead.phone.as_ref().map(Phone::as_str)
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn by_meta_lead_id(
    connection: &mut PgConnection,
    meta_lead_id: &str,
) -> Result<Option<LeadId>> {
    Ok(sqlx::query_scalar!(
        r#"select lead_id as "lead_id: LeadId" from lead_enquiry where meta_lead_id = $1"#,
        meta_lead_id
    )
    .fetch_optional(connection)
    .await?)
}

/// What became of the lead's last enquiry, in the words of the small tables: `Ditolak (Harga tidak cocok), Sales A`.
pub(super) async fn past_of(connection: &mut PgConnection, id: LeadId) -> Result<Option<String>> {
    let past = sqlx::query_scalar!(
        r#"select nullif(concat_ws(', ',
                      case when s.id is not null
                           then s.label || coalesce(' (' || r.label || ')', '')
                           when l.status = 'hangus' then 'hangus' end,
                      (select u.name from distribution_cycle c
                       join distribution_attempt a on a.cycle_id = c.id and a.status in ('accepted', 'assigned')
                       join "user" u on u.id = a.sales_id
                       where c.lead_id = l.id order by c.started_at desc, a.closed_at desc limit 1)), '') as past
           from lead l left join layer2_status s on s.id = l.layer2_status_id
           left join rejected_reason r on r.id = l.rejected_reason_id
           where l.id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(past.flatten())
}

pub(super) async fn set_distributing(
    connection: &mut PgConnection,
    id: LeadId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "with before as (
             select id, layer2_status_id, rejected_reason_id, layer2_note from lead where id = $1),
         kept as (
             insert into lead_change (lead_id, at, field, old_value, note)
             select id, $2, 'layer2', concat_ws(': ', layer2_status_id, rejected_reason_id), layer2_note
             from before where layer2_status_id is not null)
         update lead set status = 'distributing', progress = 'pending', owner_sales_id = null, locked_at = null,
                layer2_status_id = null, rejected_reason_id = null, layer2_note = null, mark = nullif(mark, 'junk'),
                updated_at = $2
         where id = $1",
        id.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn set_claimed(
    connection: &mut PgConnection,
    id: LeadId,
    owner: &UserId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update lead set status = 'claimed', owner_sales_id = $2, locked_at = $3, updated_at = $3,
                progress = case when status = 'hangus' then 'pending' else progress end, mark = nullif(mark, 'suspect')
         where id = $1",
        id.0,
        owner.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn set_hangus(
    connection: &mut PgConnection,
    id: LeadId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update lead set status = 'hangus', progress = 'no-action', updated_at = $2 where id = $1",
        id.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Closes the lead, with a mark if there is one, and records both changes.
pub(super) async fn close(
    connection: &mut PgConnection,
    lead: &Lead,
    mark: Option<Mark>,
    by: &UserId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "with changes as (
             insert into lead_change (lead_id, at, by_user_id, field, old_value, new_value)
             select $1, $2, $3, field, old, new
             from (values ('status', $4::text, 'closed'), ('mark', $5::text, coalesce($6::text, $5::text))) as change (field, old, new)
             where old is distinct from new)
         update lead set status = 'closed', mark = coalesce($6, mark), updated_at = $2 where id = $1",
        lead.id.0,
        now,
        by.0,
        lead.status.as_str(),
        lead.mark.map(Mark::as_str),
        mark.map(Mark::as_str)
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn close_quietly(
    connection: &mut PgConnection,
    id: LeadId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update lead set status = 'closed', updated_at = $2 where id = $1",
        id.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn record_created(
    connection: &mut PgConnection,
    id: LeadId,
    by: &UserId,
    note: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into lead_change (lead_id, at, by_user_id, field, note) values ($1, $2, $3, 'created', $4)",
        id.0,
        now,
        by.0,
        note
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn follow_visit(
    connection: &mut PgConnection,
    id: LeadId,
    by: &UserId,
    (progress, from): (LeadProgress, &[LeadProgress]),
    now: DateTime<Utc>,
) -> Result<()> {
    let from: Vec<String> = from.iter().map(|step| step.as_str().to_owned()).collect();
    sqlx::query!(
        "with was as (select id, progress from lead where id = $1 and status = 'claimed' and progress = any($4)),
              changed as (update lead l set progress = $3, updated_at = $5 from was where l.id = was.id)
         insert into lead_change (lead_id, at, by_user_id, field, old_value, new_value)
         select id, $5, $2, 'progress', progress, $3 from was",
        id.0,
        by.0,
        progress.as_str(),
        &from,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn set_suspect(
    connection: &mut PgConnection,
    id: LeadId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update lead set status = 'new', mark = 'suspect', updated_at = $2 where id = $1",
        id.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn clear_suspect(connection: &mut PgConnection, id: LeadId) -> Result<()> {
    sqlx::query!(
        "update lead set mark = null where id = $1 and mark = 'suspect'",
        id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}
