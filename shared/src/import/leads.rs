//! Leads of the previous server.
//!
//! The previous README names the table but not its columns. The import tries the names that Drizzle would
//! use; the operator can name others.

use super::report::Imported;
use super::row::{Row, rows};
use crate::id::LeadId;
use crate::leads::{LeadProgress, LeadStatus};
use crate::phone::Phone;
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use std::str::FromStr;

/// A field of a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The client's number.
    Phone,
    /// The client's name.
    Name,
    /// The status in distribution: `hangus`, `closed` …
    Status,
    /// The progress: `no-action` …
    Progress,
    /// The owner: a user's id.
    Owner,
    /// The ad.
    Source,
    /// Meta's id of the submitted form.
    MetaLead,
    /// The layer 2 status.
    Layer2,
    /// Why the lead was rejected.
    Reason,
    /// A note.
    Note,
}

impl Field {
    /// Every field, with its name in the setting and the columns that are tried.
    const ALL: [(Self, &'static str, &'static [&'static str]); 10] = [
        (
            Self::Phone,
            "phone",
            &[
                "phone",
                "client_wa",
                "client_phone",
                "wa",
                "whatsapp",
                "phone_number",
            ],
        ),
        (Self::Name, "name", &["name", "client_name", "full_name"]),
        (Self::Status, "status", &["status", "lead_status"]),
        (Self::Progress, "progress", &["progress", "lead_progress"]),
        (
            Self::Owner,
            "owner",
            &[
                "owner_sales_id",
                "owner_id",
                "assigned_sales_id",
                "assigned_to",
                "claimed_by",
                "sales_id",
            ],
        ),
        (
            Self::Source,
            "source",
            &["source_ads", "source", "ads_source"],
        ),
        (Self::MetaLead, "metaLead", &["meta_lead_id", "leadgen_id"]),
        (
            Self::Layer2,
            "layer2",
            &[
                "layer2_status",
                "layer_2_status",
                "layer2_status_id",
                "layer2",
            ],
        ),
        (
            Self::Reason,
            "reason",
            &["rejected_reason", "rejected_reason_id", "reject_reason"],
        ),
        (
            Self::Note,
            "note",
            &[
                "rejected_note",
                "layer2_note",
                "rejected_reason_note",
                "note",
                "notes",
            ],
        ),
    ];

    fn columns(self) -> &'static [&'static str] {
        Self::ALL
            .iter()
            .find(|(field, _, _)| *field == self)
            .map_or(&[], |(_, _, columns)| columns)
    }
}

/// Which columns of the old `lead` table have other names: `phone=nomor_wa,owner=agen_id`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeadColumns(BTreeMap<Field, String>);

impl FromStr for LeadColumns {
    type Err = String;

    fn from_str(told: &str) -> Result<Self, String> {
        let mut columns = BTreeMap::new();
        for pair in told
            .split(',')
            .map(str::trim)
            .filter(|pair| !pair.is_empty())
        {
            let (name, column) = pair
                .split_once('=')
                .ok_or_else(|| format!("`{pair}` is not FIELD=COLUMN"))?;
            let field = Field::ALL
                .iter()
                .find(|(_, known, _)| *known == name.trim())
                .map(|(field, _, _)| *field)
                .ok_or_else(|| {
                    let known: Vec<&str> = Field::ALL.iter().map(|(_, name, _)| *name).collect();
                    format!("`{name}` is none of {}", known.join(", "))
                })?;
            columns.insert(field, column.trim().to_owned());
        }
        Ok(Self(columns))
    }
}

impl LeadColumns {
    fn read<'row>(&self, row: &'row Row, field: Field) -> Option<&'row str> {
        let text = match self.0.get(&field) {
            Some(column) => row.text(column),
            None => field.columns().iter().find_map(|column| row.text(column)),
        };
        text.map(str::trim).filter(|text| !text.is_empty())
    }
}

/// Copies every lead that can be read and whose number is not here. Reports the others.
pub(super) async fn import(
    source: &mut PgConnection,
    connection: &mut PgConnection,
    columns: &LeadColumns,
    imported: &mut Imported,
    now: DateTime<Utc>,
) -> Result<()> {
    for row in rows(source, "lead").await? {
        let row = Row(row);
        let old_id = row.value("id").map_or_else(String::new, |id| {
            id.as_str().map_or_else(|| id.to_string(), str::to_owned)
        });
        let Some(typed) = columns.read(&row, Field::Phone) else {
            imported.left += 1;
            imported.unread.push((old_id, "has no number".to_owned()));
            continue;
        };
        let phone = match Phone::from_human("phone", typed) {
            Ok(phone) => phone,
            Err(Error::Invalid { reason, .. }) => {
                imported.left += 1;
                imported
                    .unread
                    .push((old_id, format!("its number {reason}")));
                continue;
            }
            Err(error) => return Err(error),
        };
        if insert(connection, columns, &row, &old_id, &phone, now).await? {
            imported.leads += 1;
        } else {
            imported.left += 1;
        }
    }
    Ok(())
}

async fn insert(
    connection: &mut PgConnection,
    columns: &LeadColumns,
    row: &Row,
    old_id: &str,
    phone: &Phone,
    now: DateTime<Utc>,
) -> Result<bool> {
    let read = |field| columns.read(row, field);
    let created_at = row.time("created_at")?.unwrap_or(now);
    let updated_at = row.time("updated_at")?.unwrap_or(created_at);
    let owner = known_user(connection, read(Field::Owner)).await?;
    let progress = progress(read(Field::Progress));
    let (status, progress) = standing(read(Field::Status), progress, owner.is_some());
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
        return Ok(false);
    }
    if let Some(meta_lead) = read(Field::MetaLead) {
        sqlx::query!(
            "insert into lead_enquiry (id, lead_id, kind, meta_lead_id, source_ads, received_at)
             values (gen_random_uuid(), $1, 'ad', $2, $3, $4) on conflict do nothing",
            id.0,
            meta_lead,
            read(Field::Source),
            created_at
        )
        .execute(connection)
        .await?;
    }
    Ok(true)
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

fn progress(word: Option<&str>) -> LeadProgress {
    let word = word.map(slug).unwrap_or_default();
    LeadProgress::ALL
        .into_iter()
        .find(|progress| progress.as_str() == word)
        .unwrap_or(LeadProgress::Pending)
}

async fn known_user(connection: &mut PgConnection, id: Option<&str>) -> Result<Option<String>> {
    Ok(
        sqlx::query_scalar!(r#"select id from "user" where id = $1"#, id)
            .fetch_optional(connection)
            .await?,
    )
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
    use super::{Field, LeadColumns, slug};

    #[test]
    fn columns_are_named_by_field() {
        let columns: LeadColumns = "phone=nomor_wa, owner = agen".parse().expect("columns");
        assert_eq!(columns.0[&Field::Phone], "nomor_wa");
        assert_eq!(columns.0[&Field::Owner], "agen");
        assert!("telepon=x".parse::<LeadColumns>().is_err());
        assert!("phone".parse::<LeadColumns>().is_err());
    }

    #[test]
    fn a_label_becomes_an_id() {
        assert_eq!(slug("KPR ditolak!"), "kpr-ditolak");
        assert_eq!(slug("…"), "lain");
    }
}
