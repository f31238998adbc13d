//! Lists of leads, and what is made of them.

use crate::id::{LeadId, UserId};
use crate::leads::{Lead, LeadProgress, LeadStatus};
use crate::{Error, Result};
use chrono::{DateTime, Utc};

/// A lead in a list: with its owner's name and its second layer.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The lead.
    pub lead: Lead,
    /// What its owner is called.
    pub owner_name: Option<String>,
    /// Its second layer, once it has one.
    pub layer2: Option<Layer2>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// The second layer of a lead's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer2 {
    /// The id of one of the statuses.
    pub status: String,
    /// The id of a reason, if that status is a rejection.
    pub reason: Option<String>,
    /// In the agent's own words.
    pub note: Option<String>,
}

/// Which leads.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of any of these statuses; none: of any.
    pub status: Vec<LeadStatus>,
    /// As far as any of these; none: as far as any.
    pub progress: Vec<LeadProgress>,
    /// Of this layer 2 status.
    pub layer2: Option<String>,
    /// This agent's.
    pub owner: Option<UserId>,
    /// From this ad.
    pub source: Option<String>,
    /// First heard of at or after this instant.
    pub from: Option<DateTime<Utc>>,
    /// And before this one.
    pub to: Option<DateTime<Utc>>,
    /// With these letters or figures in their name or number.
    pub text: Option<String>,
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
}

/// Which page of which leads.
#[derive(Clone, Debug, Default)]
pub struct PageRequest {
    /// Which leads.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
    /// How many.
    pub limit: i64,
    /// After this lead, which ended the page before.
    pub after: Option<Cursor>,
}

/// A place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When the lead there was first heard of.
    pub created_at: DateTime<Utc>,
    /// The lead.
    pub id: LeadId,
}

impl Cursor {
    /// The cursor as a page's answer names it.
    pub fn told(self) -> String {
        format!("{}_{}", self.created_at.timestamp_micros(), self.id)
    }

    /// The cursor of that name.
    pub fn parse(told: &str) -> Result<Self> {
        let wrong = || Error::invalid("cursor", "is not one that a page named");
        let (time, id) = told.split_once('_').ok_or_else(wrong)?;
        let micros = time.parse().map_err(|_| wrong())?;
        Ok(Self {
            created_at: DateTime::from_timestamp_micros(micros).ok_or_else(wrong)?,
            id: LeadId(id.parse().map_err(|_| wrong())?),
        })
    }
}

/// How many leads there are of each status, under the filter but for its own status.
pub type Counts = Vec<(LeadStatus, i64)>;

/// Some leads, in order.
#[derive(Clone, Debug)]
pub struct Page {
    /// The leads.
    pub entries: Vec<Entry>,
    /// Where the next page begins; `None`: there is none.
    pub next: Option<Cursor>,
    /// How many there are of each status.
    pub counts: Counts,
}

impl Page {
    /// Of one entry more than the limit, which tells that there is a next page.
    pub(super) fn new(mut entries: Vec<Entry>, counts: Counts, limit: i64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = entries.len() > limit;
        entries.truncate(limit);
        let next = entries.last().filter(|_| more).map(|entry| Cursor {
            created_at: entry.lead.created_at,
            id: entry.lead.id,
        });
        Self {
            entries,
            next,
            counts,
        }
    }
}

/// Something that was changed of a lead by hand.
#[derive(Clone, Debug)]
pub struct Change {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom, if they are still there.
    pub by_user_id: Option<UserId>,
    /// What they are called.
    pub by_name: Option<String>,
    /// `status`, `progress` or `layer2`.
    pub field: String,
    /// What it was.
    pub old_value: Option<String>,
    /// What it became.
    pub new_value: Option<String>,
    /// In their own words.
    pub note: Option<String>,
}

/// One of the small tables that an admin edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChoiceKind {
    /// The layer 2 statuses.
    Layer2Status,
    /// The reasons of a rejection.
    RejectedReason,
}

/// An entry of such a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its name for programs: lower-case letters and figures, joined by dashes.
    pub id: String,
    /// Its name for people.
    pub label: String,
    /// Its place among the others.
    pub position: i32,
    /// Whether a lead of this status needs a reason. Statuses only.
    pub is_rejected: bool,
    /// Whether it can still be chosen.
    pub active: bool,
}
