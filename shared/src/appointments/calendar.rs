//! The calendar follows a visit: by a job that may run twice, and never holds the visit up.

use super::model::AppointmentStatus;
use super::store::{self, Shown, ToBeShown};
use crate::error::ProviderFailure;
use crate::id::AppointmentId;
use crate::providers::calendar::CalendarEvent;
use crate::{App, Error, Result};
use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// A job that runs longer has hung: the calendar is anybody's again.
const LONGEST_CALL: TimeDelta = TimeDelta::seconds(40);
/// When to come again while somebody else is at it.
const WHILE_BUSY: Duration = Duration::from_secs(1);

/// Writes the visit, as it is now, into the calendar, or removes it from there. What the calendar says
/// is on the visit's row; a failure is tried again.
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
        // One that the calendar was never told of may be there all the same: its call's answer was lost.
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

/// Records that the calendar could not be brought to agree, however often it was tried.
pub async fn give_up_sync(app: &App, id: AppointmentId, reason: &str) -> Result<()> {
    let mut connection = app.pool.acquire().await?;
    store::set_not_shown(&mut connection, id, reason, true).await
}

/// The id is made from the appointment's, in letters that Google allows (base32hex: `a-v0-9`), so that
/// writing it twice makes one event.
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
