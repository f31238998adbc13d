//! What no event tells: that the client is silent, stuck, or was asleep.

use super::Supervisor;
use crate::connection_state::Then;
use crate::line::Line;
use crate::session::Session;
use shared::Result;
use shared::linked_device::{self, Report, State};
use std::time::Duration;
use tokio::time::Instant;

/// Whoever has not heard of us for so long has taken us for dead: a little less, clocks being what they are.
const MISSED_AFTER: Duration = Duration::from_secs(25);
/// A live connection is never as silent: the client asks whether it is there every half minute.
const SILENCE: Duration = Duration::from_secs(120);
/// A login that is not ready after so long is no success: WhatsApp's own client waits a minute.
const UNREADY: Duration = Duration::from_secs(75);

impl Supervisor {
    pub(super) async fn look_at_client(&mut self) -> Result<()> {
        let Some(session) = &self.session else {
            return Ok(());
        };
        session.take_recovered().await;
        let since_connected = session.reconnects() != self.connection;
        if self.course.is_connected() && (since_connected || !session.is_logged_in()) {
            let report = self.course.lost();
            return self.say(report).await;
        }
        // The client minds its socket itself; this is for the day that it does not.
        let silent = session.line().silent_for();
        if self.course.is_connected() && silent.is_some_and(|time| time >= SILENCE) {
            let reason = "nothing has come from WhatsApp for too long: connecting anew";
            return self.start_later(reason.to_owned()).await;
        }
        // From the login on: a network that is away has reasons of its own.
        self.logged_in_since = (session.is_logged_in() && !self.course.is_connected())
            .then(|| self.logged_in_since.unwrap_or_else(Instant::now));
        if self
            .logged_in_since
            .is_some_and(|at| at.elapsed() >= UNREADY)
        {
            let reason = "WhatsApp has let us in and is not ready: trying on";
            let report = Report::new(State::Failed).failing(reason);
            return self.say(report).await;
        }
        if let Some(report) = self.course.overdue() {
            self.say(report).await?;
            return self.follow(Then::Halt).await;
        }
        Ok(())
    }

    pub(super) async fn beat(&mut self) -> Result<()> {
        let line = self.session.as_ref().map(Session::line);
        let received = line.and_then(Line::silent_for);
        let sent = line.and_then(Line::idle_for);
        linked_device::beat(&self.context.app, self.vault.epoch(), received, sent).await?;
        let was_missed = self.beaten.elapsed() >= MISSED_AFTER;
        self.beaten = Instant::now();
        let is_there = self.session.as_ref().is_some_and(Session::is_logged_in);
        if was_missed && is_there && self.course.is_connected() {
            // We were asleep, and the workers have made offers stand still.
            linked_device::wake(&self.context.app).await?;
        }
        Ok(())
    }
}
