//! `WA_PROVIDER=qr_local`: a phone's WhatsApp, over the linked device.
//!
//! The `device` process carries the messages out; every other process only files them under this name
//! and leaves their jobs alone ([`crate::linked_device`]).

use super::{Accepted, Outgoing, Provider};
use crate::{Error, Result};
use async_trait::async_trait;

/// The name that its messages are stored under.
pub const NAME: &str = "qr_local";

/// The provider as every process but `device` has it.
#[derive(Clone, Copy, Debug)]
pub struct QrLocal;

#[async_trait]
impl Provider for QrLocal {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Never asked where queues are shared out as they should be; should it be, the message waits.
    async fn send(&self, _: &Outgoing) -> Result<Accepted> {
        Err(Error::NotYet {
            wait: std::time::Duration::from_secs(1),
        })
    }
}
