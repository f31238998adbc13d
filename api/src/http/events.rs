//! The live feed.

use super::model::Timestamp;
use super::tag::Tag;
use crate::auth::SignedIn;
use crate::connections::Connection;
use crate::feed::{Feed, Full, Told};
use crate::problem::{ProblemResponse, too_many};
use futures::StreamExt;
use futures::stream::BoxStream;
use poem::Request;
use poem::web::Data;
use poem::web::sse::Event;
use poem_openapi::param::{Header, Query};
use poem_openapi::payload::EventStream;
use poem_openapi::types::ToJSON;
use poem_openapi::{Enum, Object, OpenApi};
use shared::live::{Change, Detail};
use std::time::Duration;
use uuid::Uuid;

pub struct Events;

/// How often a heartbeat is sent: proxies close a connection that is silent for a minute.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The kind of an event.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum LiveEventKind {
    /// The feed begins. Nothing changed.
    Hello,
    /// Events were missed and cannot be read any more: read everything again.
    Reset,
    Lead,
    Attempt,
    Message,
    Appointment,
    Provider,
}

/// A change, with the present state of its row. It contains no names, numbers or texts: read those from the
/// API.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct LiveEvent {
    kind: LiveEventKind,
    /// The event's id: send it as `Last-Event-ID` to continue after it.
    cursor: String,
    /// The id of the row.
    id: Option<String>,
    /// The lead that it belongs to.
    lead_id: Option<Uuid>,
    lead: Option<LiveLead>,
    attempt: Option<LiveAttempt>,
    message: Option<LiveMessage>,
    appointment: Option<LiveAppointment>,
    provider: Option<LiveProvider>,
}

/// The state of a lead; absent if it was merged into another lead or is not yours any more.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct LiveLead {
    status: String,
    progress: String,
    owner_id: Option<String>,
    layer2_status: Option<String>,
}

/// The state of an offer.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct LiveAttempt {
    status: String,
    sales_id: String,
    position: i32,
    ack_deadline_at: Timestamp,
}

/// The state of a message.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct LiveMessage {
    direction: String,
    kind: String,
    delivery_status: String,
}

/// The state of a visit.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct LiveAppointment {
    status: String,
    sales_id: String,
    starts_at: Timestamp,
    calendar_state: String,
}

/// The state of the WhatsApp provider.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct LiveProvider {
    /// When it was frozen; absent if it works.
    frozen_since: Option<Timestamp>,
}

#[OpenApi]
impl Events {
    /// The changes, as they happen (server-sent events)
    ///
    /// An admin gets every change. An agent gets those of their own leads, offers and visits. A heartbeat comes
    /// every fifteen seconds. The feed ends after ten minutes, if the session ends, or if the client reads too slowly; an
    /// `EventSource` connects again by itself and misses nothing. 429: too many feeds are open.
    #[oai(path = "/api/events", method = "get", operation_id = "events", tag = Tag::Leads)]
    async fn events(
        &self,
        request: &Request,
        feed: Data<&Feed>,
        viewer: SignedIn,
        /// The id of the last event, as a browser sends it.
        #[oai(name = "Last-Event-ID")]
        last_event_id: Header<Option<String>>,
        /// The same, for clients that cannot set headers.
        last: Query<Option<String>>,
    ) -> Result<EventStream<BoxStream<'static, LiveEvent>>, ProblemResponse> {
        let last = last_event_id.0.or(last.0);
        let last = last.as_deref().and_then(|told| told.parse().ok());
        let told = match feed.read(viewer.0, last).await? {
            Ok(told) => told,
            Err(Full::User) => return Err(too_many("you have too many feeds open")),
            Err(Full::Process) => return Err(too_many("too many feeds are open")),
        };
        if let Some(connection) = request.data::<Connection>() {
            connection.becomes_a_feed();
        }
        let events = EventStream::new(told.map(LiveEvent::from).boxed());
        Ok(events.keep_alive(HEARTBEAT).to_event(|event| {
            let id = event.cursor.clone();
            Event::message(event.to_json_string()).id(id)
        }))
    }
}

impl LiveEvent {
    fn bare(kind: LiveEventKind, cursor: String) -> Self {
        Self {
            kind,
            cursor,
            id: None,
            lead_id: None,
            lead: None,
            attempt: None,
            message: None,
            appointment: None,
            provider: None,
        }
    }
}

impl From<Told> for LiveEvent {
    fn from(told: Told) -> Self {
        match told {
            Told::Hello(cursor) => Self::bare(LiveEventKind::Hello, cursor.to_string()),
            Told::Reset(cursor) => Self::bare(LiveEventKind::Reset, cursor.to_string()),
            Told::Changed(change) => changed(&change),
        }
    }
}

fn changed(change: &Change) -> LiveEvent {
    let kind = match change.detail {
        Detail::Lead(_) => LiveEventKind::Lead,
        Detail::Attempt(_) => LiveEventKind::Attempt,
        Detail::Message(_) => LiveEventKind::Message,
        Detail::Appointment(_) => LiveEventKind::Appointment,
        Detail::Provider { .. } => LiveEventKind::Provider,
    };
    let mut event = LiveEvent::bare(kind, change.cursor.to_string());
    event.id = Some(change.subject.clone());
    event.lead_id = change.lead.map(|lead| lead.0);
    match change.detail.clone() {
        Detail::Lead(lead) => {
            event.lead = lead.map(|lead| LiveLead {
                status: lead.status,
                progress: lead.progress,
                owner_id: lead.owner_id,
                layer2_status: lead.layer2_status,
            });
        }
        Detail::Attempt(attempt) => {
            event.attempt = Some(LiveAttempt {
                status: attempt.status,
                sales_id: attempt.sales_id,
                position: attempt.position,
                ack_deadline_at: Timestamp(attempt.ack_deadline_at),
            });
        }
        Detail::Message(message) => {
            event.message = Some(LiveMessage {
                direction: message.direction,
                kind: message.kind,
                delivery_status: message.delivery_status,
            });
        }
        Detail::Appointment(visit) => {
            event.appointment = Some(LiveAppointment {
                status: visit.status,
                sales_id: visit.sales_id,
                starts_at: Timestamp(visit.starts_at),
                calendar_state: visit.calendar_state,
            });
        }
        Detail::Provider { frozen_since } => {
            event.provider = Some(LiveProvider {
                frozen_since: frozen_since.map(Timestamp),
            });
        }
    }
    event
}
