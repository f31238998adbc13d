//! Records parts of deliveries that could not be read.

use crate::id::DeliveryId;
use crate::meta::envelope::Unread;
use crate::meta::store;
use crate::{App, Result};

/// Records parts that could not be read. A part that is recorded already stays as it is.
pub(in crate::meta) async fn record(app: &App, id: DeliveryId, unread: &[Unread]) -> Result<()> {
    if unread.is_empty() {
        return Ok(());
    }
    let mut transaction = app.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    for part in unread {
        let reason = part.reason.as_str();
        store::insert_unread(&mut transaction, id, &part.place, reason, now).await?;
        tracing::warn!(delivery = %id, place = part.place, reason, "meta.unread: a part of a delivery could not be read");
    }
    Ok(transaction.commit().await?)
}
