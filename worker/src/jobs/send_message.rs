//! `SendMessage`: sends an outbound row of `wa_message`.

use super::run::Perform;
use shared::jobs::SendMessage;
use shared::{App, Result, distribution, whatsapp};

impl Perform for SendMessage {
    async fn perform(&self, app: &App) -> Result<()> {
        distribution::send(app, self.message).await
    }

    async fn on_discarded(&self, app: &App, reason: &str) -> Result<()> {
        whatsapp::give_up(app, self.message, reason).await
    }
}
