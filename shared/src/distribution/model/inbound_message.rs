//! A message that somebody wrote to the company's number.

use crate::address::Address;
use crate::leads::Click;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How a message came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The chat with the company's number. Clients, agents and managers write here.
    Chat,
    /// The endpoint for answers to an offer. A sender who is no agent never becomes a client here.
    Ack,
    /// The agent's screen. It is no WhatsApp message, so that it opens no window for texts.
    Screen,
}

/// A message that somebody wrote to the company's number, as the provider delivered it.
///
/// The row in `inbound_event` stores this value as JSON. The aliases read rows that an older
/// version wrote.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InboundMessage {
    /// How the message came in.
    #[serde(alias = "door")]
    pub channel: Channel,
    /// The sender.
    pub from: Address,
    /// A second address of the same sender. WhatsApp may name a sender by number and by its own id
    /// in one message.
    #[serde(default, alias = "also")]
    pub other_address: Option<Address>,
    /// The text.
    pub body: String,
    /// The name that the sender uses on WhatsApp, if the provider reports it.
    pub name: Option<String>,
    /// The ad that the sender clicked, if the provider reports it.
    pub source_ads: Option<String>,
    /// The project that the ad shows, if the provider reports it.
    #[serde(default)]
    pub project: Option<String>,
    /// The campaign of the ad, if the provider reports it.
    #[serde(default)]
    pub campaign: Option<String>,
    /// The provider's id of the message. A second message with the same id changes nothing.
    pub message_id: Option<String>,
    /// When the sender wrote it, by the provider's clock. Never counted as later than the receipt.
    pub sent_at: Option<DateTime<Utc>>,
    /// The provider's id of the message of ours that this one quotes or reacts to.
    pub quoted_message_id: Option<String>,
    /// The payload of the button that the sender pressed: `claim:<attempt>` or `pass:<attempt>`.
    pub button_payload: Option<String>,
    /// The emoji of a reaction. An empty text means that the sender removed the reaction.
    pub reaction: Option<String>,
    /// The provider's id of the message that this one replaces: its sender edited it.
    #[serde(default)]
    pub edits: Option<String>,
    /// The click on an ad that started this chat, by Meta's ids.
    #[serde(default)]
    pub click: Click,
}

impl InboundMessage {
    /// A message with only a channel, a sender and a text.
    pub fn new(channel: Channel, from: Address, body: impl Into<String>) -> Self {
        Self {
            channel,
            from,
            other_address: None,
            body: body.into(),
            name: None,
            source_ads: None,
            project: None,
            campaign: None,
            message_id: None,
            sent_at: None,
            quoted_message_id: None,
            button_payload: None,
            reaction: None,
            edits: None,
            click: Click::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Channel, InboundMessage};

    #[test]
    fn a_row_that_an_older_version_wrote_can_be_read() {
        let stored = serde_json::json!({
            "door": "chat", "from": "+6281234001234", "also": "lid:123", "body": "Halo",
            "name": null, "source_ads": null, "message_id": null, "sent_at": null,
            "quoted_message_id": null, "button_payload": null, "reaction": null
        });
        let message: InboundMessage = serde_json::from_value(stored).expect("readable");
        assert_eq!(message.channel, Channel::Chat);
        assert!(message.other_address.is_some());
    }
}
