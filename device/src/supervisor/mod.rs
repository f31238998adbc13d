//! Holds the session: executes the commands of admins, reports the device's state, and sends messages while it
//! is connected.

mod reconcile;
mod watchdog;

use crate::connection_state::{ConnectionState, Then};
use crate::context::DeviceContext;
use crate::outbound_task::OutboundTask;
use crate::session::{Notice, Session};
use crate::session_lock::SessionLock;
use crate::store::is_linked;
use crate::terminal;
use shared::linked_device::{self, Report, State, Vault, is_over};
use shared::{Error, Result};
use sqlx::postgres::PgListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use whatsapp_rust::types::events::Event;

/// How often commands are looked for that no notification announced.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often the heartbeat is stored.
const BEAT_EVERY: Duration = Duration::from_secs(5);
/// A client that ends by itself is started again after a pause, which doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A client that ran for this long did not end because of its start.
const RAN_WELL: Duration = Duration::from_secs(60);

/// The session, while this process has it.
pub(crate) struct Supervisor {
    context: Arc<DeviceContext>,
    vault: Vault,
    session: Option<Session>,
    state: ConnectionState,
    /// The number of the last connection that was ready. The client does not report every lost connection.
    ready_connection: u64,
    /// When the client logged in, while it is not ready.
    logged_in_since: Option<Instant>,
    said: Option<Report>,
    beaten: Instant,
    /// Nothing is started before a person gives a command.
    halted: bool,
    start_at: Option<Instant>,
    starts_with_code: bool,
    pause: Duration,
    outbound_task: OutboundTask,
}

impl Supervisor {
    /// Takes over the session.
    pub(crate) async fn take_over(
        context: Arc<DeviceContext>,
        lock: &mut SessionLock,
    ) -> Result<Self> {
        let vault = Vault::take_over(lock.connection(), &context.app.pool, &context.key).await?;
        // At once, so that the reported state is ours and not the former process's.
        linked_device::begin(&context.app, vault.epoch(), &context.app.instance).await?;
        Ok(Self {
            context,
            vault,
            session: None,
            state: ConnectionState::new(false, false),
            ready_connection: 0,
            logged_in_since: None,
            said: None,
            beaten: Instant::now(),
            halted: false,
            start_at: None,
            starts_with_code: false,
            pause: FIRST_PAUSE,
            outbound_task: OutboundTask::default(),
        })
    }

    /// Runs until this process must stop or another process takes over the session.
    pub(crate) async fn run(&mut self, mut stop: watch::Receiver<bool>) -> Result<()> {
        let mut wishes = PgListener::connect_with(&self.context.app.pool).await?;
        wishes.listen(linked_device::CHANNEL).await?;
        self.resume().await?;
        let (mut look, mut beat) = (Instant::now(), Instant::now());
        loop {
            if Instant::now() >= look {
                self.reconcile().await?;
                look = Instant::now() + LOOK_EVERY;
            }
            if Instant::now() >= beat {
                self.beat().await?;
                beat = Instant::now() + BEAT_EVERY;
            }
            if self.start_at.is_some_and(|at| Instant::now() >= at) {
                self.start().await?;
            }
            let due = self.start_at.unwrap_or(look).min(look).min(beat);
            tokio::select! {
                notice = next(&mut self.session) => self.handle(notice).await?,
                wished = wishes.recv() => {
                    wished?;
                    look = Instant::now();
                }
                () = sleep_until(due) => {}
                _ = stop.wait_for(|stop| *stop) => return Ok(()),
            }
        }
    }

    /// Stops the client. The reported state stays.
    pub(crate) async fn close(&mut self) {
        self.outbound_task.stop().await;
        if let Some(session) = self.session.take() {
            session.stop().await;
        }
    }

    /// Cuts the connection, because another process may have the session.
    pub(crate) fn cut(&self) {
        if let Some(session) = &self.session {
            session.connection().cut("the session's lock is lost");
        }
    }

    /// Ends the client and its epoch: what it writes later is rejected.
    async fn stop_session(&mut self) -> Result<()> {
        self.start_at = None;
        self.close().await;
        self.state = ConnectionState::new(false, false);
        self.logged_in_since = None;
        self.vault = self.vault.renew().await?;
        Ok(())
    }

    async fn start(&mut self) -> Result<()> {
        self.start_at = None;
        let context = Arc::clone(&self.context);
        let linked = match is_linked(&self.vault).await {
            Ok(linked) => linked,
            Err(error @ Error::Invalid { .. }) => {
                self.halted = true;
                let reason = format!("{error}: set the one that it was made with, or reset");
                return self
                    .say(Report::new(State::Failed).failing(reason).for_good())
                    .await;
            }
            Err(error) => return Err(error),
        };
        self.state = ConnectionState::new(context.pairing_phone.is_some(), linked);
        self.say(Report::new(State::Starting)).await?;
        let (vault, recovered) = (self.vault.clone(), Arc::clone(&context.recovered));
        let started = Session::start(&context.app, vault, &context.endpoint, recovered).await;
        match started {
            Ok(session) => {
                if self.starts_with_code
                    && !linked
                    && let Some(phone) = &context.pairing_phone
                {
                    self.state.asks_for_code();
                    session.ask_for_code(phone);
                }
                self.starts_with_code = false;
                self.session = Some(session);
                Ok(())
            }
            Err(error) => self.start_later(error.to_string()).await,
        }
    }

    /// Starts again after a pause.
    async fn start_later(&mut self, reason: String) -> Result<()> {
        self.stop_session().await?;
        self.start_at = Some(Instant::now() + self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        self.say(Report::new(State::Failed).failing(reason)).await
    }

    async fn handle(&mut self, notice: Notice) -> Result<()> {
        let Some(session) = &mut self.session else {
            return Ok(());
        };
        match notice {
            Notice::Event(event) => {
                if matches!(*event, Event::Connected(_)) {
                    self.ready_connection = session.reconnects();
                }
                let (report, then) = self.state.after(&event, session.number());
                if let Some(report) = report {
                    self.say(report).await?;
                }
                self.follow(then).await
            }
            Notice::Connection if session.connection().is_cut() => {
                let reason = session.connection().failure().unwrap_or_default();
                if !self.vault.is_current().await? {
                    return Err(linked_device::fenced_off());
                }
                self.start_later(reason).await
            }
            Notice::Connection => {
                let reason = session.connection().failure();
                let failing = session.connection().failures() > 0 && !self.state.is_connected();
                match reason.filter(|_| failing) {
                    Some(reason) => {
                        let report = self.state.unreachable(reason);
                        self.say(report).await
                    }
                    None => Ok(()),
                }
            }
            Notice::Tick => self.look_at_client().await,
            Notice::Ended => {
                if session.age() > RAN_WELL {
                    self.pause = FIRST_PAUSE;
                }
                self.start_later("the client ended by itself".to_owned())
                    .await
            }
        }
    }

    async fn follow(&mut self, then: Then) -> Result<()> {
        let Some(session) = &self.session else {
            return Ok(());
        };
        match then {
            Then::GoOn => {}
            Then::Keep => {
                if !session.keep().await {
                    return self
                        .start_later("the new link could not be kept".to_owned())
                        .await;
                }
            }
            Then::AskForCode => {
                if let Some(phone) = &self.context.pairing_phone {
                    session.ask_for_code(phone);
                }
            }
            Then::RestartWithCode => {
                self.stop_session().await?;
                self.starts_with_code = true;
                self.start_at = Some(Instant::now());
            }
            Then::Halt => {
                self.stop_session().await?;
                self.halted = true;
            }
            Then::Forget => {
                self.stop_session().await?;
                self.halted = true;
                // The session is useless: the next start links again.
                self.vault.wipe().await?;
            }
        }
        Ok(())
    }

    /// Reports the state if it changed, and sends messages while the device is connected.
    async fn say(&mut self, report: Report) -> Result<()> {
        if self.said.as_ref() == Some(&report) {
            return Ok(());
        }
        let state = report.state;
        let reason = report.reason.as_deref();
        tracing::info!(
            state = state.as_str(),
            reason,
            retrying = report.retrying,
            "device.state"
        );
        if self.context.shows {
            terminal::show(&report);
        }
        let (app, epoch) = (&self.context.app, self.vault.epoch());
        let written = linked_device::report(app, epoch, &app.instance, &report).await;
        if state == State::Connected && written.is_ok() {
            self.pause = FIRST_PAUSE;
            self.start_carrying();
        } else {
            self.outbound_task.stop_accepting();
        }
        self.said = Some(report);
        written
    }

    fn start_carrying(&mut self) {
        if let Some(session) = &self.session {
            self.outbound_task.start(&self.context, session.provider());
        }
    }
}

/// Waits for the session's next notice; for ever if there is no session.
async fn next(session: &mut Option<Session>) -> Notice {
    match session {
        Some(session) => session.next().await,
        None => std::future::pending().await,
    }
}

/// Whether an error means that this process has lost the session.
pub(crate) fn ends_lock(error: &Error) -> bool {
    is_over(error)
}
