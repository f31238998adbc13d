//! Which columns of the old `lead` table hold what.
//!
//! The previous README names the table but not its columns. The import tries the names that Drizzle would
//! use; the operator can name others.

use super::row::Row;
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
    pub(super) fn read<'row>(&self, row: &'row Row, field: Field) -> Option<&'row str> {
        let text = match self.0.get(&field) {
            Some(column) => row.text(column),
            None => field.columns().iter().find_map(|column| row.text(column)),
        };
        text.map(str::trim).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, LeadColumns};

    #[test]
    fn columns_are_named_by_field() {
        let columns: LeadColumns = "phone=nomor_wa, owner = agen".parse().expect("columns");
        assert_eq!(columns.0[&Field::Phone], "nomor_wa");
        assert_eq!(columns.0[&Field::Owner], "agen");
        assert!("telepon=x".parse::<LeadColumns>().is_err());
        assert!("phone".parse::<LeadColumns>().is_err());
    }
}
