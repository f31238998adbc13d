//! Receives the client's events. The client calls it inline, so each event is passed on at once.

use crate::provider::Answers;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc::{
    Receiver, Sender, UnboundedReceiver, UnboundedSender, channel, unbounded_channel,
};
use whatsapp_rust::types::durability_hook::InboundMessage;
use whatsapp_rust::types::events::{Event, EventHandler, EventInterest, EventKind, ServerAck};

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
/// Delivery statuses, changed numbers, and messages that come by another way than the client's hook.
const RECEIPTS: [EventKind; 4] = [
    EventKind::ContactNumberChanged,
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

/// How many receipts wait to be stored. After an outage they come by the thousands.
const MAX_RECEIPTS: usize = 20_000;

/// Passes events on.
pub(crate) struct ClientEvents {
    recovered: Recovered,
    answers: Answers,
    states: UnboundedSender<Arc<Event>>,
    acks: UnboundedSender<Arc<Event>>,
    receipts: Sender<Arc<Event>>,
    /// Receipts for which there was no room.
    dropped: AtomicU64,
}

/// Events, by their subject.
pub(crate) struct Received {
    pub(crate) states: UnboundedReceiver<Arc<Event>>,
    pub(crate) statuses: Statuses,
}

/// Delivery statuses: acknowledgements for which no message waits any more, and receipts. Changed numbers come with
/// the acknowledgements: both are few.
pub(crate) struct Statuses {
    pub(crate) acks: UnboundedReceiver<Arc<Event>>,
    pub(crate) receipts: Receiver<Arc<Event>>,
}

impl ClientEvents {
    pub(crate) fn new(recovered: Recovered, answers: Answers) -> (Self, Received) {
        let (states, state_events) = unbounded_channel();
        let (acks, ack_events) = unbounded_channel();
        let (receipts, receipt_events) = channel(MAX_RECEIPTS);
        let received = Received {
            states: state_events,
            statuses: Statuses {
                acks: ack_events,
                receipts: receipt_events,
            },
        };
        let handler = Self {
            recovered,
            answers,
            states,
            acks,
            receipts,
            dropped: AtomicU64::new(0),
        };
        (handler, received)
    }

    /// Gives an acknowledgement to the message that waits for it, before anything else. Thousands of
    /// receipts may wait to be stored, and the message would give up.
    fn acknowledge(&self, ack: &ServerAck, event: &Arc<Event>) {
        let is_ours = ack.class.as_deref() == Some("message");
        if is_ours && !self.answers.came(&ack.id, ack.error.as_deref()) {
            drop(self.acks.send(Arc::clone(event)));
        }
    }

    fn pass_receipt(&self, event: Arc<Event>) {
        if self.receipts.try_send(event).is_err() {
            let dropped = self.dropped.fetch_add(1, Ordering::Relaxed) + 1;
            if dropped.is_power_of_two() {
                tracing::warn!(dropped, "device.receipts_dropped: too many came at once");
            }
        }
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
            Event::ServerAck(ack) => self.acknowledge(ack, &event),
            Event::ContactNumberChanged(_) => drop(self.acks.send(event)),
            Event::Receipt(_) => self.pass_receipt(event),
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
