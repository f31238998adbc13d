//! The result of a visit, and the visits whose agent was asked.

use crate::id::{AppointmentId, LeadId};
use chrono::{DateTime, Utc};

/// The result of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum VisitOutcome {
    /// The client came.
    Done,
    /// The client did not come.
    NoShow,
    /// It is to be booked for another time.
    ToMove,
}

impl VisitOutcome {
    /// The value in the database and in the API.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NoShow => "no_show",
            Self::ToMove => "to_move",
        }
    }
}

/// A visit whose agent was asked about its result.
#[derive(Clone, Debug)]
pub(crate) struct AskedVisit {
    /// The visit.
    pub(crate) id: AppointmentId,
    /// Its lead.
    pub(crate) lead: LeadId,
    /// By which the agent names it.
    pub(crate) code: String,
    /// When it began.
    pub(crate) starts_at: DateTime<Utc>,
}
