//! The agents and their order, A to F.

mod model;
mod queues;
mod store;

pub use model::{Agent, Origin, Route, Seat};
pub use queues::{
    Place, PlaceChange, Queue, QueueSettings, Rule, change_place, change_queue, create_queue,
    delete_queue, queues, set_address, set_places, set_rules, version_of,
};

use crate::Result;
use crate::address::Address;
use crate::id::{QueueId, UserId};
use crate::phone::Phone;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// The agent whom one of these keys names, if it is one's. Anybody who has a place in the queue or the
/// role `sales` is an agent; a client who shares an agent's number is not told apart.
pub async fn by_address(
    connection: &mut PgConnection,
    address: &Address,
    other: Option<&Address>,
) -> Result<Option<Agent>> {
    store::agent_by_address(connection, address, other).await
}

/// The key is this agent's from now on, unless it is somebody's already.
pub async fn link(
    connection: &mut PgConnection,
    agent: &UserId,
    key: &Address,
    now: DateTime<Utc>,
) -> Result<()> {
    store::link(connection, agent, key, now).await
}

/// WhatsApp says that this number is another one now: an agent's goes with it, if nobody else has it.
/// Their old number stays a key of theirs. `None`: it is no agent's.
pub async fn change_number(
    connection: &mut PgConnection,
    old: &Phone,
    new: &Phone,
    now: DateTime<Utc>,
) -> Result<Option<UserId>> {
    store::change_number(connection, old, new, now).await
}

/// An agent by id, with the number that offers go to now.
pub async fn by_id(connection: &mut PgConnection, id: &UserId) -> Result<Agent> {
    store::agent_by_id(connection, id).await
}

/// The queue that an enquiry goes to: the one whose rule fits, or else the default.
pub async fn route(connection: &mut PgConnection, origin: &Origin) -> Result<Route> {
    store::route(connection, origin).await
}

/// A queue as it stands, in order, active places only.
pub async fn active_queue(connection: &mut PgConnection, queue: QueueId) -> Result<Vec<Seat>> {
    store::active_queue(connection, queue).await
}

/// The agent's place in whichever queue they are active in; `None` if they are in none.
pub async fn active_seat(connection: &mut PgConnection, agent: &UserId) -> Result<Option<Seat>> {
    store::active_seat(connection, agent).await
}
