//! Corrections by hand: who the client is, where they came from, and notes.

use super::access::{entry, lock_to_change};
use super::model::Entry;
use super::store;
use crate::address::Address;
use crate::auth::User;
use crate::id::LeadId;
use crate::leads::{self, Contact, Lead};
use crate::phone::Phone;
use crate::{App, Error, Result, sales};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// The longest name, source or project, in characters.
const LONGEST: usize = 200;
/// The longest note, in characters.
const LONGEST_NOTE: usize = 2000;

/// What is corrected. A field that is `None` stays; a text that is empty becomes unknown.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// The client's name.
    pub name: Option<String>,
    /// The client's number. The old one stays one of their keys.
    pub phone: Option<Phone>,
    /// The ad, or where else the client comes from.
    pub source: Option<String>,
    /// The project.
    pub project: Option<String>,
}

/// Corrects a lead, as its owner or an admin. Each changed field is recorded.
///
/// Fails with `LeadExists` if another lead has the number, and with `Invalid` if it is the number of an agent or of the
/// company.
pub async fn edit(app: &App, by: &User, id: LeadId, edit: &Edit) -> Result<Entry> {
    let mut transaction = app.begin().await?;
    let lead = lock_to_change(&mut transaction, by, id).await?;
    let texts = [
        ("name", &edit.name, &lead.name),
        ("source", &edit.source, &lead.source_ads),
        ("project", &edit.project, &lead.project),
    ];
    let mut corrected = lead.clone();
    let mut changes = Vec::new();
    for (field, given, known) in texts {
        let Some(given) = given else { continue };
        let given = text(field, given)?;
        if given != *known {
            changes.push((field, known.clone(), given.clone()));
        }
        match field {
            "name" => corrected.name = given,
            "source" => corrected.source_ads = given,
            _ => corrected.project = given,
        }
    }
    let now = app.clock.now(&mut transaction).await?;
    if let Some(phone) = edit
        .phone
        .as_ref()
        .filter(|phone| lead.phone.as_ref() != Some(phone))
    {
        change_number(app, &mut transaction, &lead, phone, now).await?;
        let old = lead.phone.as_ref().map(|phone| phone.as_str().to_owned());
        changes.push(("phone", old, Some(phone.as_str().to_owned())));
        corrected.phone = Some(phone.clone());
    }
    if !changes.is_empty() {
        leads::correct(&mut transaction, &corrected, now).await?;
    }
    for (field, old, new) in &changes {
        let change = store::NewChange {
            field,
            old: old.as_deref(),
            new: new.as_deref(),
            note: None,
        };
        store::record(&mut transaction, id, &by.id, &change, now).await?;
    }
    transaction.commit().await?;
    entry(app, by, id).await
}

async fn change_number(
    app: &App,
    connection: &mut PgConnection,
    lead: &Lead,
    phone: &Phone,
    now: DateTime<Utc>,
) -> Result<()> {
    sales::check_is_no_number_of_ours(app, connection, phone).await?;
    let contact = Contact::known_by(Address::from(phone));
    match leads::find(connection, &contact).await? {
        Some(other) if other != lead.id => Err(Error::LeadExists { lead: other }),
        _ => leads::set_phone(connection, lead.id, phone, now).await,
    }
}

/// Adds a note to a lead's history, as its owner or an admin.
pub async fn add_note(app: &App, by: &User, id: LeadId, note: &str) -> Result<Entry> {
    let note = note.replace('\0', "");
    if note.trim().is_empty() || note.chars().count() > LONGEST_NOTE {
        return Err(Error::invalid("note", "must be 1 to 2000 characters"));
    }
    let mut transaction = app.begin().await?;
    lock_to_change(&mut transaction, by, id).await?;
    let now = app.clock.now(&mut transaction).await?;
    let change = store::NewChange {
        field: "note",
        old: None,
        new: None,
        note: Some(note.trim()),
    };
    store::record(&mut transaction, id, &by.id, &change, now).await?;
    transaction.commit().await?;
    entry(app, by, id).await
}

/// Removes the mark of a lead: it counts in the figures again. Its status stays.
pub async fn unmark(app: &App, by: &User, id: LeadId) -> Result<Entry> {
    let mut transaction = app.begin().await?;
    let lead = lock_to_change(&mut transaction, by, id).await?;
    if let Some(mark) = lead.mark {
        let now = app.clock.now(&mut transaction).await?;
        store::clear_mark(&mut transaction, id, now).await?;
        let change = store::NewChange {
            field: "mark",
            old: Some(mark.as_str()),
            new: None,
            note: None,
        };
        store::record(&mut transaction, id, &by.id, &change, now).await?;
    }
    transaction.commit().await?;
    entry(app, by, id).await
}

/// A text on one line, without NUL. `None` if nothing is left.
fn text(field: &'static str, given: &str) -> Result<Option<String>> {
    let line = crate::texts::one_line(given);
    if given.chars().count() > LONGEST {
        return Err(Error::invalid(
            field,
            format!("is longer than {LONGEST} characters"),
        ));
    }
    Ok((!line.is_empty()).then_some(line))
}
