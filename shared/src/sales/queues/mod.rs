//! The queues as an admin sets them: who stands where, who is next, which leads go where, and what
//! happens when nobody answers.
//!
//! A cycle copies its queue when it begins: what is set here changes later cycles only.

mod store;

use crate::id::{QueueId, UserId};
use crate::jobs::{ReleaseHeldLeads, enqueue};
use crate::phone::Phone;
use crate::strategy::Strategy;
use crate::{App, Error, Result};
use std::collections::HashSet;

/// A queue with all that is set about it.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Its id.
    pub id: QueueId,
    /// Whether it takes what no rule sends elsewhere. One does, and cannot be deleted.
    pub is_default: bool,
    /// How it works.
    pub settings: QueueSettings,
    /// Who stands in it, in order.
    pub places: Vec<Place>,
    /// Which leads go to it.
    pub rules: Vec<Rule>,
}

/// How a queue works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// Its name, unlike any other's.
    pub name: String,
    /// Who is next.
    pub strategy: Strategy,
    /// How many turns a skipped agent is owed at most; `None`: all of them.
    pub most_turns_owed: Option<i32>,
    /// The pause between two held leads that are released, in seconds.
    pub release_stagger_seconds: i32,
    /// Whether everybody is asked at once when all have been asked in turn.
    pub last_round: bool,
    /// Whether an agent who was late may ask for a lead that nobody took.
    pub second_chance: bool,
    /// Who hears of leads that nobody takes, and may give them to somebody.
    pub manager_phones: Vec<Phone>,
}

/// A place in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Who stands there.
    pub sales_id: UserId,
    /// What it is called: `A` … `F`.
    pub label: String,
    /// Whether its agent is offered leads.
    pub active: bool,
    /// Its share, where the queue is weighted.
    pub weight: i32,
    /// What it is owed, in thousandths of a turn; negative: it is ahead. Not for an admin to set.
    pub owed_thousandths: i64,
}

/// Which leads go to a queue: every part that is set must fit. Case does not matter; `*` stands for
/// any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Of several rules that fit, the lowest number wins.
    pub priority: i32,
    /// The project.
    pub project: Option<String>,
    /// The campaign.
    pub campaign: Option<String>,
    /// The ad.
    pub source: Option<String>,
}

/// Every queue, the default first.
pub async fn queues(app: &App) -> Result<Vec<Queue>> {
    let mut connection = app.pool.acquire().await?;
    store::queues(&mut connection).await
}

/// Makes a queue without places or rules.
pub async fn create_queue(app: &App, settings: &QueueSettings) -> Result<QueueId> {
    check(settings)?;
    let mut connection = app.pool.acquire().await?;
    let id = QueueId::new();
    store::insert(&mut connection, id, settings)
        .await
        .map_err(named_twice)?;
    Ok(id)
}

/// Changes how a queue works. With another strategy nobody is owed anything.
pub async fn change_queue(app: &App, id: QueueId, settings: &QueueSettings) -> Result<()> {
    check(settings)?;
    let mut transaction = app.pool.begin().await?;
    // Locked before its places, as an offer locks it.
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

/// Deletes a queue; its running cycles go on, what it held goes to the default queue. The default
/// queue stays: a conflict, `default_queue`.
pub async fn delete_queue(app: &App, id: QueueId) -> Result<()> {
    let mut transaction = app.pool.begin().await?;
    match store::is_default(&mut transaction, id).await? {
        None => return Err(Error::NotFound { what: "queue" }),
        Some(true) => {
            return Err(Error::Conflict {
                code: "default_queue",
            });
        }
        Some(false) => store::delete(&mut transaction, id).await?,
    }
    let now = app.clock.now(&mut transaction).await?;
    enqueue(&mut transaction, &ReleaseHeldLeads { cycle: None }, now).await?;
    Ok(transaction.commit().await?)
}

/// Puts these agents into a queue, in this order, in the place of those who were. What is owed to who
/// stays is still owed.
pub async fn set_places(app: &App, id: QueueId, places: &[Place]) -> Result<()> {
    check_places(places)?;
    let mut transaction = app.pool.begin().await?;
    if store::is_default(&mut transaction, id).await?.is_none() {
        return Err(Error::NotFound { what: "queue" });
    }
    for place in places {
        super::by_id(&mut transaction, &place.sales_id).await?;
    }
    store::replace_places(&mut transaction, id, places).await?;
    let now = app.clock.now(&mut transaction).await?;
    enqueue(&mut transaction, &ReleaseHeldLeads { cycle: None }, now).await?;
    Ok(transaction.commit().await?)
}

fn check_places(places: &[Place]) -> Result<()> {
    let mut seen = HashSet::new();
    let mut labels = HashSet::new();
    for place in places {
        if !seen.insert(&place.sales_id) {
            return Err(Error::invalid("salesId", "stands in the queue twice"));
        }
        if place.label.trim().is_empty() || place.label.chars().count() > 20 {
            return Err(Error::invalid("label", "must be 1 to 20 characters"));
        }
        if !labels.insert(place.label.to_uppercase()) {
            return Err(Error::invalid("label", "is used twice"));
        }
        if !(1..=1000).contains(&place.weight) {
            return Err(Error::invalid("weight", "must be between 1 and 1000"));
        }
    }
    Ok(())
}

/// What changes about a place in a queue; `None` leaves it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaceChange {
    /// To stand there: the first, the second …
    pub order: Option<i32>,
    /// To be called so.
    pub label: Option<String>,
    /// To be offered leads, or not.
    pub active: Option<bool>,
}

/// Changes an agent's place in a queue, the default one unless another is named; others make room.
/// With `if_version` only if the queue's places are still as that version of them was: otherwise a
/// conflict, `stale`.
pub async fn change_place(
    app: &App,
    queue: Option<QueueId>,
    agent: &UserId,
    change: &PlaceChange,
    if_version: Option<&str>,
) -> Result<Queue> {
    let mut transaction = app.pool.begin().await?;
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
        Some(order) => usize::try_from(order - 1)
            .map_err(|_| Error::invalid("order", "must be 1 or more"))?
            .min(places.len()),
        None => at,
    };
    places.insert(to, place);
    check_places(&places)?;
    store::replace_places(&mut transaction, id, &places).await?;
    let now = app.clock.now(&mut transaction).await?;
    enqueue(&mut transaction, &ReleaseHeldLeads { cycle: None }, now).await?;
    transaction.commit().await?;
    let queues = queues(app).await?;
    let changed = queues.into_iter().find(|queue| queue.id == id);
    changed.ok_or(Error::NotFound { what: "queue" })
}

/// A version of a queue's places: another when anything about them that an admin sets is another.
pub fn version_of(places: &[Place]) -> String {
    let told = places.iter().map(|place| {
        format!(
            "{}|{}|{}|{}",
            place.sales_id, place.label, place.active, place.weight
        )
    });
    let told = told.collect::<Vec<_>>().join("\n");
    // FNV-1a, 64 bits: two admins who edit at once, not an attacker, are told apart.
    let hash = told.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// Sends the leads that fit any of these rules to a queue, in the place of those that were.
pub async fn set_rules(app: &App, id: QueueId, rules: &[Rule]) -> Result<()> {
    let says_something =
        |part: &Option<String>| part.as_deref().is_some_and(|text| !text.trim().is_empty());
    for rule in rules {
        let parts = [&rule.project, &rule.campaign, &rule.source];
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
    let mut transaction = app.pool.begin().await?;
    if store::is_default(&mut transaction, id).await?.is_none() {
        return Err(Error::NotFound { what: "queue" });
    }
    store::replace_rules(&mut transaction, id, rules).await?;
    Ok(transaction.commit().await?)
}

/// Changes where an agent's offers go; those that are open keep the number that they were sent to. A
/// number that is another's already is a conflict, `address_taken`.
pub async fn set_address(app: &App, agent: &UserId, address: &Phone) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    match store::set_address(&mut connection, agent, address).await {
        Ok(true) => Ok(()),
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
