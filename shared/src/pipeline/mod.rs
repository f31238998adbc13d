//! What agents do with their leads: status, progress and layer 2, each change recorded with its user and
//! time; and the lists.

mod access;
mod choices;
mod conditions;
mod edit;
mod export;
mod model;
mod similar;
mod step;
mod store;
mod transitions;
mod undo;

pub use access::entry;
use access::lock_to_change;
pub use edit::{Edit, add_note, edit, unmark};
pub use export::{Labels, Layout, Separator, export, export_workbook};
pub use model::{
    Change, Choice, ChoiceKind, Counts, Cursor, Entry, Filter, Layer2, Page, PageRequest, Sort,
};
pub use similar::Similarity;
pub(crate) use step::CAMPAIGN;
pub use step::Step;
pub use transitions::{may_become, may_progress};
use transitions::{refused_progress, refused_status};
pub use undo::undo;

use crate::auth::{Role, User};
use crate::id::{LeadId, UserId};
use crate::jobs::{ReleaseHeldLeads, enqueue};
use crate::leads::{Lead, LeadProgress, LeadStatus};
use crate::{App, Error, Result, meta};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// The longest note, in characters.
const LONGEST_NOTE: usize = 2000;

/// A page of the leads that a user can see: their own, or all for an admin.
pub async fn list(app: &App, viewer: &User, request: &PageRequest) -> Result<Page> {
    request.filter.check()?;
    let mut transaction = app.begin().await?;
    let scope = (viewer.role != Role::Admin).then_some(&viewer.id);
    let entries = store::page(&mut transaction, scope, request).await?;
    let counts = store::counts(&mut transaction, scope, &request.filter).await?;
    transaction.rollback().await?;
    Ok(Page::new(entries, counts, request.limit))
}

/// The leads that match a filter and have another owner than this agent, or none: at most `limit`, newest first. For admins.
pub async fn matching(
    app: &App,
    filter: &Filter,
    but_not_of: &UserId,
    limit: i64,
) -> Result<Vec<LeadId>> {
    filter.check()?;
    let mut connection = app.pool.acquire().await?;
    store::matching(&mut connection, filter, but_not_of, limit).await
}

/// The leads that may be the same person as this one, each with what they have in common. For admins.
pub async fn similar(app: &App, id: LeadId) -> Result<Vec<(Entry, Similarity)>> {
    let mut connection = app.pool.acquire().await?;
    let entry = store::entry(&mut connection, id).await?;
    similar::similar(&mut connection, &entry.lead).await
}

/// The changes of a lead by hand, oldest first.
pub async fn changes(app: &App, id: LeadId) -> Result<Vec<Change>> {
    let mut connection = app.pool.acquire().await?;
    store::changes(&mut connection, id).await
}

/// Closes a lead, or opens a closed lead again. Fails with the conflict `illegal_transition` if the tables
/// do not allow the change, for example while the lead is being distributed.
pub async fn set_status(app: &App, by: &User, id: LeadId, status: LeadStatus) -> Result<Entry> {
    let mut transaction = app.begin().await?;
    let lead = lock_to_change(&mut transaction, by, id).await?;
    if lead.status != status {
        let has_owner = lead.owner.is_some();
        if !may_become(lead.status, status, has_owner, by.role) {
            return Err(refused_status(lead.status, has_owner, by.role));
        }
        let now = app.clock.now(&mut transaction).await?;
        store::set_status(&mut transaction, id, status, now).await?;
        let change = store::NewChange {
            field: "status",
            old: Some(lead.status.as_str()),
            new: Some(status.as_str()),
            note: None,
        };
        store::record(&mut transaction, id, &by.id, &change, now).await?;
        if status == LeadStatus::Closed {
            // An agent with a cap can be available now.
            enqueue(&mut transaction, &ReleaseHeldLeads { queue: None }, now).await?;
        }
    }
    transaction.commit().await?;
    entry(app, by, id).await
}

/// Sets the progress of a claimed lead. Fails with the conflict `reason_needed` if it becomes lost and its layer 2 status
/// is no rejection with a reason.
pub async fn set_progress(
    app: &App,
    by: &User,
    id: LeadId,
    progress: LeadProgress,
) -> Result<Entry> {
    let mut transaction = app.begin().await?;
    let lead = lock_to_change(&mut transaction, by, id).await?;
    if lead.progress != progress {
        if lead.status != LeadStatus::Claimed || !may_progress(lead.progress, progress, by.role) {
            return Err(refused_progress(&lead, by.role));
        }
        if progress == LeadProgress::Lost && !is_rejected(&mut transaction, id).await? {
            return Err(Error::Conflict {
                code: "reason_needed",
            });
        }
        let now = app.clock.now(&mut transaction).await?;
        store::set_progress(&mut transaction, id, progress, now).await?;
        let change = store::NewChange {
            field: "progress",
            old: Some(lead.progress.as_str()),
            new: Some(progress.as_str()),
            note: None,
        };
        store::record(&mut transaction, id, &by.id, &change, now).await?;
    }
    transaction.commit().await?;
    entry(app, by, id).await
}

/// Sets a lead's layer 2 status, with the reason if it is a rejection, and an optional note.
pub async fn set_layer2(app: &App, by: &User, id: LeadId, layer2: &Layer2) -> Result<Entry> {
    let mut transaction = app.begin().await?;
    let lead = lock_to_change(&mut transaction, by, id).await?;
    let now = app.clock.now(&mut transaction).await?;
    write_layer2(app, &mut transaction, (&lead, by), layer2, now).await?;
    transaction.commit().await?;
    entry(app, by, id).await
}

/// Rejects a lead in one step: its layer 2 status becomes the rejection with this reason, its progress `lost`, and it is
/// closed. One undo takes all of it back.
///
/// Fails with the conflict `lead_not_claimed` if it is not claimed.
pub async fn reject(
    app: &App,
    by: &User,
    id: LeadId,
    reason: &str,
    note: Option<String>,
) -> Result<Entry> {
    let mut transaction = app.begin().await?;
    let lead = lock_to_change(&mut transaction, by, id).await?;
    if lead.status != LeadStatus::Claimed {
        return Err(Error::Conflict {
            code: "lead_not_claimed",
        });
    }
    if !may_progress(lead.progress, LeadProgress::Lost, by.role)
        && lead.progress != LeadProgress::Lost
    {
        return Err(refused_progress(&lead, by.role));
    }
    let statuses = choices::choices(&mut transaction, ChoiceKind::Layer2Status).await?;
    let rejection = statuses
        .into_iter()
        .find(|status| status.is_rejected && status.active);
    let Some(rejection) = rejection else {
        return Err(Error::Conflict {
            code: "no_rejection_status",
        });
    };
    let layer2 = Layer2 {
        status: rejection.id,
        reason: Some(reason.to_owned()),
        note,
    };
    let now = app.clock.now(&mut transaction).await?;
    write_layer2(app, &mut transaction, (&lead, by), &layer2, now).await?;
    store::set_progress(&mut transaction, id, LeadProgress::Lost, now).await?;
    store::set_status(&mut transaction, id, LeadStatus::Closed, now).await?;
    let changes = [
        ("progress", lead.progress.as_str(), "lost"),
        ("status", lead.status.as_str(), "closed"),
    ];
    for (field, old, new) in changes.into_iter().filter(|(_, old, new)| old != new) {
        let change = store::NewChange {
            field,
            old: Some(old),
            new: Some(new),
            note: None,
        };
        store::record(&mut transaction, id, &by.id, &change, now).await?;
    }
    // An agent with a cap can be available now.
    enqueue(&mut transaction, &ReleaseHeldLeads { queue: None }, now).await?;
    transaction.commit().await?;
    entry(app, by, id).await
}

/// Checks a layer 2 status, writes it, and records the change.
async fn write_layer2(
    app: &App,
    connection: &mut PgConnection,
    (lead, by): (&Lead, &User),
    layer2: &Layer2,
    now: DateTime<Utc>,
) -> Result<()> {
    let note = layer2.note.as_deref().unwrap_or_default();
    if note.chars().count() > LONGEST_NOTE {
        return Err(Error::invalid(
            "note",
            format!("is longer than {LONGEST_NOTE} characters"),
        ));
    }
    if !matches!(lead.status, LeadStatus::Claimed | LeadStatus::Closed) {
        return Err(Error::Conflict {
            code: "lead_not_claimed",
        });
    }
    check_layer2(connection, layer2).await?;
    let before = store::entry(connection, lead.id).await?.layer2;
    store::set_layer2(connection, lead.id, layer2, now).await?;
    let (old, new) = (before.as_ref().map(Layer2::recorded), layer2.recorded());
    let change = store::NewChange {
        field: "layer2",
        old: old.as_deref(),
        new: Some(&new),
        note: layer2.note.as_deref(),
    };
    store::record(connection, lead.id, &by.id, &change, now).await?;
    meta::remember_conversion(app, connection, lead.id, &layer2.status, now).await
}

/// Whether the status exists, and has a reason exactly if it is a rejection.
async fn check_layer2(connection: &mut PgConnection, layer2: &Layer2) -> Result<()> {
    let status = choices::choice(connection, ChoiceKind::Layer2Status, &layer2.status).await?;
    let Some(status) = status else {
        return Err(Error::invalid(
            "status",
            "is not one of the layer 2 statuses",
        ));
    };
    match (&layer2.reason, status.is_rejected) {
        (None, true) => Err(Error::invalid("reason", "is needed for a rejection")),
        (Some(_), false) => Err(Error::invalid("reason", "is for rejections only")),
        (Some(reason), true) => {
            let known = choices::choice(connection, ChoiceKind::RejectedReason, reason).await?;
            known
                .map(drop)
                .ok_or_else(|| Error::invalid("reason", "is not one of the reasons"))
        }
        (None, false) => Ok(()),
    }
}

/// The entries of a table, in order.
pub async fn choices(app: &App, kind: ChoiceKind) -> Result<Vec<Choice>> {
    let mut connection = app.pool.acquire().await?;
    choices::choices(&mut connection, kind).await
}

/// Adds an entry, or changes the entry with this id. Entries are set inactive and never deleted.
pub async fn save_choice(app: &App, kind: ChoiceKind, choice: &Choice) -> Result<Vec<Choice>> {
    let slug = |id: &str| {
        id.split('-').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
    };
    if !slug(&choice.id) || choice.id.len() > 50 {
        return Err(Error::invalid(
            "id",
            "must be lower-case letters and figures, joined by dashes",
        ));
    }
    if choice.label.trim().is_empty() || choice.label.chars().count() > 100 {
        return Err(Error::invalid("label", "must be 1 to 100 characters"));
    }
    let mut connection = app.pool.acquire().await?;
    choices::save_choice(&mut connection, kind, choice).await?;
    choices::choices(&mut connection, kind).await
}

async fn is_rejected(connection: &mut PgConnection, id: LeadId) -> Result<bool> {
    let layer2 = store::entry(connection, id).await?.layer2;
    Ok(layer2.is_some_and(|layer2| layer2.reason.is_some()))
}
