//! Users, accounts and sessions.

use super::report::Imported;
use super::row::Row;
use crate::Result;
use crate::phone::Phone;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

/// Why sessions, devices and apps of users who came in an earlier run are left.
const OF_BEFORE: &str =
    "its user came in an earlier run, and may have signed out or set an app up since";

/// Copies a user. Returns why they are left, if they are: a user who is here by the same email under another id keeps
/// that id, and everything of the old one becomes theirs.
pub(super) async fn insert_user(
    connection: &mut PgConnection,
    row: &Row,
    imported: &mut Imported,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    let id = row.needed("id")?;
    let email = row.needed("email")?.to_lowercase();
    if row.flag("two_factor_enabled") {
        imported.asked_for_code.insert(id.to_owned());
    }
    if let Some(here) = id_of_email(connection, &email).await? {
        if here == id {
            return Ok(Some("is here already".to_owned()));
        }
        let reason =
            format!("is here as `{here}` by the same email: what is theirs goes to that user");
        imported.known_as.insert(id.to_owned(), here);
        return Ok(Some(reason));
    }
    let created_at = row.time("created_at")?;
    if created_at.is_none() {
        imported.changed("user", id, "has no time of creation: now is taken");
    }
    let created_at = created_at.unwrap_or(now);
    let name = row
        .text("name")
        .map(str::trim)
        .filter(|name| !name.is_empty());
    if name.is_none() {
        imported.changed("user", id, "has no name: the email is taken");
    }
    let phone = phone_of(row, id, imported);
    let banned = row.flag("banned");
    if banned {
        imported.changed("user", id, "was banned: is disabled");
    }
    let inserted = sqlx::query!(
        r#"insert into "user" (id, name, email, email_verified, image, phone, role, created_at, updated_at, disabled_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing"#,
        id,
        name.unwrap_or(&email),
        &email,
        row.flag("email_verified"),
        row.text("image"),
        phone,
        row.role().as_str(),
        created_at,
        row.time("updated_at")?.unwrap_or(created_at),
        banned.then_some(now)
    )
    .execute(connection)
    .await?;
    let is_new = inserted.rows_affected() == 1;
    if is_new {
        imported.arrived.insert(id.to_owned());
    }
    Ok((!is_new).then(|| "a user with this id is here already".to_owned()))
}

/// The user's number as it is stored: E.164 if it can be read, else as it was typed.
fn phone_of(row: &Row, id: &str, imported: &mut Imported) -> Option<String> {
    let typed = row
        .text("phone")
        .map(str::trim)
        .filter(|typed| !typed.is_empty())?;
    match Phone::read(typed) {
        Ok(phone) => {
            if Row::needs_care(typed, &phone) {
                imported.changed(
                    "user",
                    id,
                    format!("the number `{typed}` is read as {phone}"),
                );
            }
            Some(phone.to_string())
        }
        Err(unreadable) => {
            imported.changed(
                "user",
                id,
                format!(
                    "the number is {unreadable}; it stays as it is, and no offer can be sent to it"
                ),
            );
            Some(typed.to_owned())
        }
    }
}

async fn id_of_email(connection: &mut PgConnection, email: &str) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        r#"select id from "user" where lower(email) = $1 order by id limit 1"#,
        email
    )
    .fetch_optional(connection)
    .await?)
}

/// Whether a user with this id is here.
pub(super) async fn is_here(connection: &mut PgConnection, user: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from "user" where id = $1) as "here!""#,
        user
    )
    .fetch_one(connection)
    .await?)
}

/// Why nothing was inserted: the user does not exist here, or the row does.
async fn why_not(connection: &mut PgConnection, user: &str) -> Result<Option<String>> {
    let why = if is_here(connection, user).await? {
        "is here already"
    } else {
        "its user is not here"
    };
    Ok(Some(why.to_owned()))
}

pub(super) async fn insert_account(
    connection: &mut PgConnection,
    row: &Row,
    imported: &Imported,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    let user = imported.user_here(row.needed("user_id")?);
    let created_at = row.time("created_at")?.unwrap_or(now);
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
        user,
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
    .execute(&mut *connection)
    .await?;
    if inserted.rows_affected() == 1 {
        return Ok(None);
    }
    why_not(connection, user).await
}

pub(super) async fn insert_session(
    connection: &mut PgConnection,
    row: &Row,
    imported: &Imported,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    let user = imported.user_here(row.needed("user_id")?);
    let expires_at = row.needed_time("expires_at")?;
    if expires_at <= now {
        return Ok(Some("has expired".to_owned()));
    }
    if !imported.arrived.contains(user) && is_here(connection, user).await? {
        return Ok(Some(OF_BEFORE.to_owned()));
    }
    let created_at = row.time("created_at")?.unwrap_or(now);
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
        user
    )
    .execute(&mut *connection)
    .await?;
    if inserted.rows_affected() == 1 {
        return Ok(None);
    }
    why_not(connection, user).await
}

pub(super) async fn insert_verification(
    connection: &mut PgConnection,
    row: &Row,
    imported: &Imported,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    let expires_at = row.needed_time("expires_at")?;
    if expires_at <= now {
        return Ok(Some("has expired".to_owned()));
    }
    // A device that is not asked for a code.
    let is_device = row.needed("identifier")?.starts_with("trust-device-");
    if is_device && !imported.arrived.contains(row.needed("value")?) {
        return Ok(Some(OF_BEFORE.to_owned()));
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
    let is_new = inserted.rows_affected() == 1;
    Ok((!is_new).then(|| "is here already".to_owned()))
}

/// Copies a user's authenticator app. Their sign-in goes on asking for its code, with the same `BETTER_AUTH_SECRET`.
pub(super) async fn insert_two_factor(
    connection: &mut PgConnection,
    row: &Row,
    imported: &mut Imported,
) -> Result<Option<String>> {
    let old = row.needed("user_id")?;
    let user = imported.user_here(old).to_owned();
    // A row of before better-auth 1.7 does not say whether its app was proven: it was.
    let is_proven = imported.asked_for_code.contains(old)
        && row.value("verified").and_then(Value::as_bool) != Some(false);
    if !imported.arrived.contains(&user) && is_here(connection, &user).await? {
        imported.asked_for_code.remove(old);
        return Ok(Some(OF_BEFORE.to_owned()));
    }
    let inserted = sqlx::query!(
        r#"with app as (
               insert into two_factor (id, secret, backup_codes, user_id, verified)
               select $1, $2, $3, $4, $5 where exists (select from "user" where id = $4)
               on conflict do nothing returning user_id)
           update "user" set two_factor_enabled = $5 where id in (select user_id from app)"#,
        row.needed("id")?,
        row.needed("secret")?,
        row.needed("backup_codes")?,
        user,
        is_proven
    )
    .execute(&mut *connection)
    .await?;
    if is_proven {
        imported.asked_for_code.remove(old);
    }
    if inserted.rows_affected() == 1 {
        return Ok(None);
    }
    why_not(connection, &user).await
}
