//! Hears the client's events, which are told inline: each is passed on at once.

use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
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
/// What becomes of messages.
const RECEIPTS: [EventKind; 2] = [EventKind::ServerAck, EventKind::Receipt];
/// What is only said in the log.
const LOGGED: [EventKind; 3] = [
    EventKind::UndecryptableMessage,
    EventKind::StreamError,
    EventKind::AppStateSyncFailed,
];

/// Passes events on.
pub(crate) struct Ears {
    course: UnboundedSender<Arc<Event>>,
    receipts: UnboundedSender<Arc<Event>>,
}

/// What was heard, by what it is about.
pub(crate) struct Heard {
    pub(crate) course: UnboundedReceiver<Arc<Event>>,
    pub(crate) receipts: UnboundedReceiver<Arc<Event>>,
}

impl Ears {
    pub(crate) fn new() -> (Self, Heard) {
        let (course, course_heard) = unbounded_channel();
        let (receipts, receipts_heard) = unbounded_channel();
        let heard = Heard {
            course: course_heard,
            receipts: receipts_heard,
        };
        (Self { course, receipts }, heard)
    }
}

impl EventHandler for Ears {
    fn handle_event(&self, event: Arc<Event>) {
        match &*event {
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
