//! Sending an outbound message that is not an offer.

use super::{acceptance, freeze};
use crate::id::MessageId;
use crate::{App, Result, whatsapp};

/// Sends an outbound message. Does nothing if it was sent, failed or does not exist.
///
/// A message that has expired is marked as failed and not sent.
pub async fn send(app: &App, message: MessageId) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let Some(queued) = whatsapp::queued(&mut connection, message).await? else {
        return Ok(());
    };
    if let Some(expires_at) = queued.expires_at
        && app.clock.now(&mut connection).await? >= expires_at
    {
        drop(connection);
        return whatsapp::give_up(app, message, "the message expired before it was sent").await;
    }
    drop(connection);
    match freeze::deliver(app, &queued).await? {
        Some(sent) => acceptance::record(app, &sent).await,
        None => Ok(()),
    }
}
