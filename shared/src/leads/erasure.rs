//! SQL of one person: their leads, their numbers and ids, their names.

use super::person::Person;
use crate::Result;
use crate::address::Address;
use crate::id::LeadId;
use crate::phone::Phone;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

/// The leads that have or had this number.
pub(super) async fn by_number(connection: &mut PgConnection, phone: &Phone) -> Result<Vec<LeadId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: LeadId" from lead
           where id in (select id from lead where phone = $1 union all select lead_id from wa_identity where address = $1)
           order by id"#,
        phone.as_str()
    )
    .fetch_all(connection)
    .await?)
}

/// As [`by_number`], locked in the order of their ids.
pub(super) async fn lock_by_number(
    connection: &mut PgConnection,
    phone: &Phone,
) -> Result<Vec<LeadId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: LeadId" from lead
           where id in (select id from lead where phone = $1 union all select lead_id from wa_identity where address = $1)
           order by id for update"#,
        phone.as_str()
    )
    .fetch_all(connection)
    .await?)
}

/// Everything that names the person of these leads.
pub(super) async fn person(
    connection: &mut PgConnection,
    leads: Vec<LeadId>,
    phone: Option<&Phone>,
) -> Result<Person> {
    let ids: Vec<_> = leads.iter().map(|lead| lead.0).collect();
    let found = sqlx::query!(
        r#"with numbers as (
               select phone as address from lead where id = any($1) and phone is not null
               union select address from wa_identity where lead_id = any($1)
               union select $2::text where $2::text is not null),
           names as (
               select name from lead where id = any($1)
               union select unnest(array[old_value, new_value]) from lead_change where lead_id = any($1) and field = 'name'
               union select lost ->> 'name' from lead_merge where keep_id = any($1) and undone_at is null)
           select coalesce((select array_agg(address) from numbers), '{}') as "addresses!: Vec<Address>",
                  coalesce((select array_agg(name) from names where name is not null), '{}') as "names!",
                  (select min(created_at) from lead where id = any($1)) as since"#,
        &ids,
        phone.map(Phone::as_str)
    )
    .fetch_one(connection)
    .await?;
    Ok(Person {
        leads,
        addresses: found.addresses,
        names: found.names,
        since: found.since,
    })
}

pub(super) async fn rows(connection: &mut PgConnection, person: &Person) -> Result<Value> {
    Ok(sqlx::query_scalar!(
        r#"select jsonb_build_object(
               'leads', (select jsonb_agg(to_jsonb(l) order by l.created_at) from lead l where l.id = any($1)),
               'enquiries', (select jsonb_agg(to_jsonb(e) order by e.received_at) from lead_enquiry e where e.lead_id = any($1)),
               'changes', (select jsonb_agg(to_jsonb(c) order by c.id) from lead_change c where c.lead_id = any($1)),
               'identities', (select jsonb_agg(to_jsonb(i) order by i.first_seen_at) from wa_identity i
                              where i.lead_id = any($1))) as "rows!""#,
        &person.lead_ids()
    )
    .fetch_one(connection)
    .await?)
}

pub(super) async fn erase(
    connection: &mut PgConnection,
    person: &Person,
    now: DateTime<Utc>,
) -> Result<u64> {
    let ids = person.lead_ids();
    let erased = sqlx::query!(
        "update lead set name = null, phone = null, area = null, layer2_note = null, erased_at = $2, updated_at = $2
         where id = any($1)",
        &ids,
        now
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update lead_change set note = null,
             old_value = case when field in ('name', 'phone', 'created', 'note') then null else old_value end,
             new_value = case when field in ('name', 'phone', 'created', 'note') then null else new_value end
         where lead_id = any($1)",
        &ids
    )
    .execute(&mut *connection)
    .await?;
    // A click's id names a person at Meta. The area is what the person typed into the form.
    sqlx::query!(
        "update lead_enquiry set ctwa_clid = null, area = null
         where lead_id = any($1) and (ctwa_clid is not null or area is not null)",
        &ids
    )
    .execute(&mut *connection)
    .await?;
    // Colleagues can have noted the person's number with another lead.
    sqlx::query!(
        "with notes as (
             update lead_change set note = without_person(note, $3) where note ~ any($2) and not lead_id = any($1)),
              merges as (
             update lead_merge set lost = note_without_person(lost, $3), kept = note_without_person(kept, $3),
                                   became = note_without_person(became, $3)
             where concat_ws(' ', lost ->> 'layer2_note', kept ->> 'layer2_note', became ->> 'layer2_note') ~ any($2)
               and not (keep_id = any($1) or lost_id = any($1)))
         update lead set layer2_note = without_person(layer2_note, $3)
         where layer2_note ~ any($2) and not id = any($1)",
        &ids,
        &person.numbers(),
        &person.words()
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from wa_identity where lead_id = any($1) or address = any($2) and user_id is null",
        &ids,
        &person.address_texts()
    )
    .execute(&mut *connection)
    .await?;
    // Copies of the rows of leads, to undo a merge by.
    sqlx::query!(
        "delete from lead_merge where keep_id = any($1) or lost_id = any($1)",
        &ids
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from lead_conflict where one = any($1) or other = any($1)",
        &ids
    )
    .execute(connection)
    .await?;
    Ok(erased.rows_affected())
}

/// Leads after this one that ended this many days ago, of whom nothing was heard since, and that are not erased: by their ids.
/// With `only`, that lead if it is one of them.
pub(super) async fn ended_before(
    connection: &mut PgConnection,
    days: f64,
    (after, only): (Option<LeadId>, Option<LeadId>),
    most: i64,
) -> Result<Vec<LeadId>> {
    // `coalesce` and `limit 1` leave one plan for what is looked for of each lead: by the lead.
    Ok(sqlx::query_scalar!(
        r#"select l.id as "id: LeadId" from lead l
           where l.erased_at is null and l.updated_at < now() - $1::float8 * interval '1 day'
             and ($3::uuid is null or l.id > $3) and ($4::uuid is null or l.id = $4)
             and (l.status in ('closed', 'hangus') or l.status = 'claimed' and l.progress in ('won', 'lost'))
             and (select m.id from wa_message m
                  where m.lead_id = l.id and coalesce(m.created_at >= now() - $1::float8 * interval '1 day', false) limit 1) is null
             and (select a.id from appointment a
                  where a.lead_id = l.id and coalesce(a.ends_at >= now() - $1::float8 * interval '1 day', false) limit 1) is null
             and (select r.list_id from lead_list_row r where r.phone = l.phone and r.state = 'ready' limit 1) is null
           order by l.id limit $2"#,
        days,
        most,
        after.map(|lead| lead.0),
        only.map(|lead| lead.0)
    )
    .fetch_all(connection)
    .await?)
}

/// Whether the lead's client was erased.
pub(super) async fn is_erased(connection: &mut PgConnection, id: LeadId) -> Result<bool> {
    let erased = sqlx::query_scalar!(
        r#"select erased_at is not null as "erased!" from lead where id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(erased.unwrap_or(false))
}
