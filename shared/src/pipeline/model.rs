//! Lists of leads, and changes by hand.

use super::step::Step;
use crate::id::{LeadId, UserId};
use crate::leads::{Lead, LeadProgress, LeadStatus, Mark};
use crate::local_time::check_year;
use crate::{Error, Result};
use chrono::{DateTime, Utc};

/// A lead in a list, with its owner's name and its layer 2 status.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The lead.
    pub lead: Lead,
    /// The name of its owner.
    pub owner_name: Option<String>,
    /// Its layer 2 status, if it has one.
    pub layer2: Option<Layer2>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When its client was erased; `None` if they were not.
    pub erased_at: Option<DateTime<Utc>>,
}

/// The second layer of a lead's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer2 {
    /// The id of the status.
    pub status: String,
    /// The id of the reason, if the status is a rejection.
    pub reason: Option<String>,
    /// A note of the agent.
    pub note: Option<String>,
}

/// A filter of leads.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// With one of these statuses; empty for all.
    pub status: Vec<LeadStatus>,
    /// With one of these steps of progress; empty for all.
    pub progress: Vec<LeadProgress>,
    /// With this layer 2 status.
    pub layer2: Option<String>,
    /// Owned by this agent.
    pub owner: Option<UserId>,
    /// Not closed, and owned by an agent who is disabled: a manager must decide.
    pub owner_disabled: bool,
    /// From this ad.
    pub source: Option<String>,
    /// With this mark.
    pub mark: Option<Mark>,
    /// Of this project. Needs `from`.
    pub project: Option<String>,
    /// Of this campaign. Needs `from`.
    pub campaign: Option<String>,
    /// That reached this step. Needs `from`.
    pub step: Option<Step>,
    /// Created at or after this instant.
    pub from: Option<DateTime<Utc>>,
    /// Created before this instant.
    pub to: Option<DateTime<Utc>>,
    /// With this text in the name or number.
    pub text: Option<String>,
}

impl Filter {
    /// Fails with `Invalid` if a condition that no index serves has no period beside it.
    pub(super) fn check(&self) -> Result<()> {
        let given = [
            ("project", self.project.is_some()),
            ("campaign", self.campaign.is_some()),
            ("step", self.step.is_some()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            Some((field, _)) if self.from.is_none() => Err(Error::invalid(
                "from",
                format!("is required with `{field}`"),
            )),
            _ => Ok(()),
        }
    }
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first.
    Oldest,
}

/// A request for one page of a list.
#[derive(Clone, Debug, Default)]
pub struct PageRequest {
    /// The filter.
    pub filter: Filter,
    /// The order.
    pub sort: Sort,
    /// The most leads on the page.
    pub limit: i64,
    /// The last lead of the previous page; `None` for the first page.
    pub after: Option<Cursor>,
}

/// A position in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When its lead was created.
    pub created_at: DateTime<Utc>,
    /// The lead.
    pub id: LeadId,
}

impl Cursor {
    /// The cursor as text, for an answer.
    pub fn told(self) -> String {
        format!("{}_{}", self.created_at.timestamp_micros(), self.id)
    }

    /// Parses a cursor. Fails if the text is not one.
    pub fn parse(told: &str) -> Result<Self> {
        let wrong = || Error::invalid("cursor", "is not one that a page named");
        let (time, id) = told.split_once('_').ok_or_else(wrong)?;
        let micros = time.parse().map_err(|_| wrong())?;
        let created_at = DateTime::from_timestamp_micros(micros).ok_or_else(wrong)?;
        check_year("cursor", created_at.date_naive()).map_err(|_| wrong())?;
        Ok(Self {
            created_at,
            id: LeadId(id.parse().map_err(|_| wrong())?),
        })
    }
}

/// How many leads have each status, under the filter without its statuses.
pub type Counts = Vec<(LeadStatus, i64)>;

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The leads.
    pub entries: Vec<Entry>,
    /// Where the next page starts; `None` if this is the last.
    pub next: Option<Cursor>,
    /// How many leads have each status.
    pub counts: Counts,
}

impl Page {
    /// Makes a page from one entry more than the limit; the last entry shows that there is a next page.
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

/// A change of a lead by hand.
#[derive(Clone, Debug)]
pub struct Change {
    /// When it was made.
    pub at: DateTime<Utc>,
    /// The name of the user who made it; `None` if the user was deleted.
    pub by_user_id: Option<UserId>,
    /// The name of the user.
    pub by_name: Option<String>,
    /// What changed: `status`, `progress`, `layer2`, `name`, `phone`, `source`, `project`, `mark`, `created`, `note`.
    pub field: String,
    /// The old value.
    pub old_value: Option<String>,
    /// The new value.
    pub new_value: Option<String>,
    /// A note of the user.
    pub note: Option<String>,
}

impl Layer2 {
    /// As a change records it: `ditolak: harga`.
    pub(super) fn recorded(&self) -> String {
        match &self.reason {
            Some(reason) => format!("{}: {reason}", self.status),
            None => self.status.clone(),
        }
    }

    /// What was recorded so, with the note that was recorded beside it.
    pub(super) fn read_recorded(recorded: &str, note: Option<String>) -> Self {
        let (status, reason) = match recorded.split_once(": ") {
            Some((status, reason)) => (status, Some(reason.to_owned())),
            None => (recorded, None),
        };
        Self {
            status: status.to_owned(),
            reason,
            note,
        }
    }
}

/// A small table that an admin edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChoiceKind {
    /// The layer 2 statuses.
    Layer2Status,
    /// The rejected reasons.
    RejectedReason,
}

/// An entry of such a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its id: lower-case letters and digits, joined by dashes.
    pub id: String,
    /// Its label.
    pub label: String,
    /// Its position.
    pub position: i32,
    /// Whether a lead with this status needs a reason. Only for statuses.
    pub is_rejected: bool,
    /// Whether it can be chosen.
    pub active: bool,
}
