//! Pure rules: the time that a word counts for, and how a deadline is told.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use std::time::Duration;

/// WhatsApp's times are cut to whole seconds: an OK may seem to be so much older than it is.
pub(super) const WHOLE_SECOND: TimeDelta = TimeDelta::seconds(1);

/// An offer that the provider takes within this time of its making was sent at once.
pub(super) const AT_ONCE: TimeDelta = TimeDelta::seconds(1);

/// For so long after a cycle went hangus, an OK that was in time and is heard late still takes the lead.
pub(super) const HANGUS_GRACE: TimeDelta = TimeDelta::minutes(10);

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

/// The same with its day: `06/01 09:00 WIB`.
pub(super) fn jakarta_day_and_time(instant: DateTime<Utc>) -> String {
    let wib = FixedOffset::east_opt(7 * 3600).expect("seven hours are within a day");
    format!("{} WIB", instant.with_timezone(&wib).format("%d/%m %H:%M"))
}

#[cfg(test)]
mod tests {
    use super::{acknowledged_at, jakarta_time, window_in_words};
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

    #[test]
    fn a_deadline_is_told_on_a_jakarta_clock() {
        let midnight = DateTime::<Utc>::UNIX_EPOCH;
        assert_eq!(jakarta_time(midnight), "07:00:00 WIB");
    }
}
