//! The agents and their order, A to F.

mod model;
mod store;

pub use model::{Agent, Seat};

use crate::Result;
use crate::id::UserId;
use crate::phone::Phone;
use sqlx::PgConnection;

/// The agent who writes from this number, if it is one. Anybody who has a place in the queue or the
/// role `sales` is an agent; a client who shares an agent's number is not told apart.
pub async fn by_phone(connection: &mut PgConnection, phone: &Phone) -> Result<Option<Agent>> {
    store::agent_by_phone(connection, phone).await
}

/// An agent by id, with the number that offers go to now.
pub async fn by_id(connection: &mut PgConnection, id: &UserId) -> Result<Agent> {
    store::agent_by_id(connection, id).await
}

/// The queue as it stands, in order, active places only.
pub async fn active_queue(connection: &mut PgConnection) -> Result<Vec<Seat>> {
    store::active_queue(connection).await
}
