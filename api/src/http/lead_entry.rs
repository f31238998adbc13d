//! A lead with its owner and layer 2 status, as lists and changes answer it.

use super::model::{Lead, Timestamp};
use poem_openapi::Object;
use shared::pipeline;

/// A lead in a list.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct LeadEntry {
    #[oai(flatten)]
    lead: Lead,
    /// The owner's name.
    owner_name: Option<String>,
    layer2: Option<Layer2>,
    updated_at: Timestamp,
    /// When its client was erased: it has no name and no number, and nobody can change it.
    erased_at: Option<Timestamp>,
}

/// The second layer of a lead's status.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct Layer2 {
    /// The id of a layer 2 status.
    pub(super) status: String,
    /// The id of a rejected reason: required if the status is a rejection, and only then.
    pub(super) reason: Option<String>,
    /// A note, at most 2,000 characters.
    pub(super) note: Option<String>,
}

impl From<pipeline::Entry> for LeadEntry {
    fn from(entry: pipeline::Entry) -> Self {
        Self {
            lead: entry.lead.into(),
            owner_name: entry.owner_name,
            layer2: entry.layer2.map(|layer2| Layer2 {
                status: layer2.status,
                reason: layer2.reason,
                note: layer2.note,
            }),
            updated_at: Timestamp(entry.updated_at),
            erased_at: entry.erased_at.map(Timestamp),
        }
    }
}
