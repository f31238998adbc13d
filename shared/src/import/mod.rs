//! Brings the old server's database over: people and their logins, the queue, leads. With its
//! `BETTER_AUTH_SECRET` every login goes on.
//!
//! Rows are read as JSON, so that tables with `snake_case` names (Drizzle's) and with `camelCase` names
//! (better-auth's own migrations) are read alike; a time without a zone is UTC, as Node wrote it.

mod leads;
mod people;
mod queue;
mod report;
mod row;

pub use leads::{Field, LeadColumns};
pub use report::Imported;

use crate::{App, Result};
use row::{Row, rows};
use sqlx::PgPool;

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
