//! The result of a visit: it took place, the client did not come, or it is to be moved.
//!
//! The agent is asked by chat after the visit, and answers there or in the app. The lead's progress follows.

use super::asked::{AskedVisit, VisitOutcome};
use super::model::{Appointment, AppointmentStatus};
use super::store::{self, ChangeRecord};
use crate::auth::{Role, User};
use crate::id::{AppointmentId, UserId};
use crate::leads::{self, LeadProgress};
use crate::unit_of_work::UnitOfWork;
use crate::{App, Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

/// For how long after the question an answer without a code is taken for this visit.
const ASKED_WITHIN: TimeDelta = TimeDelta::days(3);

/// Sets the result of a visit, by the API. It can be set again.
///
/// Fails with the conflicts `appointment_cancelled`, and `appointment_ahead` if the visit has not begun.
pub async fn set_outcome(
    app: &App,
    by: &User,
    id: AppointmentId,
    outcome: VisitOutcome,
) -> Result<Appointment> {
    let mut transaction = app.begin().await?;
    let (visit, lead) = super::lock_to_change(&mut transaction, by, id).await?;
    let now = app.clock.now(&mut transaction).await?;
    if visit.starts_at > now {
        return Err(Error::Conflict {
            code: "appointment_ahead",
        });
    }
    let follows = by.role == Role::Admin || lead.owner.as_ref() == Some(&by.id);
    write(&mut transaction, &visit, &by.id, (outcome, follows), now).await?;
    transaction.commit().await?;
    super::one(app, by, id).await
}

/// The visits whose agent was asked within the last three days and that have no outcome yet, the latest first; only
/// the one with this code, if there is one.
pub(crate) async fn asked(
    work: &mut UnitOfWork<'_>,
    agent: &UserId,
    code: Option<&str>,
) -> Result<Vec<AskedVisit>> {
    let since = work.now - ASKED_WITHIN;
    store::asked(work.connection, agent, code, since).await
}

/// Sets the result of a visit, by the agent's answer. Returns `false` if it was cancelled, moved or answered meanwhile.
///
/// The caller holds the lead's lock.
pub(crate) async fn answer(
    work: &mut UnitOfWork<'_>,
    agent: &UserId,
    asked: &AskedVisit,
    outcome: VisitOutcome,
) -> Result<bool> {
    store::lock(work.connection, asked.id).await?;
    let visit = store::one(work.connection, Some(agent), asked.id).await?;
    let stands = visit.status == AppointmentStatus::Booked
        && visit.outcome.is_none()
        && visit.starts_at == asked.starts_at;
    if stands {
        let lead = leads::by_id(work.connection, visit.lead_id).await?;
        let follows = lead.owner.as_ref() == Some(agent);
        write(work.connection, &visit, agent, (outcome, follows), work.now).await?;
    }
    Ok(stands)
}

/// Records the result. With `follows`, the lead's progress follows: not if it went to another agent after the visit.
async fn write(
    connection: &mut PgConnection,
    visit: &Appointment,
    by: &UserId,
    (outcome, follows): (VisitOutcome, bool),
    now: DateTime<Utc>,
) -> Result<()> {
    store::set_outcome(connection, visit.id, outcome, now).await?;
    let change = ChangeRecord {
        by,
        kind: outcome.as_str(),
        times: (visit.starts_at, visit.ends_at),
        note: None,
    };
    store::record(connection, visit.id, &change, now).await?;
    if !follows {
        return Ok(());
    }
    let (progress, from): (LeadProgress, &[LeadProgress]) = match outcome {
        VisitOutcome::Done => (
            LeadProgress::Visit,
            &[
                LeadProgress::Pending,
                LeadProgress::NoAction,
                LeadProgress::Contacted,
                LeadProgress::FollowUp,
            ],
        ),
        VisitOutcome::NoShow | VisitOutcome::ToMove => (
            LeadProgress::FollowUp,
            &[
                LeadProgress::Pending,
                LeadProgress::NoAction,
                LeadProgress::Contacted,
                LeadProgress::Visit,
            ],
        ),
    };
    leads::follow_visit(connection, visit.lead_id, by, (progress, from), now).await
}
