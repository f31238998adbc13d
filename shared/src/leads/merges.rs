//! SQL of merges: everything of one lead moves to another, and can move back.

use super::{Lead, store};
use crate::Result;
use crate::id::{LeadId, UserId};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

/// A merge that can be undone.
#[derive(Clone, Debug)]
pub struct Merge {
    /// Its id.
    pub id: Uuid,
    /// The lead that stayed.
    pub keep: LeadId,
    /// The lead that was merged into it. Undone, the lead has this id again.
    pub lost: LeadId,
    /// The name that the merged lead had.
    pub lost_name: Option<String>,
    /// The number that the merged lead had.
    pub lost_phone: Option<String>,
    /// When it was.
    pub at: DateTime<Utc>,
}

/// Moves the rows of each table, and returns the keys of those that moved, by table.
macro_rules! move_rows {
    ($connection:expr, $to:expr, $from:expr, $($table:literal => $statement:literal),+ $(,)?) => {{
        let mut moved = Map::new();
        $(
            let keys = sqlx::query_scalar!($statement, $to, $from).fetch_one(&mut *$connection).await?;
            moved.insert($table.to_owned(), json!(keys));
        )+
        moved
    }};
}

/// Moves everything of the lead `lose` to `keep`, fills in what `keep` has not, and deletes `lose`.
pub(super) async fn absorb(
    connection: &mut PgConnection,
    keep: LeadId,
    lose: LeadId,
    now: DateTime<Utc>,
) -> Result<()> {
    let moved = move_rows!(connection, keep.0, lose.0,
        "lead_enquiry" => r#"with moved as (update lead_enquiry set lead_id = $1 where lead_id = $2 returning id)
            select coalesce(array_agg(id::text), '{}') as "keys!" from moved"#,
        "distribution_cycle" => r#"with moved as (update distribution_cycle set lead_id = $1 where lead_id = $2 returning id)
            select coalesce(array_agg(id::text), '{}') as "keys!" from moved"#,
        "wa_message" => r#"with moved as (update wa_message set lead_id = $1 where lead_id = $2 returning id)
            select coalesce(array_agg(id::text), '{}') as "keys!" from moved"#,
        "lead_change" => r#"with moved as (update lead_change set lead_id = $1 where lead_id = $2 returning id)
            select coalesce(array_agg(id::text), '{}') as "keys!" from moved"#,
        "wa_identity" => r#"with moved as (update wa_identity set lead_id = $1 where lead_id = $2 returning address)
            select coalesce(array_agg(address), '{}') as "keys!" from moved"#,
        "appointment" => r#"with moved as (update appointment set lead_id = $1 where lead_id = $2 returning id)
            select coalesce(array_agg(id::text), '{}') as "keys!" from moved"#,
        "meta_lead" => r#"with moved as (update meta_lead set lead_id = $1 where lead_id = $2 returning id)
            select coalesce(array_agg(id::text), '{}') as "keys!" from moved"#,
        "conversion_event" => r#"with moved as (update conversion_event set lead_id = $1 where lead_id = $2 returning id)
            select coalesce(array_agg(id::text), '{}') as "keys!" from moved"#,
        "lead_list_row" => r#"with moved as (update lead_list_row set lead_id = $1 where lead_id = $2 returning list_id, n)
            select coalesce(array_agg(list_id || '/' || n), '{}') as "keys!" from moved"#,
    );
    let kept = sqlx::query_scalar!(
        r#"select to_jsonb(lead) as "lead!" from lead where id = $1"#,
        keep.0
    )
    .fetch_one(&mut *connection)
    .await?;
    let lost = sqlx::query_scalar!(
        r#"delete from lead where id = $1 returning to_jsonb(lead) as "lead!""#,
        lose.0
    )
    .fetch_one(&mut *connection)
    .await?;
    let became = sqlx::query_scalar!(
        r#"update lead set name = coalesce(lead.name, lost.name), phone = coalesce(lead.phone, lost.phone),
               source_ads = coalesce(lead.source_ads, lost.source_ads), project = coalesce(lead.project, lost.project),
               area = coalesce(lead.area, lost.area),
               rejected_reason_id = case when lead.layer2_status_id is null then lost.rejected_reason_id
                                         else lead.rejected_reason_id end,
               layer2_note = case when lead.layer2_status_id is null then lost.layer2_note else lead.layer2_note end,
               layer2_status_id = coalesce(lead.layer2_status_id, lost.layer2_status_id),
               created_at = least(lead.created_at, lost.created_at), updated_at = $3
           from jsonb_populate_record(null::lead, $2) lost
           where lead.id = $1 returning to_jsonb(lead) as "lead!""#,
        keep.0,
        lost,
        now
    )
    .fetch_one(&mut *connection)
    .await?;
    // A number that is not the lead's own is still one of its keys.
    sqlx::query!(
        "insert into wa_identity (address, lead_id, first_seen_at)
         select $2::text, $1, $3 where $2 is not null and not exists (select from lead where phone = $2)
         on conflict do nothing",
        keep.0,
        lost["phone"].as_str(),
        now
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into lead_merge (id, keep_id, lost_id, lost, kept, became, moved, at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        Uuid::now_v7(),
        keep.0,
        lose.0,
        lost,
        kept,
        became,
        Value::Object(moved),
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The merges into a lead since an instant that were not undone, the latest first. Only the latest can be undone.
pub(super) async fn merges_into(
    connection: &mut PgConnection,
    keep: LeadId,
    since: DateTime<Utc>,
) -> Result<Vec<Merge>> {
    Ok(sqlx::query_as!(
        Merge,
        r#"select id, keep_id as "keep: LeadId", lost_id as "lost: LeadId", lost ->> 'name' as lost_name,
                  lost ->> 'phone' as lost_phone, at
           from lead_merge where keep_id = $1 and at > $2 and undone_at is null order by at desc, id desc"#,
        keep.0,
        since
    )
    .fetch_all(connection)
    .await?)
}

/// Gives the merged lead back everything that it had, and returns it, locked. What `keep` got by the merge and did not
/// change since becomes what it was.
pub(super) async fn undo(
    connection: &mut PgConnection,
    merge: &Merge,
    by: &UserId,
    now: DateTime<Utc>,
) -> Result<Lead> {
    let row = sqlx::query!(
        "update lead_merge set undone_at = $2, undone_by = $3 where id = $1 returning lost, kept, became, moved",
        merge.id,
        now,
        by.0
    )
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query!(
        "update lead l set
             name = case when l.name is not distinct from became.name then kept.name else l.name end,
             phone = case when l.phone is not distinct from became.phone then kept.phone else l.phone end,
             source_ads = case when l.source_ads is not distinct from became.source_ads then kept.source_ads else l.source_ads end,
             project = case when l.project is not distinct from became.project then kept.project else l.project end,
             area = case when l.area is not distinct from became.area then kept.area else l.area end,
             rejected_reason_id = case when l.layer2_status_id is not distinct from became.layer2_status_id
                                       then kept.rejected_reason_id else l.rejected_reason_id end,
             layer2_note = case when l.layer2_status_id is not distinct from became.layer2_status_id
                                then kept.layer2_note else l.layer2_note end,
             layer2_status_id = case when l.layer2_status_id is not distinct from became.layer2_status_id
                                     then kept.layer2_status_id else l.layer2_status_id end,
             created_at = kept.created_at, updated_at = $4
         from jsonb_populate_record(null::lead, $2) kept, jsonb_populate_record(null::lead, $3) became
         where l.id = $1",
        merge.keep.0,
        row.kept,
        row.became,
        now
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "with key as (delete from wa_identity where lead_id = $1 and address = $2::jsonb ->> 'phone')
         insert into lead select * from jsonb_populate_record(null::lead, $2::jsonb)",
        merge.keep.0,
        row.lost
    )
    .execute(&mut *connection)
    .await?;
    move_back(connection, merge, &row.moved).await?;
    store::lock_by_id(connection, merge.lost).await
}

async fn move_back(connection: &mut PgConnection, merge: &Merge, moved: &Value) -> Result<()> {
    macro_rules! give_back {
        ($($table:literal => $statement:literal),+ $(,)?) => {$(
            let keys: Vec<String> = serde_json::from_value(moved[$table].clone()).unwrap_or_default();
            sqlx::query!($statement, merge.lost.0, merge.keep.0, &keys).execute(&mut *connection).await?;
        )+};
    }
    give_back!(
        "lead_enquiry" => "update lead_enquiry set lead_id = $1 where lead_id = $2 and id::text = any($3)",
        "distribution_cycle" => "update distribution_cycle set lead_id = $1 where lead_id = $2 and id::text = any($3)",
        "wa_message" => "update wa_message set lead_id = $1 where lead_id = $2 and id::text = any($3)",
        "lead_change" => "update lead_change set lead_id = $1 where lead_id = $2 and id::text = any($3)",
        "wa_identity" => "update wa_identity set lead_id = $1 where lead_id = $2 and address = any($3)",
        "appointment" => "update appointment set lead_id = $1 where lead_id = $2 and id::text = any($3)",
        "meta_lead" => "update meta_lead set lead_id = $1 where lead_id = $2 and id::text = any($3)",
        "conversion_event" => "update conversion_event set lead_id = $1 where lead_id = $2 and id::text = any($3)",
        "lead_list_row" => "update lead_list_row set lead_id = $1 where lead_id = $2 and list_id || '/' || n = any($3)",
    );
    Ok(())
}
