//! The outside world that carries our messages: one trait, one file a wire format.

pub mod dummy;

use crate::Result;
use crate::config::ProviderKind;
use crate::id::MessageId;
use crate::phone::Phone;
use async_trait::async_trait;
use std::sync::Arc;

/// A message to carry out.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Our row's id. The same id may be given again after a crash; a provider that can, sends it once.
    pub id: MessageId,
    /// The sender: the company's number.
    pub from: Phone,
    /// The recipient.
    pub to: Phone,
    /// What it says.
    pub body: String,
}

/// The provider's word that it took a message. Taken is not delivered.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Its own id for the message, by which replies quote it and statuses name it.
    pub provider_message_id: String,
}

/// A way out to WhatsApp.
///
/// A call is never made inside a database transaction. [`crate::Error::Unavailable`] means that the
/// same message may be tried again, [`crate::Error::Refused`] that it never will be taken.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// The name that messages are filed under: `dummy`, `cloud_api`, `qr_local`.
    fn name(&self) -> &'static str;

    /// Hands over one message.
    async fn send(&self, message: &Outgoing) -> Result<Accepted>;
}

/// The provider that `WA_PROVIDER` chose.
pub fn provider(kind: ProviderKind) -> Arc<dyn Provider> {
    match kind {
        ProviderKind::Dummy => Arc::new(dummy::Dummy),
    }
}
