//! `WA_PROVIDER=qr_local`: a phone's WhatsApp, through the linked device.
//!
//! Only the `device` process sends these messages. Every other process stores them under this provider's
//! name and leaves their jobs to `device` ([`crate::linked_device`]).

use super::{Accepted, Outgoing, Provider};
use crate::{Error, Result};
use async_trait::async_trait;

/// The name of this provider in the database.
pub const NAME: &str = "qr_local";

/// The provider in every process but `device`.
#[derive(Clone, Copy, Debug)]
pub struct QrLocal;

#[async_trait]
impl Provider for QrLocal {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Only `device` runs the jobs that send. If another process calls this, the message waits.
    async fn send(&self, _: &Outgoing) -> Result<Accepted> {
        Err(Error::NotYet {
            wait: std::time::Duration::from_secs(1),
        })
    }
}
