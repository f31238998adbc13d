//! Changes, and who is told of them.

use crate::auth::{Role, User};
use crate::id::{LeadId, UserId};
use chrono::{DateTime, Utc};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A place in the order of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The transaction that wrote the change.
    pub transaction: i64,
    /// The change within it.
    pub change: i64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.transaction, self.change)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(told: &str) -> Result<Self, ()> {
        let (transaction, change) = told.split_once('-').ok_or(())?;
        let number = |text: &str| text.parse().ok().filter(|number| *number >= 0).ok_or(());
        Ok(Self {
            transaction: number(transaction)?,
            change: number(change)?,
        })
    }
}

/// Something that changed, as it is now.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its place in the order.
    pub cursor: Cursor,
    /// Its row.
    pub subject: String,
    /// The lead that it is about.
    pub lead: Option<LeadId>,
    /// Whose lead that is now.
    pub(super) owner: Option<UserId>,
    /// The agent who is offered it, or visits.
    pub(super) agent: Option<UserId>,
    /// Whose lead it was until then.
    pub(super) was_owner: Option<UserId>,
    /// What it is, and how it stands.
    pub detail: Detail,
}

/// What changed. No names, numbers or words: those are read where they are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A lead; `None`: it is no more, being one with another, or is theirs no more who read of it.
    Lead(Option<LeadNow>),
    /// An offer.
    Attempt(AttemptNow),
    /// A message about a lead.
    Message(MessageNow),
    /// A visit.
    Appointment(AppointmentNow),
    /// The provider of messages.
    Provider {
        /// Since when it is frozen, if it is.
        frozen_since: Option<DateTime<Utc>>,
    },
}

/// A lead as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadNow {
    /// Where it stands in distribution.
    pub status: String,
    /// What has been made of it.
    pub progress: String,
    /// Whose it is.
    pub owner_id: Option<String>,
    /// Its layer 2 status.
    pub layer2_status: Option<String>,
}

/// An offer as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptNow {
    /// Where it stands.
    pub status: String,
    /// To whom.
    pub sales_id: String,
    /// The first, the second … of its cycle.
    pub position: i32,
    /// Until when.
    pub ack_deadline_at: DateTime<Utc>,
}

/// A message as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageNow {
    /// `in` or `out`.
    pub direction: String,
    /// Who spoke, or why we did.
    pub kind: String,
    /// How far it got.
    pub delivery_status: String,
}

/// A visit as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppointmentNow {
    /// Where it stands.
    pub status: String,
    /// Whose.
    pub sales_id: String,
    /// From when.
    pub starts_at: DateTime<Utc>,
    /// How the calendar agrees.
    pub calendar_state: String,
}

impl Change {
    /// What this user may know of it: an admin everything; anybody else of their own leads, of offers and
    /// visits that are theirs, of how the provider is doing, and that a lead is theirs no more.
    pub fn told_to(self: &Arc<Self>, user: &User) -> Option<Arc<Self>> {
        let own = |id: &Option<UserId>| id.as_ref() == Some(&user.id);
        let whole = user.role == Role::Admin
            || match self.detail {
                Detail::Lead(_) | Detail::Message(_) => own(&self.owner),
                Detail::Attempt(_) | Detail::Appointment(_) => own(&self.owner) || own(&self.agent),
                Detail::Provider { .. } => true,
            };
        if whole {
            return Some(Arc::clone(self));
        }
        let theirs_no_more = matches!(self.detail, Detail::Lead(_)) && own(&self.was_owner);
        theirs_no_more.then(|| {
            Arc::new(Self {
                detail: Detail::Lead(None),
                ..Self::clone(self)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;

    #[test]
    fn a_cursor_is_told_and_read_and_nonsense_is_none() {
        let cursor = Cursor {
            transaction: 12,
            change: 7,
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for nonsense in ["", "12", "12-", "-1-2", "a-b", "1-2-3"] {
            assert!(nonsense.parse::<Cursor>().is_err(), "{nonsense}");
        }
        assert!(
            Cursor {
                transaction: 12,
                change: 8
            } > cursor
        );
    }
}
