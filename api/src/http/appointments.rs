//! Visits.

use super::model::{Timestamp, wire_enum};
use super::tag::Tag;
use crate::auth::SignedIn;
use crate::problem::Result;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use shared::appointments::{self, AppointmentChange, AppointmentFilter, Booking};
use shared::id::{AppointmentId, LeadId, UserId};
use shared::{App, db};
use uuid::Uuid;

pub struct Appointments;

/// The status of a visit.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum AppointmentStatus {
    /// It takes place.
    Booked,
    /// It was cancelled.
    Cancelled,
}

wire_enum! {
    /// The result of a visit.
    VisitOutcome("snake_case") from appointments::VisitOutcome {
        /// The client came.
        Done,
        /// The client did not come.
        NoShow,
        /// It is to be booked for another time.
        ToMove
    }
}

/// The result of a visit.
#[derive(Object)]
struct NewOutcome {
    outcome: VisitOutcome,
}

/// Whether the calendar shows the visit.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum CalendarState {
    /// Not written yet.
    Pending,
    /// Shows the present state of the visit.
    Synced,
    /// Failed, and is tried again.
    Failing,
    /// Failed for good, until the visit changes.
    Failed,
}

/// A visit.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct Appointment {
    id: Uuid,
    lead_id: Uuid,
    /// The client's name.
    lead_name: Option<String>,
    /// The agent.
    sales_id: String,
    sales_name: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
    place: Option<String>,
    note: Option<String>,
    status: AppointmentStatus,
    /// The result; absent until somebody reports it.
    outcome: Option<VisitOutcome>,
    /// Changes whenever the visit changes.
    version: i32,
    calendar: CalendarStanding,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Why a visit that was saved deserves a second look.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum AppointmentWarning {
    /// It begins or ends outside the hours in which people are reminded (`APPOINTMENT_POLITE_HOURS`).
    OutsideHours,
}

/// A visit that was saved.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct SavedAppointment {
    #[oai(flatten)]
    appointment: Appointment,
    warning: Option<AppointmentWarning>,
}

/// The state of a visit in the calendar.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct CalendarStanding {
    state: CalendarState,
    /// The id of its event in the calendar.
    event_id: Option<String>,
    /// Why the calendar does not show it.
    error: Option<String>,
}

/// A visit with its changes.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct AppointmentDetail {
    appointment: Appointment,
    /// Oldest first.
    history: Vec<AppointmentHistory>,
}

/// A change of a visit.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct AppointmentHistory {
    at: Timestamp,
    /// The user's name; absent if the user was deleted.
    by_user_id: Option<String>,
    by_name: Option<String>,
    /// `booked`, `moved`, `changed`, `cancelled`, `handed_over` to the new owner of the lead, or its result: `done`,
    /// `no_show`, `to_move`.
    kind: String,
    /// When the visit began after the change.
    starts_at: Timestamp,
    ends_at: Timestamp,
    note: Option<String>,
}

/// A visit to book.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct NewAppointment {
    starts_at: Timestamp,
    /// By default an hour after `startsAt`.
    ends_at: Option<Timestamp>,
    /// The place, at most 500 characters.
    place: Option<String>,
    /// A note, at most 500 characters.
    note: Option<String>,
    /// The agent; by default the lead's owner. Only an admin can set it.
    sales_id: Option<String>,
}

/// A change of a visit; fields that are left out stay.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct AppointmentPatch {
    starts_at: Option<Timestamp>,
    /// By default the visit keeps its length.
    ends_at: Option<Timestamp>,
    /// The place; empty removes it.
    place: Option<String>,
    /// The note; empty removes it.
    note: Option<String>,
}

/// Why a visit is cancelled.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Cancellation {
    /// A reason, at most 500 characters.
    reason: Option<String>,
}

#[OpenApi]
impl Appointments {
    /// The visits that the user can see, by their start
    ///
    /// An agent sees their own visits and those of their leads, an admin all; at most a thousand.
    #[allow(clippy::too_many_arguments, reason = "a filter each")]
    #[oai(path = "/api/appointments", method = "get", operation_id = "appointments", tag = Tag::Appointments)]
    async fn list(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        /// Of this lead.
        lead: Query<Option<Uuid>>,
        /// Of this agent, by user id.
        agent: Query<Option<String>>,
        /// That end after this instant.
        from: Query<Option<Timestamp>>,
        /// That begin before this instant.
        to: Query<Option<Timestamp>>,
        /// Whether to include cancelled visits.
        #[oai(default)]
        cancelled: Query<bool>,
        /// `true`: only visits that are booked with an agent who is not the lead's owner any more. The new owner has
        /// another visit then, so that a person must decide.
        #[oai(name = "withFormerAgent", default)]
        with_former_agent: Query<bool>,
    ) -> Result<Vec<Appointment>> {
        let filter = AppointmentFilter {
            lead: lead.0.map(LeadId),
            agent: agent.0.filter(|agent| !agent.is_empty()).map(UserId),
            from: from.0.map(|time| time.0),
            to: to.0.map(|time| time.0),
            with_cancelled: cancelled.0,
            with_former_agent: with_former_agent.0,
        };
        let list = appointments::list(&app, &viewer.0.user, &filter).await?;
        Ok(Json(list.into_iter().map(Into::into).collect()))
    }

    /// Book a visit with a lead's client
    ///
    /// 409 `appointment_conflict`: the agent has another visit then, and `detail` says which. 409 `lead_not_claimed`: the lead has no
    /// owner. For an agent, a lead of another agent is 404.
    #[oai(path = "/api/leads/:id/appointments", method = "post", operation_id = "bookAppointment", tag = Tag::Appointments)]
    async fn book(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        id: Path<Uuid>,
        body: Json<NewAppointment>,
    ) -> Result<SavedAppointment> {
        let given = body.0;
        let starts_at = given.starts_at.0;
        let an_hour_later = starts_at
            .checked_add_signed(chrono::TimeDelta::hours(1))
            .unwrap_or(starts_at);
        let booking = Booking {
            lead: LeadId(id.0),
            agent: given.sales_id.filter(|agent| !agent.is_empty()).map(UserId),
            starts_at,
            ends_at: given.ends_at.map_or(an_hour_later, |ends_at| ends_at.0),
            place: given.place,
            note: given.note,
        };
        let booked = db::retry_once(|| appointments::book(&app, &viewer.0.user, &booking)).await?;
        Ok(Json(saved(&app, booked)))
    }

    /// A visit with its changes
    #[oai(path = "/api/appointments/:id", method = "get", operation_id = "appointmentDetail", tag = Tag::Appointments)]
    async fn detail(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        id: Path<Uuid>,
    ) -> Result<AppointmentDetail> {
        let id = AppointmentId(id.0);
        let appointment = appointments::one(&app, &viewer.0.user, id).await?;
        let history = appointments::history(&app, id).await?;
        Ok(Json(AppointmentDetail {
            appointment: appointment.into(),
            history: history.into_iter().map(Into::into).collect(),
        }))
    }

    /// Move a visit, or change its place or note
    ///
    /// Its reminders and the calendar follow. 409 `appointment_conflict`, `appointment_cancelled`.
    #[oai(path = "/api/appointments/:id", method = "patch", operation_id = "updateAppointment", tag = Tag::Appointments)]
    async fn change(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        id: Path<Uuid>,
        body: Json<AppointmentPatch>,
    ) -> Result<SavedAppointment> {
        let given = body.0;
        let change = AppointmentChange {
            starts_at: given.starts_at.map(|time| time.0),
            ends_at: given.ends_at.map(|time| time.0),
            place: given.place,
            note: given.note,
        };
        let id = AppointmentId(id.0);
        let changed =
            db::retry_once(|| appointments::change(&app, &viewer.0.user, id, &change)).await?;
        Ok(Json(saved(&app, changed)))
    }

    /// Cancel a visit
    #[oai(path = "/api/appointments/:id/cancel", method = "post", operation_id = "cancelAppointment", tag = Tag::Appointments)]
    async fn cancel(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        id: Path<Uuid>,
        body: Json<Cancellation>,
    ) -> Result<Appointment> {
        let id = AppointmentId(id.0);
        let reason = body.0.reason;
        let off =
            db::retry_once(|| appointments::cancel(&app, &viewer.0.user, id, reason.as_deref()))
                .await?;
        Ok(Json(off.into()))
    }

    /// Report the result of a visit
    ///
    /// The lead's progress follows: `visit` if the client came, else `follow-up`. It can be said again. 409
    /// `appointment_ahead`: the visit has not begun; `appointment_cancelled`.
    #[oai(path = "/api/appointments/:id/outcome", method = "post", operation_id = "setVisitOutcome", tag = Tag::Appointments)]
    async fn outcome(
        &self,
        app: Data<&App>,
        viewer: SignedIn,
        id: Path<Uuid>,
        body: Json<NewOutcome>,
    ) -> Result<Appointment> {
        let outcome = body.0.outcome.into();
        let (user, id) = (&viewer.0.user, AppointmentId(id.0));
        let visit = db::retry_once(|| appointments::set_outcome(&app, user, id, outcome)).await?;
        Ok(Json(visit.into()))
    }
}

fn saved(app: &App, visit: appointments::Appointment) -> SavedAppointment {
    let warning = appointments::is_outside_hours(app, &visit);
    SavedAppointment {
        appointment: visit.into(),
        warning: warning.then_some(AppointmentWarning::OutsideHours),
    }
}

impl From<appointments::Appointment> for Appointment {
    fn from(appointment: appointments::Appointment) -> Self {
        Self {
            id: appointment.id.0,
            lead_id: appointment.lead_id.0,
            lead_name: appointment.lead_name,
            sales_id: appointment.sales_id.0,
            sales_name: appointment.sales_name,
            starts_at: Timestamp(appointment.starts_at),
            ends_at: Timestamp(appointment.ends_at),
            place: appointment.place,
            note: appointment.note,
            status: match appointment.status {
                appointments::AppointmentStatus::Booked => AppointmentStatus::Booked,
                appointments::AppointmentStatus::Cancelled => AppointmentStatus::Cancelled,
            },
            outcome: appointment.outcome.map(Into::into),
            version: appointment.version,
            calendar: CalendarStanding {
                state: match appointment.calendar_state {
                    appointments::CalendarState::Pending => CalendarState::Pending,
                    appointments::CalendarState::Synced => CalendarState::Synced,
                    appointments::CalendarState::Failing => CalendarState::Failing,
                    appointments::CalendarState::Failed => CalendarState::Failed,
                },
                event_id: appointment.calendar_event_id,
                error: appointment.calendar_error,
            },
            created_at: Timestamp(appointment.created_at),
            updated_at: Timestamp(appointment.updated_at),
        }
    }
}

impl From<appointments::Done> for AppointmentHistory {
    fn from(done: appointments::Done) -> Self {
        Self {
            at: Timestamp(done.at),
            by_user_id: done.by_user_id,
            by_name: done.by_name,
            kind: done.kind,
            starts_at: Timestamp(done.starts_at),
            ends_at: Timestamp(done.ends_at),
            note: done.note,
        }
    }
}
