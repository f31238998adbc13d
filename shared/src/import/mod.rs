//! Brings the old server's database over: people and their logins, the queue, leads. With its
//! `BETTER_AUTH_SECRET` every login goes on.
//!
//! Rows are read as JSON, so that tables with `snake_case` names (Drizzle's) and with `camelCase` names
//! (better-auth's own migrations) are read alike; a time without a zone is UTC, as Node wrote it.

mod leads;
mod people;
mod queue;
mod row;

pub use leads::{Field, LeadColumns};

use crate::{App, Error, Result};
use row::Row;
use serde_json::Value;
use sqlx::{PgConnection, PgPool};

/// How many rows came over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// People.
    pub users: u64,
    /// Their passwords and other ways to sign in.
    pub accounts: u64,
    /// Logins that go on.
    pub sessions: u64,
    /// Links that were sent and not yet followed.
    pub verifications: u64,
    /// Places in the queue.
    pub places: u64,
    /// Leads.
    pub leads: u64,
    /// Rows left where they were: here already, of somebody who is not, or over.
    pub left: u64,
    /// Of these, the leads that could not be read, by their old id, with the reason.
    pub unread: Vec<(String, String)>,
}

/// Copies them, all or none. What is here already, by id, email, token or number, stays as it is:
/// doing it again brings what is new. `columns` says where the old `lead` table keeps what.
pub async fn import(app: &App, old: &PgPool, columns: &LeadColumns) -> Result<Imported> {
    let mut source = old.acquire().await?;
    let mut transaction = app.pool.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let mut imported = Imported::default();
    for row in rows(&mut source, "user").await? {
        let done = people::insert_user(&mut transaction, &Row(row)).await?;
        count(&mut imported.users, &mut imported.left, done);
    }
    for row in rows(&mut source, "account").await? {
        let done = people::insert_account(&mut transaction, &Row(row)).await?;
        count(&mut imported.accounts, &mut imported.left, done);
    }
    for row in rows(&mut source, "session").await? {
        let done = people::insert_session(&mut transaction, &Row(row), now).await?;
        count(&mut imported.sessions, &mut imported.left, done);
    }
    for row in rows(&mut source, "verification").await? {
        let done = people::insert_verification(&mut transaction, &Row(row), now).await?;
        count(&mut imported.verifications, &mut imported.left, done);
    }
    for row in rows(&mut source, "sales_queue").await? {
        let done = queue::insert_place(&mut transaction, &Row(row)).await?;
        count(&mut imported.places, &mut imported.left, done);
    }
    leads::import(&mut source, &mut transaction, columns, &mut imported, now).await?;
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

/// Every row of a table of the old database, as JSON; none if it has no such table. Not a checked
/// query: that database is not ours.
async fn rows(connection: &mut PgConnection, table: &'static str) -> Result<Vec<Value>> {
    let query = match table {
        "user" => r#"select to_jsonb(t) from "user" t"#,
        "account" => "select to_jsonb(t) from account t",
        "session" => "select to_jsonb(t) from session t",
        "verification" => "select to_jsonb(t) from verification t",
        "sales_queue" => "select to_jsonb(t) from sales_queue t",
        "lead" => "select to_jsonb(t) from lead t",
        _ => return Err(Error::NotFound { what: "table" }),
    };
    let there: bool =
        sqlx::query_scalar("select to_regclass('public.' || quote_ident($1)) is not null")
            .bind(table)
            .fetch_one(&mut *connection)
            .await?;
    if !there {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_scalar(query).fetch_all(connection).await?)
}
