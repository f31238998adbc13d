//! Hears the client's events, which are told inline: each is passed on at once.

use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use whatsapp_rust::types::durability_hook::InboundMessage;
use whatsapp_rust::types::events::{Event, EventHandler, EventInterest, EventKind};

/// What the course depends on.
const COURSE: [EventKind; 17] = [
    EventKind::Connected,
    EventKind::Disconnected,
    EventKind::PairSuccess,
    EventKind::PairError,
    EventKind::LoggedOut,
    EventKind::PairingQrCode,
    EventKind::PairingQrCodesExhausted,
    EventKind::PairingCode,
    EventKind::PairingCodeError,
    EventKind::PairingCodeRefresh,
    EventKind::PairPasskeyRequest,
    EventKind::PairPasskeyError,
    EventKind::ClientOutdated,
    EventKind::StreamReplaced,
    EventKind::TemporaryBan,
    EventKind::ConnectFailure,
    EventKind::QrScannedWithoutMultidevice,
];
/// What becomes of messages, and those that come another way.
const RECEIPTS: [EventKind; 3] = [
    EventKind::ServerAck,
    EventKind::Receipt,
    EventKind::Messages,
];
/// What is only said in the log.
const LOGGED: [EventKind; 3] = [
    EventKind::UndecryptableMessage,
    EventKind::StreamError,
    EventKind::AppStateSyncFailed,
];

/// Messages that the phone gave us again, and the client's hook was not asked about.
pub(crate) type Recovered = Arc<Mutex<Vec<InboundMessage>>>;

/// Passes events on.
pub(crate) struct ClientEvents {
    recovered: Recovered,
    course: UnboundedSender<Arc<Event>>,
    receipts: UnboundedSender<Arc<Event>>,
}

/// What was heard, by what it is about.
pub(crate) struct Received {
    pub(crate) course: UnboundedReceiver<Arc<Event>>,
    pub(crate) receipts: UnboundedReceiver<Arc<Event>>,
}

impl ClientEvents {
    pub(crate) fn new(recovered: Recovered) -> (Self, Received) {
        let (course, course_heard) = unbounded_channel();
        let (receipts, receipts_heard) = unbounded_channel();
        let heard = Received {
            course: course_heard,
            receipts: receipts_heard,
        };
        (
            Self {
                recovered,
                course,
                receipts,
            },
            heard,
        )
    }
}

impl EventHandler for ClientEvents {
    fn handle_event(&self, event: Arc<Event>) {
        match &*event {
            // Taken down with what comes next, which is the phone's answer that they were in.
            Event::Messages(batch) if !batch.hook_committed => {
                let mut recovered = self
                    .recovered
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                recovered.extend(batch.messages.iter().cloned());
            }
            Event::Messages(_) => {}
            Event::ServerAck(_) | Event::Receipt(_) => drop(self.receipts.send(event)),
            // Its sender is asked to send it again; most come readable then.
            Event::UndecryptableMessage(_) => {
                tracing::warn!("device.undecryptable: its sender is asked to send it again");
            }
            Event::StreamError(error) => tracing::warn!(code = error.code, "device.stream_error"),
            Event::AppStateSyncFailed(_) => tracing::warn!("device.app_state_not_synced"),
            Event::QrScannedWithoutMultidevice(_) => {
                tracing::warn!(
                    "device.old_phone: the phone that scanned has no linked devices; update its WhatsApp"
                );
            }
            _ => drop(self.course.send(event)),
        }
    }

    fn interest(&self) -> EventInterest {
        let kinds = [&COURSE[..], &RECEIPTS[..], &LOGGED[..]].concat();
        EventInterest::of(&kinds)
    }
}
