//! Copies the previous server's database: users with their sessions, the queue, leads. With the same
//! `BETTER_AUTH_SECRET`, every session continues.
//!
//! Rows are read as JSON, because the tables have `snake_case` names (Drizzle) or `camelCase` names
//! (better-auth's migrations). A time without a zone is UTC, as Node.js wrote it.

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

/// Copies all rows in one transaction. A row whose id, email, token or number exists here is skipped, so
/// a second run copies only what is new. `columns` names the columns of the old `lead` table.
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
