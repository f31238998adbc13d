//! An agent answers an offer on the screen. It is a message like one of the chat: stored with the time of its receipt, and
//! handled by the same rules, so that a tap and an OK at one instant have one owner.

use super::route::receive_and_handle;
use crate::address::Address;
use crate::distribution::model::{Channel, InboundMessage, Report};
use crate::distribution::store;
use crate::id::{AttemptId, LeadId, UserId};
use crate::{App, Error, Result, sales};

/// What an agent does with an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tap {
    /// Takes the lead.
    Take,
    /// Passes: the next agent is offered the lead at once.
    Pass,
}

/// Answers an offer for its agent. Returns the report of the message, and the offer's lead. The same answer twice changes
/// nothing and returns the first report.
///
/// Fails with `NotFound` if the agent has no such offer, and with the conflict `no_address` if the agent has no
/// number: messages are matched to agents by number.
pub async fn tap(
    app: &App,
    agent: &UserId,
    attempt: AttemptId,
    tap: Tap,
) -> Result<(Report, LeadId)> {
    let mut connection = app.pool.acquire().await?;
    let offer = store::offer(&mut connection, attempt).await?;
    let Some(offer) = offer.filter(|offer| offer.sales_id == *agent) else {
        return Err(Error::NotFound { what: "offer" });
    };
    let agent = sales::by_id(&mut connection, agent).await?;
    drop(connection);
    let Some(phone) = &agent.phone else {
        return Err(Error::Conflict { code: "no_address" });
    };
    let (verb, words) = match tap {
        Tap::Take => ("claim", "OK"),
        Tap::Pass => ("pass", "LEWATI"),
    };
    let message = InboundMessage {
        message_id: Some(format!("screen:{verb}:{attempt}")),
        button_payload: Some(format!("{verb}:{attempt}")),
        ..InboundMessage::new(Channel::Screen, Address::from(phone), words)
    };
    Ok((receive_and_handle(app, &message).await?, offer.lead))
}
