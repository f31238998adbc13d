//! `WA_PROVIDER=dummy`: accepts every message and sends none.

use super::{Accepted, Outgoing, Provider};
use crate::Result;
use async_trait::async_trait;

/// The name of this provider in the database.
pub const NAME: &str = "dummy";

/// Accepts every message at once. Its message ids are derived from ours, so that a message that is sent
/// twice has one id, and a test can quote an offer.
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
