//! The queues, as an admin configures them.

use super::model::Strategy;
use super::tag::Tag;
use crate::auth::AdminOnly;
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use shared::id::{QueueId, UserId};
use shared::phone::Phone;
use shared::sales;
use shared::{App, db, distribution};
use uuid::Uuid;

pub struct Queues;

/// A queue with its configuration.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct Queue {
    id: Uuid,
    /// Whether it takes the leads that match no rule. One queue does, and it cannot be deleted.
    is_default: bool,
    settings: QueueSettings,
    /// Its places, in order.
    places: Vec<Place>,
    /// The version of its places, for `If-Match`. It differs when a place differs.
    #[oai(read_only)]
    version: String,
    /// The rules that route leads to it.
    rules: Vec<QueueRule>,
}

/// The settings of a queue.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct QueueSettings {
    /// Unique.
    name: String,
    strategy: Strategy,
    /// The most turns that a skipped agent is owed; absent for no limit.
    most_turns_owed: Option<i32>,
    /// The time between two held leads that are released, in seconds.
    #[oai(default = "default_stagger")]
    release_stagger_seconds: i32,
    /// Whether all agents are offered the lead at once after each was offered it alone ("rebutan").
    #[oai(default)]
    last_round: bool,
    /// Whether an agent who was late can claim a hangus lead.
    #[oai(default)]
    second_chance: bool,
    /// Who is notified of hangus leads, and can assign them by an answer.
    #[oai(default)]
    manager_phones: Vec<String>,
}

/// A place in a queue.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct Place {
    sales_id: String,
    /// `A` … `F`.
    label: String,
    /// Whether its agent is offered leads.
    #[oai(default = "yes")]
    active: bool,
    /// The weight, for a weighted queue.
    #[oai(default = "one")]
    weight: i32,
    /// How much it is owed, in thousandths of a turn; negative if it is ahead.
    #[oai(read_only)]
    owed_thousandths: Option<i64>,
}

/// A rule: every part that is given must match; `*` matches any text.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct QueueRule {
    /// If several rules match, the lowest number wins.
    #[oai(default = "hundred")]
    priority: i32,
    project: Option<String>,
    campaign: Option<String>,
    source: Option<String>,
    /// Words or phrases, separated by commas: the client's first message must have one of them. `harga, price list`.
    words: Option<String>,
}

/// A place to add.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct NewPlace {
    sales_id: String,
    /// Absent: the first letter that no place has.
    label: Option<String>,
    /// The position; the first is 1. Absent: the last.
    order: Option<i32>,
    /// The weight, for a weighted queue.
    #[oai(default = "one")]
    weight: i32,
}

fn default_stagger() -> i32 {
    20
}

fn yes() -> bool {
    true
}

fn one() -> i32 {
    1
}

fn hundred() -> i32 {
    100
}

#[OpenApi]
impl Queues {
    /// Every queue, the default queue first
    #[oai(path = "/api/distribution/queues", method = "get", operation_id = "queues", tag = Tag::Queues)]
    async fn queues(&self, app: Data<&App>, _admin: AdminOnly) -> Result<Vec<Queue>> {
        let queues = sales::queues(&app).await?;
        Ok(Json(queues.into_iter().map(Into::into).collect()))
    }

    /// Create a queue without places and rules
    #[oai(path = "/api/distribution/queues", method = "post", operation_id = "createQueue", tag = Tag::Queues)]
    async fn create(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        body: Json<QueueSettings>,
    ) -> Result<Queue> {
        let id = sales::create_queue(&app, &settings(&body.0)?).await?;
        the_queue(&app, id).await
    }

    /// Change a queue's settings
    ///
    /// Running cycles do not change. A change of strategy sets every credit to zero.
    #[oai(path = "/api/distribution/queues/:id", method = "put", operation_id = "updateQueue", tag = Tag::Queues)]
    async fn update(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<Uuid>,
        body: Json<QueueSettings>,
    ) -> Result<Queue> {
        let settings = settings(&body.0)?;
        db::retry_once(|| sales::change_queue(&app, QueueId(id.0), &settings)).await?;
        the_queue(&app, QueueId(id.0)).await
    }

    /// Delete a queue
    ///
    /// Its running cycles continue, and its held leads go to the default queue. The default queue cannot be
    /// deleted: 409 `default_queue`.
    #[oai(path = "/api/distribution/queues/:id", method = "delete", operation_id = "deleteQueue", tag = Tag::Queues)]
    async fn delete(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<Uuid>,
    ) -> Result<Vec<Queue>> {
        db::retry_once(|| sales::delete_queue(&app, QueueId(id.0))).await?;
        let queues = sales::queues(&app).await?;
        Ok(Json(queues.into_iter().map(Into::into).collect()))
    }

    /// Who would be offered the next lead of a queue
    ///
    /// At most three agents, by user id, in order: the second is asked if the first does not answer. A returning client's
    /// former agent is asked before.
    #[oai(path = "/api/distribution/queues/:id/next", method = "get", operation_id = "nextOfQueue", tag = Tag::Queues)]
    async fn next(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<Uuid>,
    ) -> Result<Vec<String>> {
        let next = distribution::next_of_queue(&app, QueueId(id.0)).await?;
        Ok(Json(next.into_iter().map(|agent| agent.0).collect()))
    }

    /// Replace the agents of a queue, in this order
    ///
    /// If the places do not have the `version` of `If-Match` any more: 409 `stale`.
    #[oai(path = "/api/distribution/queues/:id/places", method = "put", operation_id = "setQueuePlaces", tag = Tag::Queues)]
    async fn places(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<Uuid>,
        /// The version that the change is based on.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<Vec<Place>>,
    ) -> Result<Queue> {
        let places: Vec<sales::Place> = body.0.into_iter().map(Into::into).collect();
        let version = version_in(&if_match);
        db::retry_once(|| sales::set_places(&app, QueueId(id.0), &places, version)).await?;
        the_queue(&app, QueueId(id.0)).await
    }

    /// Add an agent to a queue
    ///
    /// The other places stay. 409 `agent_disabled`: the agent is disabled.
    #[oai(path = "/api/distribution/queues/:id/places", method = "post", operation_id = "addQueuePlace", tag = Tag::Queues)]
    async fn add_place(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<Uuid>,
        body: Json<NewPlace>,
    ) -> Result<Queue> {
        let given = body.0;
        let place = sales::NewPlace {
            sales_id: UserId(given.sales_id),
            label: given.label,
            order: given.order,
            weight: given.weight,
        };
        db::retry_once(|| sales::add_place(&app, QueueId(id.0), &place)).await?;
        the_queue(&app, QueueId(id.0)).await
    }

    /// Remove an agent from a queue
    ///
    /// Their open offers stay.
    #[oai(path = "/api/distribution/queues/:id/places/:agent", method = "delete", operation_id = "removeQueuePlace", tag = Tag::Queues)]
    async fn remove_place(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<Uuid>,
        /// The agent, by user id.
        agent: Path<String>,
    ) -> Result<Queue> {
        let agent = UserId(agent.0);
        db::retry_once(|| sales::remove_place(&app, QueueId(id.0), &agent)).await?;
        the_queue(&app, QueueId(id.0)).await
    }

    /// Replace the rules of a queue
    #[oai(path = "/api/distribution/queues/:id/rules", method = "put", operation_id = "setQueueRules", tag = Tag::Queues)]
    async fn rules(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<Uuid>,
        body: Json<Vec<QueueRule>>,
    ) -> Result<Queue> {
        let rules: Vec<sales::Rule> = body.0.into_iter().map(Into::into).collect();
        db::retry_once(|| sales::set_rules(&app, QueueId(id.0), &rules)).await?;
        the_queue(&app, QueueId(id.0)).await
    }
}

async fn the_queue(app: &App, id: QueueId) -> Result<Queue> {
    let queues = sales::queues(app).await?;
    let found = queues.into_iter().find(|queue| queue.id == id);
    Ok(Json(
        found
            .ok_or(shared::Error::NotFound { what: "queue" })?
            .into(),
    ))
}

fn settings(given: &QueueSettings) -> shared::Result<sales::QueueSettings> {
    let phones = given.manager_phones.iter();
    Ok(sales::QueueSettings {
        name: given.name.trim().to_owned(),
        strategy: given.strategy.into(),
        most_turns_owed: given.most_turns_owed,
        release_stagger_seconds: given.release_stagger_seconds,
        last_round: given.last_round,
        second_chance: given.second_chance,
        manager_phones: phones
            .map(|phone| Phone::from_human("managerPhones", phone))
            .collect::<shared::Result<_>>()?,
    })
}

/// The version that an `If-Match` header names, which can be in quotes (RFC 9110, 13.1.1).
pub(super) fn version_in(if_match: &Header<Option<String>>) -> Option<&str> {
    let version = if_match.0.as_deref();
    version.map(|version| version.trim_matches('"'))
}

impl From<sales::Queue> for Queue {
    fn from(queue: sales::Queue) -> Self {
        let settings = queue.settings;
        Self {
            id: queue.id.0,
            is_default: queue.is_default,
            settings: QueueSettings {
                name: settings.name,
                strategy: settings.strategy.into(),
                most_turns_owed: settings.most_turns_owed,
                release_stagger_seconds: settings.release_stagger_seconds,
                last_round: settings.last_round,
                second_chance: settings.second_chance,
                manager_phones: settings
                    .manager_phones
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
            },
            version: sales::version_of(&queue.places),
            places: queue.places.into_iter().map(Into::into).collect(),
            rules: queue.rules.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<sales::Place> for Place {
    fn from(place: sales::Place) -> Self {
        Self {
            sales_id: place.sales_id.0,
            label: place.label,
            active: place.active,
            weight: place.weight,
            owed_thousandths: Some(place.owed_thousandths),
        }
    }
}

impl From<Place> for sales::Place {
    fn from(place: Place) -> Self {
        Self {
            sales_id: UserId(place.sales_id),
            label: place.label,
            active: place.active,
            weight: place.weight,
            owed_thousandths: 0,
        }
    }
}

impl From<sales::Rule> for QueueRule {
    fn from(rule: sales::Rule) -> Self {
        let sales::Rule {
            priority,
            project,
            campaign,
            source,
            words,
        } = rule;
        Self {
            priority,
            project,
            campaign,
            source,
            words,
        }
    }
}

impl From<QueueRule> for sales::Rule {
    fn from(rule: QueueRule) -> Self {
        let QueueRule {
            priority,
            project,
            campaign,
            source,
            words,
        } = rule;
        Self {
            priority,
            project,
            campaign,
            source,
            words,
        }
    }
}
