//! Holding a lead: no agent is available, so the cycle waits.
//!
//! If the time of the next available agent is known, a job releases the cycle then. Otherwise the
//! cycle is looked at again whenever anything about the agents changes, and by the sweep.

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
    let resume_at = match until {
        Some(until) => Some(store::next_release(work.connection, cycle, until).await?),
        None => None,
    };
    store::hold_cycle(work.connection, cycle, resume_at).await?;
    if let Some(resume_at) = resume_at {
        let job = ReleaseHeldLeads { cycle: Some(cycle) };
        enqueue(work.connection, &job, resume_at).await?;
    }
    let held = Event::new(EventKind::Held)
        .of(lead, cycle)
        .with(json!({ "resumeAt": resume_at }));
    store::log(work, &[held]).await
}
