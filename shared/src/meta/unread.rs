//! Parts of deliveries that could not be read: kept with their reason, listed, handled again or closed.

use super::delivery::{self, Source};
use super::envelope::{Delivered, Reason, Unread};
use super::store;
use crate::id::{DeliveryId, UserId};
use crate::jobs::{HandleDelivery, enqueue_again};
use crate::{App, Error, Result};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A part of a delivery that could not be read.
#[derive(Clone, Debug)]
pub struct UnreadPart {
    /// Its id.
    pub id: Uuid,
    /// The delivery.
    pub delivery: DeliveryId,
    /// `whatsapp` or `leads`.
    pub source: String,
    /// Where in the delivery, for example `entry/0/changes/1/messages/0`. Empty: the whole delivery.
    pub place: String,
    /// Why, as a stable word.
    pub reason: String,
    /// When the delivery came.
    pub received_at: DateTime<Utc>,
}

impl UnreadPart {
    /// What a person can do about it, in one sentence.
    pub fn advice(&self) -> &'static str {
        match self.reason.as_str() {
            "another_number" => {
                "It is about another number of the WhatsApp account. If that number is yours, set WA_CLOUD_PHONE_NUMBER_ID to it, restart, and retry; else remove the number from the app's webhook and close this."
            }
            "not_json" | "not_a_delivery" => {
                "Check which URL the app's webhook calls: this path takes deliveries of Meta only. Close this if nothing is missing."
            }
            "no_sender" => {
                "The message names neither a number nor a WhatsApp id that can be answered. Retry after an upgrade, or look the chat up in WhatsApp Manager."
            }
            _ => "This version does not know this form. Retry after an upgrade, or close it.",
        }
    }
}

/// Records parts that could not be read. A part that is recorded already stays as it is.
pub(super) async fn record(app: &App, id: DeliveryId, unread: &[Unread]) -> Result<()> {
    if unread.is_empty() {
        return Ok(());
    }
    let mut transaction = app.pool.begin().await?;
    let now = app.clock.now(&mut transaction).await?;
    for part in unread {
        let reason = part.reason.as_str();
        store::insert_unread(&mut transaction, id, &part.place, reason, now).await?;
        tracing::warn!(delivery = %id, place = part.place, reason, "meta.unread: a part of a delivery could not be read");
    }
    Ok(transaction.commit().await?)
}

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
    let mut transaction = app.pool.begin().await?;
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

/// The unread part of a delivery that is no JSON or no delivery.
pub(super) fn whole(reason: Reason) -> Vec<Unread> {
    let place = String::new();
    vec![Unread { place, reason }]
}
