//! SQL of the keys of a person: a number, a BSUID, a LID.

use super::{Contact, Lead};
use crate::Result;
use crate::address::Address;
use crate::id::LeadId;
use crate::phone::Phone;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// The first key of the lock under which a person without a number is found or created. `PLid` in ASCII.
const IDENTITY_LOCK_CLASS: i32 = 0x504C_6964;

/// Keys of one person.
pub(super) fn keys_of(contact: &Contact) -> Vec<Address> {
    let mut keys = vec![contact.address.clone()];
    keys.extend(contact.other_address.clone());
    keys
}

fn words(keys: &[Address]) -> Vec<String> {
    keys.iter().map(|key| key.as_str().to_owned()).collect()
}

/// The leads that have these keys: first the one with an owner, else the oldest.
///
/// A former number of a lead is not its key any more if somebody writes from it under an id that is not that lead's:
/// the number has another owner now.
pub(super) async fn leads_of(
    connection: &mut PgConnection,
    keys: &[Address],
) -> Result<Vec<LeadId>> {
    let rows = sqlx::query!(
        r#"select l.id as "id: LeadId", i.address from wa_identity i join lead l on l.id = i.lead_id
           where i.address = any($1)
           order by l.owner_sales_id is null, l.created_at, l.id"#,
        &words(keys)
    )
    .fetch_all(&mut *connection)
    .await?;
    let ids: Vec<&Address> = keys.iter().filter(|key| key.phone().is_none()).collect();
    let mut leads = Vec::with_capacity(rows.len());
    for row in &rows {
        let is_number = row.address.starts_with('+');
        let has_id = |id: &&Address| {
            rows.iter()
                .any(|other| other.id == row.id && other.address == id.as_str())
        };
        if is_number && !ids.is_empty() && !ids.iter().any(has_id) {
            end_key(connection, &row.address).await?;
        } else if !leads.contains(&row.id) {
            leads.push(row.id);
        }
    }
    Ok(leads)
}

async fn end_key(connection: &mut PgConnection, address: &str) -> Result<()> {
    sqlx::query!("delete from wa_identity where address = $1", address)
        .execute(connection)
        .await?;
    Ok(())
}

/// The lead of a person of whom only a provider's id is known, locked. Two calls at once create one lead.
pub(super) async fn create_nameless(
    connection: &mut PgConnection,
    contact: &Contact,
    now: DateTime<Utc>,
) -> Result<Lead> {
    sqlx::query!(
        "select pg_advisory_xact_lock($1, hashtext($2))::text as locked",
        IDENTITY_LOCK_CLASS,
        contact.address.as_str()
    )
    .fetch_one(&mut *connection)
    .await?;
    if let Some(id) = leads_of(connection, &keys_of(contact)).await?.first() {
        return super::store::lock_by_id(connection, *id).await;
    }
    let id = LeadId::new();
    sqlx::query!(
        "insert into lead (id, name, status, source_ads, project, area, created_at, updated_at)
         values ($1, $2, 'new', $3, $4, $5, $6, $6)",
        id.0,
        contact.name,
        contact.source_ads,
        contact.project,
        contact.area,
        now
    )
    .execute(&mut *connection)
    .await?;
    super::store::lock_by_id(connection, id).await
}

/// Adds these keys to the lead: see [`link_leads`].
pub(super) async fn link_lead(
    connection: &mut PgConnection,
    keys: &[Address],
    lead: LeadId,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    let keys: Vec<_> = keys.iter().map(|key| (key.clone(), lead, now)).collect();
    link_leads(connection, &keys).await
}

/// Adds each key to the lead beside it, as seen at the time beside it: without the numbers, which are in the leads' rows, and without
/// keys that another lead has. Returns the database's clock afterwards; `None` if there was nothing to add.
pub(super) async fn link_leads(
    connection: &mut PgConnection,
    keys: &[(Address, LeadId, DateTime<Utc>)],
) -> Result<Option<DateTime<Utc>>> {
    let (mut addresses, mut leads, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for (key, lead, at) in keys.iter().filter(|(key, ..)| key.phone().is_none()) {
        addresses.push(key.as_str());
        leads.push(*lead);
        times.push(*at);
    }
    if addresses.is_empty() {
        return Ok(None);
    }
    let clock = sqlx::query_scalar!(
        r#"with linked as (
               insert into wa_identity (address, lead_id, first_seen_at)
               select address, lead, at from unnest($1::text[], $2::uuid[], $3::timestamptz[]) as key (address, lead, at)
               order by address
               on conflict do nothing returning 1)
           select clock_timestamp() as "clock!" from (select count(*) from linked offset 0) linked"#,
        &addresses as _,
        &leads as _,
        &times
    )
    .fetch_one(connection)
    .await?;
    Ok(Some(clock))
}

/// The id of the client that was seen last, if it is no number.
pub(super) async fn latest_id(
    connection: &mut PgConnection,
    lead: LeadId,
) -> Result<Option<Address>> {
    Ok(sqlx::query_scalar!(
        r#"select address as "address: Address" from wa_identity
           where lead_id = $1 and address not like '+%' order by first_seen_at desc, address limit 1"#,
        lead.0
    )
    .fetch_optional(connection)
    .await?)
}

/// Changes the lead's number. If the new one is a former number of another lead, it is that lead's no more.
pub(super) async fn set_phone(
    connection: &mut PgConnection,
    id: LeadId,
    phone: &Phone,
    now: DateTime<Utc>,
) -> Result<()> {
    end_key(connection, phone.as_str()).await?;
    sqlx::query!(
        "with old as (
             insert into wa_identity (address, lead_id, first_seen_at)
             select phone, id, $3 from lead where id = $1 and phone is not null and phone <> $2
             on conflict (address) do nothing)
         update lead set phone = $2, updated_at = $3 where id = $1",
        id.0,
        phone.as_str(),
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}
