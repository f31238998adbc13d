//! Requests about the data of one person.

use crate::id::LeadId;
use crate::phone::Phone;
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

/// Whose data.
#[derive(Clone)]
pub enum Sought {
    /// The person who has this number, or had it.
    Phone(Phone),
    /// The client of this lead, for a person without a number.
    Lead(LeadId),
}

/// What was done, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum RequestKind {
    /// The data were shown.
    Export,
    /// The data were erased.
    Erase,
    /// A worker erased a lead that had ended long ago.
    Age,
}

impl RequestKind {
    /// The value in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Export => "export",
            Self::Erase => "erase",
            Self::Age => "age",
        }
    }
}

/// A request that was carried out. It names no person: after an erasure its leads have no name and no number.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its id.
    pub id: Uuid,
    /// When it was carried out.
    pub at: DateTime<Utc>,
    /// What was done.
    pub kind: RequestKind,
    /// Who did it.
    pub by_whom: String,
    /// Why.
    pub reason: Option<String>,
    /// The person's leads.
    pub leads: Vec<Uuid>,
    /// How many rows of each kind.
    pub counts: serde_json::Value,
}

/// How many rows of each kind an erasure changed or deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Erased {
    /// Leads that name nobody any more.
    pub leads: u64,
    /// Messages from, to and about the person, without their words.
    pub messages: u64,
    /// Other messages in which a number or name was replaced.
    pub mentions: u64,
    /// Messages that nobody had handled yet.
    pub unhandled: u64,
    /// Answers of forms.
    pub forms: u64,
    /// Deliveries as Meta sent them.
    pub deliveries: u64,
    /// Visits without place and note; those ahead are cancelled.
    pub visits: u64,
    /// Rows of lists that an office uploaded.
    pub list_rows: u64,
    /// Blocks and opt-outs.
    pub blocks: u64,
    /// Keys of the linked device's session with the person.
    pub device_keys: u64,
}

/// What an erasure leaves, and why. Each pair is what and why.
pub const KEPT: [(&str, &str); 5] = [
    (
        "the lead's id, dates, source, project, status and owner; its cycles, offers and events; the agents' changes of status",
        "figures, the fairness of turns and the audit count what happened; none of it names the person",
    ),
    (
        "that messages were sent and received, when, and to which agent",
        "the proof that each lead was answered; words, numbers and names are gone",
    ),
    (
        "Meta's id of a form's lead",
        "so that the lead is not taken from Meta again; Meta keeps the form itself: erase it there",
    ),
    (
        "digests of the ids of the person's messages, for eight days",
        "so that a second delivery of a message does not bring the person back",
    ),
    (
        "backups, the agents' own phones and exported files",
        "they are outside this system: backups end with their age, and the agents were asked to delete the chat and the contact",
    ),
];
