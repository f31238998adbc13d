//! A message that was received and is not handled yet.

use super::inbound_message::{Channel, InboundMessage};
use super::outcome::Outcome;
use crate::App;
use crate::id::MessageId;
use crate::whatsapp::{InboundKind, InboundRecord};
use chrono::{DateTime, TimeDelta, Utc};

/// A message with the time of its receipt: a row of `inbound_event`.
#[derive(Clone, Debug)]
pub(crate) struct ReceivedMessage {
    /// Its id, which becomes the id of its row in `wa_message`.
    pub(crate) id: MessageId,
    /// The message.
    pub(crate) message: InboundMessage,
    /// When it was received, by the database's clock.
    pub(crate) received_at: DateTime<Utc>,
    /// The time that counts: when it was written, but never later than its receipt.
    pub(crate) acknowledged_at: DateTime<Utc>,
}

impl ReceivedMessage {
    /// Whether the message is too old to have a consequence. Meta delivers for up to a week.
    pub(crate) fn is_stale(&self, app: &App) -> bool {
        let Some(rules) = app.provider.rules() else {
            return false;
        };
        let most = TimeDelta::from_std(rules.stale_after).unwrap_or(TimeDelta::MAX);
        self.message
            .sent_at
            .is_some_and(|sent_at| self.received_at - sent_at > most)
    }

    /// The row that stores the message: who wrote it and what it was taken to mean.
    pub(crate) fn record_as(&self, kind: InboundKind, outcome: Outcome) -> InboundRecord {
        InboundRecord {
            id: self.id,
            kind,
            from: self.message.from.clone(),
            body: self.message.body.clone(),
            outcome: outcome.as_str(),
            provider_message_id: self.message.message_id.clone(),
            sent_at: self.message.sent_at,
            by_whatsapp: self.message.channel != Channel::Screen,
            lead: None,
            cycle: None,
            attempt: None,
        }
    }
}
