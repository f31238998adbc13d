//! Undo: a user takes back their own last change of a lead within ten minutes.

use super::access::{entry, lock_to_change};
use super::model::{Change, Entry, Layer2};
use super::store;
use crate::auth::User;
use crate::id::LeadId;
use crate::leads::{Lead, LeadProgress, LeadStatus};
use crate::{App, Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use sqlx::PgConnection;

/// How long a change can be undone.
const UNDO_WITHIN: TimeDelta = TimeDelta::minutes(10);

/// Takes back the user's last change of a lead's status, progress and layer 2: all that they changed at one instant.
///
/// Fails with the conflict `nothing_to_undo` if they changed nothing in the last ten minutes, or somebody changed the
/// lead after them, or distribution did.
pub async fn undo(app: &App, by: &User, id: LeadId) -> Result<Entry> {
    let nothing = Error::Conflict {
        code: "nothing_to_undo",
    };
    let mut transaction = app.begin().await?;
    let lead = lock_to_change(&mut transaction, by, id).await?;
    let now = app.clock.now(&mut transaction).await?;
    let changes = store::changes(&mut transaction, id).await?;
    let undone = last_change(&changes, by, now);
    if undone.is_empty() || !still_holds(&mut transaction, &lead, &undone).await? {
        return Err(nothing);
    }
    for change in undone {
        revert(&mut transaction, id, change, &changes, now).await?;
        let record = store::NewChange {
            field: &change.field,
            old: change.new_value.as_deref(),
            new: change.old_value.as_deref(),
            note: Some("undo"),
        };
        store::record(&mut transaction, id, &by.id, &record, now).await?;
    }
    transaction.commit().await?;
    entry(app, by, id).await
}

/// The changes of the last instant, if the user made them in time and all can be undone.
fn last_change<'changes>(
    changes: &'changes [Change],
    by: &User,
    now: DateTime<Utc>,
) -> Vec<&'changes Change> {
    let changed = |change: &&Change| change.field != "note";
    let Some(last) = changes.iter().rev().find(changed) else {
        return Vec::new();
    };
    let group: Vec<&Change> = changes
        .iter()
        .filter(|change| change.at == last.at && change.field != "note")
        .collect();
    let can_be_undone = group.iter().all(|change| {
        change.by_user_id.as_ref() == Some(&by.id)
            && now - change.at <= UNDO_WITHIN
            && ["status", "progress", "layer2"].contains(&&*change.field)
            // Its cycle has ended. An admin can have it distributed again.
            && !(change.field == "status" && change.old_value.as_deref() == Some("distributing"))
            && change.note.as_deref() != Some("undo")
    });
    if can_be_undone { group } else { Vec::new() }
}

/// Whether the lead still has what the changes set.
async fn still_holds(
    connection: &mut PgConnection,
    lead: &Lead,
    changes: &[&Change],
) -> Result<bool> {
    let layer2 = store::entry(connection, lead.id).await?.layer2;
    let layer2 = layer2.as_ref().map(Layer2::recorded);
    Ok(changes.iter().all(|change| {
        let new = change.new_value.as_deref();
        match change.field.as_str() {
            "status" => new == Some(lead.status.as_str()),
            "progress" => new == Some(lead.progress.as_str()),
            _ => new == layer2.as_deref(),
        }
    }))
}

async fn revert(
    connection: &mut PgConnection,
    id: LeadId,
    change: &Change,
    history: &[Change],
    now: DateTime<Utc>,
) -> Result<()> {
    let old = change.old_value.as_deref();
    match change.field.as_str() {
        "status" => {
            let status = read::<LeadStatus>(old)?;
            store::set_status(connection, id, status, now).await
        }
        "progress" => {
            let progress = read::<LeadProgress>(old)?;
            store::set_progress(connection, id, progress, now).await
        }
        _ => {
            let before = history
                .iter()
                .rev()
                .find(|other| other.field == "layer2" && other.at < change.at);
            let note = before.and_then(|before| before.note.clone());
            let layer2 = old.map(|old| Layer2::read_recorded(old, note));
            store::set_or_clear_layer2(connection, id, layer2.as_ref(), now).await
        }
    }
}

/// A recorded value. Every one was written from this type.
fn read<'value, T: Deserialize<'value>>(value: Option<&'value str>) -> Result<T> {
    let deserializer = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(
        value.unwrap_or_default(),
    );
    T::deserialize(deserializer).map_err(|_| Error::Conflict {
        code: "nothing_to_undo",
    })
}
