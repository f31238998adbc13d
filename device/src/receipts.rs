//! Stores delivery statuses, and people's new numbers.

use crate::event_handler::Statuses;
use crate::message_mapping::phone_of;
use crate::recipients::is_temporary;
use shared::whatsapp::{self, Progress, Status};
use shared::{App, Error, Result, distribution};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;
use whatsapp_rust::types::events::{Event, Receipt};
use whatsapp_rust::types::presence::ReceiptType;

/// How often an acknowledgement or a changed number is tried again that the database does not take, …
const AGAIN: u32 = 60;
/// … and how long after.
const AGAIN_AFTER: Duration = Duration::from_secs(5);
/// How many receipts are stored in one go.
const BATCH: usize = 500;

/// Stores statuses, as long as they come: acknowledgements first, then receipts in batches.
pub(crate) async fn note(app: App, mut statuses: Statuses) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let noted = tokio::select! {
            biased;
            Some(event) = statuses.acks.recv() => note_one_in_the_end(&app, &event).await,
            count = statuses.receipts.recv_many(&mut batch, BATCH) => {
                if count == 0 {
                    return;
                }
                note_receipts(&app, std::mem::take(&mut batch)).await
            }
        };
        if let Err(error) = noted {
            tracing::warn!(%error, "device.receipt_lost");
        }
    }
}

/// As [`note_one`]. What the database does not take is tried again for five minutes: WhatsApp does not send it again.
async fn note_one_in_the_end(app: &App, event: &Event) -> Result<()> {
    for _ in 0..AGAIN {
        match note_one(app, event).await {
            Err(error @ Error::Database(_)) => {
                tracing::warn!(%error, "device.status_waits: it is tried again");
                sleep(AGAIN_AFTER).await;
            }
            noted => return noted,
        }
    }
    note_one(app, event).await
}

/// A person's new number, or the server's acknowledgement of a message for which nothing waits any more. It counts.
async fn note_one(app: &App, event: &Event) -> Result<()> {
    if let Event::ContactNumberChanged(changed) = event {
        let (old, new) = (phone_of(&changed.old_jid), phone_of(&changed.new_jid));
        let (Some(old), Some(new)) = (old, new) else {
            return Ok(());
        };
        return distribution::change_number(app, &old, &new).await;
    }
    let Event::ServerAck(ack) = event else {
        return Ok(());
    };
    if ack.error.as_deref().is_some_and(is_temporary) {
        // It comes after the send has stopped to wait for it. Its job sends the message again.
        tracing::warn!(message = ack.id, code = ack.error, "device.refused_late");
        return Ok(());
    }
    let at = if let Some(at) = ack.timestamp {
        at
    } else {
        let mut connection = app.pool.acquire().await?;
        app.clock.now(&mut connection).await?
    };
    let status = Status {
        recipient: None,
        provider_message_id: ack.id.clone(),
        send: None,
        progress: if ack.error.is_some() {
            Progress::Failed
        } else {
            Progress::Sent
        },
        at,
        code: ack.error.as_deref().and_then(|code| code.parse().ok()),
    };
    distribution::apply_status(app, &status).await
}

/// Stores the statuses of our messages. Of several receipts for one message and status, the earliest counts.
async fn note_receipts(app: &App, events: Vec<Arc<Event>>) -> Result<()> {
    let mut statuses: BTreeMap<(String, bool), Status> = BTreeMap::new();
    for event in &events {
        if let Event::Receipt(receipt) = &**event {
            for status in of_receipt(receipt) {
                let key = (
                    status.provider_message_id.clone(),
                    status.progress == Progress::Read,
                );
                let earliest = statuses.entry(key).or_insert_with(|| status.clone());
                earliest.at = earliest.at.min(status.at);
            }
        }
    }
    let ids: Vec<String> = statuses.keys().map(|(id, _)| id.clone()).collect();
    // Most receipts of a flood are for messages that somebody wrote on the phone.
    let ours = whatsapp::ours_of(app, &ids).await?;
    for status in statuses.into_values() {
        if !ours.contains(&status.provider_message_id) {
            continue;
        }
        // One status that cannot be stored does not take the others with it.
        if let Err(error) = distribution::apply_status(app, &status).await {
            tracing::warn!(message = status.provider_message_id, %error, "device.receipt_lost");
        }
    }
    Ok(())
}

fn of_receipt(receipt: &Receipt) -> Vec<Status> {
    let progress = match receipt.r#type {
        ReceiptType::Delivered | ReceiptType::Inactive => Progress::Delivered,
        ReceiptType::Read | ReceiptType::Played => Progress::Read,
        _ => return Vec::new(),
    };
    if receipt.source.is_from_me || receipt.source.is_group {
        return Vec::new();
    }
    receipt
        .message_ids
        .iter()
        .map(|id| Status {
            recipient: None,
            provider_message_id: id.clone(),
            send: None,
            progress,
            at: receipt.timestamp,
            code: None,
        })
        .collect()
}
