//! Holding a lead: no agent is available, so the cycle waits in the line of its queue.
//!
//! The line is looked at when the next agent is known to be back, and at least every
//! `DISTRIBUTION_POLL_MS`: see [`super::release`].

use super::client_notice;
use crate::Result;
use crate::distribution::event::{Event, EventKind};
use crate::distribution::store;
use crate::id::{CycleId, LeadId};
use crate::jobs::{ReleaseHeldLeads, enqueue};
use crate::unit_of_work::UnitOfWork;
use chrono::{DateTime, Utc};
use serde_json::json;

/// Holds a cycle until about `until`, or until something changes if that is not known. The lead
/// must be locked.
///
/// Cycles of one queue are released one after the other, with the queue's stagger between them, so
/// that a morning does not start with forty offers at once.
pub(crate) async fn hold(
    work: &mut UnitOfWork<'_>,
    lead: LeadId,
    cycle: CycleId,
    until: Option<DateTime<Utc>>,
) -> Result<()> {
    let poll = work.now + work.app.distribution.poll;
    let (queue, resume_at) = store::join_line(work.connection, cycle, until, poll).await?;
    store::hold_cycle(work.connection, cycle, queue, resume_at).await?;
    if let Some(until) = until {
        // All leads that wait for the same instant share one job.
        let job = ReleaseHeldLeads { queue: Some(queue) };
        enqueue(work.connection, &job, until).await?;
    }
    let held = Event::new(EventKind::Held)
        .of(lead, cycle)
        .with(json!({ "resumeAt": resume_at }));
    store::log(work, &[held]).await?;
    match until {
        Some(until) => client_notice::tell_until(work, lead, cycle, until).await,
        None => Ok(()),
    }
}
