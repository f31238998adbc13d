//! Pure rules: the time that a message counts for, and the limits of the claim.

use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// WhatsApp cuts times to whole seconds, so an OK may look this much older than it is.
pub(crate) const WHOLE_SECOND: TimeDelta = TimeDelta::seconds(1);

/// An offer that the provider accepts within this time was sent at once, and its deadline stays.
pub(crate) const AT_ONCE: TimeDelta = TimeDelta::seconds(1);

/// For this long after hangus, an OK that was in time and is handled late still takes the lead.
pub(crate) const HANGUS_GRACE: TimeDelta = TimeDelta::minutes(10);

/// The time that an OK counts for: when it was written, but never later than its receipt, because the
/// sender's clock may be wrong.
pub(crate) fn acknowledged_at(
    sent_at: Option<DateTime<Utc>>,
    received_at: DateTime<Utc>,
) -> DateTime<Utc> {
    sent_at.map_or(received_at, |sent_at| sent_at.min(received_at))
}

/// A window as text: `5 menit`, `90 detik`.
pub(crate) fn window_in_words(window: Duration) -> String {
    let milliseconds = window.as_millis();
    if milliseconds.is_multiple_of(60_000) {
        format!("{} menit", milliseconds / 60_000)
    } else if milliseconds.is_multiple_of(1000) {
        format!("{} detik", milliseconds / 1000)
    } else {
        format!("{:.1} detik", window.as_secs_f64()).replace('.', ",")
    }
}

#[cfg(test)]
mod tests {
    use super::{acknowledged_at, window_in_words};
    use chrono::{DateTime, TimeDelta, Utc};
    use std::time::Duration;

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
}
