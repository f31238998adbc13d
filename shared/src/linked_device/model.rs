//! The desired and the reported state of the linked device.

use crate::phone::Phone;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// A lost connection is an outage after this time. Most connections are back within a second.
const OUTAGE_AFTER: TimeDelta = TimeDelta::seconds(30);

/// The state of the linked device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    /// An admin stopped it.
    Stopped,
    /// It connects to WhatsApp.
    Starting,
    /// It waits for a phone to scan its QR code.
    ScanQr,
    /// It waits for its code to be typed on a phone.
    Pairing,
    /// WhatsApp asks for the passkey of the phone's owner, in a browser.
    PasskeyRequired,
    /// It receives and sends messages.
    Connected,
    /// The phone unlinked it. A start links it again.
    LoggedOut,
    /// It failed; see `reason`. `retrying` tells whether it tries again by itself.
    Failed,
}

impl State {
    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::ScanQr => "scan_qr",
            Self::Pairing => "pairing",
            Self::PasskeyRequired => "passkey_required",
            Self::Connected => "connected",
            Self::LoggedOut => "logged_out",
            Self::Failed => "failed",
        }
    }

    fn usual_reason(self) -> Option<&'static str> {
        match self {
            Self::Stopped => Some("an admin stopped it"),
            Self::Starting => Some("connecting to WhatsApp"),
            Self::ScanQr => Some("a phone is to scan the QR code"),
            Self::Pairing => Some("the code is to be typed on the phone"),
            Self::Connected => Some("messages come and go"),
            Self::PasskeyRequired | Self::LoggedOut | Self::Failed => None,
        }
    }
}

/// What an admin can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Connect. Does nothing if it is connected or connects already.
    Start,
    /// Close the connection and open a new one.
    Restart,
    /// Close the connection and keep the link.
    Stop,
    /// Forget the link and start with a new QR code.
    Reset,
}

/// The commands of admins, and which of them were executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DesiredState {
    /// The number of the last command.
    pub request: i64,
    /// The last command that was executed.
    pub handled: i64,
    /// Whether it must be connected.
    pub started: bool,
    /// The last restart command.
    pub restart_request: i64,
    /// The last reset command.
    pub reset_request: i64,
}

impl DesiredState {
    /// Whether a command was not executed yet.
    pub fn is_new(&self) -> bool {
        self.request > self.handled
    }

    /// Whether the link must be forgotten first. Later commands do not change that.
    pub fn resets(&self) -> bool {
        self.reset_request > self.handled
    }

    /// Whether an open connection must be closed and opened again.
    pub fn restarts(&self) -> bool {
        self.resets() || self.restart_request > self.handled
    }
}

/// The device's report of its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The state.
    pub state: State,
    /// Why, in one sentence for a person, without personal data.
    pub reason: Option<String>,
    /// Whether it tries again by itself.
    pub retrying: bool,
    /// The QR code to scan, and how long it is valid from now.
    pub qr: Option<(String, Duration)>,
    /// The code to type on the phone.
    pub pairing_code: Option<String>,
    /// The number that is linked.
    pub number: Option<Phone>,
    /// What went wrong, if this report is about a failure.
    pub error: Option<String>,
}

impl Report {
    /// A report of this state with its usual reason, which tries again by itself.
    pub fn new(state: State) -> Self {
        Self {
            state,
            reason: state.usual_reason().map(str::to_owned),
            retrying: true,
            qr: None,
            pairing_code: None,
            number: None,
            error: None,
        }
    }

    /// With this reason.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..self
        }
    }

    /// With this reason, which is an error.
    #[must_use]
    pub fn failing(self, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            error: Some(reason.clone()),
            ..self.because(reason)
        }
    }

    /// It does not try again until a person acts.
    #[must_use]
    pub fn for_good(self) -> Self {
        Self {
            retrying: false,
            ..self
        }
    }
}

/// The state of the linked device, as an admin sees it.
#[derive(Clone, Debug)]
pub struct Status {
    /// Whether admins want it connected.
    pub desired_started: bool,
    /// The number of the last command.
    pub request: i64,
    /// The last command that was executed.
    pub handled: i64,
    /// The state that it last reported.
    pub state: State,
    /// Why.
    pub reason: Option<String>,
    /// When this state began.
    pub since: DateTime<Utc>,
    /// When the phone became unreachable.
    pub away_since: Option<DateTime<Utc>>,
    /// Whether it tries again by itself.
    pub retrying: bool,
    /// The QR code to scan.
    pub qr: Option<String>,
    /// When the QR code expires.
    pub qr_expires_at: Option<DateTime<Utc>>,
    /// The code to type on the phone.
    pub pairing_code: Option<String>,
    /// The number that is linked.
    pub number: Option<Phone>,
    /// The last error.
    pub last_error: Option<String>,
    /// When.
    pub last_error_at: Option<DateTime<Utc>>,
    /// When it last received something from WhatsApp.
    pub last_received_at: Option<DateTime<Utc>>,
    /// When it last sent something to WhatsApp.
    pub last_sent_at: Option<DateTime<Utc>>,
    /// The process that has the session, or had it last.
    pub holder: Option<String>,
    /// When its last heartbeat came.
    pub seen_at: Option<DateTime<Utc>>,
    /// How many device processes are alive.
    pub devices_alive: i64,
    /// Whether one of them has the session.
    pub is_held: bool,
    /// The database's time.
    pub now: DateTime<Utc>,
}

impl Status {
    /// Why the phone cannot be reached. `None` if it can, or if the connection was lost only a moment ago.
    pub fn outage(&self) -> Option<String> {
        if self.is_silent() {
            let who = if self.is_held {
                "the device process does not answer"
            } else {
                "no device process is running"
            };
            return Some(who.to_owned());
        }
        // Another process takes over within seconds.
        if !self.is_held {
            return None;
        }
        let away_since = self.away_since?;
        let waits_for_a_person = match self.state {
            State::Starting | State::Failed => !self.retrying,
            State::Connected => return None,
            _ => true,
        };
        let reason = || {
            let why = self.reason.as_deref().unwrap_or("not connected");
            format!("the linked device is {}: {why}", self.state.as_str())
        };
        (waits_for_a_person || self.now - away_since >= OUTAGE_AFTER).then(reason)
    }

    /// Whether the heartbeat of the process that has the session is missing: it is dead or hangs.
    fn is_silent(&self) -> bool {
        self.seen_at
            .is_none_or(|seen| self.now - seen >= OUTAGE_AFTER)
    }

    /// The state that is true now, even if a dead process reported another one.
    #[must_use]
    pub fn plainly(mut self) -> Self {
        if !self.is_held || self.is_silent() {
            let said = self.state;
            self.state = match said {
                State::Stopped if !self.desired_started => said,
                State::LoggedOut => said,
                _ => State::Failed,
            };
            if self.state != said {
                self.since = self.seen_at.unwrap_or(self.since);
            }
            self.retrying = self.devices_alive > 0;
            self.reason = Some(
                if self.is_held {
                    "the device process has only begun, or does not answer"
                } else if self.devices_alive > 0 {
                    "no device process holds the session yet: one is about to"
                } else {
                    "no device process is running: start the `device` binary"
                }
                .to_owned(),
            );
            self.qr = None;
            self.qr_expires_at = None;
            self.pairing_code = None;
        }
        if self.qr_expires_at.is_some_and(|until| until <= self.now) {
            self.qr = None;
            self.qr_expires_at = None;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{DesiredState, State, Status};
    use chrono::{DateTime, TimeDelta, Utc};

    fn status(state: State, is_held: bool, retrying: bool, away_for: i64) -> Status {
        let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000);
        let ago = now - TimeDelta::seconds(away_for);
        Status {
            desired_started: true,
            request: 0,
            handled: 0,
            state,
            reason: None,
            since: ago,
            away_since: (state != State::Connected).then_some(ago),
            retrying,
            qr: None,
            qr_expires_at: None,
            pairing_code: None,
            number: None,
            last_error: None,
            last_error_at: None,
            last_received_at: None,
            last_sent_at: None,
            holder: None,
            seen_at: Some(if is_held { now } else { ago }),
            devices_alive: i64::from(is_held),
            is_held,
            now,
        }
    }

    #[test]
    fn a_hiccup_is_no_outage_and_what_waits_for_a_person_is_one_at_once() {
        assert!(status(State::Connected, true, true, 0).outage().is_none());
        assert!(status(State::Failed, true, true, 29).outage().is_none());
        assert!(status(State::Failed, true, true, 30).outage().is_some());
        assert!(status(State::Failed, true, false, 0).outage().is_some());
        assert!(status(State::LoggedOut, true, false, 0).outage().is_some());
        assert!(status(State::ScanQr, true, true, 0).outage().is_some());
    }

    #[test]
    fn a_holder_that_died_connected_is_missed_after_a_while() {
        assert!(status(State::Connected, false, true, 29).outage().is_none());
        assert!(status(State::Connected, false, true, 30).outage().is_some());
    }

    #[test]
    fn a_holder_that_hangs_is_missed_too() {
        let mut status = status(State::Connected, true, true, 60);
        status.seen_at = Some(status.since);
        assert!(status.outage().is_some());
        assert_eq!(status.plainly().state, State::Failed);
    }

    #[test]
    fn what_a_dead_process_last_said_is_not_shown_as_true() {
        let shown = status(State::Connected, false, true, 1).plainly();
        assert_eq!(shown.state, State::Failed);
        assert!(
            shown
                .reason
                .expect("a reason")
                .contains("no device process")
        );
    }

    #[test]
    fn a_reset_is_executed_even_if_a_start_came_right_after() {
        let desired = DesiredState {
            request: 3,
            handled: 1,
            started: true,
            restart_request: 0,
            reset_request: 2,
        };
        assert!(desired.is_new() && desired.resets() && desired.restarts());
    }
}
