//! Holds the session: does what admins desired, keeps the row that tells how the device is, and lets messages
//! out while it is connected.

mod reconcile;
mod watchdog;

use crate::connection_state::{ConnectionState, Then};
use crate::context::DeviceContext;
use crate::outbound_task::OutboundTask;
use crate::session::{News, Session};
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

/// A desired that nobody told us of is found by looking.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often the row says that we are there.
const BEAT_EVERY: Duration = Duration::from_secs(5);
/// A client that keeps ending by itself is started again after a doubling time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// One that ran for so long did not end for how it was started.
const RAN_WELL: Duration = Duration::from_secs(60);

/// The session, while this process holds it.
pub(crate) struct Supervisor {
    context: Arc<DeviceContext>,
    vault: Vault,
    session: Option<Session>,
    course: ConnectionState,
    /// Which of the client's connections was the last to be ready: it tells of few that it loses.
    connection: u64,
    /// Since when the client is logged in without being ready.
    logged_in_since: Option<Instant>,
    said: Option<Report>,
    beaten: Instant,
    /// Nothing is started until a person wishes something.
    halted: bool,
    start_at: Option<Instant>,
    starts_with_code: bool,
    pause: Duration,
    outbound_task: OutboundTask,
}

impl Supervisor {
    /// Takes the session over.
    pub(crate) async fn take_over(
        context: Arc<DeviceContext>,
        lock: &mut SessionLock,
    ) -> Result<Self> {
        let vault = Vault::take_over(lock.connection(), &context.app.pool, &context.key).await?;
        // At once: whoever asks is told of us, and not of the last one's silence.
        linked_device::begin(&context.app, vault.epoch(), &context.app.instance).await?;
        Ok(Self {
            context,
            vault,
            session: None,
            course: ConnectionState::new(false, false),
            connection: 0,
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

    /// Works until it is told to stop, or the session is another's.
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
                news = next(&mut self.session) => self.hear(news).await?,
                wished = wishes.recv() => {
                    wished?;
                    look = Instant::now();
                }
                () = sleep_until(due) => {}
                _ = stop.wait_for(|stop| *stop) => return Ok(()),
            }
        }
    }

    /// Stops the client. What the row says stays.
    pub(crate) async fn close(&mut self) {
        self.outbound_task.stop().await;
        if let Some(session) = self.session.take() {
            session.stop().await;
        }
    }

    /// Lets nothing leave any more: the session may be another's by now.
    pub(crate) fn cut(&self) {
        if let Some(session) = &self.session {
            session.line().cut("the session's lock is lost");
        }
    }

    /// Ends the client and its epoch: what it flushes late is refused.
    async fn stop_session(&mut self) -> Result<()> {
        self.start_at = None;
        self.close().await;
        self.course = ConnectionState::new(false, false);
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
        self.course = ConnectionState::new(context.pairing_phone.is_some(), linked);
        self.say(Report::new(State::Starting)).await?;
        let started = Session::start(&context.app, self.vault.clone(), &context.endpoint).await;
        match started {
            Ok(session) => {
                if self.starts_with_code
                    && !linked
                    && let Some(phone) = &context.pairing_phone
                {
                    self.course.asks_for_code();
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

    async fn hear(&mut self, news: News) -> Result<()> {
        let Some(session) = &mut self.session else {
            return Ok(());
        };
        match news {
            News::Event(event) => {
                if matches!(*event, Event::Connected(_)) {
                    self.connection = session.reconnects();
                }
                let (report, then) = self.course.after(&event, session.number());
                if let Some(report) = report {
                    self.say(report).await?;
                }
                self.follow(then).await
            }
            News::Line if session.line().is_cut() => {
                let reason = session.line().failure().unwrap_or_default();
                if !self.vault.is_current().await? {
                    return Err(linked_device::fenced_off());
                }
                self.start_later(reason).await
            }
            News::Line => {
                let reason = session.line().failure();
                let failing = session.line().failures() > 0 && !self.course.is_connected();
                match reason.filter(|_| failing) {
                    Some(reason) => {
                        let report = self.course.unreachable(reason);
                        self.say(report).await
                    }
                    None => Ok(()),
                }
            }
            News::Tick => self.look_at_client().await,
            News::Ended => {
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
                // Of no use to anybody: the next start links anew.
                self.vault.wipe().await?;
            }
        }
        Ok(())
    }

    /// Writes down how the device is, where that is news, and carries messages while it is connected.
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

/// Waits for what the session tells; for ever, if there is none.
async fn next(session: &mut Option<Session>) -> News {
    match session {
        Some(session) => session.next().await,
        None => std::future::pending().await,
    }
}

/// Whether an error ends this process's hold of the session.
pub(crate) fn ends_lock(error: &Error) -> bool {
    is_over(error)
}
