//! The jobs that every offer has.

use crate::Result;
use crate::id::AttemptId;
use crate::jobs::{CheckAckDeadline, ForwardLeadToSales, Scheduled};
use chrono::{DateTime, Utc};

/// The job that sends an offer now, and the job that checks it at its deadline.
pub(crate) fn jobs_of_offer(
    attempt: AttemptId,
    now: DateTime<Utc>,
    deadline: DateTime<Utc>,
) -> Result<[Scheduled; 2]> {
    Ok([
        Scheduled::new(&ForwardLeadToSales { attempt, nth: 0 }, now)?,
        Scheduled::new(&CheckAckDeadline { attempt }, deadline)?,
    ])
}
