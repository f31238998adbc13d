//! Copies the previous server's database: users with their sessions, the queue, leads. With the same
//! `BETTER_AUTH_SECRET`, every session continues.
//!
//! Rows are read as JSON, because the tables have `snake_case` names (Drizzle) or `camelCase` names
//! (better-auth's migrations). A time without a zone is UTC, as Node.js wrote it.

mod columns;
mod leads;
mod people;
mod queue;
mod report;
mod row;

pub use columns::{Field, LeadColumns};
pub use report::{Counts, Fate, Imported, Line};

use crate::{App, Error, Result};
use chrono::{DateTime, Utc};
use row::{Row, rows};
use sqlx::{Acquire, PgConnection, PgPool};

/// What an import is to do.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The columns of the old `lead` table that have other names.
    pub columns: LeadColumns,
    /// Whether everything is tried and nothing is written.
    pub dry_run: bool,
}

/// How far an import is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The table.
    pub table: &'static str,
    /// How many of its rows are done.
    pub done: usize,
    /// How many rows it has.
    pub of: usize,
}

/// The tables in the order in which they are copied: a row names only rows of tables before its own.
const TABLES: [&str; 8] = [
    "user",
    "account",
    "session",
    "verification",
    "two_factor",
    // The same in better-auth's own migrations.
    "twoFactor",
    "sales_queue",
    "lead",
];

/// Copies all rows in one transaction, each in a savepoint of its own. A row whose id, email, token or number exists
/// here is left, so a second run copies only what is new. A row that cannot be copied is left, too. The result has a
/// line for each row that was left or changed.
///
/// `progress` is called after each row. A dry run does the same and writes nothing.
pub async fn import(
    app: &App,
    old: &PgPool,
    plan: &Plan,
    mut progress: impl FnMut(Progress),
) -> Result<Imported> {
    let mut source = old.acquire().await?;
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let mut imported = Imported::default();
    for table in TABLES {
        let rows = rows(&mut source, table).await?;
        let of = rows.len();
        for (at, row) in rows.into_iter().enumerate() {
            let import = Import {
                table,
                row: Row(row),
                columns: &plan.columns,
                now,
            };
            import.copy(&mut transaction, &mut imported).await?;
            progress(Progress {
                table,
                done: at + 1,
                of,
            });
        }
    }
    imported.name_lost_factors();
    if plan.dry_run {
        transaction.rollback().await?;
    } else {
        transaction.commit().await?;
    }
    Ok(imported)
}

/// One row on its way.
struct Import<'plan> {
    table: &'static str,
    row: Row,
    columns: &'plan LeadColumns,
    now: DateTime<Utc>,
}

impl Import<'_> {
    /// Copies the row in a savepoint. A row that cannot be copied costs only itself.
    async fn copy(&self, connection: &mut PgConnection, imported: &mut Imported) -> Result<()> {
        let id = self.row.id();
        let lines = imported.lines.len();
        let mut savepoint = connection.begin().await?;
        match self.insert(&mut savepoint, imported).await {
            Ok(None) => {
                savepoint.commit().await?;
                *self.count(&mut imported.counts) += 1;
            }
            Ok(Some(reason)) => {
                savepoint.rollback().await?;
                imported.lines.truncate(lines);
                imported.left(self.table, &id, reason);
            }
            Err(error) => {
                let reason = fault_of_the_row(&error).ok_or(error)?;
                savepoint.rollback().await?;
                imported.lines.truncate(lines);
                imported.left(self.table, &id, reason);
            }
        }
        Ok(())
    }

    /// Copies the row. Returns why it is left, if it is.
    async fn insert(
        &self,
        connection: &mut PgConnection,
        imported: &mut Imported,
    ) -> Result<Option<String>> {
        let (row, now) = (&self.row, self.now);
        match self.table {
            "user" => people::insert_user(connection, row, imported, now).await,
            "account" => people::insert_account(connection, row, imported, now).await,
            "session" => people::insert_session(connection, row, imported, now).await,
            "verification" => people::insert_verification(connection, row, imported, now).await,
            "two_factor" | "twoFactor" => {
                people::insert_two_factor(connection, row, imported).await
            }
            "sales_queue" => queue::insert_place(connection, row, imported).await,
            _ => leads::insert(connection, (self.columns, row), imported, now).await,
        }
    }

    fn count<'counts>(&self, counts: &'counts mut Counts) -> &'counts mut u64 {
        match self.table {
            "user" => &mut counts.users,
            "account" => &mut counts.accounts,
            "session" => &mut counts.sessions,
            "verification" => &mut counts.verifications,
            "two_factor" | "twoFactor" => &mut counts.second_factors,
            "sales_queue" => &mut counts.places,
            _ => &mut counts.leads,
        }
    }
}

/// Why the row cannot be copied, if the error is the row's and not the database's.
fn fault_of_the_row(error: &Error) -> Option<String> {
    match error {
        Error::Invalid { field, reason } => Some(format!("its {field} {reason}")),
        Error::Database(sqlx::Error::Database(refusal)) => {
            // SQLSTATE 22: a value; 23: a constraint.
            let code = refusal.code()?;
            let is_its_own = code.starts_with("22") || code.starts_with("23");
            is_its_own.then(|| {
                format!(
                    "the database refuses it: {}",
                    refusal.constraint().unwrap_or(&code)
                )
            })
        }
        _ => None,
    }
}
