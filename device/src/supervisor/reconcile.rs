//! Executes commands, and continues in the former process's state.

use super::{FIRST_PAUSE, Supervisor};
use shared::Result;
use shared::linked_device::{self, DesiredState, Report, State};
use tokio::time::Instant;

impl Supervisor {
    /// Continues in the former process's state: what waited for a person still does.
    pub(super) async fn resume(&mut self) -> Result<()> {
        let status = linked_device::status(&self.context.app).await?;
        let waits = !status.retrying && matches!(status.state, State::Failed | State::LoggedOut);
        if status.state == State::LoggedOut {
            // In case the former process died between the two.
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

    /// Executes the commands.
    pub(super) async fn reconcile(&mut self) -> Result<()> {
        let desired = linked_device::desired_state(&self.context.app).await?;
        if !desired.started
            && (self.session.is_some() || self.start_at.is_some() || desired.is_new())
        {
            self.stop(&desired).await?;
        } else if desired.is_new() && desired.started {
            let is_idle = self.session.is_none() && (self.start_at.is_none() || self.halted);
            let is_stuck = matches!(&self.said, Some(said) if said.state == State::PasskeyRequired);
            if desired.restarts() || is_idle || is_stuck {
                if let Some(session) = self.session.as_ref().filter(|_| desired.resets()) {
                    session.log_out().await;
                }
                self.stop_session().await?;
                if desired.resets() {
                    self.vault.wipe().await?;
                    tracing::info!("device.reset: the link is forgotten");
                }
                self.begin_again();
                self.say(Report::new(State::Starting)).await?;
            }
        }
        if desired.is_new() {
            let epoch = self.vault.epoch();
            linked_device::set_handled(&self.context.app, epoch, desired.request).await?;
        }
        Ok(())
    }

    async fn stop(&mut self, desired: &DesiredState) -> Result<()> {
        self.stop_session().await?;
        if desired.resets() {
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
