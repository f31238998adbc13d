//! What comes before and after a call to the provider, and is done together when several wait ([`crate::together`]).

use super::model::Queued;
use crate::id::{AttemptId, MessageId, SendId};
use crate::providers::Accepted;
use crate::together::Together;

/// How many transactions of each kind run at once in one process. The fewer they are, the more each of them does under load; with
/// one, a slow one would hold up all.
const AT_ONCE: usize = 2;

/// The most messages of one transaction.
const MOST_TOGETHER: usize = 32;

/// What waits in this process before and after its calls.
#[derive(Debug)]
pub struct Sending {
    /// Offers whose rows are to be written.
    pub offers: Together<AttemptId, WrittenOffer>,
    /// Messages whose acceptance is to be recorded.
    pub acceptances: Together<AcceptedMessage>,
}

impl Default for Sending {
    fn default() -> Self {
        Self {
            offers: Together::new(AT_ONCE, MOST_TOGETHER),
            acceptances: Together::new(AT_ONCE, MOST_TOGETHER),
        }
    }
}

/// The row of an offer that is to be sent.
#[derive(Debug)]
pub enum WrittenOffer {
    /// The row is queued.
    Queued(Queued),
    /// The provider refused it in an earlier run, which did not live to end the offer.
    Refused,
    /// There is nothing to send.
    Nothing,
}

/// A send that the provider accepted: one message, or a list of offers.
#[derive(Debug)]
pub struct AcceptedSend {
    /// The recorded send, if the provider has rules.
    pub send: Option<SendId>,
    /// The provider's receipt.
    pub accepted: Accepted,
    /// The accepted messages, with their attempts.
    pub messages: Vec<(MessageId, Option<AttemptId>)>,
    /// The earlier send without a known outcome, if the message was sent again.
    pub resend_of: Option<SendId>,
}

/// One message of an accepted send.
#[derive(Clone, Debug)]
pub struct AcceptedMessage {
    /// The message.
    pub id: MessageId,
    /// The attempt whose offer it is.
    pub attempt: Option<AttemptId>,
    /// The recorded send, if the provider has rules.
    pub send: Option<SendId>,
    /// The provider's id of the send.
    pub provider_message_id: String,
    /// The earlier send without a known outcome, if the message was sent again.
    pub resend_of: Option<SendId>,
}

impl AcceptedSend {
    /// Its messages, one by one.
    pub fn each(&self) -> impl Iterator<Item = AcceptedMessage> {
        self.messages.iter().map(|(id, attempt)| AcceptedMessage {
            id: *id,
            attempt: *attempt,
            send: self.send,
            provider_message_id: self.accepted.provider_message_id.clone(),
            resend_of: self.resend_of,
        })
    }
}
