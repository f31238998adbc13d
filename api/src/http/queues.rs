//! The queues, as an admin sets them.

use super::model::Strategy;
use super::tag::Tag;
use crate::auth::AdminOnly;
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use shared::App;
use shared::id::{QueueId, UserId};
use shared::phone::Phone;
use shared::sales;
use uuid::Uuid;

pub struct Queues;

/// A queue with all that is set about it.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct Queue {
    id: Uuid,
    /// Whether it takes what no rule sends elsewhere. One does, and cannot be deleted.
    is_default: bool,
    settings: QueueSettings,
    /// Who stands in it, in order.
    places: Vec<Place>,
    /// Which leads go to it.
    rules: Vec<QueueRule>,
}

/// How a queue works.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct QueueSettings {
    /// Unlike any other's.
    name: String,
    strategy: Strategy,
    /// How many turns a skipped agent is owed at most; absent: all of them.
    most_turns_owed: Option<i32>,
    /// The pause between two held leads that are released, in seconds.
    #[oai(default = "default_stagger")]
    release_stagger_seconds: i32,
    /// Whether everybody is asked at once when all have been asked in turn ("rebutan").
    #[oai(default)]
    last_round: bool,
    /// Whether an agent who was late may ask for a lead that nobody took.
    #[oai(default)]
    second_chance: bool,
    /// Who hears of leads that nobody takes, and gives them to somebody by answering.
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
    /// Its share, where the queue is weighted.
    #[oai(default = "one")]
    weight: i32,
    /// What it is owed, in thousandths of a turn; negative: it is ahead.
    #[oai(read_only)]
    owed_thousandths: Option<i64>,
}

/// Which leads go to a queue: every part that is given must fit; `*` stands for any text.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct QueueRule {
    /// Of several rules that fit, the lowest number wins.
    #[oai(default = "hundred")]
    priority: i32,
    project: Option<String>,
    campaign: Option<String>,
    source: Option<String>,
}

/// Where an agent's offers go.
#[derive(Object)]
struct OfferAddress {
    /// A number, as typed; kept as E.164.
    phone: String,
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
    /// Every queue, the default first
    #[oai(path = "/api/distribution/queues", method = "get", operation_id = "queues", tag = Tag::Queues)]
    async fn queues(&self, app: Data<&App>, _admin: AdminOnly) -> Result<Vec<Queue>> {
        let queues = sales::queues(&app).await?;
        Ok(Json(queues.into_iter().map(Into::into).collect()))
    }

    /// Make a queue, without places or rules
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

    /// Change how a queue works
    ///
    /// Running cycles go on as they began. With another strategy nobody is owed anything.
    #[oai(path = "/api/distribution/queues/:id", method = "put", operation_id = "updateQueue", tag = Tag::Queues)]
    async fn update(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<Uuid>,
        body: Json<QueueSettings>,
    ) -> Result<Queue> {
        sales::change_queue(&app, QueueId(id.0), &settings(&body.0)?).await?;
        the_queue(&app, QueueId(id.0)).await
    }

    /// Delete a queue
    ///
    /// Its running cycles go on; what it held goes to the default queue, which itself cannot be
    /// deleted: 409 `default_queue`.
    #[oai(path = "/api/distribution/queues/:id", method = "delete", operation_id = "deleteQueue", tag = Tag::Queues)]
    async fn delete(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<Uuid>,
    ) -> Result<Vec<Queue>> {
        sales::delete_queue(&app, QueueId(id.0)).await?;
        let queues = sales::queues(&app).await?;
        Ok(Json(queues.into_iter().map(Into::into).collect()))
    }

    /// Put agents into a queue, in this order, in the place of those who were
    #[oai(path = "/api/distribution/queues/:id/places", method = "put", operation_id = "setQueuePlaces", tag = Tag::Queues)]
    async fn places(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<Uuid>,
        body: Json<Vec<Place>>,
    ) -> Result<Queue> {
        let places: Vec<sales::Place> = body.0.into_iter().map(Into::into).collect();
        sales::set_places(&app, QueueId(id.0), &places).await?;
        the_queue(&app, QueueId(id.0)).await
    }

    /// Say which leads go to a queue, in the place of what was said before
    #[oai(path = "/api/distribution/queues/:id/rules", method = "put", operation_id = "setQueueRules", tag = Tag::Queues)]
    async fn rules(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<Uuid>,
        body: Json<Vec<QueueRule>>,
    ) -> Result<Queue> {
        let rules: Vec<sales::Rule> = body.0.into_iter().map(Into::into).collect();
        sales::set_rules(&app, QueueId(id.0), &rules).await?;
        the_queue(&app, QueueId(id.0)).await
    }

    /// Change where an agent's offers go
    ///
    /// Offers that are open keep the number that they were sent to, and both are the agent's until
    /// they end. A number that is another's already: 409 `address_taken`.
    #[oai(path = "/api/sales/:id/address", method = "put", operation_id = "setOfferAddress", tag = Tag::Queues)]
    async fn address(
        &self,
        app: Data<&App>,
        _admin: AdminOnly,
        id: Path<String>,
        body: Json<OfferAddress>,
    ) -> Result<OfferAddress> {
        let phone = Phone::from_human("phone", &body.phone)?;
        sales::set_address(&app, &UserId(id.0), &phone).await?;
        Ok(Json(OfferAddress {
            phone: phone.to_string(),
        }))
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
        } = rule;
        Self {
            priority,
            project,
            campaign,
            source,
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
        } = rule;
        Self {
            priority,
            project,
            campaign,
            source,
        }
    }
}
