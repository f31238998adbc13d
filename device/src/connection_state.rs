//! What the client's events mean for the device's state, and what to do next. Without side effects.

use shared::linked_device::{Report, State};
use shared::phone::Phone;
use std::time::Duration;
use tokio::time::Instant;
use whatsapp_rust::types::events::{ConnectFailureReason, Event};

/// How long a code is valid.
const ASK_AGAIN: Duration = Duration::from_secs(180);

/// What to do after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Nothing.
    GoOn,
    /// Store the new link before anything else.
    Keep,
    /// Request a pairing code when there is a connection.
    AskForCode,
    /// Start a new client that requests a pairing code.
    RestartWithCode,
    /// Stop the client until a person acts.
    Halt,
    /// Stop the client and delete its session, which is dead.
    Forget,
}

/// The progress of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It waits for a phone to scan a QR code.
    Scan,
    /// It waits until then for the owner to type a code.
    Type(Instant),
    /// WhatsApp has asked for a passkey.
    Passkey,
    /// A phone is linked.
    Linked,
    /// It receives and sends messages.
    Connected,
}

/// The state of one client.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionState {
    stage: Stage,
    /// Whether the configuration names a phone that can be linked with a code.
    has_pairing_phone: bool,
    /// When a code was last requested. WhatsApp limits them.
    asked_at: Option<Instant>,
}

impl ConnectionState {
    pub(crate) fn new(has_pairing_phone: bool, is_linked: bool) -> Self {
        let stage = if is_linked {
            Stage::Linked
        } else {
            Stage::Scan
        };
        Self {
            stage,
            has_pairing_phone,
            asked_at: None,
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.stage == Stage::Connected
    }

    /// A code is being requested.
    pub(crate) fn asks_for_code(&mut self) {
        self.asked_at = Some(Instant::now());
    }

    fn is_linked(&self) -> bool {
        matches!(self.stage, Stage::Linked | Stage::Connected)
    }

    fn disconnect(&mut self) {
        self.stage = if self.is_linked() {
            Stage::Linked
        } else {
            Stage::Scan
        };
    }

    /// The client reconnects without an event.
    pub(crate) fn lost(&mut self) -> Report {
        self.disconnect();
        Report::new(State::Starting).because("connecting again")
    }

    /// A connection attempt failed.
    pub(crate) fn unreachable(&mut self, reason: String) -> Report {
        self.disconnect();
        Report::new(State::Failed).failing(reason)
    }

    /// A pairing code has expired.
    pub(crate) fn overdue(&self) -> Option<Report> {
        let reason = "nobody typed the pairing code in time: start again for a new one";
        match self.stage {
            Stage::Type(until) if until <= Instant::now() => {
                Some(Report::new(State::Failed).failing(reason).for_good())
            }
            _ => None,
        }
    }

    /// Applies an event. Returns what to do.
    pub(crate) fn after(&mut self, event: &Event, number: Option<Phone>) -> (Option<Report>, Then) {
        match event {
            Event::Connected(_) => {
                self.stage = Stage::Connected;
                let report = Report {
                    number,
                    ..Report::new(State::Connected)
                };
                (Some(report), Then::GoOn)
            }
            Event::Disconnected(lost) => {
                self.dropped(format!("the connection was lost: {:?}", lost.reason))
            }
            Event::PairingQrCode(_)
            | Event::PairingCode(_)
            | Event::PairingCodeError(_)
            | Event::PairingCodeRefresh(_)
            | Event::PairingQrCodesExhausted(_)
            | Event::PairPasskeyRequest(_)
            | Event::PairPasskeyError(_)
            | Event::PairSuccess(_)
            | Event::PairError(_) => self.pairing(event),
            _ => self.ending(event),
        }
    }

    /// The connection drops before a phone was linked: a code can work where a QR code does not.
    fn dropped(&mut self, reason: String) -> (Option<Report>, Then) {
        self.disconnect();
        let is_asked = self.asked_at.is_some_and(|at| at.elapsed() < ASK_AGAIN);
        let then = if self.has_pairing_phone && !self.is_linked() && !is_asked {
            self.asks_for_code();
            Then::AskForCode
        } else {
            Then::GoOn
        };
        (Some(Report::new(State::Failed).failing(reason)), then)
    }

    fn pairing(&mut self, event: &Event) -> (Option<Report>, Then) {
        let go_on = |report| (Some(report), Then::GoOn);
        match event {
            Event::PairingQrCode(code) if self.stage == Stage::Scan => {
                let qr = Some((code.code.clone(), code.timeout));
                go_on(Report {
                    qr,
                    ..Report::new(State::ScanQr)
                })
            }
            Event::PairingCode(code) => {
                self.stage = Stage::Type(Instant::now() + code.timeout);
                go_on(Report {
                    pairing_code: Some(code.code.clone()),
                    ..Report::new(State::Pairing)
                })
            }
            Event::PairingCodeError(refused) => {
                self.stage = Stage::Scan;
                let reason = format!("no pairing code: {}", refused.error);
                go_on(Report::new(State::Starting).failing(reason))
            }
            Event::PairingCodeRefresh(_) => {
                self.stage = Stage::Scan;
                (None, Then::AskForCode)
            }
            Event::PairingQrCodesExhausted(over)
                if over.disconnected && self.has_pairing_phone && self.asked_at.is_none() =>
            {
                let report = Report::new(State::Starting).because("nobody scanned the QR code");
                (Some(report), Then::RestartWithCode)
            }
            Event::PairingQrCodesExhausted(over) if over.disconnected => {
                let reason = "nobody scanned the QR code in time: start again for a new one";
                halt(Report::new(State::Failed).failing(reason))
            }
            Event::PairPasskeyRequest(_) => {
                self.stage = Stage::Passkey;
                let reason = "WhatsApp asks for the account's passkey: link at web.whatsapp.com once, in a browser that has it, or use another account";
                go_on(
                    Report::new(State::PasskeyRequired)
                        .failing(reason)
                        .for_good(),
                )
            }
            Event::PairPasskeyError(failed) => {
                self.stage = Stage::Scan;
                let reason = format!("the passkey was not accepted: {}", failed.error);
                go_on(Report::new(State::Starting).failing(reason))
            }
            Event::PairSuccess(_) => {
                self.stage = Stage::Linked;
                let report = Report::new(State::Starting).because("linked; signing in");
                (Some(report), Then::Keep)
            }
            Event::PairError(failed) => {
                let reason = format!("the phone could not be linked: {}", failed.error);
                go_on(Report::new(State::Starting).failing(reason))
            }
            _ => (None, Then::GoOn),
        }
    }

    fn ending(&mut self, event: &Event) -> (Option<Report>, Then) {
        let failed = |reason: String| Report::new(State::Failed).failing(reason);
        let answer = match event {
            Event::LoggedOut(told) => {
                let reason = format!(
                    "the phone unlinked us ({:?}): start links anew",
                    told.reason
                );
                let report = Report::new(State::LoggedOut).failing(reason);
                (Some(report.for_good()), Then::Forget)
            }
            Event::StreamReplaced(_) => halt(failed(
                "another client has taken this link's place: stop it, then start again".to_owned(),
            )),
            Event::TemporaryBan(ban) => halt(failed(format!(
                "WhatsApp has banned the number for {} minutes ({:?})",
                ban.expire.num_minutes(),
                ban.code
            ))),
            Event::ClientOutdated(_) => halt(failed(
                "WhatsApp no longer takes this version of the client: the device needs an update"
                    .to_owned(),
            )),
            Event::ConnectFailure(refused) => {
                let reason = format!("WhatsApp refused the connection: {:?}", refused.reason);
                match refused.reason {
                    ConnectFailureReason::InternalServerError
                    | ConnectFailureReason::ServiceUnavailable => {
                        (Some(failed(reason)), Then::GoOn)
                    }
                    _ => halt(failed(reason)),
                }
            }
            _ => return (None, Then::GoOn),
        };
        self.disconnect();
        answer
    }
}

fn halt(report: Report) -> (Option<Report>, Then) {
    (Some(report.for_good()), Then::Halt)
}

#[cfg(test)]
mod tests {
    use super::{ConnectionState, Then};
    use shared::linked_device::State;
    use std::time::Duration;
    use whatsapp_rust::types::events::{
        Event, PairingCode, PairingQrCode, PairingQrCodesExhausted,
    };

    fn qr() -> Event {
        let code = PairingQrCode::builder().code("2@a,b,c,d,1".to_owned());
        Event::PairingQrCode(code.timeout(Duration::from_secs(20)).build())
    }

    fn exhausted() -> Event {
        Event::PairingQrCodesExhausted(
            PairingQrCodesExhausted::builder()
                .disconnected(true)
                .build(),
        )
    }

    #[test]
    fn codes_that_nobody_scanned_wait_for_a_person_or_give_way_to_a_pairing_code() {
        let mut state = ConnectionState::new(false, false);
        let (report, then) = state.after(&exhausted(), None);
        let report = report.expect("a report");
        assert_eq!(
            (report.state, report.retrying, then),
            (State::Failed, false, Then::Halt)
        );

        let mut state = ConnectionState::new(true, false);
        assert_eq!(state.after(&exhausted(), None).1, Then::RestartWithCode);
        state.asks_for_code();
        assert_eq!(
            state.after(&exhausted(), None).1,
            Then::Halt,
            "not without end"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_pairing_code_is_shown_alone_until_its_time_is_up() {
        let mut state = ConnectionState::new(true, false);
        let code = PairingCode::builder().code("ABCD-EFGH".to_owned());
        let event = Event::PairingCode(code.timeout(Duration::from_secs(180)).build());
        let (report, _) = state.after(&event, None);
        assert_eq!(
            report.expect("a report").pairing_code.as_deref(),
            Some("ABCD-EFGH")
        );
        assert_eq!(
            state.after(&qr(), None),
            (None, Then::GoOn),
            "no QR code beside it"
        );
        assert_eq!(state.overdue(), None);
        tokio::time::advance(Duration::from_secs(181)).await;
        let over = state.overdue().expect("its time is up");
        assert!(!over.retrying);
    }
}
