//! SQL of `contact_block`.

use super::{Block, BlockKind};
use crate::Result;
use crate::address::Address;
use crate::id::{LeadId, UserId};
use crate::phone::Phone;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

pub(super) async fn block(
    connection: &mut PgConnection,
    phone: &Phone,
    reason: &str,
    by: &UserId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into contact_block (address, kind, reason, by_user_id, created_at) values ($1, 'blocked', $2, $3, $4)
         on conflict (address) do update set kind = 'blocked', reason = $2, by_user_id = $3, created_at = $4",
        phone.as_str(),
        reason,
        by.0,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn opt_out(
    connection: &mut PgConnection,
    addresses: &[&Address],
    now: DateTime<Utc>,
) -> Result<()> {
    let addresses: Vec<&str> = addresses.iter().map(|address| address.as_str()).collect();
    sqlx::query!(
        "insert into contact_block (address, kind, created_at) select distinct address, 'opted_out', $2::timestamptz from unnest($1::text[]) address
         on conflict (address) do update set created_at = greatest(contact_block.created_at, excluded.created_at)
         where contact_block.kind = 'opted_out'",
        &addresses as _,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Also under the ids and the other numbers of the client with this number.
pub(super) async fn unblock(connection: &mut PgConnection, phone: &Phone) -> Result<bool> {
    let deleted = sqlx::query!(
        "delete from contact_block where address = $1 or address in (
             select i.address from lead l join wa_identity i on i.lead_id = l.id where l.phone = $1
             union all
             select other.address from wa_identity i join wa_identity other on other.lead_id = i.lead_id where i.address = $1)",
        phone.as_str()
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected() > 0)
}

pub(super) async fn is_blocked(connection: &mut PgConnection, phone: &Phone) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from contact_block where address = $1 and kind = 'blocked') as "blocked!""#,
        phone.as_str()
    )
    .fetch_one(connection)
    .await?)
}

pub(super) async fn blocks(connection: &mut PgConnection) -> Result<Vec<Block>> {
    Ok(sqlx::query_as!(
        Block,
        r#"select address as "address: Address", kind as "kind: BlockKind", reason, by_user_id as "by: UserId", created_at
           from contact_block order by created_at desc, address limit 1000"#
    )
    .fetch_all(connection)
    .await?)
}

pub(super) async fn wants_no_messages(
    connection: &mut PgConnection,
    (address, lead): (&Address, LeadId),
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from contact_block where address = $1)
                  or exists (select from wa_identity i join contact_block b on b.address = i.address
                             where i.lead_id = $2) as "wants_none!""#,
        address.as_str(),
        lead.0
    )
    .fetch_one(connection)
    .await?)
}

pub(super) async fn rows_of(connection: &mut PgConnection, addresses: &[String]) -> Result<Value> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(jsonb_agg(to_jsonb(b)), '[]') as "rows!" from contact_block b where b.address = any($1)"#,
        addresses
    )
    .fetch_one(connection)
    .await?)
}

pub(super) async fn delete_of(connection: &mut PgConnection, addresses: &[String]) -> Result<u64> {
    let deleted = sqlx::query!(
        "delete from contact_block where address = any($1)",
        addresses
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}
