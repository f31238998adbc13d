//! Pure rules: what a word means, and how a deadline is told.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use std::time::Duration;

/// What an agent's words ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    /// To take the lead.
    Ok,
    /// Nothing that we act on.
    Other,
}

/// The seed's rule: the agent answers `OK`, in any case, with nothing but punctuation around it.
pub(super) fn intent(body: &str) -> Intent {
    let word = body.trim_matches(|c: char| !c.is_alphanumeric());
    // "ok?" asks; it does not accept.
    if word.eq_ignore_ascii_case("ok") && !body.contains('?') {
        Intent::Ok
    } else {
        Intent::Other
    }
}

/// WhatsApp's times are cut to whole seconds: an OK may seem to be so much older than it is.
pub(super) const WHOLE_SECOND: TimeDelta = TimeDelta::seconds(1);

/// The time that an OK counts for: when it was written, but never later than when it was received,
/// since a sender's clock may be wrong.
pub(super) fn acknowledged_at(
    sent_at: Option<DateTime<Utc>>,
    received_at: DateTime<Utc>,
) -> DateTime<Utc> {
    sent_at.map_or(received_at, |sent_at| sent_at.min(received_at))
}

/// A window in words: `5 menit`, `90 detik`.
pub(super) fn window_in_words(window: Duration) -> String {
    let milliseconds = window.as_millis();
    if milliseconds.is_multiple_of(60_000) {
        format!("{} menit", milliseconds / 60_000)
    } else if milliseconds.is_multiple_of(1000) {
        format!("{} detik", milliseconds / 1000)
    } else {
        format!("{:.1} detik", window.as_secs_f64()).replace('.', ",")
    }
}

/// An instant on a Jakarta clock: `14:05:30 WIB` (UTC+7 all year).
pub(super) fn jakarta_time(instant: DateTime<Utc>) -> String {
    let wib = FixedOffset::east_opt(7 * 3600).expect("seven hours are within a day");
    format!("{} WIB", instant.with_timezone(&wib).format("%H:%M:%S"))
}

#[cfg(test)]
mod tests {
    use super::{Intent, acknowledged_at, intent, jakarta_time, window_in_words};
    use chrono::{DateTime, TimeDelta, Utc};
    use std::time::Duration;

    #[test]
    fn only_a_bare_ok_is_an_ok() {
        for body in ["OK", "ok", " Ok ", "ok!", "*OK*", "OK 👍", "ok.\n"] {
            assert_eq!(intent(body), Intent::Ok, "{body:?}");
        }
        for body in [
            "", "ok?", "tidak ok", "okay", "ok nanti", "0k", "👍", "book",
        ] {
            assert_eq!(intent(body), Intent::Other, "{body:?}");
        }
    }

    #[test]
    fn a_sender_whose_clock_is_ahead_gains_nothing() {
        let received = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::hours(1);
        let second = TimeDelta::seconds(1);
        assert_eq!(acknowledged_at(None, received), received);
        assert_eq!(acknowledged_at(Some(received + second), received), received);
        assert_eq!(
            acknowledged_at(Some(received - second), received),
            received - second
        );
    }

    #[test]
    fn a_window_is_told_as_people_say_it() {
        assert_eq!(window_in_words(Duration::from_secs(300)), "5 menit");
        assert_eq!(window_in_words(Duration::from_secs(90)), "90 detik");
        assert_eq!(window_in_words(Duration::from_millis(1500)), "1,5 detik");
    }

    #[test]
    fn a_deadline_is_told_on_a_jakarta_clock() {
        let midnight = DateTime::<Utc>::UNIX_EPOCH;
        assert_eq!(jakarta_time(midnight), "07:00:00 WIB");
    }
}
