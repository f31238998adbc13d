//! Leads of the previous server.

use super::columns::{Field, LeadColumns};
use super::people::is_here;
use super::report::Imported;
use super::row::Row;
use crate::Result;
use crate::id::LeadId;
use crate::leads::{LeadProgress, LeadStatus};
use crate::phone::Phone;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Copies a lead whose number can be read and is not here. Returns why it is left, if it is.
pub(super) async fn insert(
    connection: &mut PgConnection,
    (columns, row): (&LeadColumns, &Row),
    imported: &mut Imported,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    let old_id = row.id();
    let read = |field| columns.read(row, field);
    let Some(typed) = read(Field::Phone) else {
        return Ok(Some("has no number".to_owned()));
    };
    let phone = match Phone::read(typed) {
        Ok(phone) => phone,
        Err(unreadable) => return Ok(Some(format!("its number is {unreadable}"))),
    };
    if Row::needs_care(typed, &phone) {
        imported.changed(
            "lead",
            &old_id,
            format!("its number `{typed}` is read as {phone}"),
        );
    }
    let created_at = row.time("created_at")?;
    if created_at.is_none() {
        imported.changed("lead", &old_id, "has no time of creation: now is taken");
    }
    let created_at = created_at.unwrap_or(now);
    let updated_at = row.time("updated_at")?.unwrap_or(created_at);
    let owner = owner(connection, read(Field::Owner), &old_id, imported).await?;
    let words = (read(Field::Status), read(Field::Progress));
    let (status, progress) = state_of(words, owner.is_some(), &old_id, imported);
    let layer2 = match read(Field::Layer2) {
        Some(label) => Some(layer2_status(connection, label, read(Field::Reason).is_some()).await?),
        None => None,
    };
    let reason = match read(Field::Reason).filter(|_| layer2.is_some()) {
        Some(label) => Some(rejected_reason(connection, label).await?),
        None => None,
    };
    let id = old_id.parse().map_or_else(|_| LeadId::new(), LeadId);
    let inserted = sqlx::query!(
        "insert into lead (id, name, phone, status, progress, owner_sales_id, locked_at, source_ads,
                           layer2_status_id, rejected_reason_id, layer2_note, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, case when $6::text is not null then $7::timestamptz end, $8, $9, $10, $11, $12, $7)
         on conflict do nothing",
        id.0,
        read(Field::Name),
        phone.as_str(),
        status.as_str(),
        progress.as_str(),
        owner,
        updated_at,
        read(Field::Source),
        layer2,
        reason,
        read(Field::Note),
        created_at
    )
    .execute(&mut *connection)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(Some(
            "a lead with its id or its number is here already".to_owned(),
        ));
    }
    if let Some(form) = read(Field::MetaLead)
        && !insert_form(connection, id, (form, read(Field::Source)), created_at).await?
    {
        imported.changed(
            "lead",
            &old_id,
            format!("its form `{form}` belongs to another lead already"),
        );
    }
    Ok(None)
}

/// The owner, if they are here.
async fn owner(
    connection: &mut PgConnection,
    old: Option<&str>,
    lead: &str,
    imported: &mut Imported,
) -> Result<Option<String>> {
    let Some(old) = old else {
        return Ok(None);
    };
    let owner = imported.user_here(old).to_owned();
    if is_here(connection, &owner).await? {
        return Ok(Some(owner));
    }
    let reason = format!("its owner `{old}` is not here: it has none");
    imported.changed("lead", lead, reason);
    Ok(None)
}

/// The status and progress here. Words that mean something else here are noted.
fn state_of(
    (old_status, old_progress): (Option<&str>, Option<&str>),
    owned: bool,
    lead: &str,
    imported: &mut Imported,
) -> (LeadStatus, LeadProgress) {
    let known = progress(old_progress);
    if let (Some(word), None) = (old_progress, known) {
        let reason = format!("its progress `{word}` is not known: pending");
        imported.changed("lead", lead, reason);
    }
    let (status, progress) = standing(old_status, known.unwrap_or(LeadProgress::Pending), owned);
    if let Some(word) = old_status.filter(|word| !word.eq_ignore_ascii_case(status.as_str())) {
        let reason = format!("its status `{word}` becomes {}", status.as_str());
        imported.changed("lead", lead, reason);
    }
    (status, progress)
}

/// Records the submitted form. Returns `false` if it is recorded already.
async fn insert_form(
    connection: &mut PgConnection,
    lead: LeadId,
    (form, source): (&str, Option<&str>),
    at: DateTime<Utc>,
) -> Result<bool> {
    let inserted = sqlx::query!(
        "insert into lead_enquiry (id, lead_id, kind, meta_lead_id, source_ads, received_at)
         values (gen_random_uuid(), $1, 'ad', $2, $3, $4) on conflict do nothing",
        lead.0,
        form,
        source,
        at
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The status of a lead here. A lead that was being offered becomes `new`: no agent has an offer, and the
/// client's next message or an admin starts its distribution.
fn standing(
    status: Option<&str>,
    progress: LeadProgress,
    owned: bool,
) -> (LeadStatus, LeadProgress) {
    let word = status.map(str::to_lowercase).unwrap_or_default();
    if word.starts_with("close") || word.contains("selesai") {
        (LeadStatus::Closed, progress)
    } else if owned {
        (LeadStatus::Claimed, progress)
    } else if word.contains("hangus") || progress == LeadProgress::NoAction {
        (LeadStatus::Hangus, LeadProgress::NoAction)
    } else {
        (LeadStatus::New, progress)
    }
}

/// The progress with this name. `None` if there is none.
fn progress(word: Option<&str>) -> Option<LeadProgress> {
    let word = slug(word?);
    LeadProgress::ALL
        .into_iter()
        .find(|progress| progress.as_str() == word)
}

/// The layer 2 status with this name; created if it does not exist.
async fn layer2_status(
    connection: &mut PgConnection,
    label: &str,
    rejects: bool,
) -> Result<String> {
    let id = slug(label);
    Ok(sqlx::query_scalar!(
        r#"with known as (select id from layer2_status where id = $1 or lower(label) = lower($2)),
                made as (insert into layer2_status (id, label, position, is_rejected)
                         select $1, $2, coalesce(max(position), 0) + 1, $3 from layer2_status
                         having not exists (select from known) returning id)
           select id as "id!" from known union all select id from made limit 1"#,
        id,
        label,
        rejects
    )
    .fetch_one(connection)
    .await?)
}

/// The rejected reason with this name; created if it does not exist.
async fn rejected_reason(connection: &mut PgConnection, label: &str) -> Result<String> {
    let id = slug(label);
    Ok(sqlx::query_scalar!(
        r#"with known as (select id from rejected_reason where id = $1 or lower(label) = lower($2)),
                made as (insert into rejected_reason (id, label, position)
                         select $1, $2, coalesce(max(position), 0) + 1 from rejected_reason
                         having not exists (select from known) returning id)
           select id as "id!" from known union all select id from made limit 1"#,
        id,
        label
    )
    .fetch_one(connection)
    .await?)
}

/// Makes an id from a label: lower-case letters and digits, joined by dashes.
fn slug(label: &str) -> String {
    let mut slug = String::with_capacity(label.len());
    for c in label.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        "lain".to_owned()
    } else {
        slug.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_label_becomes_an_id() {
        assert_eq!(slug("KPR ditolak!"), "kpr-ditolak");
        assert_eq!(slug("…"), "lain");
    }
}
