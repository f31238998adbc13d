//! The live feed.

use super::model::Timestamp;
use super::tag::Tag;
use crate::auth::SignedIn;
use crate::feed::{Feed, Full, Told};
use crate::problem::{ProblemResponse, too_many};
use futures::StreamExt;
use futures::stream::BoxStream;
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

/// A sign of life is sent so often: proxies close what is silent for a minute.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What an event is about.
#[derive(Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum LiveEventKind {
    /// The feed begins; nothing changed.
    Hello,
    /// What was missed is not at hand any more: read everything anew.
    Reset,
    Lead,
    Attempt,
    Message,
    Appointment,
    Provider,
}

/// Something changed. It tells which, and how it stands, never a name, a number or a word: those are read
/// where they are shown.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct LiveEvent {
    kind: LiveEventKind,
    /// The event's place: `Last-Event-ID` to continue after it.
    cursor: String,
    /// The row that changed.
    id: Option<String>,
    /// The lead that it is about.
    lead_id: Option<Uuid>,
    lead: Option<LiveLead>,
    attempt: Option<LiveAttempt>,
    message: Option<LiveMessage>,
    appointment: Option<LiveAppointment>,
    provider: Option<LiveProvider>,
}

/// A lead as it is; absent: it is no more, being one with another, or is yours no more.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct LiveLead {
    status: String,
    progress: String,
    owner_id: Option<String>,
    layer2_status: Option<String>,
}

/// An offer as it is.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct LiveAttempt {
    status: String,
    sales_id: String,
    position: i32,
    ack_deadline_at: Timestamp,
}

/// A message as it is.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct LiveMessage {
    direction: String,
    kind: String,
    delivery_status: String,
}

/// A visit as it is.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct LiveAppointment {
    status: String,
    sales_id: String,
    starts_at: Timestamp,
    calendar_state: String,
}

/// How WhatsApp is doing.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct LiveProvider {
    /// Since when no offer rolls; absent: it is well.
    frozen_since: Option<Timestamp>,
}

#[OpenApi]
impl Events {
    /// What changes, as it changes (server-sent events)
    ///
    /// Of everything for an admin; for an agent, of their own leads, and of offers and visits that are
    /// theirs. A heartbeat every fifteen seconds. The feed ends after ten minutes, or when its reader is
    /// too slow; an `EventSource` comes again by itself and misses nothing. 429: too many are open.
    #[oai(path = "/api/events", method = "get", operation_id = "events", tag = Tag::Leads)]
    async fn events(
        &self,
        feed: Data<&Feed>,
        viewer: SignedIn,
        /// The last event that was heard, as a browser says it.
        #[oai(name = "Last-Event-ID")]
        last_event_id: Header<Option<String>>,
        /// The same, for those who cannot set headers.
        last: Query<Option<String>>,
    ) -> Result<EventStream<BoxStream<'static, LiveEvent>>, ProblemResponse> {
        let last = last_event_id.0.or(last.0);
        let last = last.as_deref().and_then(|told| told.parse().ok());
        let told = match feed.read(viewer.0.user, last).await? {
            Ok(told) => told,
            Err(Full::User) => return Err(too_many("you have too many feeds open")),
            Err(Full::Process) => return Err(too_many("too many feeds are open")),
        };
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
