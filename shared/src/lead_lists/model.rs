//! A list of leads, and its rows.

use crate::id::{LeadId, UserId};
use crate::phone::Phone;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The most rows of one list.
pub const MOST_ROWS: usize = 5_000;
/// The largest file, in bytes.
pub const LARGEST_FILE: usize = 4 << 20;

/// How far a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum ListState {
    /// It was read, and nothing was entered.
    Preview,
    /// Its rows are being entered.
    Running,
    /// Every row was entered, found to be a duplicate, or refused.
    Done,
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum RowState {
    /// It will be entered.
    Ready,
    /// It was entered.
    Entered,
    /// A lead has this number already, or an earlier row has it.
    Duplicate,
    /// It cannot be entered.
    Refused,
}

impl RowState {
    /// The value in the database.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Entered => "entered",
            Self::Duplicate => "duplicate",
            Self::Refused => "refused",
        }
    }
}

/// A list of leads, with how many of its rows are in which state.
#[derive(Clone, Debug)]
pub struct LeadList {
    /// Its id.
    pub id: Uuid,
    /// The name of the file.
    pub file_name: Option<String>,
    /// Who uploaded it; `None` if the user was deleted.
    pub by: Option<UserId>,
    /// How far it is.
    pub state: ListState,
    /// When it was uploaded.
    pub created_at: DateTime<Utc>,
    /// When its rows began to be entered.
    pub started_at: Option<DateTime<Utc>>,
    /// When the last row was entered.
    pub ended_at: Option<DateTime<Utc>>,
    /// Rows that will be entered.
    pub ready: i64,
    /// Rows that were entered.
    pub entered: i64,
    /// Rows whose number a lead or an earlier row has.
    pub duplicate: i64,
    /// Rows that cannot be entered.
    pub refused: i64,
}

/// A row of a list.
#[derive(Clone, Debug)]
pub struct ListRow {
    /// The row of the file; the line of headings is row 1.
    pub n: i32,
    /// The number as it stands in the file.
    pub given_phone: String,
    /// The number as it was understood.
    pub phone: Option<Phone>,
    /// The client's name.
    pub name: Option<String>,
    /// The source.
    pub source: Option<String>,
    /// The project.
    pub project: Option<String>,
    /// A note.
    pub note: Option<String>,
    /// Who is to own the lead; `None`: it is distributed.
    pub owner: Option<UserId>,
    /// What becomes of it.
    pub state: RowState,
    /// Why it is a duplicate or refused.
    pub reason: Option<String>,
    /// The lead that was entered, or that has the number already.
    pub lead: Option<LeadId>,
}

/// A file that an admin uploads.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The name of the file.
    pub file_name: Option<String>,
    /// What is in it: CSV or XLSX.
    pub bytes: Vec<u8>,
    /// Who owns the leads of rows that name no agent; `None`: they are distributed.
    pub owner: Option<UserId>,
    /// The source of rows that name none.
    pub source: Option<String>,
}

/// A row as the file has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FileRow {
    pub(super) n: i32,
    pub(super) phone: String,
    pub(super) name: Option<String>,
    pub(super) source: Option<String>,
    pub(super) project: Option<String>,
    pub(super) note: Option<String>,
    pub(super) owner: Option<String>,
}

/// What became of a row that was to be entered.
#[derive(Clone, Debug)]
pub(crate) enum Entered {
    /// It is this lead.
    Lead(LeadId),
    /// This lead has the number already.
    Duplicate(LeadId),
    /// It was refused, with the reason.
    Refused(String),
}
