//! The services that send messages and keep calendars: one trait, one file or folder for each wire format.

pub mod calendar;
pub mod cloud_api;
pub mod dummy;
pub mod graph;
pub mod qr_local;

mod address;
mod measure;

pub use address::ask_for;

use crate::Result;
use crate::address::Address;
use crate::error::class_of;
use crate::id::{AttemptId, MessageId, SendId};
use crate::phone::Phone;
use async_trait::async_trait;
use measure::measured;
use std::time::Duration;

/// A message to send.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Our row's id; for a list of offers, the row of the first. After a crash the same id can be sent again.
    /// A provider that recognises it sends the message once.
    pub id: MessageId,
    /// The recorded send that it belongs to, if the provider has rules ([`Provider::rules`]).
    pub send: Option<SendId>,
    /// The sender: the company's number.
    pub from: Phone,
    /// The recipient.
    pub to: Address,
    /// The text.
    pub body: String,
    /// The form in which it is sent.
    pub content: Content,
}

/// The form of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text only.
    Text,
    /// An offer with its buttons.
    Offer(AttemptId),
    /// Several offers as a list.
    Offers(Vec<ListedOffer>),
    /// A template of the provider.
    Template(Template),
}

/// An offer in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedOffer {
    /// The attempt.
    pub attempt: AttemptId,
    /// The line in the list: code and client.
    pub line: String,
}

/// A template with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The registered name.
    pub name: String,
    /// The registered language: `id`.
    pub language: String,
    /// The parameters of its body, in order.
    pub parameters: Vec<String>,
    /// The payloads of its quick-reply buttons, in order.
    pub payloads: Vec<String>,
}

/// The provider's receipt for an accepted message. Accepted does not mean delivered.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The provider's id of the message. Replies quote it and statuses name it.
    pub provider_message_id: String,
}

/// The limits that a provider sets. All workers keep them together, through the database.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The most messages a second of our number, in and out together.
    pub messages_per_second: u32,
    /// The shortest time between two messages to the same person.
    pub pair_pause: Duration,
    /// A message with an unknown outcome is sent again only after this time without a status.
    pub settle_after: Duration,
    /// How long after their last message a person can be sent messages other than templates.
    pub window: Duration,
    /// A message that is older than this on arrival is stored, but not acted on.
    pub stale_after: Duration,
    /// The templates for people outside that window.
    pub templates: Templates,
}

/// The names of the registered templates.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    /// Their language.
    pub language: String,
    /// For an offer: code, project, window; two quick replies.
    pub offer: Option<String>,
    /// For every other message to an agent or manager; its parameter is the text.
    pub notice: Option<String>,
    /// For a client who submitted a form and has not written; its parameter is the name.
    pub welcome: Option<String>,
}

/// Whether a provider accepts our credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It accepts them, for this number.
    Good(Option<Phone>),
    /// It rejects them; the reason contains no personal data.
    Bad(String),
    /// It did not answer; the reason contains no personal data.
    Unknown(String),
}

/// Whether a provider has the templates that we send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    /// Each is registered and approved, and fits what we send.
    Good,
    /// What is wrong, a sentence for each template.
    Bad(Vec<String>),
    /// It did not tell, or no setting says which account to ask about; the reason contains no personal data.
    Unknown(String),
}

/// A WhatsApp provider.
///
/// A call is never made inside a database transaction. The class of [`crate::Error::Provider`] tells whether
/// the same message can be sent again.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// The name in the database: `dummy`, `cloud_api`, `qr_local`.
    fn name(&self) -> &'static str;

    /// Its limits; `None` if there are none.
    fn rules(&self) -> Option<&Rules> {
        None
    }

    /// Checks the credentials with the provider; `None` if it has none.
    async fn health(&self) -> Option<Health> {
        None
    }

    /// Asks the provider for the templates that we send; `None` if it has none.
    async fn templates(&self) -> Option<Registered> {
        None
    }

    /// The provider's id for a message, if it is known before the message is sent. Statuses then find the row
    /// even if the answer to the call is lost.
    fn message_id(&self, _: MessageId) -> Option<String> {
        None
    }

    /// Sends one message. Fails with [`crate::Error::Provider`] if the provider does not accept it.
    async fn send(&self, message: &Outgoing) -> Result<Accepted>;
}

/// Sends one message, and records how long the provider took and how it answered.
pub async fn send(provider: &dyn Provider, message: &Outgoing) -> Result<Accepted> {
    measured(provider.name(), provider.send(message), |sent| {
        sent.as_ref().map_or_else(class_of, |_| "accepted")
    })
    .await
}
