//! What comes in: written down by us, and only then acknowledged to WhatsApp.

use crate::words::{Names, phone_of, sort};
use async_trait::async_trait;
use serde_json::Value;
use shared::distribution::Word;
use shared::error::DatabaseError;
use shared::id::MessageId;
use shared::linked_device::{self, Inbound};
use shared::meta::words_of_attachment;
use shared::{App, Error, Result, distribution};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use whatsapp_rust::types::durability_hook::{InboundDurabilityHook, InboundMessage};
use whatsapp_rust::wacore_binary::Jid;
use whatsapp_rust::{Client, anyhow};

/// WhatsApp delivers again what was not acknowledged when we connect anew: after so long, doubled while it
/// keeps failing.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MOST_DOUBLINGS: u32 = 5;

/// Takes messages down.
pub(crate) struct Inbox {
    app: App,
    failures: AtomicU32,
}

impl Inbox {
    pub(crate) fn new(app: App) -> Self {
        Self {
            app,
            failures: AtomicU32::new(0),
        }
    }
}

#[async_trait]
impl InboundDurabilityHook for Inbox {
    /// Nothing is answered in here, where the client waits: what follows from the words is another task's.
    async fn on_messages(
        &self,
        client: Arc<Client>,
        batch: &[InboundMessage],
    ) -> anyhow::Result<()> {
        let mut inbound = Inbound::default();
        for message in batch {
            let source = &message.info.source;
            let (who, other) = if source.is_from_me {
                (&source.chat, source.recipient_alt.as_ref())
            } else {
                (&source.sender, source.sender_alt.as_ref())
            };
            let names = names(&client, who, other).await;
            sort(&message.message, &message.info, names, &mut inbound);
        }
        match self.take(inbound).await {
            Ok(words) => {
                self.failures.store(0, Ordering::Relaxed);
                if !words.is_empty() {
                    tokio::spawn(hear(self.app.clone(), words));
                }
                Ok(())
            }
            Err(error) => {
                let failures = self.failures.fetch_add(1, Ordering::Relaxed);
                let pause = FIRST_PAUSE * (1 << failures.min(MOST_DOUBLINGS));
                tracing::error!(%error, messages = batch.len(), "device.inbox_failed: not acknowledged; WhatsApp delivers again");
                tokio::spawn(async move {
                    tokio::time::sleep(pause).await;
                    client.reconnect_immediately().await;
                });
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

/// The number of a LID, where the stanza does not tell it and the client knows.
async fn names(client: &Client, who: &Jid, other: Option<&Jid>) -> Names {
    let mut names = Names::of(who, other);
    if names.phone.is_none()
        && who.is_lid()
        && let Ok(Some(entry)) = client.get_lid_pn_entry(&who.to_non_ad()).await
    {
        names.phone = phone_of(&Jid::pn(entry.phone_number.as_ref()));
    }
    names
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
