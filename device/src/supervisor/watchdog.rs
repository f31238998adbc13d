//! Detects what no event reports: a client that is silent or hangs, and a host that was suspended.

use super::Supervisor;
use crate::connection::Connection;
use crate::connection_state::Then;
use crate::session::Session;
use shared::Result;
use shared::linked_device::{self, Report, State};
use std::time::Duration;
use tokio::time::Instant;

/// Other processes take us for dead after this silence of our heartbeat; a little less, because clocks differ.
const MISSED_AFTER: Duration = Duration::from_secs(25);
/// The longest silence of a live connection: the client sends a ping every half minute.
const SILENCE: Duration = Duration::from_secs(120);
/// The longest time from login to ready. WhatsApp's own client waits a minute.
const UNREADY: Duration = Duration::from_secs(75);

impl Supervisor {
    pub(super) async fn look_at_client(&mut self) -> Result<()> {
        let Some(session) = &self.session else {
            return Ok(());
        };
        session.take_recovered().await;
        let since_connected = session.reconnects() != self.ready_connection;
        if self.state.is_connected() && (since_connected || !session.is_logged_in()) {
            let report = self.state.lost();
            return self.say(report).await;
        }
        // The client watches its socket itself. This is for the case that it fails to.
        let silent = session.connection().silent_for();
        if self.state.is_connected() && silent.is_some_and(|time| time >= SILENCE) {
            let reason = "nothing has come from WhatsApp for too long: connecting anew";
            return self.start_later(reason.to_owned()).await;
        }
        // Only from the login on: before it, the network can be the cause.
        self.logged_in_since = (session.is_logged_in() && !self.state.is_connected())
            .then(|| self.logged_in_since.unwrap_or_else(Instant::now));
        if self
            .logged_in_since
            .is_some_and(|at| at.elapsed() >= UNREADY)
        {
            let reason = "WhatsApp has let us in and is not ready: trying on";
            let report = Report::new(State::Failed).failing(reason);
            return self.say(report).await;
        }
        if let Some(report) = self.state.overdue() {
            self.say(report).await?;
            return self.follow(Then::Halt).await;
        }
        Ok(())
    }

    pub(super) async fn beat(&mut self) -> Result<()> {
        let connection = self.session.as_ref().map(Session::connection);
        let received = connection.and_then(Connection::silent_for);
        let sent = connection.and_then(Connection::idle_for);
        linked_device::beat(&self.context.app, self.vault.epoch(), received, sent).await?;
        let was_missed = self.beaten.elapsed() >= MISSED_AFTER;
        self.beaten = Instant::now();
        let is_there = self.session.as_ref().is_some_and(Session::is_logged_in);
        if was_missed && is_there && self.state.is_connected() {
            // The host was suspended, and the workers have frozen the offers.
            linked_device::wake(&self.context.app).await?;
        }
        Ok(())
    }
}
