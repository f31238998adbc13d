//! Users, accounts and sessions.

use super::row::Row;
use crate::Result;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

pub(super) async fn insert_user(connection: &mut PgConnection, row: &Row) -> Result<bool> {
    let created_at = row.needed_time("created_at")?;
    let inserted = sqlx::query!(
        r#"insert into "user" (id, name, email, email_verified, image, phone, role, created_at, updated_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing"#,
        row.needed("id")?,
        row.needed("name")?,
        row.needed("email")?.to_lowercase(),
        row.value("email_verified").and_then(Value::as_bool).unwrap_or(false),
        row.text("image"),
        row.text("phone"),
        row.role().as_str(),
        created_at,
        row.time("updated_at")?.unwrap_or(created_at)
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

pub(super) async fn insert_account(connection: &mut PgConnection, row: &Row) -> Result<bool> {
    let created_at = row.needed_time("created_at")?;
    let inserted = sqlx::query!(
        r#"insert into account (id, account_id, provider_id, user_id, access_token, refresh_token, id_token,
                                access_token_expires_at, refresh_token_expires_at, scope, password, created_at, updated_at)
           select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
           where exists (select from "user" where id = $4)
             and not exists (select from account where user_id = $4 and provider_id = $3)
           on conflict do nothing"#,
        row.needed("id")?,
        row.needed("account_id")?,
        row.needed("provider_id")?,
        row.needed("user_id")?,
        row.text("access_token"),
        row.text("refresh_token"),
        row.text("id_token"),
        row.time("access_token_expires_at")?,
        row.time("refresh_token_expires_at")?,
        row.text("scope"),
        row.text("password"),
        created_at,
        row.time("updated_at")?.unwrap_or(created_at)
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

pub(super) async fn insert_session(
    connection: &mut PgConnection,
    row: &Row,
    now: DateTime<Utc>,
) -> Result<bool> {
    let expires_at = row.needed_time("expires_at")?;
    if expires_at <= now {
        return Ok(false);
    }
    let created_at = row.needed_time("created_at")?;
    let inserted = sqlx::query!(
        r#"insert into session (id, expires_at, token, created_at, updated_at, ip_address, user_agent, user_id)
           select $1, $2, $3, $4, $5, $6, $7, $8 where exists (select from "user" where id = $8)
           on conflict do nothing"#,
        row.needed("id")?,
        expires_at,
        row.needed("token")?,
        created_at,
        row.time("updated_at")?.unwrap_or(created_at),
        row.text("ip_address"),
        row.text("user_agent"),
        row.needed("user_id")?
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

pub(super) async fn insert_verification(
    connection: &mut PgConnection,
    row: &Row,
    now: DateTime<Utc>,
) -> Result<bool> {
    let expires_at = row.needed_time("expires_at")?;
    if expires_at <= now {
        return Ok(false);
    }
    let inserted = sqlx::query!(
        "insert into verification (id, identifier, value, expires_at, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        row.needed("id")?,
        row.needed("identifier")?,
        row.needed("value")?,
        expires_at,
        row.time("created_at")?.unwrap_or(now),
        row.time("updated_at")?.unwrap_or(now)
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}
