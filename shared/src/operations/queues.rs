//! Queues: how many jobs they have, and whether they are paused.

use super::model::{Actor, QueueRow};
use super::store;
use crate::jobs::{
    CheckAckDeadline, ForwardLeadToSales, HandleDelivery, Job, ReleaseHeldLeads,
    RemindOfAppointment,
};
use crate::{App, Error, Result};
use std::collections::HashSet;

/// Queues that are never paused. If offers waited, their deadlines would go on, and agents would lose leads that they were never
/// offered. The work of the other queues is also done by the sweep, so a pause would not stop it.
const NEVER_PAUSED: [&str; 5] = [
    CheckAckDeadline::QUEUE,
    ForwardLeadToSales::QUEUE,
    HandleDelivery::QUEUE,
    ReleaseHeldLeads::QUEUE,
    RemindOfAppointment::QUEUE,
];

/// Every queue that has a job or is paused, by name.
pub async fn queues(app: &App) -> Result<Vec<QueueRow>> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    store::queues(&mut connection, &NEVER_PAUSED, now).await
}

/// The queues that are paused.
pub async fn paused_queues(connection: &mut sqlx::PgConnection) -> Result<HashSet<String>> {
    store::paused(connection).await
}

/// Pauses a queue: within two seconds no worker fetches its jobs any more. Those that run are finished.
///
/// Fails with the conflict `never_paused` for a queue that offers, deadlines or reminders need, and with `NotFound` if no queue
/// can have this name.
pub async fn pause(app: &App, by: &Actor, queue: &str) -> Result<()> {
    if NEVER_PAUSED.contains(&queue) {
        return Err(Error::Conflict {
            code: "never_paused",
        });
    }
    if !is_a_name(queue) {
        return Err(Error::NotFound { what: "queue" });
    }
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    if store::pause(&mut transaction, queue, by, now).await? {
        let subject = serde_json::json!({ "queue": queue });
        store::record(&mut transaction, now, (by, "pause", &subject), 1).await?;
        tracing::warn!(queue, %by, "operations.paused");
    }
    Ok(transaction.commit().await?)
}

/// Ends the pause of a queue. Its jobs are fetched within two seconds. Fails with `NotFound` if it is not paused.
pub async fn resume(app: &App, by: &Actor, queue: &str) -> Result<()> {
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    if !store::resume(&mut transaction, queue).await? {
        return Err(Error::NotFound { what: "pause" });
    }
    let subject = serde_json::json!({ "queue": queue });
    store::record(&mut transaction, now, (by, "resume", &subject), 1).await?;
    transaction.commit().await?;
    tracing::warn!(queue, %by, "operations.resumed");
    Ok(())
}

/// Whether this can be the name of a queue: `send-message.v1`.
fn is_a_name(queue: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c == '-';
    queue.len() <= 64
        && queue.rsplit_once(".v").is_some_and(|(kind, version)| {
            !kind.is_empty() && kind.chars().all(is_plain) && version.parse::<u8>().is_ok()
        })
}

#[cfg(test)]
mod tests {
    use super::is_a_name;

    #[test]
    fn a_queue_is_named_after_its_kind_and_version() {
        for name in ["send-message.v1", "check-ack-deadline.v12"] {
            assert!(is_a_name(name), "{name}");
        }
        for name in ["", "send-message", ".v1", "Send.v1", "a b.v1", "x.v300"] {
            assert!(!is_a_name(name), "{name}");
        }
    }
}
