//! Receives the client's events. The client calls it inline, so each event is passed on at once.

use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use whatsapp_rust::types::durability_hook::InboundMessage;
use whatsapp_rust::types::events::{Event, EventHandler, EventInterest, EventKind};

/// Events that change the connection state.
const STATES: [EventKind; 17] = [
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
/// Delivery statuses, and messages that come by another way than the client's hook.
const RECEIPTS: [EventKind; 3] = [
    EventKind::ServerAck,
    EventKind::Receipt,
    EventKind::Messages,
];
/// Events that are only logged.
const LOGGED: [EventKind; 3] = [
    EventKind::UndecryptableMessage,
    EventKind::StreamError,
    EventKind::AppStateSyncFailed,
];

/// Messages that the phone sent us again, and that did not come through the client's hook.
pub(crate) type Recovered = Arc<Mutex<Vec<InboundMessage>>>;

/// Passes events on.
pub(crate) struct ClientEvents {
    recovered: Recovered,
    states: UnboundedSender<Arc<Event>>,
    receipts: UnboundedSender<Arc<Event>>,
}

/// Events, by their subject.
pub(crate) struct Received {
    pub(crate) states: UnboundedReceiver<Arc<Event>>,
    pub(crate) receipts: UnboundedReceiver<Arc<Event>>,
}

impl ClientEvents {
    pub(crate) fn new(recovered: Recovered) -> (Self, Received) {
        let (states, state_events) = unbounded_channel();
        let (receipts, receipt_events) = unbounded_channel();
        let received = Received {
            states: state_events,
            receipts: receipt_events,
        };
        (
            Self {
                recovered,
                states,
                receipts,
            },
            received,
        )
    }
}

impl EventHandler for ClientEvents {
    fn handle_event(&self, event: Arc<Event>) {
        match &*event {
            // Stored with the next event, in which the phone confirms them.
            Event::Messages(batch) if !batch.hook_committed => {
                let mut recovered = self
                    .recovered
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                recovered.extend(batch.messages.iter().cloned());
            }
            Event::Messages(_) => {}
            Event::ServerAck(_) | Event::Receipt(_) => drop(self.receipts.send(event)),
            // The sender's phone is asked to send it again. Most messages can be read then.
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
            _ => drop(self.states.send(event)),
        }
    }

    fn interest(&self) -> EventInterest {
        let kinds = [&STATES[..], &RECEIPTS[..], &LOGGED[..]].concat();
        EventInterest::of(&kinds)
    }
}
