//! The outside world that carries our messages: one trait, one file or folder a wire format.

pub mod calendar;
pub mod cloud_api;
pub mod dummy;
pub mod graph;
pub mod qr_local;

use crate::Result;
use crate::address::Address;
use crate::id::{AttemptId, MessageId, SendId};
use crate::phone::Phone;
use async_trait::async_trait;
use std::time::Duration;

/// A message to carry out.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Our row's id; of several offers in one list, the first one's. The same id may be given again
    /// after a crash; a provider that can, sends it once.
    pub id: MessageId,
    /// The call that it is part of, where calls are kept ([`Provider::rules`]).
    pub send: Option<SendId>,
    /// The sender: the company's number.
    pub from: Phone,
    /// The recipient.
    pub to: Address,
    /// What it says, in words alone.
    pub body: String,
    /// In which form it is said.
    pub content: Content,
}

/// The form of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Its words.
    Text,
    /// An offer, with its buttons.
    Offer(AttemptId),
    /// Several offers, to choose from.
    Offers(Vec<ListedOffer>),
    /// A form that the provider keeps, filled in.
    Template(Template),
}

/// An offer in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedOffer {
    /// The offer.
    pub attempt: AttemptId,
    /// Its line: code and client.
    pub line: String,
}

/// A template with its blanks filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// As it is registered.
    pub name: String,
    /// As it is registered: `id`.
    pub language: String,
    /// The blanks of its body, in order.
    pub parameters: Vec<String>,
    /// What its quick-reply buttons carry, in order.
    pub payloads: Vec<String>,
}

/// The provider's word that it took a message. Taken is not delivered.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Its own id for the message, by which replies quote it and statuses name it.
    pub provider_message_id: String,
}

/// What a provider asks of whoever sends through it. All workers keep these together, through the
/// database.
#[derive(Clone, Debug)]
pub struct Rules {
    /// So many messages a second from our number, in and out together.
    pub messages_per_second: u32,
    /// The pause between two messages to the same person.
    pub pair_pause: Duration,
    /// A message whose fate is not known is sent again only after this time without a status.
    pub settle_after: Duration,
    /// How long after their last message a person can be written to freely.
    pub window: Duration,
    /// A message older than this when it comes is written down, and nothing follows from it.
    pub stale_after: Duration,
    /// The forms for whoever is outside it.
    pub templates: Templates,
}

/// The names of the templates that are registered.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    /// Their language.
    pub language: String,
    /// For an offer: code, project, window; two quick replies.
    pub offer: Option<String>,
    /// For anything else that an agent or manager is told: the words.
    pub notice: Option<String>,
    /// For a client who filled in an ad and has not written: their name.
    pub welcome: Option<String>,
}

/// Whether a provider would work for us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It knows us, under this number.
    Good(Option<Phone>),
    /// It does not: why, without personal data.
    Bad(String),
    /// It did not say: why, without personal data.
    Unknown(String),
}

/// A way out to WhatsApp.
///
/// A call is never made inside a database transaction. [`crate::Error::Unavailable`] means that the
/// same message may be tried again, [`crate::Error::Refused`] that it never will be taken.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// The name that messages are filed under: `dummy`, `cloud_api`, `qr_local`.
    fn name(&self) -> &'static str;

    /// What it asks of senders; `None`: messages go as they come.
    fn rules(&self) -> Option<&Rules> {
        None
    }

    /// Asks the provider whether it would work for us now; `None`: there is nothing to ask.
    async fn health(&self) -> Option<Health> {
        None
    }

    /// Its own id for a message, if it is known before the message leaves: what is heard of it finds its row
    /// even if the answer to the call is lost.
    fn message_id(&self, _: MessageId) -> Option<String> {
        None
    }

    /// Hands over one message.
    async fn send(&self, message: &Outgoing) -> Result<Accepted>;
}
