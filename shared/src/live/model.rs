//! Changes, and who can see them.

use crate::auth::{Role, User};
use crate::id::{LeadId, UserId};
use chrono::{DateTime, Utc};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// A position in the order of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The transaction that wrote the change.
    pub transaction: i64,
    /// The change within its transaction.
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

/// A change, with the present state of its row.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its position in the order.
    pub cursor: Cursor,
    /// The id of its row.
    pub subject: String,
    /// The lead that it belongs to.
    pub lead: Option<LeadId>,
    /// The lead's present owner.
    pub(super) owner: Option<UserId>,
    /// The agent of the offer or visit.
    pub(super) agent: Option<UserId>,
    /// The lead's previous owner.
    pub(super) was_owner: Option<UserId>,
    /// How long before it was read the change was written.
    pub written_ago: Duration,
    /// What changed, and its present state.
    pub detail: Detail,
}

/// What changed. It contains no names, numbers or texts: the reader fetches those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A lead. `None`: it was merged into another lead, or the reader does not own it any more.
    Lead(Option<LeadNow>),
    /// An offer.
    Attempt(AttemptNow),
    /// A message about a lead.
    Message(MessageNow),
    /// A visit.
    Appointment(AppointmentNow),
    /// The WhatsApp provider.
    Provider {
        /// When it was frozen, if it is frozen.
        frozen_since: Option<DateTime<Utc>>,
    },
}

/// The state of a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadNow {
    /// Its status in distribution.
    pub status: String,
    /// Its progress.
    pub progress: String,
    /// Its owner.
    pub owner_id: Option<String>,
    /// Its layer 2 status.
    pub layer2_status: Option<String>,
}

/// The state of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptNow {
    /// Its status.
    pub status: String,
    /// The agent.
    pub sales_id: String,
    /// Its number in the cycle; the first is 1.
    pub position: i32,
    /// Its deadline.
    pub ack_deadline_at: DateTime<Utc>,
}

/// The state of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageNow {
    /// `in` or `out`.
    pub direction: String,
    /// The sender's role, or the purpose of a message that we sent.
    pub kind: String,
    /// Its delivery status.
    pub delivery_status: String,
}

/// The state of a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppointmentNow {
    /// Its status.
    pub status: String,
    /// The agent.
    pub sales_id: String,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// Its state in the calendar.
    pub calendar_state: String,
}

impl Change {
    /// What this user can see of the change. An admin sees everything. An agent sees their own leads, offers
    /// and visits, the provider's state, and that a lead is not theirs any more.
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
