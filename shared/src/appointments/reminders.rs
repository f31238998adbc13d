//! Reminders: planned with the visit, deleted with it, and sent once.

use super::model::{AppointmentStatus, Recipient};
use super::store::{self, Reminder};
use crate::id::{AppointmentId, ReminderId};
use crate::jobs::{RemindOfAppointment, SendMessage, enqueue};
use crate::texts::Text;
use crate::unit_of_work::{Cause, UnitOfWork};
use crate::whatsapp::{self, Draft, OutboundKind};
use crate::{App, Error, Result, leads, sales};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, Postgres, Transaction};
use std::time::Duration;

/// How long after its time the sweep sends a reminder that no job sent.
const LEFT_AFTER: TimeDelta = TimeDelta::seconds(5);
/// For how long after a visit its agent is asked about its result.
const ASKED_FOR: TimeDelta = TimeDelta::days(2);
/// When a job runs again because the lead changed its owner meanwhile.
const MOMENT: Duration = Duration::from_millis(100);

/// Inserts the reminders of a visit, each with its job.
pub(super) async fn plan(
    app: &App,
    connection: &mut PgConnection,
    appointment: AppointmentId,
    times: (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<()> {
    let starts_at = times.0;
    for planned in app.reminders.plan(times, now, app.timezone) {
        if planned.recipient == Recipient::Outcome && !app.texts.is_on(Text::VisitQuestion) {
            continue;
        }
        let reminder = ReminderId::new();
        store::insert_reminder(connection, reminder, appointment, &planned, starts_at).await?;
        enqueue(
            connection,
            &RemindOfAppointment { reminder },
            planned.due_at,
        )
        .await?;
    }
    Ok(())
}

/// Sends a reminder that is due, once. Does not send it if the visit was cancelled, was moved or has
/// begun, or at night. Can be called at any time and repeatedly.
pub async fn remind(app: &App, id: ReminderId) -> Result<()> {
    let mut transaction = app.begin().await?;
    let Some(lead) = store::lead_of_reminder(&mut transaction, id).await? else {
        return Ok(());
    };
    // Locks are taken in one order, the lead first, because its owner can be changing.
    leads::lock(&mut transaction, lead).await?;
    let Some(reminder) = store::lock_reminder(&mut transaction, id).await? else {
        return Ok(());
    };
    if reminder.lead != lead {
        return Err(Error::NotYet { wait: MOMENT });
    }
    let now = app.clock.now(&mut transaction).await?;
    if now < reminder.due_at {
        return Ok(transaction.rollback().await?);
    }
    let void = why_void(&reminder, now);
    if let Some(reason) = void {
        store::end_reminder(&mut transaction, id, "void", Some(reason), now).await?;
        return Ok(transaction.commit().await?);
    }
    if reminder.recipient == Recipient::Outcome {
        // The visit was made longer.
        let due = app.reminders.question(reminder.visit_ends_at, app.timezone);
        if due.due_at > now {
            return put_off(transaction, id, due.due_at).await;
        }
    }
    // Its time was inside the allowed hours, but it is late.
    if !app.reminders.is_polite(now, app.timezone) {
        let before = match reminder.recipient {
            Recipient::Outcome => now + ASKED_FOR,
            _ => reminder.starts_at,
        };
        let later = app.reminders.polite(now, before, app.timezone);
        if later > now {
            return put_off(transaction, id, later).await;
        }
        store::end_reminder(&mut transaction, id, "void", Some("night"), now).await?;
        return Ok(transaction.commit().await?);
    }
    let mut work = UnitOfWork::at(app, &mut transaction, now, Cause::Alarm);
    let (state, reason) = if queue_reminder(&mut work, id, &reminder).await? {
        ("said", None)
    } else {
        ("void", Some("not to be sent"))
    };
    store::end_reminder(&mut transaction, id, state, reason, now).await?;
    transaction.commit().await?;
    tracing::info!(reminder = %id, appointment = %reminder.appointment, "appointments.reminded");
    Ok(())
}

/// Why a reminder is not sent. `None`: it is.
fn why_void(reminder: &Reminder, now: DateTime<Utc>) -> Option<&'static str> {
    let asks = reminder.recipient == Recipient::Outcome;
    if reminder.status == AppointmentStatus::Cancelled {
        Some("cancelled")
    } else if reminder.starts_at != reminder.visit_starts_at {
        Some("moved")
    } else if asks && reminder.outcome.is_some() {
        Some("answered")
    } else if asks && now >= reminder.visit_ends_at + ASKED_FOR
        || !asks && now >= reminder.starts_at
    {
        Some("past")
    } else {
        None
    }
}

async fn put_off(
    mut transaction: Transaction<'_, Postgres>,
    id: ReminderId,
    later: DateTime<Utc>,
) -> Result<()> {
    store::put_off(&mut transaction, id, later).await?;
    let job = RemindOfAppointment { reminder: id };
    enqueue(&mut transaction, &job, later).await?;
    Ok(transaction.commit().await?)
}

/// Queues the message of a reminder. Returns `false` if the recipient has no number.
async fn queue_reminder(
    work: &mut UnitOfWork<'_>,
    id: ReminderId,
    reminder: &Reminder,
) -> Result<bool> {
    let app = work.app;
    let lead = leads::by_id(work.connection, reminder.lead).await?;
    let agent = sales::by_id(work.connection, &reminder.sales_id).await?;
    let (to, kind, text) = match reminder.recipient {
        Recipient::Agent => (
            &agent.phone,
            OutboundKind::ReminderAgent,
            Text::ReminderAgent,
        ),
        Recipient::Client => (
            &lead.phone,
            OutboundKind::ReminderClient,
            Text::ReminderClient,
        ),
        Recipient::Outcome => (
            &agent.phone,
            OutboundKind::VisitQuestion,
            Text::VisitQuestion,
        ),
    };
    let Some(to) = to else {
        return Ok(false);
    };
    let asks = reminder.recipient == Recipient::Outcome;
    let code = if asks {
        store::name_visit(work.connection, reminder.appointment).await?
    } else {
        String::new()
    };
    let time = app.timezone.day_in_words(reminder.starts_at);
    let values = [
        ("name", lead.display_name()),
        ("phone", lead.display_phone()),
        ("agent", agent.name.as_str()),
        ("time", time.as_str()),
        ("place", reminder.place.as_deref().unwrap_or("")),
        ("code", code.as_str()),
    ];
    let Some(body) = app.texts.render_if_on(text, &values) else {
        return Ok(false);
    };
    let draft = Draft::new(kind, to, body).lead(lead.id);
    let Some(message) = whatsapp::insert_outbound(work, &draft).await? else {
        return Ok(false);
    };
    // The message expires when the visit begins or the night begins.
    let now = work.now;
    let evening = app.reminders.end_of_politeness(now, app.timezone);
    let expires_at = if asks {
        reminder.visit_ends_at + ASKED_FOR
    } else {
        evening.min(reminder.starts_at)
    };
    whatsapp::expire(work.connection, message, expires_at).await?;
    store::set_message(work.connection, id, message).await?;
    enqueue(work.connection, &SendMessage { message, nth: 0 }, now).await?;
    Ok(true)
}

/// Sends the reminders that are due and that no job sent. Returns how many there were.
pub async fn remind_all_due(app: &App) -> Result<usize> {
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now(&mut connection).await?;
    let due = store::due_reminders(&mut connection, now - LEFT_AFTER).await?;
    drop(connection);
    for reminder in &due {
        if let Err(error) = remind(app, *reminder).await {
            tracing::error!(%reminder, %error, "appointments.not_reminded");
        }
    }
    Ok(due.len())
}
