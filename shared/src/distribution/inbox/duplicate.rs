//! Messages that the provider delivers a second time.

use crate::Result;
use crate::distribution::model::ReceivedMessage;
use crate::unit_of_work::UnitOfWork;
use crate::whatsapp;

/// Whether a message with the same provider id was handled before. Call this with the locks held
/// that the effect of the message needs.
pub(super) async fn was_handled(
    work: &mut UnitOfWork<'_>,
    received: &ReceivedMessage,
) -> Result<bool> {
    let provider_id = received.message.message_id.as_deref();
    let past = whatsapp::past_outcome(work.app, work.connection, received.id, provider_id).await?;
    Ok(past.is_some())
}
