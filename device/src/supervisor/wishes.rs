//! What admins wish, and where the last holder was.

use super::{FIRST_PAUSE, Supervisor};
use shared::Result;
use shared::linked_device::{self, Report, State, Wish};
use tokio::time::Instant;

impl Supervisor {
    /// Goes on where the last holder was: what waits for a person still does.
    pub(super) async fn resume(&mut self) -> Result<()> {
        let status = linked_device::status(&self.terms.app).await?;
        let waits = !status.retrying && matches!(status.state, State::Failed | State::LoggedOut);
        if status.state == State::LoggedOut {
            // Should the last holder have died between the two.
            self.vault.wipe().await?;
        }
        if waits && status.handled == status.request {
            self.halted = true;
        } else if status.handled == status.request && status.desired_started {
            self.start_at = Some(Instant::now());
        } else if status.handled == status.request {
            self.say(Report::new(State::Stopped).for_good()).await?;
        }
        Ok(())
    }

    /// Does what is wished.
    pub(super) async fn grant(&mut self) -> Result<()> {
        let wish = linked_device::wish(&self.terms.app).await?;
        if !wish.started && (self.session.is_some() || self.start_at.is_some() || wish.is_new()) {
            self.stop(&wish).await?;
        } else if wish.is_new() && wish.started {
            let is_idle = self.session.is_none() && (self.start_at.is_none() || self.halted);
            let is_stuck = matches!(&self.said, Some(said) if said.state == State::PasskeyRequired);
            if wish.restarts() || is_idle || is_stuck {
                if let Some(session) = self.session.as_ref().filter(|_| wish.resets()) {
                    session.log_out().await;
                }
                self.stop_session().await?;
                if wish.resets() {
                    self.vault.wipe().await?;
                    tracing::info!("device.reset: the link is forgotten");
                }
                self.begin_again();
                self.say(Report::new(State::Starting)).await?;
            }
        }
        if wish.is_new() {
            let epoch = self.vault.epoch();
            linked_device::set_handled(&self.terms.app, epoch, wish.request).await?;
        }
        Ok(())
    }

    async fn stop(&mut self, wish: &Wish) -> Result<()> {
        self.stop_session().await?;
        if wish.resets() {
            self.vault.wipe().await?;
        }
        self.say(Report::new(State::Stopped).for_good()).await
    }

    fn begin_again(&mut self) {
        self.halted = false;
        self.pause = FIRST_PAUSE;
        self.starts_with_code = false;
        self.start_at = Some(Instant::now());
    }
}
