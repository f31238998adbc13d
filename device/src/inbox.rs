//! What comes in: written down by us, and only then acknowledged to WhatsApp.

use crate::ears::Recovered;
use crate::words::{Names, is_lid, phone_of, sort};
use async_trait::async_trait;
use serde_json::Value;
use shared::distribution::Word;
use shared::error::DatabaseError;
use shared::id::MessageId;
use shared::linked_device::{self, Inbound, NAME};
use shared::meta::words_of_attachment;
use shared::{App, Error, Result, distribution};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use whatsapp_rust::types::durability_hook::{InboundDurabilityHook, InboundMessage};
use whatsapp_rust::wacore_binary::Jid;
use whatsapp_rust::{Client, anyhow};

/// WhatsApp delivers again what was not acknowledged when we connect anew: after so long, doubled while it
/// keeps failing.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MOST_DOUBLINGS: u32 = 5;

/// Takes messages down. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Inbox {
    app: App,
    recovered: Recovered,
    failures: Arc<AtomicU32>,
    /// A new connection is about to be made for what failed: one is enough for all of it.
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

    /// Takes down what the phone gave us again and nothing came after.
    pub(crate) async fn take_recovered(&self, client: &Client) {
        let waits = !lock(&self.recovered).is_empty();
        if waits && let Err(error) = self.take_all(client, &[]).await {
            tracing::error!(%error, "device.inbox_failed: tried again");
        }
    }

    /// Writes these down, with what the phone gave us again, and has the words heard.
    async fn take_all(&self, client: &Client, batch: &[InboundMessage]) -> Result<()> {
        let recovered = std::mem::take(&mut *lock(&self.recovered));
        let taken = self.take_down(client, &recovered, batch).await;
        match taken {
            Ok(words) if words.is_empty() => Ok(()),
            Ok(words) => {
                tokio::spawn(hear(self.app.clone(), words));
                Ok(())
            }
            Err(error) => {
                lock(&self.recovered).extend(recovered);
                Err(error)
            }
        }
    }

    async fn take_down(
        &self,
        client: &Client,
        recovered: &[InboundMessage],
        batch: &[InboundMessage],
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
            sort(&message.message, info, names, &mut inbound);
        }
        self.take(inbound).await
    }

    /// WhatsApp delivers what was not acknowledged again to a new connection.
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

fn lock(recovered: &Recovered) -> std::sync::MutexGuard<'_, Vec<InboundMessage>> {
    recovered.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl InboundDurabilityHook for Inbox {
    /// Nothing is answered in here, where the client waits: what follows from the words is another task's.
    async fn on_messages(
        &self,
        client: Arc<Client>,
        batch: &[InboundMessage],
    ) -> anyhow::Result<()> {
        match self.take_all(&client, batch).await {
            Ok(()) => {
                self.failures.store(0, Ordering::SeqCst);
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, messages = batch.len(), "device.inbox_failed: not acknowledged; WhatsApp delivers again");
                self.reconnect_later(client);
                Err(error.into())
            }
        }
    }
}

impl Inbox {
    /// Writes down what came: together, or one by one if something in it cannot be written, so that it
    /// keeps nothing else from being.
    async fn take(&self, inbound: Inbound) -> Result<Vec<MessageId>> {
        let whole = linked_device::take(&self.app, &inbound).await;
        if !whole.as_ref().is_err_and(is_fault_of_the_message) {
            return whole;
        }
        let mut words = Vec::new();
        for part in inbound.one_by_one() {
            match linked_device::take(&self.app, &part).await {
                Ok(taken) => words.extend(taken),
                Err(error) if is_fault_of_the_message(&error) => {
                    words.extend(self.take_stripped(part).await?);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(words)
    }

    /// A message that cannot be kept as it is: that somebody wrote is kept all the same.
    async fn take_stripped(&self, part: Inbound) -> Result<Vec<MessageId>> {
        tracing::error!("device.unkeepable: a message cannot be kept as it came; that it came is");
        let stripped = Inbound {
            words: part.words.into_iter().map(bare).collect(),
            ..Inbound::default()
        };
        match linked_device::take(&self.app, &stripped).await {
            // Never: and to be told of it for ever would help nobody.
            Err(error) if is_fault_of_the_message(&error) => {
                tracing::error!(%error, "device.lost: not even that");
                Ok(Vec::new())
            }
            taken => taken,
        }
    }
}

/// Who wrote, and nothing that they chose.
fn bare(word: Word) -> Word {
    Word {
        also: word.also,
        message_id: word.message_id,
        ..Word::new(
            word.door,
            word.from,
            words_of_attachment("unknown", &Value::Null),
        )
    }
}

/// Whether the database will never take it, as opposed to its state of the moment: bad data, a rule that it
/// breaks, too large (SQLSTATE classes 22, 23, 54).
fn is_fault_of_the_message(error: &Error) -> bool {
    let Error::Database(DatabaseError::Database(refusal)) = error else {
        return false;
    };
    let code = refusal.code().unwrap_or_default();
    ["22", "23", "54"]
        .iter()
        .any(|class| code.starts_with(class))
}

/// The number of a LID, where the stanza does not tell it and the client knows. A client that cannot look is
/// asked again: nobody's word is filed under another name for it.
async fn names(client: &Client, who: &Jid, other: Option<&Jid>) -> Result<Names> {
    let mut names = Names::of(who, other);
    if names.phone.is_none() && is_lid(who) {
        let known = client.get_lid_pn_entry(&who.to_non_ad()).await;
        let known = known.map_err(|_| Error::Unavailable {
            provider: NAME,
            retry_after: None,
            reason: "a LID could not be looked up".to_owned(),
        })?;
        names.phone = known.and_then(|entry| phone_of(&Jid::pn(entry.phone_number.as_ref())));
    }
    Ok(names)
}

/// Does what the words mean. One that is not heard here is found by the workers.
async fn hear(app: App, words: Vec<MessageId>) {
    for word in words {
        match distribution::hear(&app, word).await {
            // A worker was quicker.
            Ok(_) | Err(Error::NotFound { .. }) => {}
            Err(error) => tracing::error!(message_id = %word, %error, "distribution.unheard"),
        }
    }
}
