//! What somebody wrote, as it was heard.

use crate::leads::Click;
use crate::whatsapp::Address;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Which door a word came in by: what its sender claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// The company's chat. An agent who writes there is still an agent.
    Chat,
    /// The answer to an offer. Whoever is no agent is a stranger there, never a new client.
    Ack,
}

/// Something that somebody wrote to the company's number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Word {
    /// Which door.
    pub door: Door,
    /// Who wrote.
    pub from: Address,
    /// Another key of theirs that came with it: where the provider tells their number and its own id.
    #[serde(default)]
    pub also: Option<Address>,
    /// What.
    pub body: String,
    /// The name they go by, if the provider tells.
    pub name: Option<String>,
    /// The ad that they came from, if the provider tells.
    pub source_ads: Option<String>,
    /// The project that it advertises, if the provider tells.
    #[serde(default)]
    pub project: Option<String>,
    /// The campaign that it is part of, if the provider tells.
    #[serde(default)]
    pub campaign: Option<String>,
    /// The provider's id of the message: the same id twice changes nothing.
    pub message_id: Option<String>,
    /// When they wrote it, by their own clock. Never taken as later than its receipt.
    pub sent_at: Option<DateTime<Utc>>,
    /// The message of ours that they quoted or reacted to, by the provider's id.
    pub quoted_message_id: Option<String>,
    /// What the button of ours carries that they pressed: `claim:<attempt>` or `pass:<attempt>`.
    pub button_payload: Option<String>,
    /// The emoji that they reacted with; empty: they took the reaction back.
    pub reaction: Option<String>,
    /// The click on an ad that brought them here, by Meta's ids.
    #[serde(default)]
    pub click: Click,
}

impl Word {
    /// Something that this person wrote, and nothing else known of it.
    pub fn new(door: Door, from: Address, body: impl Into<String>) -> Self {
        Self {
            door,
            from,
            also: None,
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
            click: Click::default(),
        }
    }
}
