//! Receiving: a message is stored with the time of its receipt before anything else happens.

use crate::address::Address;
use crate::distribution::endings::roll::MAX_FAILURES;
use crate::distribution::model::InboundMessage;
use crate::distribution::{policy, store};
use crate::id::{DeliveryId, MessageId};
use crate::{App, Error, Result};
use sqlx::PgConnection;

/// Stores a message with the time of its receipt, in its own transaction. Returns the id for
/// [`super::route::handle`].
///
/// The clock is read under a lock that a roll of the sender's offers takes too. So a roll sees every
/// message whose time is before the deadline, even while the message's transaction is not committed.
pub async fn receive(app: &App, message: &InboundMessage) -> Result<MessageId> {
    let mut transaction = app.pool.begin().await?;
    let messages = std::slice::from_ref(message);
    let ids = receive_all(app, &mut transaction, messages, None).await?;
    transaction.commit().await?;
    ids.first()
        .copied()
        .ok_or(Error::NotFound { what: "message" })
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

/// Adds the sender's number to a message that came under a provider's id, if the number is known.
/// So an agent is recognised by any of their addresses.
pub async fn recognise(connection: &mut PgConnection, message: &mut InboundMessage) -> Result<()> {
    let addresses = [Some(&message.from), message.other_address.as_ref()];
    if let Some(phone) = store::known_number(connection, addresses).await? {
        let other = std::mem::replace(&mut message.from, Address::from(&phone));
        if message.from != other && message.other_address.is_none() {
            message.other_address = Some(other);
        }
    }
    Ok(())
}
