//! Visits follow the lead: they go to its new owner.

use super::calendar::follow_in_calendar;
use super::store;
use crate::Result;
use crate::id::{LeadId, UserId};
use crate::unit_of_work::UnitOfWork;

/// Gives the visits of a lead that are booked and have not begun to the lead's new owner, with their
/// reminders and in the calendar. The lead must be locked.
///
/// A visit at a time when the new owner has another one stays with its agent. The list of visits with
/// `withFormerAgent` shows it, for a person to decide.
pub(crate) async fn follow_owner(
    work: &mut UnitOfWork<'_>,
    lead: LeadId,
    owner: &UserId,
) -> Result<()> {
    let now = work.now;
    let ahead = store::visits_of_others(work.connection, lead, owner, now).await?;
    for visit in ahead {
        let moved = store::hand_over(work.connection, visit, owner, now).await?;
        let Some(version) = moved else {
            tracing::warn!(%lead, appointment = %visit, "appointments.not_handed_over: the new owner has another visit then");
            continue;
        };
        store::recall_messages_of_agent(work.connection, visit, now).await?;
        follow_in_calendar(work.connection, visit, version, now).await?;
    }
    Ok(())
}
