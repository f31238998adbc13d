//! Carrying out what was decided to be said.

use super::freeze;
use crate::id::MessageId;
use crate::{App, Result, whatsapp};

/// Sends an outbound row, once. Does nothing if the provider has taken it already.
pub async fn send(app: &App, message: MessageId) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let Some(queued) = whatsapp::queued(&mut connection, message).await? else {
        return Ok(());
    };
    drop(connection);
    let accepted = freeze::hand_over(app, &queued).await?;
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    whatsapp::set_accepted(&mut connection, message, &accepted, now).await
}
