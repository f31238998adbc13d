//! What an erasure by request and one by age have in common.

use super::model::Erased;
use crate::leads::{self, Person};
use crate::whatsapp::{self, Named};
use crate::{Result, appointments, lead_lists, linked_device};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Erases what is stored with the person's leads, messages, lists and visits, in the caller's transaction. `named`: messages that may
/// be theirs or name them. Their distribution must have ended.
pub(super) async fn forget(
    connection: &mut PgConnection,
    person: &Person,
    named: &Named,
    now: DateTime<Utc>,
) -> Result<Erased> {
    let (messages, mentions) = whatsapp::erase_person(connection, person, named, now).await?;
    let list_rows = lead_lists::erase_person(connection, person).await?;
    let device_keys = linked_device::forget_peer(connection, person).await?;
    let visits = appointments::erase_person(connection, person, now).await?;
    let leads = leads::erase_person(connection, person, now).await?;
    Ok(Erased {
        leads,
        messages,
        mentions,
        visits: u64::try_from(visits).unwrap_or(u64::MAX),
        list_rows,
        device_keys,
        ..Erased::default()
    })
}
