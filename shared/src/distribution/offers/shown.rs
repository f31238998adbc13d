//! An agent's open offers, as the agent's screen shows them: masked as those of the chat.

use super::mask;
use crate::availability::{self, DutyStatus};
use crate::distribution::model::Round;
use crate::distribution::store::{self, Place, SendableOffer};
use crate::id::{AttemptId, LeadId, UserId};
use crate::{App, Result};
use chrono::{DateTime, Utc};
use std::time::Duration;

/// An open offer.
#[derive(Clone, Debug)]
pub struct ShownOffer {
    /// The offer.
    pub attempt: AttemptId,
    /// Its lead.
    pub lead: LeadId,
    /// The code for an answer by chat.
    pub code: Option<String>,
    /// The agent's label in the queue.
    pub label: String,
    /// How it was made.
    pub round: Round,
    /// The client's name, masked if offers are.
    pub name: String,
    /// The client's number; `None` if offers are masked.
    pub phone: Option<String>,
    /// The project.
    pub project: Option<String>,
    /// The area.
    pub area: Option<String>,
    /// The ad.
    pub source: Option<String>,
    /// What became of the client's earlier enquiry.
    pub past: Option<String>,
    /// What the client wrote in this cycle, oldest first.
    pub words: Vec<String>,
    /// When it was made.
    pub assigned_at: DateTime<Utc>,
    /// An OK counts before this instant, by the database's clock.
    pub ack_deadline_at: DateTime<Utc>,
    /// Whether the clock stands still because the provider is frozen.
    pub is_frozen: bool,
}

/// What an agent's screen of offers shows, read at one moment.
#[derive(Clone, Debug)]
pub struct MyOffers {
    /// The database's time.
    pub now: DateTime<Utc>,
    /// How long an agent has for an answer.
    pub window: Duration,
    /// The open offers, the most urgent first.
    pub offers: Vec<ShownOffer>,
    /// The agent's places.
    pub places: Vec<Place>,
    /// Whether the agent is available.
    pub duty: DutyStatus,
}

/// The agent's open offers, places and availability.
pub async fn my_offers(app: &App, agent: &UserId) -> Result<MyOffers> {
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    let agents = std::slice::from_ref(agent);
    let mut duty = availability::duty_statuses(&mut transaction, agents, now).await?;
    let places = store::places_of(&mut transaction, agent).await?;
    let open = store::open_offers_of(&mut transaction, agent).await?;
    let open: Vec<AttemptId> = open.iter().map(|offer| offer.attempt).collect();
    let (fixed_now, provider) = (app.clock.fixed(), app.provider.name());
    let open = store::sendable_offers(&mut transaction, &open, fixed_now, provider).await?;
    let mut offers: Vec<ShownOffer> = open.into_iter().map(|offer| shown(app, offer)).collect();
    // Reading who is available locks agents with a cap.
    transaction.rollback().await?;
    offers.sort_by_key(|offer| offer.ack_deadline_at);
    Ok(MyOffers {
        now,
        window: app.distribution.ack_window,
        offers,
        places,
        duty: duty.remove(agent).unwrap_or(DutyStatus::OnDuty),
    })
}

fn shown(app: &App, offer: SendableOffer) -> ShownOffer {
    let text = |text: &Option<String>| {
        let text = text.as_deref()?;
        Some(mask::words(app, text).into_owned())
    };
    let words = offer.words.iter().rev();
    ShownOffer {
        attempt: offer.attempt,
        lead: offer.lead,
        name: mask::name(app, offer.lead_name.as_deref()).into_owned(),
        phone: offer
            .lead_phone
            .clone()
            .filter(|_| !app.distribution.mask_offers),
        project: text(&offer.lead_project),
        area: text(&offer.lead_area),
        source: text(&offer.lead_source),
        words: words
            .map(|words| mask::words(app, words).into_owned())
            .collect(),
        past: offer.past,
        code: offer.code,
        label: offer.label,
        round: offer.round,
        assigned_at: offer.assigned_at,
        ack_deadline_at: offer.ack_deadline_at,
        is_frozen: offer.is_frozen,
    }
}
