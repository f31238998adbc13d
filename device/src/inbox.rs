//! Stores received messages. The device acknowledges a message to WhatsApp only after it is stored.

use crate::event_handler::Recovered;
use crate::message_mapping::{Names, is_lid, map_message, phone_of};
use async_trait::async_trait;
use serde_json::Value;
use shared::distribution::InboundMessage;
use shared::error::{DatabaseError, ProviderFailure};
use shared::id::MessageId;
use shared::linked_device::{self, Inbound};
use shared::meta::text_for_attachment;
use shared::providers::qr_local::NAME;
use shared::{App, Error, Result, distribution};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use whatsapp_rust::types::durability_hook::{
    InboundDurabilityHook, InboundMessage as ClientMessage,
};
use whatsapp_rust::wacore_binary::Jid;
use whatsapp_rust::{Client, anyhow};

/// WhatsApp delivers again what was not acknowledged when we reconnect. The pause before that doubles while
/// it keeps failing.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MOST_DOUBLINGS: u32 = 5;

/// Stores messages. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Inbox {
    app: App,
    recovered: Recovered,
    failures: Arc<AtomicU32>,
    /// Whether a reconnect is planned. One is enough for everything that failed.
    reconnects: Arc<AtomicBool>,
}

impl Inbox {
    pub(crate) fn new(app: App, recovered: Recovered) -> Self {
        Self {
            app,
            recovered,
            failures: Arc::default(),
            reconnects: Arc::default(),
        }
    }

    /// Stores the recovered messages if no other message comes.
    pub(crate) async fn take_recovered(&self, client: &Client) {
        let waits = !lock(&self.recovered).is_empty();
        if waits && let Err(error) = self.store_all(client, &[]).await {
            tracing::error!(%error, "device.inbox_failed: tried again");
        }
    }

    /// Stores the recovered messages, however often it takes.
    pub(crate) async fn store_recovered(&self, client: &Client) {
        while !lock(&self.recovered).is_empty() {
            self.take_recovered(client).await;
            if !lock(&self.recovered).is_empty() {
                tokio::time::sleep(FIRST_PAUSE).await;
            }
        }
    }

    /// Stores these messages and the recovered ones, and has them handled by another task.
    async fn store_all(&self, client: &Client, batch: &[ClientMessage]) -> Result<()> {
        let recovered = std::mem::take(&mut *lock(&self.recovered));
        match self.store_messages(client, &recovered, batch).await {
            Ok(messages) if messages.is_empty() => Ok(()),
            Ok(messages) => {
                tokio::spawn(handle(self.app.clone(), messages));
                Ok(())
            }
            Err(error) => {
                lock(&self.recovered).extend(recovered);
                Err(error)
            }
        }
    }

    async fn store_messages(
        &self,
        client: &Client,
        recovered: &[ClientMessage],
        batch: &[ClientMessage],
    ) -> Result<Vec<MessageId>> {
        let mut inbound = Inbound::default();
        for message in recovered.iter().chain(batch) {
            let info = &message.info;
            let (who, other) = if info.source.is_from_me {
                (&info.source.chat, info.peer_recipient_pn.as_ref())
            } else {
                (&info.source.sender, info.source.sender_alt.as_ref())
            };
            let names = names(client, who, other).await?;
            map_message(&message.message, info, names, &mut inbound);
        }
        self.store(inbound).await
    }

    /// Reconnects after a pause, so that WhatsApp delivers again what was not acknowledged.
    fn reconnect_later(&self, client: Arc<Client>) {
        let failures = self.failures.fetch_add(1, Ordering::SeqCst);
        if self.reconnects.swap(true, Ordering::SeqCst) {
            return;
        }
        let pause = FIRST_PAUSE * (1 << failures.min(MOST_DOUBLINGS));
        let reconnects = Arc::clone(&self.reconnects);
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            reconnects.store(false, Ordering::SeqCst);
            client.reconnect_immediately().await;
        });
    }
}

fn lock(recovered: &Recovered) -> std::sync::MutexGuard<'_, Vec<ClientMessage>> {
    recovered.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl InboundDurabilityHook for Inbox {
    /// Stores the messages. The client waits for this, so they are handled by another task.
    async fn on_messages(
        &self,
        client: Arc<Client>,
        batch: &[ClientMessage],
    ) -> anyhow::Result<()> {
        match self.store_all(&client, batch).await {
            Ok(()) => {
                self.failures.store(0, Ordering::SeqCst);
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, messages = batch.len(), "device.inbox_failed: not acknowledged, so WhatsApp delivers again");
                self.reconnect_later(client);
                Err(error.into())
            }
        }
    }
}

impl Inbox {
    /// Stores received messages in one transaction. If the database rejects one of them, stores each
    /// message in its own transaction.
    async fn store(&self, inbound: Inbound) -> Result<Vec<MessageId>> {
        let whole = linked_device::store_inbound(&self.app, &inbound).await;
        if !whole.as_ref().is_err_and(is_fault_of_the_message) {
            return whole;
        }
        let mut messages = Vec::new();
        for part in inbound.one_by_one() {
            match linked_device::store_inbound(&self.app, &part).await {
                Ok(stored) => messages.extend(stored),
                Err(error) if is_fault_of_the_message(&error) => {
                    messages.extend(self.store_stripped(part).await?);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(messages)
    }

    /// Stores only that the sender wrote, because the database rejects the message itself.
    async fn store_stripped(&self, part: Inbound) -> Result<Vec<MessageId>> {
        tracing::error!(
            "device.not_storable: a message cannot be stored as it came; its sender is"
        );
        let stripped = Inbound {
            messages: part.messages.into_iter().map(stripped).collect(),
            ..Inbound::default()
        };
        match linked_device::store_inbound(&self.app, &stripped).await {
            // This cannot happen. If it does, WhatsApp must not deliver the message for ever.
            Err(error) if is_fault_of_the_message(&error) => {
                tracing::error!(%error, "device.lost: a message cannot be stored at all");
                Ok(Vec::new())
            }
            stored => stored,
        }
    }
}

/// The message with only its sender and ids, and nothing that the sender chose.
fn stripped(message: InboundMessage) -> InboundMessage {
    InboundMessage {
        other_address: message.other_address,
        message_id: message.message_id,
        ..InboundMessage::new(
            message.channel,
            message.from,
            text_for_attachment("unknown", &Value::Null),
        )
    }
}

/// Whether the database will never store it: wrong data, a violated constraint, too large (SQLSTATE classes
/// 22, 23, 54). Any other failure may pass.
fn is_fault_of_the_message(error: &Error) -> bool {
    let Error::Database(DatabaseError::Database(refusal)) = error else {
        return false;
    };
    let code = refusal.code().unwrap_or_default();
    ["22", "23", "54"]
        .iter()
        .any(|class| code.starts_with(class))
}

/// The names of a sender. The client is asked for the number of a LID if the stanza does not name it. If the
/// client cannot answer, this fails, so that no message is stored under another name.
async fn names(client: &Client, who: &Jid, other: Option<&Jid>) -> Result<Names> {
    let mut names = Names::of(who, other);
    if names.phone.is_none() && is_lid(who) {
        let known = client.get_lid_pn_entry(&who.to_non_ad()).await;
        let known = known.map_err(|_| {
            Error::provider(
                NAME,
                ProviderFailure::UNAVAILABLE,
                "a LID could not be looked up",
            )
        })?;
        names.phone = known.and_then(|entry| phone_of(&Jid::pn(entry.phone_number.as_ref())));
    }
    Ok(names)
}

/// Handles the messages. Workers handle those that fail here.
async fn handle(app: App, messages: Vec<MessageId>) {
    for message in messages {
        match distribution::handle(&app, message).await {
            // A worker handled it first.
            Ok(_) | Err(Error::NotFound { .. }) => {}
            Err(error) => {
                tracing::error!(message_id = %message, %error, "distribution.message_not_handled");
            }
        }
    }
}
