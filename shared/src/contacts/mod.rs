//! Who gets no messages of ours: clients who asked for that, and numbers that an admin blocked.
//!
//! A client who opted out stays opted out. If they write again, an agent is offered the lead as usual, but no message
//! of ours is sent by itself. A message or form of a blocked number is stored and has no consequence.

mod store;

use crate::address::Address;
use crate::auth::User;
use crate::id::{LeadId, UserId};
use crate::leads::Person;
use crate::phone::Phone;
use crate::{App, Error, Result, sales};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 200;

/// Why a number gets no messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum BlockKind {
    /// The client asked for it.
    OptedOut,
    /// An admin blocked it.
    Blocked,
}

/// A number or WhatsApp id that gets no messages.
#[derive(Clone, Debug)]
pub struct Block {
    /// The number, or the id.
    pub address: Address,
    /// Why.
    pub kind: BlockKind,
    /// What the admin said.
    pub reason: Option<String>,
    /// The admin.
    pub by: Option<UserId>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// Blocks a number. Fails if it is the company's or an agent's. A number that opted out becomes blocked.
pub async fn block(app: &App, by: &User, phone: &Phone, reason: &str) -> Result<()> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        return Err(Error::invalid("reason", "must be 1 to 200 characters"));
    }
    let mut transaction = app.begin().await?;
    sales::check_is_no_number_of_ours(app, &mut transaction, phone).await?;
    let now = app.clock.now(&mut transaction).await?;
    store::block(&mut transaction, phone, reason, &by.id, now).await?;
    transaction.commit().await?;
    tracing::info!(by = %by.id, "contacts.blocked");
    Ok(())
}

/// Ends a block or an opt-out. Fails with `NotFound` if there is none.
pub async fn unblock(app: &App, by: &User, phone: &Phone) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    if !store::unblock(&mut connection, phone).await? {
        return Err(Error::NotFound { what: "block" });
    }
    tracing::info!(by = %by.id, "contacts.unblocked");
    Ok(())
}

/// Everybody who gets no messages, the latest first.
pub async fn blocks(app: &App) -> Result<Vec<Block>> {
    let mut connection = app.pool.acquire().await?;
    store::blocks(&mut connection).await
}

/// The client asks for no more messages, in the caller's transaction.
pub(crate) async fn opt_out(
    connection: &mut PgConnection,
    addresses: &[&Address],
    now: DateTime<Utc>,
) -> Result<()> {
    store::opt_out(connection, addresses, now).await
}

/// Whether the number is blocked by an admin.
pub(crate) async fn is_blocked(connection: &mut PgConnection, phone: &Phone) -> Result<bool> {
    store::is_blocked(connection, phone).await
}

/// Whether nothing may be sent to this lead's address: the person asked for that, or an admin blocked them, under it or under an id or
/// a former number of theirs.
pub(crate) async fn wants_no_messages(
    connection: &mut PgConnection,
    (address, lead): (&Address, LeadId),
) -> Result<bool> {
    store::wants_no_messages(connection, (address, lead)).await
}

/// The blocks and opt-outs of a person, as JSON.
pub(crate) async fn person_rows(connection: &mut PgConnection, person: &Person) -> Result<Value> {
    store::rows_of(connection, &person.address_texts()).await
}

/// Deletes the blocks and opt-outs of a person: they contain the number. Returns how many.
pub(crate) async fn erase_person(connection: &mut PgConnection, person: &Person) -> Result<u64> {
    store::delete_of(connection, &person.address_texts()).await
}
