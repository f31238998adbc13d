//! What agents and managers can ask for beside answers to offers.

use crate::appointments::VisitOutcome;

/// What a manager wants of the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum AskedSummary {
    /// To read it now.
    Now,
    /// Not to receive it any more.
    Off,
    /// To receive it again.
    On,
}

/// What an agent says of a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct SaidOfVisit {
    /// The result.
    pub(in super::super) outcome: VisitOutcome,
    /// The code of the visit that it names.
    pub(in super::super) code: Option<String>,
    /// The phrase that was used.
    pub(in super::super) phrase: String,
}
