//! Writes visits to the calendar, by a job that can run twice. A visit never waits for the calendar.

use super::model::AppointmentStatus;
use super::store::{self, Shown, ToBeShown};
use crate::error::ProviderFailure;
use crate::id::AppointmentId;
use crate::jobs::{SyncAppointment, enqueue};
use crate::providers::calendar::CalendarEvent;
use crate::{App, Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use std::time::Duration;

/// A job that runs longer than this has hung, so that another job can write.
const LONGEST_CALL: TimeDelta = TimeDelta::seconds(40);
/// When a job runs again because another job writes the same visit.
const WHILE_BUSY: Duration = Duration::from_secs(1);

/// Writes the present state of a visit to the calendar, or deletes its event. Stores the result on the
/// visit's row. Fails if the job must run again.
pub async fn sync(app: &App, id: AppointmentId) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    let shown = match store::to_be_shown(&mut connection, id, now, now + LONGEST_CALL).await? {
        ToBeShown::Now(shown) => shown,
        ToBeShown::Busy => return Err(Error::NotYet { wait: WHILE_BUSY }),
        ToBeShown::Nothing => return Ok(()),
    };
    drop(connection);
    let event = event(app, id, &shown);
    let called = match shown.status {
        AppointmentStatus::Booked => app.calendar.put(&event).await.map(Some),
        // The event can exist although no answer came from the calendar, because the answer can be lost.
        AppointmentStatus::Cancelled => {
            let there = shown.event_id.as_deref().unwrap_or(&event.id);
            app.calendar.remove(there).await.map(|()| None)
        }
    };
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    match called {
        Ok(event_id) => {
            store::set_shown(&mut connection, id, shown.version, event_id.as_deref(), now).await
        }
        Err(error) => {
            let given_up = error.provider_failure() == Some(ProviderFailure::Refused);
            let reason = error.to_string();
            store::set_not_shown(&mut connection, id, &reason, given_up).await?;
            Err(error)
        }
    }
}

/// Stores why the calendar could not be written, after the last try.
pub async fn give_up_sync(app: &App, id: AppointmentId, reason: &str) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    store::set_not_shown(&mut connection, id, reason, true).await
}

/// Makes the event's id from the visit's id, in letters that Google allows (base32hex: `a-v0-9`), so that
/// writing twice creates one event.
fn event(app: &App, id: AppointmentId, shown: &Shown) -> CalendarEvent {
    let digest = hex::encode(Sha256::digest(format!("appointment:{id}")));
    let client = crate::leads::name_or_unknown(shown.lead_name.as_deref());
    let lines = [
        ("Agent", Some(&shown.sales_name)),
        ("WA", shown.lead_phone.as_ref()),
        ("Catatan", shown.note.as_ref()),
    ];
    let lines = lines
        .into_iter()
        .filter_map(|(what, detail)| detail.map(|detail| format!("{what}: {detail}")));
    let description = lines.collect::<Vec<_>>().join("\n");
    CalendarEvent {
        id: format!("pl{}", &digest[..32]),
        appointment: id.to_string(),
        summary: format!("Kunjungan - {client}"),
        description,
        location: shown.place.clone(),
        starts_at: app.timezone.local(shown.starts_at),
        ends_at: app.timezone.local(shown.ends_at),
        timezone: app.timezone.as_str(),
    }
}

/// Enqueues the job that writes this version of a visit to the calendar.
pub(super) async fn follow_in_calendar(
    connection: &mut PgConnection,
    appointment: AppointmentId,
    version: i32,
    now: DateTime<Utc>,
) -> Result<()> {
    let job = SyncAppointment {
        appointment,
        version,
    };
    enqueue(connection, &job, now).await
}
