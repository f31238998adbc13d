//! Visits that an agent books: no agent has two at once, people are reminded, and the calendar shows them.
//!
//! A visit is written with its reminders and calendar jobs in one transaction. The calendar follows the
//! visit's `version`, and a visit never waits for it. A reminder's time is a column. Its job only runs at
//! that time, and the sweep sends what no job sent.

mod asked;
mod calendar;
mod clash;
mod client_notice;
mod handover;
mod model;
mod outcome;
mod person;
mod reminders;
mod store;

pub use asked::VisitOutcome;
use calendar::follow_in_calendar;
pub use calendar::{give_up_sync, sync};
pub(crate) use handover::follow_owner;
pub use model::{
    Appointment, AppointmentChange, AppointmentFilter, AppointmentStatus, Booking, CalendarState,
    Done, Recipient, Reminders,
};
pub use outcome::set_outcome;
pub(crate) use outcome::{answer, asked};
pub(crate) use person::{erase_person, person_rows};
pub use reminders::{remind, remind_all_due};

use store::{ChangeRecord, Details};

use crate::auth::{Role, User};
use crate::id::{AppointmentId, LeadId};
use crate::leads::{self, Lead};
use crate::texts::Text;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::{App, Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

/// Books a visit, as the lead's owner or an admin. Fails with the conflict `appointment_conflict` if the
/// agent has another visit then, `lead_not_claimed` if the lead has no owner, and `lead_erased`.
pub async fn book(app: &App, by: &User, booking: &Booking) -> Result<Appointment> {
    let place = model::text("place", booking.place.as_deref())?;
    let note = model::text("note", booking.note.as_deref())?;
    let mut transaction = app.begin().await?;
    let lead = leads::lock(&mut transaction, booking.lead).await?;
    if by.role != Role::Admin && lead.owner.as_ref() != Some(&by.id) {
        return Err(Error::NotFound { what: "lead" });
    }
    leads::refuse_erased(&mut transaction, lead.id).await?;
    let agent = match (&booking.agent, &lead.owner) {
        (Some(agent), _) if by.role == Role::Admin => {
            store::check_agent(&mut transaction, agent).await?;
            agent.clone()
        }
        (Some(agent), Some(owner)) if agent == owner => owner.clone(),
        (Some(_), _) => return Err(Error::invalid("salesId", "is for admins to choose")),
        (None, Some(owner)) => owner.clone(),
        (None, None) => {
            return Err(Error::Conflict {
                code: "lead_not_claimed",
            });
        }
    };
    let now = app.clock.now(&mut transaction).await?;
    model::check_times(booking.starts_at, booking.ends_at, now)?;
    let id = AppointmentId::new();
    let times = (booking.starts_at, booking.ends_at);
    let details = Details { times, place, note };
    let inserted = store::insert(&mut transaction, id, (lead.id, &agent), &details, now).await;
    if let Err(error) = inserted {
        transaction.rollback().await?;
        return Err(clash::named(app, error, (&agent, id), times).await);
    }
    let booked = ChangeRecord {
        by: &by.id,
        kind: "booked",
        times,
        note: None,
    };
    store::record(&mut transaction, id, &booked, now).await?;
    reminders::plan(app, &mut transaction, id, times, now).await?;
    follow_in_calendar(&mut transaction, id, 1, now).await?;
    tell_client(app, &mut transaction, id, Text::ClientVisitBooked, now).await?;
    transaction.commit().await?;
    one(app, by, id).await
}

/// Moves a visit, or changes its place or note.
///
/// An agent changes visits of their own leads only: fails with the conflict `lead_of_another` if the lead went to somebody else
/// after the visit.
pub async fn change(
    app: &App,
    by: &User,
    id: AppointmentId,
    change: &AppointmentChange,
) -> Result<Appointment> {
    let mut transaction = app.begin().await?;
    let (was, lead) = lock_to_change(&mut transaction, by, id).await?;
    if by.role != Role::Admin && lead.owner.as_ref() != Some(&by.id) {
        return Err(Error::Conflict {
            code: "lead_of_another",
        });
    }
    let now = app.clock.now(&mut transaction).await?;
    let starts_at = change.starts_at.unwrap_or(was.starts_at);
    let ends_at = change
        .ends_at
        .unwrap_or(starts_at + (was.ends_at - was.starts_at));
    let times = (starts_at, ends_at);
    let moved = times != (was.starts_at, was.ends_at);
    if moved {
        model::check_times(starts_at, ends_at, now)?;
    }
    let place = match &change.place {
        Some(place) => model::text("place", Some(place))?,
        None => was.place.clone(),
    };
    let note = match &change.note {
        Some(note) => model::text("note", Some(note))?,
        None => was.note.clone(),
    };
    if !moved && place == was.place && note == was.note {
        transaction.rollback().await?;
        return one(app, by, id).await;
    }
    let details = Details { times, place, note };
    let version = match store::update(&mut transaction, id, &details, now).await {
        Ok(version) => version,
        Err(error) => {
            transaction.rollback().await?;
            return Err(clash::named(app, error, (&was.sales_id, id), times).await);
        }
    };
    let changed = ChangeRecord {
        by: &by.id,
        kind: if moved { "moved" } else { "changed" },
        times,
        note: None,
    };
    store::record(&mut transaction, id, &changed, now).await?;
    if starts_at != was.starts_at {
        store::void_reminders(&mut transaction, id, "moved", now).await?;
        reminders::plan(app, &mut transaction, id, times, now).await?;
    }
    follow_in_calendar(&mut transaction, id, version, now).await?;
    if moved || details.place != was.place {
        tell_client(app, &mut transaction, id, Text::ClientVisitMoved, now).await?;
    }
    transaction.commit().await?;
    one(app, by, id).await
}

/// Cancels a visit, with its reminders. It cannot be restored.
pub async fn cancel(
    app: &App,
    by: &User,
    id: AppointmentId,
    reason: Option<&str>,
) -> Result<Appointment> {
    let reason = model::text("reason", reason)?;
    let mut transaction = app.begin().await?;
    let (was, _) = lock_to_change(&mut transaction, by, id).await?;
    let now = app.clock.now(&mut transaction).await?;
    let version = store::cancel(&mut transaction, id, now).await?;
    let cancelled = ChangeRecord {
        by: &by.id,
        kind: "cancelled",
        times: (was.starts_at, was.ends_at),
        note: reason.as_deref(),
    };
    store::record(&mut transaction, id, &cancelled, now).await?;
    store::void_reminders(&mut transaction, id, "cancelled", now).await?;
    follow_in_calendar(&mut transaction, id, version, now).await?;
    if was.ends_at > now {
        tell_client(app, &mut transaction, id, Text::ClientVisitCancelled, now).await?;
    }
    transaction.commit().await?;
    one(app, by, id).await
}

/// Tells the client about the visit as it is in this transaction.
async fn tell_client(
    app: &App,
    connection: &mut PgConnection,
    id: AppointmentId,
    text: Text,
    now: DateTime<Utc>,
) -> Result<()> {
    let visit = store::one(connection, None, id).await?;
    let mut work = UnitOfWork::at(app, connection, now, Cause::Admin);
    client_notice::tell_client(&mut work, &visit, text).await
}

/// Whether a visit begins or ends outside the hours in which people are reminded. It can be booked: the caller is warned.
pub fn is_outside_hours(app: &App, visit: &Appointment) -> bool {
    let at = |instant| app.reminders.is_polite(instant, app.timezone);
    !at(visit.starts_at) || !at(visit.ends_at - TimeDelta::seconds(1))
}

/// The visits that a user can see, by their start: their own and those of their leads, or all for an admin.
pub async fn list(
    app: &App,
    viewer: &User,
    filter: &AppointmentFilter,
) -> Result<Vec<Appointment>> {
    let scope = (viewer.role != Role::Admin).then_some(&viewer.id);
    let mut connection = app.pool.acquire().await?;
    store::list(&mut connection, scope, filter).await
}

/// A visit. Fails with `NotFound` if the user cannot see it.
pub async fn one(app: &App, viewer: &User, id: AppointmentId) -> Result<Appointment> {
    let scope = (viewer.role != Role::Admin).then_some(&viewer.id);
    let mut connection = app.pool.acquire().await?;
    store::one(&mut connection, scope, id).await
}

/// The changes of a visit, oldest first.
pub async fn history(app: &App, id: AppointmentId) -> Result<Vec<Done>> {
    let mut connection = app.pool.acquire().await?;
    store::history(&mut connection, id).await
}

/// The visits of a lead, with those that were cancelled.
pub async fn of_lead(app: &App, lead: LeadId) -> Result<Vec<Appointment>> {
    let mut connection = app.pool.acquire().await?;
    let filter = AppointmentFilter {
        lead: Some(lead),
        with_cancelled: true,
        ..AppointmentFilter::default()
    };
    store::list(&mut connection, None, &filter).await
}

/// The visit and its lead, locked in the order lead, visit. Fails if the visit was cancelled or the client is erased.
async fn lock_to_change(
    connection: &mut PgConnection,
    by: &User,
    id: AppointmentId,
) -> Result<(Appointment, Lead)> {
    let scope = (by.role != Role::Admin).then_some(&by.id);
    let lead = store::one(connection, scope, id).await?.lead_id;
    let lead = leads::lock(connection, lead).await?;
    leads::refuse_erased(connection, lead.id).await?;
    store::lock(connection, id).await?;
    let appointment = store::one(connection, scope, id).await?;
    match appointment.status {
        AppointmentStatus::Booked => Ok((appointment, lead)),
        AppointmentStatus::Cancelled => Err(Error::Conflict {
            code: "appointment_cancelled",
        }),
    }
}
