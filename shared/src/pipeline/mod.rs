//! What agents do with their leads: status, progress and layer 2, each change recorded with its user and
//! time; and the lists.

mod export;
mod model;
mod store;
mod transitions;

pub use export::export;
pub use model::{
    Change, Choice, ChoiceKind, Counts, Cursor, Entry, Filter, Layer2, Page, PageRequest, Sort,
};
pub use transitions::{may_become, may_progress};
use transitions::{refused_progress, refused_status};

use crate::auth::{Role, User};
use crate::id::LeadId;
use crate::jobs::{ReleaseHeldLeads, enqueue};
use crate::leads::{self, Lead, LeadProgress, LeadStatus};
use crate::{App, Error, Result, meta};
use sqlx::PgConnection;

/// The longest note, in characters.
const LONGEST_NOTE: usize = 2000;

/// A page of the leads that a user can see: their own, or all for an admin.
pub async fn list(app: &App, viewer: &User, request: &PageRequest) -> Result<Page> {
    let mut transaction = app.pool.begin().await?;
    let scope = (viewer.role != Role::Admin).then_some(&viewer.id);
    let entries = store::page(&mut transaction, scope, request).await?;
    let counts = store::counts(&mut transaction, scope, &request.filter).await?;
    transaction.rollback().await?;
    Ok(Page::new(entries, counts, request.limit))
}

/// A lead with its layer 2 status. Fails with `NotFound` if the user cannot see it.
pub async fn entry(app: &App, viewer: &User, id: LeadId) -> Result<Entry> {
    let mut connection = app.pool.acquire().await?;
    let entry = store::entry(&mut connection, id).await?;
    check_may_see(viewer, &entry.lead)?;
    Ok(entry)
}

/// The changes of a lead by hand, oldest first.
pub async fn changes(app: &App, id: LeadId) -> Result<Vec<Change>> {
    let mut connection = app.pool.acquire().await?;
    store::changes(&mut connection, id).await
}

/// Closes a lead, or opens a closed lead again. Fails with the conflict `illegal_transition` if the tables
/// do not allow the change, for example while the lead is being distributed.
pub async fn set_status(app: &App, by: &User, id: LeadId, status: LeadStatus) -> Result<Entry> {
    let mut transaction = app.pool.begin().await?;
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

/// Sets the progress of a claimed lead.
pub async fn set_progress(
    app: &App,
    by: &User,
    id: LeadId,
    progress: LeadProgress,
) -> Result<Entry> {
    let mut transaction = app.pool.begin().await?;
    let lead = lock_to_change(&mut transaction, by, id).await?;
    if lead.progress != progress {
        if lead.status != LeadStatus::Claimed || !may_progress(lead.progress, progress, by.role) {
            return Err(refused_progress(&lead, by.role));
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
    if layer2
        .note
        .as_deref()
        .is_some_and(|note| note.chars().count() > LONGEST_NOTE)
    {
        return Err(Error::invalid(
            "note",
            format!("is longer than {LONGEST_NOTE} characters"),
        ));
    }
    let mut transaction = app.pool.begin().await?;
    let lead = lock_to_change(&mut transaction, by, id).await?;
    if !matches!(lead.status, LeadStatus::Claimed | LeadStatus::Closed) {
        return Err(Error::Conflict {
            code: "lead_not_claimed",
        });
    }
    let status = store::choice(&mut transaction, ChoiceKind::Layer2Status, &layer2.status).await?;
    let Some(status) = status else {
        return Err(Error::invalid(
            "status",
            "is not one of the layer 2 statuses",
        ));
    };
    match (&layer2.reason, status.is_rejected) {
        (None, true) => return Err(Error::invalid("reason", "is needed for a rejection")),
        (Some(_), false) => return Err(Error::invalid("reason", "is for rejections only")),
        (Some(reason), true) => {
            let known = store::choice(&mut transaction, ChoiceKind::RejectedReason, reason).await?;
            known.ok_or_else(|| Error::invalid("reason", "is not one of the reasons"))?;
        }
        (None, false) => {}
    }
    let before = store::entry(&mut transaction, id).await?.layer2;
    let now = app.clock.now(&mut transaction).await?;
    store::set_layer2(&mut transaction, id, layer2, now).await?;
    let told = |layer2: &Layer2| match &layer2.reason {
        Some(reason) => format!("{}: {reason}", layer2.status),
        None => layer2.status.clone(),
    };
    let (old, new) = (before.as_ref().map(told), told(layer2));
    let change = store::NewChange {
        field: "layer2",
        old: old.as_deref(),
        new: Some(&new),
        note: layer2.note.as_deref(),
    };
    store::record(&mut transaction, id, &by.id, &change, now).await?;
    meta::remember_conversion(app, &mut transaction, id, &layer2.status, now).await?;
    transaction.commit().await?;
    entry(app, by, id).await
}

/// The entries of a table, in order.
pub async fn choices(app: &App, kind: ChoiceKind) -> Result<Vec<Choice>> {
    let mut connection = app.pool.acquire().await?;
    store::choices(&mut connection, kind).await
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
    store::save_choice(&mut connection, kind, choice).await?;
    store::choices(&mut connection, kind).await
}

fn check_may_see(viewer: &User, lead: &Lead) -> Result<()> {
    if viewer.role == Role::Admin || lead.owner.as_ref() == Some(&viewer.id) {
        Ok(())
    } else {
        Err(Error::NotFound { what: "lead" })
    }
}

async fn lock_to_change(connection: &mut PgConnection, by: &User, id: LeadId) -> Result<Lead> {
    let lead = leads::lock(connection, id).await?;
    check_may_see(by, &lead)?;
    Ok(lead)
}
