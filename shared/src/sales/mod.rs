//! Agents and queues.

mod model;
mod queues;
mod store;

pub use model::{ActivePlace, Agent, Origin, Route, Sender};
pub use queues::{
    NewPlace, Place, PlaceChange, Queue, QueueSettings, Rule, add_place, change_place,
    change_queue, create_queue, delete_queue, queues, remove_place, set_address, set_places,
    set_rules, version_of,
};

use crate::address::Address;
use crate::id::{QueueId, UserId};
use crate::phone::Phone;
use crate::{App, Error, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Who has one of these addresses. A user with a place in a queue or the role `sales` is an agent. A client with an
/// agent's number is taken for the agent.
pub async fn sender(
    connection: &mut PgConnection,
    address: &Address,
    other: Option<&Address>,
) -> Result<Sender> {
    let senders = store::senders(connection, &[(address, other)]).await?;
    let mut senders = senders.into_iter();
    senders.next().ok_or(Error::NotFound { what: "sender" })
}

/// As [`sender`], for several messages, in their order.
pub async fn senders(
    connection: &mut PgConnection,
    addresses: &[(&Address, Option<&Address>)],
) -> Result<Vec<Sender>> {
    store::senders(connection, addresses).await
}

/// Fails with `Invalid` if the number is the company's or an agent's. Such a number never becomes a lead.
pub async fn check_is_no_number_of_ours(
    app: &App,
    connection: &mut PgConnection,
    phone: &Phone,
) -> Result<()> {
    if *phone == app.company_phone {
        return Err(Error::invalid("phone", "is the company's number"));
    }
    match sender(connection, &phone.into(), None).await?.agent {
        Some(_) => Err(Error::invalid("phone", "is the number of an agent")),
        None => Ok(()),
    }
}

/// Which of these addresses belong to a user or a manager, and not to a client.
pub async fn ours_of(connection: &mut PgConnection, addresses: &[String]) -> Result<Vec<String>> {
    store::ours_of(connection, addresses).await
}

/// Adds an address to an agent. If it was another person's, it is not theirs any more.
pub async fn link(
    connection: &mut PgConnection,
    agent: &UserId,
    key: &Address,
    now: DateTime<Utc>,
) -> Result<()> {
    store::link(connection, agent, key, now).await
}

/// WhatsApp reports a changed number. Moves the agent's number, if no other person has the new one; the
/// old number stays one of their keys. Returns `None` if the old number is no agent's.
pub async fn change_number(
    connection: &mut PgConnection,
    old: &Phone,
    new: &Phone,
    now: DateTime<Utc>,
) -> Result<Option<UserId>> {
    store::change_number(connection, old, new, now).await
}

/// As [`change_number`], for a manager: the queues' alerts go to the new number. Returns of how many queues they are a manager.
pub async fn change_manager_number(
    connection: &mut PgConnection,
    old: &Phone,
    new: &Phone,
) -> Result<u64> {
    store::change_manager_number(connection, old, new).await
}

/// An agent by id, with their present offer address.
pub async fn by_id(connection: &mut PgConnection, id: &UserId) -> Result<Agent> {
    store::agent_by_id(connection, id).await
}

/// The queue of an enquiry, with its active places whose agents are not disabled, in order: the queue whose rule
/// matches, else the default queue.
pub async fn route(
    connection: &mut PgConnection,
    origin: &Origin,
) -> Result<(Route, Vec<ActivePlace>)> {
    let routes = store::routes(connection, &[origin]).await?;
    let mut routes = routes.into_iter();
    routes.next().ok_or(Error::NotFound { what: "queue" })
}

/// As [`route`], for several enquiries, in their order.
pub async fn routes(
    connection: &mut PgConnection,
    origins: &[&Origin],
) -> Result<Vec<(Route, Vec<ActivePlace>)>> {
    store::routes(connection, origins).await
}

/// Whether a queue exists that is not retired.
pub(crate) async fn queue_exists(connection: &mut PgConnection, queue: QueueId) -> Result<bool> {
    store::queue_exists(connection, queue).await
}

/// The active places of a queue whose agents are not disabled, in order.
pub async fn active_queue(
    connection: &mut PgConnection,
    queue: QueueId,
) -> Result<Vec<ActivePlace>> {
    store::active_queue(connection, queue).await
}

/// An active place of the agent; `None` if there is none or the agent is disabled.
pub async fn active_place(
    connection: &mut PgConnection,
    agent: &UserId,
) -> Result<Option<ActivePlace>> {
    store::active_place(connection, agent).await
}

/// Agents with an active place in a queue: how many there are, and the names of those to whom no offer can be sent, because they
/// have no number.
pub async fn without_number(app: &App) -> Result<(i64, Vec<String>)> {
    store::without_number(&mut *app.pool.acquire().await?).await
}
