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
    let message = MessageId::new();
    let job = Scheduled::new(&SendMessage { message, nth: 0 }, work.now)?;
    store::insert_out(work, message, draft, &[job]).await
}

/// Stores an outbound row without a job. Returns `None` if the row exists already.
pub async fn insert_outbound(
    work: &mut UnitOfWork<'_>,
    draft: &Draft,
) -> Result<Option<MessageId>> {
    let message = MessageId::new();
    let inserted = store::insert_out(work, message, draft, &[]).await?;
    Ok(inserted.then_some(message))
}

/// Stores the rows of these offers, without jobs, in one statement. Returns those that were stored: the row of any other exists already.
pub async fn insert_offers(
    work: &mut UnitOfWork<'_>,
    offers: &[(MessageId, Draft)],
) -> Result<HashSet<MessageId>> {
    let inserted = store::insert_offers(work, offers).await?;
    Ok(inserted.into_iter().collect())
}
