//! What every session of this process needs.

use crate::event_handler::Recovered;
use crate::session::Endpoint;
use shared::App;
use shared::linked_device::DeviceKey;
use shared::phone::Phone;
use std::sync::Arc;
use worker::outbound::OutboundWorker;

/// What every session of this process needs.
pub(crate) struct DeviceContext {
    pub(crate) app: App,
    pub(crate) key: DeviceKey,
    pub(crate) pairing_phone: Option<Phone>,
    pub(crate) endpoint: Endpoint,
    pub(crate) sender: Arc<OutboundWorker>,
    pub(crate) slots: usize,
    /// Messages that WhatsApp does not deliver again and that are not stored yet. They outlive a session.
    pub(crate) recovered: Recovered,
    /// Whether codes are shown on the terminal.
    pub(crate) shows: bool,
}
