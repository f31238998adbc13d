//! Carrying out what was decided to be said.

use super::{forward, freeze};
use crate::id::MessageId;
use crate::{App, Result, whatsapp};

/// Sends an outbound row, once. Does nothing if the provider has taken it already.
pub async fn send(app: &App, message: MessageId) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let Some(queued) = whatsapp::queued(&mut connection, message).await? else {
        return Ok(());
    };
    if let Some(expires_at) = queued.expires_at
        && app.clock.now(&mut connection).await? >= expires_at
    {
        drop(connection);
        return whatsapp::give_up(app, message, "it is too late for it").await;
    }
    drop(connection);
    let handed = freeze::hand_over(app, &queued).await?;
    forward::record(app, &handed).await
}
