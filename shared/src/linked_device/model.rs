//! What is wished of the linked device, and how it is.

use crate::phone::Phone;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// The name that its messages are filed under.
pub const NAME: &str = "qr_local";

/// A connection that broke is an outage after so long, and not before: it is mostly back in a second.
const OUTAGE_AFTER: TimeDelta = TimeDelta::seconds(30);

/// How the linked device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    /// By an admin's wish.
    Stopped,
    /// On its way to WhatsApp.
    Starting,
    /// Waits for a phone to scan its QR code.
    ScanQr,
    /// Waits for its code to be typed on a phone.
    Pairing,
    /// WhatsApp wants a passkey of the phone's owner, in a browser.
    PasskeyRequired,
    /// Messages come and go.
    Connected,
    /// The phone unlinked it. A start links anew.
    LoggedOut,
    /// It does not work: `reason`; `retrying` tells whether it goes on trying.
    Failed,
}

impl State {
    /// The word in the database and in the API.
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
    /// Be connected. Nothing, if it is or is on its way.
    Start,
    /// Let go of the connection and make a new one.
    Restart,
    /// Let go of the connection and stay away, the link kept.
    Stop,
    /// Forget the link and start: a new QR code.
    Reset,
}

/// What is wished, and what of it has not been done yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The number of the last wish.
    pub request: i64,
    /// The last one that was done.
    pub handled: i64,
    /// Whether it is to be connected.
    pub started: bool,
    /// The last restart that was wished.
    pub restart_request: i64,
    /// The last reset that was wished.
    pub reset_request: i64,
}

impl Wish {
    /// Whether something is wished that has not been done.
    pub fn is_new(&self) -> bool {
        self.request > self.handled
    }

    /// Whether the link is to be forgotten first, however many wishes came after.
    pub fn resets(&self) -> bool {
        self.reset_request > self.handled
    }

    /// Whether a connection that is there is to be made anew.
    pub fn restarts(&self) -> bool {
        self.resets() || self.restart_request > self.handled
    }
}

/// The device's own word of how it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How it is.
    pub state: State,
    /// Why, in a sentence for a person, without personal data.
    pub reason: Option<String>,
    /// Whether it goes on by itself.
    pub retrying: bool,
    /// What a phone is to scan, and for how long from now.
    pub qr: Option<(String, Duration)>,
    /// What is to be typed on a phone.
    pub pairing_code: Option<String>,
    /// The number that is linked.
    pub number: Option<Phone>,
    /// What went wrong, if this is news of it.
    pub error: Option<String>,
}

impl Report {
    /// In this state, for the usual reason, and getting on with it.
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

    /// For this reason.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..self
        }
    }

    /// For this reason, which is an error.
    #[must_use]
    pub fn failing(self, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            error: Some(reason.clone()),
            ..self.because(reason)
        }
    }

    /// Until a person does something.
    #[must_use]
    pub fn for_good(self) -> Self {
        Self {
            retrying: false,
            ..self
        }
    }
}

/// How the linked device is, as an admin sees it.
#[derive(Clone, Debug)]
pub struct Status {
    /// What was wished last.
    pub desired_started: bool,
    /// The number of the last wish, and of the last that was done.
    pub request: i64,
    /// The last wish that was done.
    pub handled: i64,
    /// How it was when it last said so.
    pub state: State,
    /// Why.
    pub reason: Option<String>,
    /// Since when it is in this state.
    pub since: DateTime<Utc>,
    /// Since when nobody is reached over it.
    pub away_since: Option<DateTime<Utc>>,
    /// Whether it goes on by itself.
    pub retrying: bool,
    /// What a phone is to scan.
    pub qr: Option<String>,
    /// Until when.
    pub qr_expires_at: Option<DateTime<Utc>>,
    /// What is to be typed on a phone.
    pub pairing_code: Option<String>,
    /// The number that is linked.
    pub number: Option<Phone>,
    /// What last went wrong.
    pub last_error: Option<String>,
    /// When.
    pub last_error_at: Option<DateTime<Utc>>,
    /// When anything last came from WhatsApp.
    pub last_received_at: Option<DateTime<Utc>>,
    /// When anything last went there.
    pub last_sent_at: Option<DateTime<Utc>>,
    /// Which process holds the session, or held it last.
    pub holder: Option<String>,
    /// When it last said that it is there.
    pub seen_at: Option<DateTime<Utc>>,
    /// How many device processes are alive.
    pub devices_alive: i64,
    /// Whether one of them holds the session.
    pub is_held: bool,
    /// The database's time.
    pub now: DateTime<Utc>,
}

impl Status {
    /// Why nobody is reached, if that is so and not only a hiccup.
    pub fn outage(&self) -> Option<String> {
        if self.is_silent() {
            let who = if self.is_held {
                "the device process does not answer"
            } else {
                "no device process is running"
            };
            return Some(who.to_owned());
        }
        // A successor is at most seconds away.
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

    /// Whether the process that has, or had, the session has not been heard of for so long that it is gone
    /// or hangs.
    fn is_silent(&self) -> bool {
        self.seen_at
            .is_none_or(|seen| self.now - seen >= OUTAGE_AFTER)
    }

    /// What is true now, whatever the last word of a process that is gone says.
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
    use super::{State, Status, Wish};
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
    fn a_reset_is_done_even_if_a_start_was_wished_right_after() {
        let wish = Wish {
            request: 3,
            handled: 1,
            started: true,
            restart_request: 0,
            reset_request: 2,
        };
        assert!(wish.is_new() && wish.resets() && wish.restarts());
    }
}
