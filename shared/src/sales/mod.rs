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
use crate::id::{QueueId, UserId};
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
