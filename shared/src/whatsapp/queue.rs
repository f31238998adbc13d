//! Queuing a message: its row, and the job that sends it, in the caller's transaction.

use super::model::Draft;
use super::store;
use crate::Result;
use crate::id::MessageId;
use crate::jobs::{Scheduled, SendMessage};
use crate::unit_of_work::UnitOfWork;
use std::collections::HashSet;

/// Queues an outbound message: stores its row and enqueues its [`SendMessage`] job, in the caller's
/// transaction.
///
/// Returns `false` if the same kind of message was stored before for this recipient and attempt,
/// cycle or inbound message, or if the client wants no messages. Then nothing is written.
pub async fn queue_message(work: &mut UnitOfWork<'_>, draft: &Draft) -> Result<bool> {
    Ok(queue_messages(work, &[draft]).await? == 1)
}

/// As [`queue_message`], for several messages. Returns how many were stored.
pub async fn queue_messages(work: &mut UnitOfWork<'_>, drafts: &[&Draft]) -> Result<usize> {
    let (mut new, mut jobs) = (Vec::new(), Vec::new());
    for draft in drafts {
        let message = MessageId::new();
        jobs.push(Scheduled::new(&SendMessage { message, nth: 0 }, work.now)?);
        new.push((message, *draft));
    }
    Ok(store::insert_out(work, &new, &jobs).await?.len())
}

/// Stores an outbound row without a job. Returns `None` if the row exists already.
pub async fn insert_outbound(
    work: &mut UnitOfWork<'_>,
    draft: &Draft,
) -> Result<Option<MessageId>> {
    let inserted = insert_all_outbound(work, &[(MessageId::new(), draft)]).await?;
    Ok(inserted.into_iter().next())
}

/// As [`insert_outbound`], for several messages, each with its id, in one statement. Returns those that were stored.
pub async fn insert_all_outbound(
    work: &mut UnitOfWork<'_>,
    drafts: &[(MessageId, &Draft)],
) -> Result<HashSet<MessageId>> {
    let inserted = store::insert_out(work, drafts, &[]).await?;
    Ok(inserted.into_iter().collect())
}
