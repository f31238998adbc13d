//! One agent joins or leaves a queue; the other places stay.

use super::model::{Place, check_places, index_of};
use super::store;
use crate::id::{QueueId, UserId};
use crate::jobs::{ReleaseHeldLeads, enqueue};
use crate::sales::store::agent_by_id;
use crate::{App, Error, Result};
use sqlx::PgConnection;

/// A place to add.
#[derive(Clone, Debug)]
pub struct NewPlace {
    /// Its agent.
    pub sales_id: UserId,
    /// Its label. `None`: the first letter that no place has.
    pub label: Option<String>,
    /// Its position; the first is 1. `None`: the last.
    pub order: Option<i32>,
    /// Its weight, for a weighted queue.
    pub weight: i32,
}

/// Adds an agent to a queue. The places after it move. Fails with `NotFound` if the queue or the agent does not exist,
/// with the conflict `agent_disabled`, and with `Invalid` if the agent or the label is in the queue.
pub async fn add_place(app: &App, queue: QueueId, new: &NewPlace) -> Result<()> {
    let mut transaction = app.begin().await?;
    let mut places = lock(&mut transaction, queue).await?;
    let agent = agent_by_id(&mut transaction, &new.sales_id).await?;
    if agent.disabled {
        return Err(Error::Conflict {
            code: "agent_disabled",
        });
    }
    let place = Place {
        sales_id: new.sales_id.clone(),
        label: match &new.label {
            Some(label) => label.clone(),
            None => free_label(&places),
        },
        active: true,
        weight: new.weight,
        owed_thousandths: 0,
    };
    let at = match new.order {
        Some(order) => index_of(order)?.min(places.len()),
        None => places.len(),
    };
    places.insert(at, place);
    replace(app, &mut transaction, queue, &places).await?;
    Ok(transaction.commit().await?)
}

/// Removes an agent from a queue. Their open offers stay. Fails with `NotFound` if the agent has no place in it.
pub async fn remove_place(app: &App, queue: QueueId, agent: &UserId) -> Result<()> {
    let mut transaction = app.begin().await?;
    let mut places = lock(&mut transaction, queue).await?;
    let before = places.len();
    places.retain(|place| place.sales_id != *agent);
    if places.len() == before {
        return Err(Error::NotFound { what: "place" });
    }
    replace(app, &mut transaction, queue, &places).await?;
    Ok(transaction.commit().await?)
}

/// The places of a queue, which is locked.
async fn lock(connection: &mut PgConnection, queue: QueueId) -> Result<Vec<Place>> {
    if store::is_default(connection, queue).await?.is_none() {
        return Err(Error::NotFound { what: "queue" });
    }
    store::places(connection, queue).await
}

async fn replace(
    app: &App,
    connection: &mut PgConnection,
    queue: QueueId,
    places: &[Place],
) -> Result<()> {
    check_places(places)?;
    store::refuse_operators(connection, places).await?;
    store::replace_places(connection, queue, places).await?;
    let now = app.clock.now(connection).await?;
    enqueue(connection, &ReleaseHeldLeads { queue: None }, now).await?;
    Ok(())
}

/// The first letter that no place has, else the first number.
fn free_label(places: &[Place]) -> String {
    let is_free = |label: &String| {
        places
            .iter()
            .all(|place| !place.label.eq_ignore_ascii_case(label))
    };
    let letters = ('A'..='Z').map(String::from);
    let numbers = (1..).map(|number: usize| number.to_string());
    letters.chain(numbers).find(is_free).unwrap_or_default()
}
