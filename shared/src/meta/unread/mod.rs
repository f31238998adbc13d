//! Parts of deliveries that could not be read: kept with their reason, listed, handled again or closed.

pub(super) mod record;

use super::delivery::{self, Source};
use super::envelope::Delivered;
use super::inbox::UnreadPart;
use super::store;
use crate::id::UserId;
use crate::jobs::{HandleDelivery, enqueue_again};
use crate::{App, Error, Result};
use uuid::Uuid;

/// The open parts, oldest first, at most 200.
pub async fn unread(app: &App) -> Result<Vec<UnreadPart>> {
    let mut connection = app.pool.acquire().await?;
    store::open_unread(&mut connection).await
}

/// Closes a part: nothing is to be done about it. Fails with `NotFound` if it is not open.
pub async fn close_unread(app: &App, id: Uuid, by: &UserId) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    store::close_unread(&mut connection, id, Some(by), now).await
}

/// Reads the part again with this version and the present settings, and handles what it contains.
///
/// The rest of its delivery was handled and is not handled again. Returns whether the part can be read now;
/// if not, it stays open. Fails with `NotFound` if it is not open.
pub async fn retry_unread(app: &App, id: Uuid, by: &UserId) -> Result<bool> {
    let mut transaction = app.begin().await?;
    let part = store::lock_unread(&mut transaction, id).await?;
    let part = part.ok_or(Error::NotFound {
        what: "unread part",
    })?;
    let now = app.clock.now(&mut transaction).await?;
    let body = store::delivery_body(&mut transaction, part.delivery).await?;
    let again = match Source::parse(&part.source) {
        Source::WhatsApp => delivery::read(app, &body),
        Source::Leads => Delivered {
            unread: super::leads::unread_of(&body),
            ..Delivered::default()
        },
    };
    if again
        .unread
        .iter()
        .any(|unread| inside(&unread.place, &part.place))
    {
        return Ok(false);
    }
    // The other parts of the delivery were handled. Statuses, echoes and the like can be repeated; messages
    // and edits are received only if they are inside this part.
    let messages = again
        .messages
        .into_iter()
        .filter(|(place, _)| inside(place, &part.place));
    let part_of_it = Delivered {
        messages: messages.collect(),
        ..Delivered::default()
    };
    delivery::receive(app, &mut transaction, part.delivery, part_of_it).await?;
    store::close_unread(&mut transaction, id, Some(by), now).await?;
    store::set_waiting(&mut transaction, part.delivery).await?;
    let handle = HandleDelivery {
        delivery: part.delivery,
    };
    enqueue_again(&mut transaction, &handle, now).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Whether `place` is `part` or inside it.
fn inside(place: &str, part: &str) -> bool {
    part.is_empty()
        || place == part
        || place
            .strip_prefix(part)
            .is_some_and(|rest| rest.starts_with('/'))
}
