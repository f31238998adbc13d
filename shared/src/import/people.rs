//! Brings over who could sign in to the old server, and who is signed in: users, accounts, sessions,
//! verifications, from its own database. With its `BETTER_AUTH_SECRET` every login goes on.
//!
//! Rows are read as JSON, so that tables with `snake_case` names (Drizzle's) and with `camelCase` names
//! (better-auth's own migrations) are read alike; a time without a zone is UTC, as Node wrote it.

use super::Role;
use crate::{App, Error, Result};
use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};

/// How many rows came over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// People.
    pub users: u64,
    /// Their passwords and other ways to sign in.
    pub accounts: u64,
    /// Logins that go on.
    pub sessions: u64,
    /// Links that were sent and not yet followed.
    pub verifications: u64,
    /// Rows left where they were: here already, of somebody who is not, or over.
    pub left: u64,
}

/// Copies them, all or none. What is here already, by id, email or token, stays as it is: doing it
/// again brings what is new.
pub async fn import(app: &App, old: &PgPool) -> Result<Imported> {
    let mut source = old.acquire().await?;
    let mut transaction = app.pool.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let mut imported = Imported::default();
    for row in rows(&mut source, "user").await? {
        let done = insert_user(&mut transaction, &Row(row)).await?;
        count(&mut imported.users, &mut imported.left, done);
    }
    for row in rows(&mut source, "account").await? {
        let done = insert_account(&mut transaction, &Row(row)).await?;
        count(&mut imported.accounts, &mut imported.left, done);
    }
    for row in rows(&mut source, "session").await? {
        let done = insert_session(&mut transaction, &Row(row), now).await?;
        count(&mut imported.sessions, &mut imported.left, done);
    }
    for row in rows(&mut source, "verification").await? {
        let done = insert_verification(&mut transaction, &Row(row), now).await?;
        count(&mut imported.verifications, &mut imported.left, done);
    }
    transaction.commit().await?;
    Ok(imported)
}

fn count(done: &mut u64, left: &mut u64, inserted: bool) {
    if inserted {
        *done += 1;
    } else {
        *left += 1;
    }
}

/// Every row of a table of the old database, as JSON. Not a checked query: that database is not ours.
async fn rows(connection: &mut PgConnection, table: &'static str) -> Result<Vec<Value>> {
    let query = match table {
        "user" => r#"select to_jsonb(t) from "user" t"#,
        "account" => "select to_jsonb(t) from account t",
        "session" => "select to_jsonb(t) from session t",
        _ => "select to_jsonb(t) from verification t",
    };
    Ok(sqlx::query_scalar(query).fetch_all(connection).await?)
}

/// A row whose columns may have either kind of name.
struct Row(Value);

impl Row {
    fn value(&self, name: &str) -> Option<&Value> {
        let mut camel = String::with_capacity(name.len());
        let mut capital = false;
        for c in name.chars() {
            if c == '_' {
                capital = true;
            } else if capital {
                camel.extend(c.to_uppercase());
                capital = false;
            } else {
                camel.push(c);
            }
        }
        let found = self.0.get(name).or_else(|| self.0.get(&camel));
        found.filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(Value::as_str)
    }

    fn needed(&self, name: &'static str) -> Result<&str> {
        self.text(name)
            .ok_or_else(|| Error::invalid(name, "is missing in a row of the old database"))
    }

    fn time(&self, name: &'static str) -> Result<Option<DateTime<Utc>>> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let zoned = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
        zoned
            .or_else(|_| {
                NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
                    .map(|time| time.and_utc())
            })
            .map(Some)
            .map_err(|_| Error::invalid(name, "is no time in a row of the old database"))
    }

    fn needed_time(&self, name: &'static str) -> Result<DateTime<Utc>> {
        self.time(name)?
            .ok_or_else(|| Error::invalid(name, "is missing in a row of the old database"))
    }

    /// `admin` by itself or in a list; anybody else sells.
    fn role(&self) -> Role {
        let words = self.text("role").unwrap_or_default();
        if words.split(',').any(|word| word.trim() == "admin") {
            Role::Admin
        } else {
            Role::Sales
        }
    }
}

async fn insert_user(connection: &mut PgConnection, row: &Row) -> Result<bool> {
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

async fn insert_account(connection: &mut PgConnection, row: &Row) -> Result<bool> {
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

async fn insert_session(
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

async fn insert_verification(
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
