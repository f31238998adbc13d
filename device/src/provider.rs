//! The provider `qr_local` in the device process: sends messages through the linked phone.

use crate::connection::Connection;
use crate::errors::{refused, unavailable};
use crate::recipients::Recipients;
use async_trait::async_trait;
use shared::address::Address;
use shared::id::MessageId;
use shared::linked_device::DeviceKey;
use shared::providers::qr_local::NAME;
use shared::providers::{Accepted, Outgoing, Provider};
use shared::{Error, Result};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;
use whatsapp_rust::request::IqError;
use whatsapp_rust::send::SendError;
use whatsapp_rust::wacore::proto_helpers::MessageBuilderExt;
use whatsapp_rust::wacore_binary::Jid;
use whatsapp_rust::waproto::whatsapp as wa;
use whatsapp_rust::{Client, SendOptions};

/// Together shorter than a job can run.
const LOOK_UP: Duration = Duration::from_secs(8);
const SEND: Duration = Duration::from_secs(10);
const ACKNOWLEDGE: Duration = Duration::from_secs(8);

/// The shortest time that a message waits for a connection.
const NOT_CONNECTED: Duration = Duration::from_secs(1);

/// WhatsApp's acknowledgements that messages wait for.
#[derive(Clone, Default)]
pub(crate) struct Answers(Arc<Mutex<Waiting>>);

/// The waiting messages, by WhatsApp's id.
type Waiting = HashMap<String, Vec<oneshot::Sender<Option<String>>>>;

impl Answers {
    fn expect(&self, id: &str) -> Expected {
        let (sender, receiver) = oneshot::channel();
        self.lock().entry(id.to_owned()).or_default().push(sender);
        Expected {
            answers: self.clone(),
            id: id.to_owned(),
            receiver,
        }
    }

    /// WhatsApp accepted the message, or refused it with a code. Returns `false` if nothing waits for it.
    pub(crate) fn came(&self, id: &str, code: Option<&str>) -> bool {
        let waiting = self.lock().remove(id).unwrap_or_default();
        let told = waiting
            .into_iter()
            .filter_map(|one| one.send(code.map(str::to_owned)).ok());
        told.count() > 0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A wait for an acknowledgement. Dropping it ends the wait.
struct Expected {
    answers: Answers,
    id: String,
    receiver: oneshot::Receiver<Option<String>>,
}

impl Drop for Expected {
    fn drop(&mut self) {
        // Removes only its own entry: two tasks can wait for the same message.
        self.receiver.close();
        let mut all = self.answers.lock();
        if let Some(waiting) = all.get_mut(&self.id) {
            waiting.retain(|one| !one.is_closed());
            if waiting.is_empty() {
                all.remove(&self.id);
            }
        }
    }
}

/// The provider of one session.
pub(crate) struct Linked {
    pub(crate) client: Arc<Client>,
    pub(crate) connection: Connection,
    pub(crate) answers: Answers,
    pub(crate) recipients: Recipients,
    /// The recipients that are known to be on WhatsApp, with their addresses.
    pub(crate) known: tokio::sync::Mutex<HashMap<Address, Jid>>,
    /// Names our messages.
    pub(crate) key: DeviceKey,
}

/// WhatsApp's id of our message. It is always the same for the same row, so that WhatsApp accepts the message
/// once, however often it is sent. It has the length and letters of WhatsApp's own web client. Only who received the
/// message knows it: who quotes an offer is taken for its agent.
fn whatsapp_id(key: &DeviceKey, message: MessageId) -> String {
    format!("3EB0{}", &key.name_of(message)[..18])
}

#[async_trait]
impl Provider for Linked {
    fn name(&self) -> &'static str {
        NAME
    }

    fn message_id(&self, message: MessageId) -> Option<String> {
        Some(whatsapp_id(&self.key, message))
    }

    /// A message is accepted when WhatsApp's server acknowledges it.
    async fn send(&self, message: &Outgoing) -> Result<Accepted> {
        if self.connection.is_cut() || !self.client.is_logged_in() {
            // Not the message's fault, so it does not count as a try.
            return Err(Error::NotYet {
                wait: NOT_CONNECTED,
            });
        }
        let jid = self.jid_of(&message.to).await?;
        let id = whatsapp_id(&self.key, message.id);
        let mut answer = self.answers.expect(&id);
        self.send_text(&jid, message, &id).await?;
        match timeout(ACKNOWLEDGE, &mut answer.receiver).await {
            Ok(Ok(None)) => {
                self.recipients.served(&message.to);
                Ok(Accepted {
                    provider_message_id: id,
                })
            }
            Ok(Ok(Some(code))) => Err(self.recipients.refused(&message.to, &code)),
            // Sent again under the same id, it is accepted once.
            Ok(Err(_)) | Err(_) => Err(unavailable("WhatsApp did not acknowledge it")),
        }
    }
}

impl Linked {
    async fn send_text(&self, jid: &Jid, message: &Outgoing, id: &str) -> Result<()> {
        let options = SendOptions::default().with_message_id(id);
        let text = wa::Message::text(message.body.as_str());
        let sending = self
            .client
            .send_message_with_options(jid.clone(), text, options);
        match timeout(SEND, sending).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                let kind = kind_of(&error);
                tracing::warn!(kind, "device.not_sent");
                Err(match error {
                    SendError::InvalidRequest(_) => refused("the client cannot send it"),
                    // The recipient can be the cause, and not the connection.
                    SendError::Iq(IqError::ServerError { code, backoff, .. })
                        if code >= 500 || code == 429 || backoff.is_some() =>
                    {
                        unavailable(kind)
                    }
                    SendError::Internal(_) | SendError::Iq(IqError::ServerError { .. }) => {
                        self.recipients.failed(&message.to, kind)
                    }
                    _ => unavailable(kind),
                })
            }
            Err(_) => Err(unavailable("the client did not send it in time")),
        }
    }

    /// The address of a recipient. Fails permanently if they are not on WhatsApp.
    async fn jid_of(&self, address: &Address) -> Result<Jid> {
        if let Some(jid) = self.known.lock().await.get(address) {
            return Ok(jid.clone());
        }
        let jid = match (address.phone(), address.as_str().strip_prefix("lid:")) {
            (Some(phone), _) => {
                self.look_up(address, phone.as_str().trim_start_matches('+'))
                    .await?
            }
            (None, Some(lid)) => Jid::lid(lid),
            (None, None) => return Err(refused("an address of another provider")),
        };
        self.known.lock().await.insert(address.clone(), jid.clone());
        Ok(jid)
    }

    async fn look_up(&self, address: &Address, digits: &str) -> Result<Jid> {
        let contacts = self.client.contacts();
        let asked = [Jid::pn(digits)];
        match timeout(LOOK_UP, contacts.is_on_whatsapp(&asked)).await {
            Ok(Ok(found)) => match found.into_iter().next() {
                Some(known) if known.is_registered => Ok(known.jid),
                Some(known) if known.contact_error.is_none() => {
                    Err(refused("the number is not on WhatsApp"))
                }
                // No answer does not mean "no".
                _ => Err(self
                    .recipients
                    .failed(address, "WhatsApp does not say whether it knows the number")),
            },
            Ok(Err(_)) => Err(unavailable("a number could not be looked up")),
            Err(_) => Err(unavailable("a number was not looked up in time")),
        }
    }
}

/// What failed, without the client's text, which can name people.
fn kind_of(error: &SendError) -> &'static str {
    match error {
        SendError::Client(_) | SendError::NotLoggedIn => "the connection is not there",
        SendError::Iq(IqError::Timeout) => "WhatsApp did not answer a question in time",
        SendError::Iq(_) => "WhatsApp did not answer a question as it should",
        SendError::InvalidRequest(_) => "the message cannot be sent so",
        _ => "the client could not encrypt or write it",
    }
}

#[cfg(test)]
mod tests {
    use super::{DeviceKey, whatsapp_id};
    use shared::id::MessageId;

    #[test]
    fn a_row_has_one_id_at_whatsapp_and_no_other_row_has_it() {
        let (one, other) = (MessageId::new(), MessageId::new());
        let key = DeviceKey::from_hex(&"0f".repeat(32)).expect("a key");
        let another = DeviceKey::from_hex(&"f0".repeat(32)).expect("a key");
        let id = whatsapp_id(&key, one);
        assert_eq!(id, whatsapp_id(&key.clone(), one));
        assert_ne!(id, whatsapp_id(&key, other));
        assert_ne!(
            id,
            whatsapp_id(&another, one),
            "the row alone does not tell it"
        );
        assert_eq!(id.len(), 22);
        assert!(
            id.starts_with("3EB0") && id.bytes().all(|b| b.is_ascii_hexdigit()),
            "{id}"
        );
    }
}
