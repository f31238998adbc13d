//! An agent's own open offers, and their answers to them from a screen.

use super::model::{Lead, Outcome, Round, Timestamp};
use super::tag::Tag;
use crate::auth::{SignedIn, Viewer};
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use shared::availability::DutyStatus;
use shared::distribution::{self, Tap};
use shared::id::AttemptId;
use shared::{App, db};
use uuid::Uuid;

pub struct Offers;

/// What an agent can take now.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct MyOffers {
    /// The server's time, with which countdowns are to be measured.
    server_now: Timestamp,
    /// How long an agent has for an answer, in seconds.
    window_seconds: f64,
    /// The most urgent first.
    offers: Vec<MyOffer>,
    places: Vec<MyPlace>,
    /// Whether you are offered leads now.
    on_duty: bool,
    /// Until when you are not, if that is known.
    away_until: Option<Timestamp>,
}

/// An open offer, masked as the chat's if offers are.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct MyOffer {
    attempt_id: Uuid,
    lead_id: Uuid,
    /// The code for an answer by chat: `OK A17`.
    code: Option<String>,
    /// Your label in the queue.
    label: String,
    round: Round,
    name: String,
    /// The client's number; absent if offers are masked.
    phone: Option<String>,
    project: Option<String>,
    area: Option<String>,
    source_ads: Option<String>,
    /// What became of the client's earlier enquiry.
    past: Option<String>,
    /// What the client wrote, oldest first.
    words: Vec<String>,
    assigned_at: Timestamp,
    /// An answer counts before this instant, by the server's clock.
    ack_deadline_at: Timestamp,
    /// The clock stands still because the WhatsApp provider is frozen.
    frozen: bool,
}

/// A place in a queue.
#[derive(Object)]
struct MyPlace {
    queue: String,
    label: String,
    /// The position; the first is 1.
    number: i64,
    /// How many active places the queue has.
    of: i64,
}

/// The result of an answer to an offer.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct OfferAnswer {
    /// `accepted`: the lead is yours. `declined`: you passed. `late`: somebody has it, or its time was over.
    outcome: Outcome,
    /// The same answer was given before. `outcome` is that of the first time.
    duplicate: bool,
    /// The lead, if it is yours.
    lead: Option<Lead>,
    /// Opens WhatsApp with a greeting to the client, if the lead is yours.
    chat_link: Option<String>,
    /// Who has the lead.
    owner: Option<String>,
}

#[OpenApi]
impl Offers {
    /// Your open offers, places and availability
    #[oai(path = "/api/offers/mine", method = "get", operation_id = "myOffers", tag = Tag::Distribution)]
    async fn mine(&self, app: Data<&App>, viewer: SignedIn) -> Result<MyOffers> {
        let mine = distribution::my_offers(&app, &viewer.0.user.id).await?;
        Ok(Json(mine.into()))
    }

    /// Take a lead that you are offered
    ///
    /// The same as an OK by chat, under the same rules: it counts before the deadline by the server's clock, and of a tap
    /// and an OK at one instant one wins. 404 if you have no such offer; 409 `no_address` if you have no number.
    #[oai(path = "/api/offers/:id/take", method = "post", operation_id = "takeOffer", tag = Tag::Distribution)]
    async fn take(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        /// The offer's `attemptId`.
        id: Path<Uuid>,
    ) -> Result<OfferAnswer> {
        answer(&app, &viewer.0, id.0, Tap::Take).await
    }

    /// Pass on a lead that you are offered: the next agent is offered it at once
    #[oai(path = "/api/offers/:id/pass", method = "post", operation_id = "passOffer", tag = Tag::Distribution)]
    async fn pass(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        /// The offer's `attemptId`.
        id: Path<Uuid>,
    ) -> Result<OfferAnswer> {
        answer(&app, &viewer.0, id.0, Tap::Pass).await
    }
}

async fn answer(app: &App, viewer: &Viewer, offer: Uuid, tap: Tap) -> Result<OfferAnswer> {
    let (agent, offer) = (&viewer.user.id, AttemptId(offer));
    let (report, lead) = db::retry_once(|| distribution::tap(app, agent, offer, tap)).await?;
    let mut answer = OfferAnswer {
        outcome: report.outcome.into(),
        duplicate: report.duplicate,
        lead: None,
        chat_link: None,
        owner: None,
    };
    let lead = distribution::snapshot(app, lead, Some(offer)).await?.lead;
    if let Some(owner) = &lead.owner {
        answer.owner = Some(distribution::agent(app, owner).await?.name);
    }
    if lead.owner.as_ref() == Some(agent) {
        let link = distribution::chat_link(app, &lead);
        answer.chat_link = Some(link).filter(|link| !link.is_empty());
        answer.lead = Some(lead.into());
    }
    Ok(Json(answer))
}

impl From<distribution::MyOffers> for MyOffers {
    fn from(mine: distribution::MyOffers) -> Self {
        let (on_duty, away_until) = match mine.duty {
            DutyStatus::OnDuty => (true, None),
            DutyStatus::Away { until, .. } => (false, until),
        };
        Self {
            server_now: Timestamp(mine.now),
            window_seconds: mine.window.as_secs_f64(),
            offers: mine.offers.into_iter().map(Into::into).collect(),
            places: mine.places.into_iter().map(Into::into).collect(),
            on_duty,
            away_until: away_until.map(Timestamp),
        }
    }
}

impl From<distribution::ShownOffer> for MyOffer {
    fn from(offer: distribution::ShownOffer) -> Self {
        Self {
            attempt_id: offer.attempt.0,
            lead_id: offer.lead.0,
            code: offer.code,
            label: offer.label,
            round: offer.round.into(),
            name: offer.name,
            phone: offer.phone,
            project: offer.project,
            area: offer.area,
            source_ads: offer.source,
            past: offer.past,
            words: offer.words,
            assigned_at: Timestamp(offer.assigned_at),
            ack_deadline_at: Timestamp(offer.ack_deadline_at),
            frozen: offer.is_frozen,
        }
    }
}

impl From<distribution::Place> for MyPlace {
    fn from(place: distribution::Place) -> Self {
        Self {
            queue: place.queue,
            label: place.label,
            number: place.number,
            of: place.of,
        }
    }
}
