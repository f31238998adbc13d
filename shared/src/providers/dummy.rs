//! `WA_PROVIDER=dummy`: takes every message and tells nobody.

use super::{Accepted, Outgoing, Provider};
use crate::Result;
use async_trait::async_trait;

/// The name that its messages are filed under.
pub const NAME: &str = "dummy";

/// Accepts everything at once. Its message ids are made from ours, so a message sent twice keeps
/// one id, and a test can quote an offer.
pub struct Dummy;

#[async_trait]
impl Provider for Dummy {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn send(&self, message: &Outgoing) -> Result<Accepted> {
        Ok(Accepted {
            provider_message_id: format!("dummy-{}", message.id),
        })
    }
}
