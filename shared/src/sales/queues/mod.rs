//! The queues as an admin configures them: agents and their order, strategy, routing rules, and what
//! happens when no agent answers.
//!
//! A cycle copies its queue when it starts, so that a change here affects only later cycles.

mod joiners;
mod model;
mod store;

pub use joiners::{NewPlace, add_place, remove_place};
pub use model::{Place, Queue, QueueSettings, Rule};
use model::{check_places, index_of};

use crate::id::{QueueId, UserId};
use crate::jobs::{ReleaseHeldLeads, enqueue};
use crate::phone::Phone;
use crate::{App, Error, Result, leads};

/// Every queue, the default queue first.
pub async fn queues(app: &App) -> Result<Vec<Queue>> {
    let mut connection = app.pool.acquire().await?;
    store::queues(&mut connection).await
}

/// Creates a queue without places and rules.
pub async fn create_queue(app: &App, settings: &QueueSettings) -> Result<QueueId> {
    check(settings)?;
    let mut connection = app.pool.acquire().await?;
    let id = QueueId::new();
    store::insert(&mut connection, id, settings)
        .await
        .map_err(named_twice)?;
    Ok(id)
}

/// Changes a queue's settings. A change of strategy sets every credit to zero.
pub async fn change_queue(app: &App, id: QueueId, settings: &QueueSettings) -> Result<()> {
    check(settings)?;
    let mut transaction = app.begin().await?;
    // Locked before its places, in the order that an offer uses.
    if store::is_default(&mut transaction, id).await?.is_none() {
        return Err(Error::NotFound { what: "queue" });
    }
    if !store::update(&mut transaction, id, settings)
        .await
        .map_err(named_twice)?
    {
        return Err(Error::NotFound { what: "queue" });
    }
    Ok(transaction.commit().await?)
}

/// Retires a queue. Its running cycles continue with its settings, and its held leads that wait for an
/// agent of it wait for one of the default queue. Fails with the conflict `default_queue` for the default
/// queue.
pub async fn delete_queue(app: &App, id: QueueId) -> Result<()> {
    let mut transaction = app.begin().await?;
    match store::is_default(&mut transaction, id).await? {
        None => return Err(Error::NotFound { what: "queue" }),
        Some(true) => {
            return Err(Error::Conflict {
                code: "default_queue",
            });
        }
        Some(false) => {}
    }
    let now = app.clock.now(&mut transaction).await?;
    store::retire(&mut transaction, id, now).await?;
    enqueue(&mut transaction, &ReleaseHeldLeads { queue: None }, now).await?;
    Ok(transaction.commit().await?)
}

/// Replaces the agents of a queue, in this order. An agent who stays keeps their credit. With `if_version`, fails with the
/// conflict `stale` if the places have another version.
pub async fn set_places(
    app: &App,
    id: QueueId,
    places: &[Place],
    if_version: Option<&str>,
) -> Result<()> {
    check_places(places)?;
    let mut transaction = app.begin().await?;
    if store::is_default(&mut transaction, id).await?.is_none() {
        return Err(Error::NotFound { what: "queue" });
    }
    if let Some(version) = if_version {
        let present = store::places(&mut transaction, id).await?;
        if version != version_of(&present) {
            return Err(Error::Conflict { code: "stale" });
        }
    }
    for place in places {
        super::by_id(&mut transaction, &place.sales_id).await?;
    }
    store::replace_places(&mut transaction, id, places).await?;
    let now = app.clock.now(&mut transaction).await?;
    enqueue(&mut transaction, &ReleaseHeldLeads { queue: None }, now).await?;
    Ok(transaction.commit().await?)
}

/// A change of a place; `None` keeps a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaceChange {
    /// The position; the first is 1.
    pub order: Option<i32>,
    /// The label.
    pub label: Option<String>,
    /// Whether its agent is offered leads.
    pub active: Option<bool>,
}

/// Changes an agent's place in a queue, by default in the default queue. The places after it move. With
/// `if_version`, fails with the conflict `stale` if the places have another version.
pub async fn change_place(
    app: &App,
    queue: Option<QueueId>,
    agent: &UserId,
    change: &PlaceChange,
    if_version: Option<&str>,
) -> Result<Queue> {
    let mut transaction = app.begin().await?;
    let id = match queue {
        Some(id) => id,
        None => store::default_queue(&mut transaction).await?,
    };
    if store::is_default(&mut transaction, id).await?.is_none() {
        return Err(Error::NotFound { what: "queue" });
    }
    let mut places = store::places(&mut transaction, id).await?;
    if if_version.is_some_and(|version| version != version_of(&places)) {
        return Err(Error::Conflict { code: "stale" });
    }
    let Some(at) = places.iter().position(|place| place.sales_id == *agent) else {
        return Err(Error::NotFound { what: "place" });
    };
    let mut place = places.remove(at);
    if let Some(label) = &change.label {
        place.label.clone_from(label);
    }
    place.active = change.active.unwrap_or(place.active);
    let to = match change.order {
        Some(order) => index_of(order)?.min(places.len()),
        None => at,
    };
    places.insert(to, place);
    check_places(&places)?;
    store::replace_places(&mut transaction, id, &places).await?;
    let now = app.clock.now(&mut transaction).await?;
    enqueue(&mut transaction, &ReleaseHeldLeads { queue: None }, now).await?;
    transaction.commit().await?;
    let queues = queues(app).await?;
    let changed = queues.into_iter().find(|queue| queue.id == id);
    changed.ok_or(Error::NotFound { what: "queue" })
}

/// A version of a queue's places. It differs when something differs that an admin can set.
pub fn version_of(places: &[Place]) -> String {
    let told = places.iter().map(|place| {
        format!(
            "{}|{}|{}|{}",
            place.sales_id, place.label, place.active, place.weight
        )
    });
    let told = told.collect::<Vec<_>>().join("\n");
    // FNV-1a, 64 bits: it only has to distinguish the edits of two admins, not to resist an attacker.
    let hash = told.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// Replaces the rules of a queue.
pub async fn set_rules(app: &App, id: QueueId, rules: &[Rule]) -> Result<()> {
    let says_something =
        |part: &Option<String>| part.as_deref().is_some_and(|text| !text.trim().is_empty());
    for rule in rules {
        let parts = [&rule.project, &rule.campaign, &rule.source, &rule.words];
        if parts
            .iter()
            .any(|part| part.is_some() && !says_something(part))
        {
            return Err(Error::invalid(
                "rules",
                "has an empty part; leave it out to fit anything",
            ));
        }
        if !parts.into_iter().any(says_something) {
            return Err(Error::invalid(
                "rules",
                "has one that fits everything; name a part",
            ));
        }
    }
    let mut transaction = app.begin().await?;
    if store::is_default(&mut transaction, id).await?.is_none() {
        return Err(Error::NotFound { what: "queue" });
    }
    store::replace_rules(&mut transaction, id, rules).await?;
    Ok(transaction.commit().await?)
}

/// Changes an agent's offer address. Open offers keep the number that they were sent to. Fails with the
/// conflict `address_taken` if another agent has the number, and with `number_of_a_lead` if a client has it.
pub async fn set_address(app: &App, agent: &UserId, address: &Phone) -> Result<()> {
    let mut connection = app.begin().await?;
    leads::refuse_number_of_a_lead(&mut connection, address).await?;
    match store::set_address(&mut connection, agent, address).await {
        Ok(true) => Ok(connection.commit().await?),
        Ok(false) => Err(Error::NotFound { what: "agent" }),
        Err(error) => Err(if is_duplicate(&error, "user_offer_address_key") {
            Error::Conflict {
                code: "address_taken",
            }
        } else {
            error
        }),
    }
}

fn check(settings: &QueueSettings) -> Result<()> {
    if settings.name.trim().is_empty() || settings.name.chars().count() > 100 {
        return Err(Error::invalid("name", "must be 1 to 100 characters"));
    }
    if settings
        .most_turns_owed
        .is_some_and(|most| !(0..=1000).contains(&most))
    {
        return Err(Error::invalid(
            "mostTurnsOwed",
            "must be between 0 and 1000",
        ));
    }
    if !(0..=3600).contains(&settings.release_stagger_seconds) {
        return Err(Error::invalid(
            "releaseStaggerSeconds",
            "must be between 0 and 3600",
        ));
    }
    Ok(())
}

fn named_twice(error: Error) -> Error {
    if is_duplicate(&error, "distribution_queue_name_key") {
        Error::Conflict {
            code: "queue_name_taken",
        }
    } else {
        error
    }
}

fn is_duplicate(error: &Error, constraint: &str) -> bool {
    matches!(error, Error::Database(sqlx::Error::Database(refusal)) if refusal.constraint() == Some(constraint))
}
