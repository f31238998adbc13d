//! What became of messages after they left.

use crate::provider::Answers;
use chrono::Utc;
use shared::whatsapp::{Progress, Status};
use shared::{App, distribution};
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedReceiver;
use whatsapp_rust::types::events::{Event, Receipt, ServerAck};
use whatsapp_rust::types::presence::ReceiptType;

/// Writes receipts down, one after the other, for as long as they come.
pub(crate) async fn note(app: App, answers: Answers, mut receipts: UnboundedReceiver<Arc<Event>>) {
    while let Some(event) = receipts.recv().await {
        let statuses = match &*event {
            Event::ServerAck(ack) => of_ack(&answers, ack).into_iter().collect(),
            Event::Receipt(receipt) => of_receipt(receipt),
            _ => Vec::new(),
        };
        for status in statuses {
            if let Err(error) = distribution::report(&app, &status).await {
                tracing::warn!(%error, "device.receipt_lost");
            }
        }
    }
}

/// The server's answer to a message. One that comes when nobody waits for it any more counts all the same.
fn of_ack(answers: &Answers, ack: &ServerAck) -> Option<Status> {
    if ack.class.as_deref() != Some("message") || answers.came(&ack.id, ack.error.clone()) {
        return None;
    }
    Some(Status {
        provider_message_id: ack.id.clone(),
        send: None,
        progress: if ack.error.is_some() {
            Progress::Failed
        } else {
            Progress::Sent
        },
        at: ack.timestamp.unwrap_or_else(Utc::now),
        code: None,
    })
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
            provider_message_id: id.clone(),
            send: None,
            progress,
            at: receipt.timestamp,
            code: None,
        })
        .collect()
}
