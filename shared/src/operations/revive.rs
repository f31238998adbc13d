//! Retrying a dead letter: what its kind gave up when it was discarded waits again, in the same transaction. Without that the
//! job would find nothing to do.

use crate::id::MessageId;
use crate::jobs::{FetchMetaLead, Job, SendMessage};
use crate::{Result, meta, whatsapp};
use sqlx::PgConnection;

/// Has the rows of these jobs, each with its queue and payload, wait again. A payload that cannot be read has no row.
pub(super) async fn revive(
    connection: &mut PgConnection,
    payloads: &[(String, Vec<u8>)],
) -> Result<()> {
    let messages: Vec<MessageId> = of_queue::<SendMessage>(payloads)
        .map(|job| job.message)
        .collect();
    whatsapp::requeue_failed(connection, &messages).await?;
    for job in of_queue::<FetchMetaLead>(payloads) {
        meta::wait_again(connection, &job.lead).await?;
    }
    Ok(())
}

fn of_queue<J: Job>(payloads: &[(String, Vec<u8>)]) -> impl Iterator<Item = J> {
    payloads
        .iter()
        .filter(|(queue, _)| queue == J::QUEUE)
        .filter_map(|(_, payload)| serde_json::from_slice(payload).ok())
}
