//! Stores delivery statuses.

use crate::provider::Answers;
use shared::whatsapp::{Progress, Status};
use shared::{App, Result, distribution};
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedReceiver;
use whatsapp_rust::types::events::{Event, Receipt, ServerAck};
use whatsapp_rust::types::presence::ReceiptType;

/// Stores statuses one after the other, as long as they come.
pub(crate) async fn note(app: App, answers: Answers, mut receipts: UnboundedReceiver<Arc<Event>>) {
    while let Some(event) = receipts.recv().await {
        let noted = match &*event {
            Event::ServerAck(ack) => note_ack(&app, &answers, ack).await,
            Event::Receipt(receipt) => note_receipt(&app, receipt).await,
            _ => Ok(()),
        };
        if let Err(error) = noted {
            tracing::warn!(%error, "device.receipt_lost");
        }
    }
}

/// The server's acknowledgement of a message. It counts even if nothing waits for it any more.
async fn note_ack(app: &App, answers: &Answers, ack: &ServerAck) -> Result<()> {
    if ack.class.as_deref() != Some("message") || answers.came(&ack.id, ack.error.as_deref()) {
        return Ok(());
    }
    let at = if let Some(at) = ack.timestamp {
        at
    } else {
        let mut connection = app.pool.acquire().await?;
        app.clock.now(&mut connection).await?
    };
    let status = Status {
        provider_message_id: ack.id.clone(),
        send: None,
        progress: if ack.error.is_some() {
            Progress::Failed
        } else {
            Progress::Sent
        },
        at,
        code: None,
    };
    distribution::apply_status(app, &status).await
}

async fn note_receipt(app: &App, receipt: &Receipt) -> Result<()> {
    for status in of_receipt(receipt) {
        distribution::apply_status(app, &status).await?;
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
            provider_message_id: id.clone(),
            send: None,
            progress,
            at: receipt.timestamp,
            code: None,
        })
        .collect()
}
