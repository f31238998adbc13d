//! Receiving: a message is stored with the time of its receipt before anything else happens.

use super::bind;
use super::lexicon::Intent;
use crate::address::Address;
use crate::distribution::endings::roll::MAX_FAILURES;
use crate::distribution::model::{Channel, InboundMessage};
use crate::distribution::{policy, store};
use crate::id::{DeliveryId, MessageId};
use crate::phone::Phone;
use crate::whatsapp::{self, Correction};
use crate::{App, Result, sales};
use sqlx::PgConnection;

/// Stores a message with the time of its receipt, in its own transaction. Returns the id for
/// [`super::route::handle`].
///
/// The clock is read under a lock that a roll of the sender's offers takes too. So a roll sees every
/// message whose time is before the deadline, even while the message's transaction is not committed.
pub async fn receive(app: &App, message: &InboundMessage) -> Result<MessageId> {
    let id = MessageId::new();
    store::receive_one(&app.pool, id, message, app.clock.fixed()).await?;
    Ok(id)
}

/// As [`receive`], for several messages that came together, in the caller's transaction. Keep that
/// transaction short: rolls of the senders' offers wait for it.
pub async fn receive_all(
    app: &App,
    connection: &mut PgConnection,
    messages: &[InboundMessage],
    delivery: Option<DeliveryId>,
) -> Result<Vec<MessageId>> {
    store::lock_senders(connection, messages).await?;
    let received_at = app.clock.now(connection).await?;
    let mut ids = Vec::with_capacity(messages.len());
    for message in messages {
        let acknowledged_at = policy::acknowledged_at(message.sent_at, received_at);
        let id = MessageId::new();
        let times = (received_at, acknowledged_at);
        store::insert_received(connection, id, message, delivery, times).await?;
        ids.push(id);
    }
    Ok(ids)
}

/// The messages of a delivery that are not handled yet, in the order in which they were written.
pub async fn unhandled_messages_of(app: &App, delivery: DeliveryId) -> Result<Vec<MessageId>> {
    let mut connection = app.pool.acquire().await?;
    store::unhandled_of_delivery(&mut connection, delivery, MAX_FAILURES).await
}

/// Receives the new text of a message that its sender edited. Only an agent's or a manager's text can have a
/// consequence, so a client's edit is not received.
///
/// A message that is not handled yet counts as its last text: at its own time if the first text was an OK already,
/// else at the time of the edit. An edit of a message that was handled is received as a message of its own; its id is
/// returned.
pub async fn receive_edit(
    app: &App,
    connection: &mut PgConnection,
    from: &Address,
    correction: &Correction,
    delivery: Option<DeliveryId>,
) -> Result<Vec<MessageId>> {
    let Some(body) = &correction.body else {
        return Ok(Vec::new());
    };
    let mut edited = InboundMessage {
        message_id: Some(correction.id.clone()),
        sent_at: Some(correction.at),
        edits: Some(correction.original_id.clone()),
        ..InboundMessage::new(Channel::Chat, from.clone(), body.clone())
    };
    recognise(connection, &mut edited).await?;
    let other = edited.other_address.as_ref();
    let sender = sales::sender(connection, &edited.from, other).await?;
    if sender.agent.is_none() && !sender.manages {
        return Ok(Vec::new());
    }
    store::lock_senders(connection, std::slice::from_ref(&edited)).await?;
    let Some(original) = store::lock_received_as(connection, &correction.original_id).await? else {
        return receive_all(app, connection, &[edited], delivery).await;
    };
    let now = app.clock.now(connection).await?;
    let was_ok = app.lexicon.read(&original.message.body).intent == Intent::Ok;
    let counts_at = if was_ok {
        original.acknowledged_at
    } else {
        policy::acknowledged_at(Some(correction.at), now)
    };
    let message = InboundMessage {
        body: body.clone(),
        ..original.message
    };
    store::rewrite_received(connection, original.id, &message, counts_at).await?;
    Ok(Vec::new())
}

/// Puts the sender's number in front of a message that came under a provider's id, if the number is known.
/// So an agent is recognised by any of their addresses, and by an offer that the message answers.
pub async fn recognise(connection: &mut PgConnection, message: &mut InboundMessage) -> Result<()> {
    let mut phone =
        store::known_number(connection, &message.from, message.other_address.as_ref()).await?;
    if phone.is_none() && message.from.phone().is_none() {
        phone = agent_of_offer(connection, message).await?;
    }
    if let Some(phone) = phone {
        let other = std::mem::replace(&mut message.from, Address::from(&phone));
        if message.from != other && message.other_address.is_none() {
            message.other_address = Some(other);
        }
    }
    Ok(())
}

/// The number of the agent whose offer the message quotes, as a press of its button does, too. Only the recipient of an offer
/// knows the id of its message: no answer of ours has it, unlike the attempt's id, which a button names. An agent who is known by
/// another id of the same kind does not write under this one.
async fn agent_of_offer(
    connection: &mut PgConnection,
    message: &InboundMessage,
) -> Result<Option<Phone>> {
    let Some(quoted) = &message.quoted_message_id else {
        return Ok(None);
    };
    let Some(attempt) = whatsapp::attempt_of_offer(connection, quoted).await? else {
        return Ok(None);
    };
    let button = message.button_payload.as_deref().and_then(bind::button);
    if button.is_some_and(|(_, pressed)| pressed != attempt) {
        return Ok(None);
    }
    store::number_of_agent_of(connection, attempt, &message.from).await
}
