//! Endpoints that play clients and agents while `WA_PROVIDER=dummy`.

use super::model::{Agent, EventAnswer, Timestamp};
use super::tag::Tag;
use super::webhooks::{answer, optional, words};
use crate::intake::Intake;
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use shared::distribution::{self, Cause, Channel, InboundMessage, Rolled};
use shared::phone::Phone;
use shared::{App, Error, db};
use std::time::Duration;
use uuid::Uuid;

pub struct Dummy;

/// A client's chat message.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ClientMessage {
    /// The client's number, as typed.
    client_wa: String,
    /// The text.
    body: String,
    /// The client's name.
    client_name: Option<String>,
    /// The ad.
    source_ads: Option<String>,
    /// The project of the ad.
    project: Option<String>,
    /// The campaign of the ad.
    campaign: Option<String>,
    /// The message's id. The same id twice changes nothing.
    message_id: Option<String>,
    /// When it was sent. A time after the receipt is replaced by the receipt.
    sent_at: Option<Timestamp>,
}

/// An agent's answer to an offer.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SalesAck {
    /// The agent's number, as typed.
    sales_wa: String,
    /// The text: `OK`, `OK A17`, `LEWATI`. Can be empty for a button or a reaction.
    #[oai(default)]
    body: String,
    /// The message's id. The same id twice changes nothing.
    message_id: Option<String>,
    /// When it was sent. A time after the receipt is replaced by the receipt.
    sent_at: Option<Timestamp>,
    /// The offer that is quoted or reacted to, by its `providerMessageId`.
    quoted_message_id: Option<String>,
    /// The payload of the pressed button: `claim:<attemptId>` or `pass:<attemptId>`.
    button_payload: Option<String>,
    /// The emoji of a reaction to the message `quotedMessageId`; empty if the reaction is removed.
    reaction: Option<String>,
}

/// The attempts that were rolled.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct TimeoutsAnswer {
    /// One for each due attempt, oldest deadline first.
    rolled: Vec<RolledAttempt>,
    /// The next deadline of an open offer; absent if none is open.
    next_due_at: Option<Timestamp>,
}

/// An attempt that timed out, and what followed.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct RolledAttempt {
    lead_id: Uuid,
    cycle_id: Uuid,
    attempt_id: Uuid,
    agent: Agent,
    ack_deadline_at: Timestamp,
    /// Never before the deadline.
    rolled_at: Timestamp,
    /// The next offer; absent if no agent is left and the lead is hangus.
    next: Option<NextAttempt>,
}

/// The offer that follows one that timed out.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct NextAttempt {
    attempt_id: Uuid,
    agent: Agent,
    position: i32,
    ack_deadline_at: Timestamp,
}

#[OpenApi(prefix_path = "/webhooks/whatsapp/dummy")]
impl Dummy {
    /// Play a client who writes to the company's number
    #[oai(path = "/client-message", method = "post", operation_id = "dummyClientMessage", tag = Tag::Dummy)]
    async fn client_message(
        &self,
        app: Data<&Intake>,
        body: Json<ClientMessage>,
    ) -> Result<EventAnswer> {
        only_with_dummy(&app)?;
        let from = Phone::from_human("clientWa", &body.client_wa)?.into();
        let word = InboundMessage {
            name: optional("clientName", body.client_name.as_deref())?,
            source_ads: optional("sourceAds", body.source_ads.as_deref())?,
            project: optional("project", body.project.as_deref())?,
            campaign: optional("campaign", body.campaign.as_deref())?,
            message_id: optional("messageId", body.message_id.as_deref())?,
            sent_at: body.sent_at.map(|sent_at| sent_at.0),
            ..InboundMessage::new(Channel::Chat, from, words("body", &body.body)?)
        };
        hear(&app, &word).await
    }

    /// Play an agent who answers an offer
    ///
    /// `outcome` is `accepted`, `late`, `declined`, `ambiguous`, `nothing_open`, `not_an_ack` or `unknown_agent`.
    #[oai(path = "/sales-ack", method = "post", operation_id = "dummySalesAck", tag = Tag::Dummy)]
    async fn sales_ack(&self, app: Data<&Intake>, body: Json<SalesAck>) -> Result<EventAnswer> {
        only_with_dummy(&app)?;
        let from = Phone::from_human("salesWa", &body.sales_wa)?.into();
        let word = InboundMessage {
            message_id: optional("messageId", body.message_id.as_deref())?,
            sent_at: body.sent_at.map(|sent_at| sent_at.0),
            quoted_message_id: optional("quotedMessageId", body.quoted_message_id.as_deref())?,
            button_payload: optional("buttonPayload", body.button_payload.as_deref())?,
            reaction: body
                .reaction
                .as_deref()
                .map(|emoji| words("reaction", emoji))
                .transpose()?,
            ..InboundMessage::new(Channel::Ack, from, words("body", &body.body)?)
        };
        hear(&app, &word).await
    }

    /// Roll every attempt whose deadline has passed
    ///
    /// Never rolls early: an attempt whose window is not over stays open, and `nextDueAt` is its deadline.
    #[oai(path = "/run-timeouts", method = "post", operation_id = "dummyRunTimeouts", tag = Tag::Dummy)]
    async fn run_timeouts(&self, app: Data<&Intake>) -> Result<TimeoutsAnswer> {
        only_with_dummy(&app)?;
        roll_all_due(&app).await
    }

    /// Bring the next deadline forward to now, and roll its attempt
    ///
    /// For trying things out: nobody has to wait five minutes. `rolled` is empty if no offer is open.
    #[oai(path = "/next-deadline", method = "post", operation_id = "dummyNextDeadline", tag = Tag::Dummy)]
    async fn next_deadline(&self, app: Data<&Intake>) -> Result<TimeoutsAnswer> {
        only_with_dummy(&app)?;
        distribution::bring_next_deadline_forward(&app).await?;
        roll_all_due(&app).await
    }
}

async fn roll_all_due(app: &App) -> Result<TimeoutsAnswer> {
    let mut rolled = Vec::new();
    for one in distribution::roll_all_due(app, Duration::ZERO, Cause::Dummy).await? {
        rolled.push(describe(app, one).await?);
    }
    Ok(Json(TimeoutsAnswer {
        rolled,
        next_due_at: distribution::next_deadline(app).await?.map(Timestamp),
    }))
}

async fn hear(app: &App, word: &InboundMessage) -> Result<EventAnswer> {
    let handled = db::retry_once(|| distribution::receive_and_show(app, word)).await?;
    match handled.snapshot {
        Some(snapshot) => Ok(Json(EventAnswer::new(&handled.report, Some(snapshot)))),
        None => answer(app, &handled.report).await,
    }
}

async fn describe(app: &App, rolled: Rolled) -> shared::Result<RolledAttempt> {
    let next = match rolled.next {
        Some(next) => Some(NextAttempt {
            attempt_id: next.attempt.0,
            agent: distribution::agent(app, &next.sales_id).await?.into(),
            position: next.position,
            ack_deadline_at: Timestamp(next.ack_deadline_at),
        }),
        None => None,
    };
    Ok(RolledAttempt {
        lead_id: rolled.lead.0,
        cycle_id: rolled.cycle.0,
        attempt_id: rolled.attempt.0,
        agent: distribution::agent(app, &rolled.sales_id).await?.into(),
        ack_deadline_at: Timestamp(rolled.ack_deadline_at),
        rolled_at: Timestamp(rolled.rolled_at),
        next,
    })
}

/// Forged OKs and forced timeouts must not be possible in production.
pub(super) fn only_with_dummy(app: &App) -> shared::Result<()> {
    if app.provider.name() == "dummy" {
        Ok(())
    } else {
        Err(Error::NotFound { what: "endpoint" })
    }
}
